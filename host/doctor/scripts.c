/* Connectors that hide others, and overlays that do not do what they are there for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "doctor/accounts.h"

static const char AREA[] = "scripts";

/* --- does an overlay change anything? --- */

static bool is_same(const struct value *a, const struct value *b);

static bool is_same_map(const struct value *a, const struct value *b)
{
	bool is_code = !value_bool(a, "is_data", true);

	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct value *other = value_get(b, a->keys[i]);

		/* Where it comes from makes no difference, unless it is code: then it may. */
		if (str_eq(a->keys[i], "origin") && !is_code)
			continue;
		if (other == NULL || !is_same(&a->items[i], other))
			return false;
	}
	return true;
}

static bool is_same_list(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->count; i++) {
		if (a->count != b->count || !is_same(&a->items[i], &b->items[i]))
			return false;
	}
	return a->count == b->count;
}

static bool is_same(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_INT:
		return a->i == b->i;
	case VALUE_DOUBLE:
		return a->d <= b->d && a->d >= b->d;
	case VALUE_BYTES:
		return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
	case VALUE_LIST:
		return is_same_list(a, b);
	case VALUE_MAP:
		return is_same_map(a, b);
	default:
		return true;
	}
}

static bool is_same_part(const struct connector *a, const struct connector *b, const char *key)
{
	const struct value *one = value_get(connector_declaration(a), key);
	const struct value *other = value_get(connector_declaration(b), key);

	return one == other || (one != NULL && other != NULL && is_same(one, other));
}

/* --- overlays --- */

static void compare(const struct doctor *doctor, const char *file, const char *vendor,
		    const char *without, const char *with)
{
	struct err err = ERR_INIT;
	struct connector *before = doctor->load(doctor->arg, vendor, without, &err);
	struct connector *after = before ? doctor->load(doctor->arg, vendor, with, &err) : NULL;

	if (after == NULL)
		doctor_say_err(doctor, DOCTOR_FAIL, AREA, file, &err);
	else if (is_same_part(before, after, "maps") && is_same_part(before, after, "streams") &&
		 is_same_part(before, after, "limits"))
		doctor_say(doctor, DOCTOR_WARN, AREA, file,
			   "delete it, or compare it with \"muster map show\"",
			   "changes nothing: the connector is the same without it");
	else
		doctor_say(doctor, DOCTOR_OK, AREA, file, "", "in effect");
	connector_free(before);
	connector_free(after);
}

static bool has_account(const struct doctor_accounts *accounts, const char *vendor,
			const char *name)
{
	for (size_t i = 0; i < accounts->count; i++) {
		if (str_eq(accounts->items[i].vendor, vendor) &&
		    str_eq(accounts->items[i].name, name))
			return true;
	}
	return false;
}

static bool has_vendor(const struct doctor *doctor, const char *vendor)
{
	struct err ignored = ERR_INIT;
	char **ids = NULL;
	size_t count = 0;
	bool found = false;

	if (!connector_list(doctor->host, &ids, &count, &ignored))
		return true;
	for (size_t i = 0; i < count && !found; i++)
		found = str_eq(ids[i], vendor);
	file_free_names(ids, count);
	return found;
}

/* VENDOR.lua or VENDOR@NAME.lua; `stem` is without the suffix and is cut at the @. */
static void check_overlay(const struct doctor *doctor, const struct doctor_accounts *accounts,
			  const char *file, char *stem)
{
	char *at = strchr(stem, '@');
	const char *name = at != NULL ? at + 1 : NULL;

	if (at != NULL)
		*at = '\0';
	if (!has_vendor(doctor, stem))
		doctor_say(doctor, DOCTOR_WARN, AREA, file,
			   "muster vendors lists the names there are",
			   "is read by nobody: there is no connector \"%s\"", stem);
	else if (name != NULL && !has_account(accounts, stem, name))
		doctor_say(doctor, DOCTOR_WARN, AREA, file,
			   "muster accounts lists the names there are",
			   "is read by nobody: there is no account %s/%s", stem, name);
	else if (name != NULL)
		compare(doctor, file, stem, NULL, name);
	else
		compare(doctor, file, stem, "", NULL);
}

static void check_overlays(const struct doctor *doctor, const struct doctor_accounts *accounts)
{
	struct err ignored = ERR_INIT;
	struct buf dir = BUF_INIT;
	char **names = NULL;
	size_t count = 0;

	buf_printf(&dir, "%s/mappings", doctor->host->project_dir);
	if (file_list(buf_text(&dir), ".lua", &names, &count, &ignored)) {
		for (size_t i = 0; i < count; i++) {
			char *stem = str_dup_len(names[i], strlen(names[i]) - strlen(".lua"));

			if (stem != NULL)
				check_overlay(doctor, accounts, names[i], stem);
			free(stem);
		}
	}
	file_free_names(names, count);
	buf_fini(&dir);
}

/* --- connectors --- */

/* Those that are in use or the project's own: delivered ones are tested before delivery. */
static void check_connector(const struct doctor *doctor, const char *vendor)
{
	struct err err = ERR_INIT;
	struct connector *connector = doctor->load(doctor->arg, vendor, "", &err);

	if (connector == NULL)
		doctor_say_err(doctor, DOCTOR_FAIL, AREA, vendor, &err);
	else if (connector_is_shadowing(connector))
		doctor_say(doctor, DOCTOR_WARN, AREA, vendor,
			   "if that is not meant, delete it: upgrades reach the delivered one only",
			   "%s hides the one delivered with muster", connector_file(connector));
	else
		doctor_say(doctor, DOCTOR_OK, AREA, vendor, "", "%s", connector_file(connector));
	connector_free(connector);
}

void doctor_scripts(const struct doctor *doctor)
{
	struct err err = ERR_INIT;
	struct doctor_accounts accounts;
	char **ids = NULL;
	size_t count = 0;

	if (!doctor_accounts_read(doctor, &accounts, &err) ||
	    !connector_list(doctor->host, &ids, &count, &err)) {
		doctor_say_err(doctor, DOCTOR_FAIL, AREA, "connectors", &err);
	} else {
		for (size_t i = 0; i < count; i++)
			check_connector(doctor, ids[i]);
		check_overlays(doctor, &accounts);
	}
	file_free_names(ids, count);
	account_list_fini(accounts.items, accounts.count);
}
