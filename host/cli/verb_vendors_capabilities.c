/* muster vendors capabilities: what vendors can give, and what accounts do give. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/remote.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "connector/capability.h"

enum { LABEL_WIDTH = 18, LINE_WIDTH = 80 };

/* --- one vendor or account as JSON --- */

static json_t *permissions_of(const struct value *declaration)
{
	const struct value *streams = value_get(declaration, "streams");
	json_t *object = json_object();

	for (size_t i = 0; i < value_count(streams); i++) {
		json_t *needs = capability_needs(value_at(streams, i));
		size_t k;
		json_t *need;

		json_array_foreach(needs, k, need)
		{
			json_t *names = json_object_get(object, json_string_value(need));

			names = names ? json_incref(names) : json_array();
			json_add(&names, json_string(value_text(value_at(streams, i), "name", "")));
			json_put(&object, json_string_value(need), names);
		}
		json_decref(needs);
	}
	return object;
}

/* [{"permission", "streams"}] */
static json_t *permissions_json(const struct value *declaration)
{
	json_t *by_name = permissions_of(declaration), *list = by_name ? json_array() : NULL;
	const char *name;
	json_t *streams;

	json_object_foreach(by_name, name, streams)
	{
		json_t *object = json_object();

		json_put_text(&object, "permission", name);
		json_put(&object, "streams", json_incref(streams));
		json_add(&list, object);
	}
	json_decref(by_name);
	return list;
}

/* account and seen: NULL of a vendor. */
static json_t *one_json(const struct connector *connector, const char *account, const json_t *seen)
{
	const struct value *declaration = connector_declaration(connector);
	json_t *object = json_object();

	json_put_text(&object, "vendor", connector_id(connector));
	json_put_text(&object, "name", value_text(declaration, "name", ""));
	json_put_text(&object, "account", account);
	json_put(&object, "capabilities", capability_list(declaration, seen));
	json_put(&object, "auth", capability_auth(declaration));
	json_put(&object, "permissions", permissions_json(declaration));
	return object;
}

/* --- for a person --- */

static void put_lines(struct buf *out, const char *label, const char *text)
{
	char indent[LABEL_WIDTH + 1];
	struct buf escaped = BUF_INIT, wrapped = BUF_INIT;

	snprintf(indent, sizeof(indent), "%*s", LABEL_WIDTH, "");
	text_escape(&escaped, text, strlen(text));
	text_wrap(&wrapped, buf_text(&escaped), LINE_WIDTH, indent);
	if (wrapped.len > 0)
		buf_printf(out, "  %-*s%s", LABEL_WIDTH - 2, label,
			   buf_text(&wrapped) + LABEL_WIDTH);
	out->failed |= escaped.failed || wrapped.failed;
	buf_fini(&escaped);
	buf_fini(&wrapped);
}

static void put_joined(struct buf *out, const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		buf_printf(out, "%s%s", i ? ", " : "", json_string_value(item));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* "user status": our own words have no underlines for a person. */
static void put_name(struct buf *out, const json_t *capability)
{
	for (const char *at = text_of(capability, "capability"); *at; at++)
		buf_char(out, *at == '_' ? ' ' : *at);
}

/* All that are of one state in one paragraph: "users, user status, licenses". */
static void put_together(struct buf *out, const char *label, const char *state, const json_t *list)
{
	struct buf text = BUF_INIT;
	size_t i;
	json_t *capability;

	json_array_foreach(list, i, capability)
	{
		const char *reason = text_of(capability, "reason");

		if (!str_eq(text_of(capability, "state"), state))
			continue;
		buf_str(&text, text.len ? ", " : "");
		put_name(&text, capability);
		if (*reason)
			buf_printf(&text, " (%s)", reason);
	}
	put_lines(out, label, buf_text(&text));
	out->failed |= text.failed;
	buf_fini(&text);
}

/* Why it is not there: the permissions that it takes where these are missing, else what was said.
 */
static void put_why(struct buf *out, const json_t *capability)
{
	const json_t *permissions = json_object_get(capability, "permissions");
	bool is_unknown = str_eq(text_of(capability, "state"), "unknown");

	if (json_array_size(permissions) > 0 && !is_unknown)
		put_joined(out, permissions);
	else
		buf_str(out, text_of(capability, "reason"));
}

static bool is_so_because(const json_t *capability, const char *state, const char *why)
{
	struct buf own = BUF_INIT;
	bool is_so;

	put_why(&own, capability);
	is_so = str_eq(text_of(capability, "state"), state) && str_eq(buf_text(&own), why);
	buf_fini(&own);
	return is_so;
}

/* "unmanaged apps, incremental: Directory Insights (...)": all that have one reason, told with the
   first of them. */
static void put_reason(struct buf *out, const char *label, const json_t *list, size_t first)
{
	const json_t *capability = json_array_get(list, first);
	const char *state = text_of(capability, "state");
	struct buf why = BUF_INIT, text = BUF_INIT;
	bool was_told = false;

	put_why(&why, capability);
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!is_so_because(json_array_get(list, i), state, buf_text(&why)))
			continue;
		was_told |= i < first;
		buf_str(&text, text.len ? ", " : "");
		put_name(&text, json_array_get(list, i));
	}
	buf_printf(&text, ": %s", buf_text(&why));
	if (!was_told)
		put_lines(out, label, buf_text(&text));
	out->failed |= why.failed || text.failed;
	buf_fini(&why);
	buf_fini(&text);
}

static void put_each(struct buf *out, const char *label, const char *state, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!str_eq(text_of(json_array_get(list, i), "state"), state))
			continue;
		put_reason(out, label, list, i);
		label = "";
	}
}

static void put_permissions(struct buf *out, const json_t *permissions)
{
	size_t i;
	json_t *permission;

	json_array_foreach(permissions, i, permission)
	{
		struct buf text = BUF_INIT;

		buf_printf(&text, "%s: ", text_of(permission, "permission"));
		put_joined(&text, json_object_get(permission, "streams"));
		put_lines(out, i == 0 ? "permissions" : "", buf_text(&text));
		out->failed |= text.failed;
		buf_fini(&text);
	}
}

static void put_auth(struct buf *out, const json_t *auth)
{
	struct buf text = BUF_INIT;
	size_t i;
	json_t *way;

	json_array_foreach(auth, i, way)
		buf_printf(&text, "%s%s", i ? ", or " : "", json_string_value(way));
	put_lines(out, "signs in by", buf_text(&text));
	out->failed |= text.failed;
	buf_fini(&text);
}

static void put_one(struct buf *out, const json_t *one)
{
	const json_t *list = json_object_get(one, "capabilities");
	const char *account = text_of(one, "account");

	buf_printf(out, "%s: %s\n", *account ? account : text_of(one, "vendor"),
		   text_of(one, "name"));
	put_together(out, "yes", "yes", list);
	put_together(out, "no", "no", list);
	put_each(out, "not granted", "not_granted", list);
	put_each(out, "not licensed", "not_licensed", list);
	put_each(out, "cannot be told", "unknown", list);
	put_auth(out, json_object_get(one, "auth"));
	put_permissions(out, json_object_get(one, "permissions"));
}

static bool print_list(const struct cli *cli, const json_t *list, struct err *err)
{
	struct buf out = BUF_INIT;
	size_t i;
	json_t *one;
	bool done;

	json_array_foreach(list, i, one)
	{
		buf_str(&out, i ? "\n" : "");
		put_one(&out, one);
	}
	done = buf_ok(&out, err) && cli_print(cli, buf_text(&out), out.len, err);
	buf_fini(&out);
	return done;
}

/* --- which ones --- */

static bool add_vendor(struct cli *cli, json_t **list, const char *vendor, struct err *err)
{
	struct connector *connector = remote_load(cli, vendor, NULL, err);

	if (!connector)
		return false;
	json_add(list, one_json(connector, NULL, NULL));
	connector_free(connector);
	return *list ? true : err_oom(err);
}

struct seeing {
	const char *account_id;
	json_t *seen;
};

static bool see(struct store_tx *tx, void *arg, struct err *err)
{
	struct seeing *seeing = arg;

	return capability_seen(tx, seeing->account_id, &seeing->seen, err);
}

static bool add_account(struct cli *cli, json_t **list, const char *selector, struct err *err)
{
	struct account account = { 0 };
	struct seeing seeing = { 0 };
	struct connector *connector = NULL;
	char slug[ACCOUNT_SLUG_SIZE];

	if (!cli->host.store)
		return err_set(err, ERR_MISSING, "there is no account %s: there is no project here",
			       selector);
	if (!accounts_one(cli, selector, &account, err))
		return false;
	seeing.account_id = account.id;
	accounts_slug(&account, slug);
	if (store_run(cli->host.store, STORE_READ, see, &seeing, err))
		connector = remote_load(cli, account.vendor, account.name, err);
	if (connector) {
		json_add(list, one_json(connector, slug, seeing.seen));
		if (!*list)
			err_oom(err);
	}
	json_decref(seeing.seen);
	connector_free(connector);
	account_fini(&account);
	return connector && *list;
}

static bool add_all(struct cli *cli, json_t **list, struct err *err)
{
	char **ids = NULL;
	size_t count = 0;
	bool done = connector_list(&cli->host, &ids, &count, err);

	for (size_t i = 0; done && i < count; i++)
		done = add_vendor(cli, list, ids[i], err);
	file_free_names(ids, count);
	return done;
}

bool verb_vendors_capabilities(struct cli *cli, struct err *err)
{
	json_t *list = json_array();
	bool done = true;

	if (cli->parsed.arg_count == 0)
		done = add_all(cli, &list, err);
	for (size_t i = 0; done && i < cli->parsed.arg_count; i++) {
		const char *name = cli->parsed.args[i];

		done = strchr(name, '/') ? add_account(cli, &list, name, err)
					 : add_vendor(cli, &list, name, err);
	}
	if (done)
		done = cli->is_json ? cli_object(cli, json_incref(list), err)
				    : print_list(cli, list, err);
	json_decref(list);
	return done;
}
