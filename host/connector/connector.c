/* A connector as the host knows it. Its texts: script.c. Its approval: approval.c. */
#include "connector/connector.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"
#include "connector/endpoint.h"
#include "connector/script.h"

struct connector {
	struct host *host;
	char *id;
	struct script_set scripts;
	char *fingerprint;
	struct guest *guest;
	struct value_tree *declaration;
	/* while loading */
	connector_loaded_fn *loaded;
	void *loaded_arg;
};

void connector_free(struct connector *connector)
{
	if (connector == NULL)
		return;
	guest_close(connector->guest);
	value_tree_free(connector->declaration);
	script_set_fini(&connector->scripts);
	free(connector->fingerprint);
	free(connector->id);
	free(connector);
}

const char *connector_id(const struct connector *connector)
{
	return connector->id;
}

const struct value *connector_declaration(const struct connector *connector)
{
	return value_root(connector->declaration);
}

const char *connector_fingerprint(const struct connector *connector)
{
	return connector->fingerprint;
}

const char *connector_file(const struct connector *connector)
{
	return connector->scripts.connector.path;
}

bool connector_is_shadowing(const struct connector *connector)
{
	return connector->scripts.is_shadowing;
}

struct guest *connector_guest(const struct connector *connector)
{
	return connector->guest;
}

/* --- fingerprint --- */

static json_t *script_hashes(const struct script_list *list)
{
	json_t *object = json_object();

	for (size_t i = 0; i < list->count; i++)
		json_put_text(&object, list->items[i].name, list->items[i].sha256);
	return object;
}

static char *make_fingerprint(const struct script_set *set)
{
	json_t *connector = json_pack("{s:s, s:s}", "file", set->connector.name, "sha256",
				      set->connector.sha256);
	json_t *all =
		json_pack("{s:o, s:o, s:o}", "connector", connector, "libs",
			  script_hashes(&set->libs), "overlays", script_hashes(&set->overlays));
	char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(all);
	return text;
}

/* --- loading --- */

static void put_scripts(struct buf *args, const char *key, const char *name_key,
			const struct script_list *list)
{
	value_put_str(args, key);
	value_put_list(args, list->count);
	for (size_t i = 0; i < list->count; i++) {
		value_put_map(args, 2);
		value_put_str(args, name_key);
		value_put_str(args, list->items[i].name);
		value_put_str(args, "text");
		value_put_bytes(args, list->items[i].text.data, list->items[i].text.len);
	}
}

static void put_load_args(struct buf *args, const struct connector *connector)
{
	const struct script *script = &connector->scripts.connector;

	value_put_map(args, 5);
	value_put_str(args, "connector");
	value_put_str(args, connector->id);
	value_put_str(args, "file");
	value_put_str(args, script->name);
	value_put_str(args, "text");
	value_put_bytes(args, script->text.data, script->text.len);
	put_scripts(args, "libs", "name", &connector->scripts.libs);
	put_scripts(args, "overlays", "file", &connector->scripts.overlays);
}

/* The declaration outlives the frame it came in: its encoding is parsed anew. */
static bool keep_declaration(struct connector *connector, const struct value *result,
			     struct err *err)
{
	struct buf copy = BUF_INIT;

	value_put(&copy, result);
	if (buf_ok(&copy, err))
		connector->declaration = value_parse(copy.data, copy.len, err);
	buf_fini(&copy);
	if (connector->declaration == NULL)
		return false;
	if (!endpoint_check_bases(connector_declaration(connector), err))
		return err_context(err, "%s", connector->scripts.connector.name);
	if (str_eq(value_text(connector_declaration(connector), "id", ""), connector->id))
		return true;
	return err_set(err, ERR_CONFIG, "%s: declares the id \"%s\"; its file name asks for \"%s\"",
		       connector->scripts.connector.name,
		       value_text(connector_declaration(connector), "id", ""), connector->id);
}

static void on_loaded(void *arg, const struct value *result, const struct err *failure)
{
	struct connector *connector = arg;
	connector_loaded_fn *loaded = connector->loaded;
	void *loaded_arg = connector->loaded_arg;
	struct err err = *failure;

	if (result != NULL && keep_declaration(connector, result, &err)) {
		loaded(loaded_arg, connector, failure);
		return;
	}
	if (err.kind == ERR_BUG) { /* what is wrong is in the file, not at run time */
		err.kind = ERR_CONFIG;
		if (err.hint[0] == '\0')
			err_hint(&err, "mend the file, then try it: muster vendors check %s",
				 connector->id);
	}
	connector_free(connector);
	loaded(loaded_arg, NULL, &err);
}

bool connector_load(struct host *host, const char *vendor, const char *account_name,
		    connector_loaded_fn *done, void *arg, struct err *err)
{
	struct connector *connector = calloc(1, sizeof(*connector));
	const struct guest_handlers none = { 0 };
	struct buf args = BUF_INIT;

	if (connector == NULL)
		return err_oom(err);
	connector->host = host;
	connector->loaded = done;
	connector->loaded_arg = arg;
	connector->id = str_dup(vendor);
	if (connector->id == NULL ||
	    !script_set_read(host, vendor, account_name, &connector->scripts, err))
		goto fail;
	connector->fingerprint = make_fingerprint(&connector->scripts);
	if (connector->fingerprint == NULL)
		goto fail;
	connector->guest = guest_start(host, vendor, &none, err);
	if (connector->guest == NULL)
		goto fail;
	put_load_args(&args, connector);
	if (!guest_call(connector->guest, "load", &args, on_loaded, connector, err))
		goto fail;
	buf_fini(&args);
	return true;
fail:
	if (err->kind == ERR_NONE)
		err_oom(err);
	buf_fini(&args);
	connector_free(connector);
	return false;
}

/* --- the list --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_ids(const char *root, char ***ids, size_t *count, struct err *err)
{
	struct buf dir = BUF_INIT;
	char **names = NULL;
	size_t found = 0;
	bool fine;

	buf_printf(&dir, "%s/vendors", root);
	if (!file_exists(buf_text(&dir))) {
		fine = buf_ok(&dir, err);
		buf_fini(&dir);
		return fine;
	}
	fine = file_list(buf_text(&dir), "", &names, &found, err);
	for (size_t i = 0; i < found && fine; i++) {
		char **grown = realloc(*ids, (*count + 1) * sizeof(*grown));
		struct buf init = BUF_INIT;

		if (grown == NULL) {
			fine = err_oom(err);
			break;
		}
		*ids = grown;
		buf_printf(&init, "%s/%s/init.lua", buf_text(&dir), names[i]);
		if (str_has_suffix(names[i], ".lua"))
			grown[(*count)++] = str_dup_len(names[i], strlen(names[i]) - 4);
		else if (file_exists(buf_text(&init)))
			grown[(*count)++] = str_dup(names[i]);
		fine = buf_ok(&init, err) &&
		       (*count == 0 || grown[*count - 1] != NULL || err_oom(err));
		buf_fini(&init);
	}
	file_free_names(names, found);
	buf_fini(&dir);
	return fine;
}

bool connector_list(struct host *host, char ***ids, size_t *count, struct err *err)
{
	size_t kept = 0;

	*ids = NULL;
	*count = 0;
	if ((host->project_dir != NULL && !add_ids(host->project_dir, ids, count, err)) ||
	    !add_ids(host->scripts_dir, ids, count, err)) {
		file_free_names(*ids, *count);
		return false;
	}
	if (*count > 0)
		qsort(*ids, *count, sizeof(**ids), by_name);
	for (size_t i = 0; i < *count; i++) {
		if (kept > 0 && str_eq((*ids)[kept - 1], (*ids)[i]))
			free((*ids)[i]);
		else
			(*ids)[kept++] = (*ids)[i];
	}
	*count = kept;
	return true;
}
