/* Sandbox and network, one thing after the other. */
#include "cli/remote.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/str.h"
#include "cli/cli.h"

/* The loop runs until is_done; callbacks set it and stop the loop. */
struct waiting {
	struct loop *loop;
	bool is_done;
	struct err err;
};

static void finish(struct waiting *waiting, const struct err *err)
{
	waiting->err = *err;
	waiting->is_done = true;
	loop_stop(waiting->loop);
}

static bool wait_for(struct waiting *waiting, struct err *err)
{
	while (!waiting->is_done)
		loop_run(waiting->loop);
	if (waiting->err.kind == ERR_NONE)
		return true;
	*err = waiting->err;
	return false;
}

/* --- loading --- */

struct loading {
	struct waiting waiting;
	struct connector *connector;
};

static void on_loaded(void *arg, struct connector *connector, const struct err *err)
{
	struct loading *loading = arg;

	loading->connector = connector;
	finish(&loading->waiting, err);
}

struct connector *remote_load(struct cli *cli, const char *vendor, const char *account_name,
			      struct err *err)
{
	struct loading loading = { .waiting.loop = cli->host.loop };

	if (!connector_load(&cli->host, vendor, account_name, on_loaded, &loading, err) ||
	    !wait_for(&loading.waiting, err))
		return NULL;
	return loading.connector;
}

/* --- settings --- */

struct parsing {
	struct waiting waiting;
	char *json;
	struct problems *problems;
};

void problems_fini(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->items[i].id);
		free(problems->items[i].message);
	}
	free(problems->items);
	*problems = (struct problems){ 0 };
}

static bool copy_problems(struct problems *out, const struct setting_problem *problems,
			  size_t count)
{
	out->items = calloc(count ? count : 1, sizeof(*out->items));
	if (!out->items)
		return false;
	for (; out->count < count; out->count++) {
		struct setting_problem *copy = &out->items[out->count];

		copy->id = str_dup(problems[out->count].id);
		copy->message = str_dup(problems[out->count].message);
		if (!copy->id || !copy->message)
			return false;
	}
	return true;
}

static void on_parsed(void *arg, const char *json, const struct setting_problem *problems,
		      size_t problem_count, const struct err *err)
{
	struct parsing *parsing = arg;
	struct err outcome = *err;

	if (json && !(parsing->json = str_dup(json)))
		err_oom(&outcome);
	if (!json && outcome.kind == ERR_NONE &&
	    !copy_problems(parsing->problems, problems, problem_count))
		err_oom(&outcome);
	finish(&parsing->waiting, &outcome);
}

bool remote_parse_settings(struct cli *cli, struct connector *connector,
			   const struct setting_input *inputs, size_t count, char **json,
			   struct problems *problems, struct err *err)
{
	struct parsing parsing = { .waiting.loop = cli->host.loop, .problems = problems };

	*problems = (struct problems){ 0 };
	if (!connector_parse_settings(connector, inputs, count, on_parsed, &parsing, err))
		return false;
	if (!wait_for(&parsing.waiting, err)) {
		free(parsing.json);
		problems_fini(problems);
		return false;
	}
	*json = parsing.json;
	return true;
}

/* --- the connection test --- */

enum { PATIENCE_MS = 1000 };

struct checking {
	struct waiting waiting;
	const struct cli *cli;
	json_t *result;
};

static json_t *permissions_json(const struct check_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->permission_count; i++) {
		const struct check_permission *at = &result->permissions[i];

		json_add(&list, json_pack("{s:s?, s:s?, s:b, s:s?}", "name", at->name, "path",
					  at->path, "granted", at->granted, "reason", at->reason));
	}
	return list;
}

static void on_checked(void *arg, const struct check_result *result, const struct err *err)
{
	struct checking *checking = arg;
	struct err outcome = *err;

	if (result)
		checking->result = json_pack("{s:s?, s:o, s:f}", "tenant", result->tenant,
					     "permissions", permissions_json(result), "seconds",
					     (double)result->duration_ms / 1000);
	if (result && !checking->result)
		err_oom(&outcome);
	finish(&checking->waiting, &outcome);
}

/* What takes longer than a person looks at a blank line is told. */
static void on_waiting(void *arg, const char *why, int64_t ms)
{
	const struct checking *checking = arg;

	if (ms >= PATIENCE_MS && !checking->cli->is_json)
		cli_note(checking->cli, "Waiting %.1f s: %s", (double)ms / 1000, why);
}

/* Does a stream that may not degrade need the permission of this name? Which? */
static const char *stream_needing(const struct connector *connector, const char *name)
{
	const struct value *streams = value_get(connector_declaration(connector), "streams");

	for (size_t i = 0; i < value_count(streams); i++) {
		const struct value *stream = value_at(streams, i);
		const struct value *needs = value_get(stream, "needs");

		if (value_bool(stream, "may_degrade", false) ||
		    !value_bool(stream, "enabled", true))
			continue;
		for (size_t k = 0; k < value_count(needs); k++) {
			const struct value *need = value_at(needs, k);

			need = need->type == VALUE_LIST ? value_at(need, 0) : need;
			if (need && need->type == VALUE_BYTES && str_eq(need->bytes, name))
				return value_text(stream, "name", "?");
		}
	}
	return NULL;
}

static bool check_permissions(const struct connector *connector, const json_t *result,
			      struct err *err)
{
	size_t i;
	json_t *permission;

	json_array_foreach(json_object_get(result, "permissions"), i, permission)
	{
		const char *name = json_string_value(json_object_get(permission, "name"));
		const char *stream = name ? stream_needing(connector, name) : NULL;
		const char *reason;

		if (!stream || json_is_true(json_object_get(permission, "granted")))
			continue;
		reason = json_string_value(json_object_get(permission, "reason"));
		err_set(err, ERR_FORBIDDEN, "the permission \"%s\" is missing, which %s needs%s%s",
			name, stream, reason ? ": " : "", reason ? reason : "");
		return err_hint(err, "grant it at the vendor: muster vendors show %s",
				connector_id(connector));
	}
	return true;
}

json_t *remote_check(struct cli *cli, struct connector *connector, const struct account *account,
		     const struct check_secret *secrets, size_t secret_count, struct err *err)
{
	struct checking checking = { .waiting.loop = cli->host.loop, .cli = cli };
	const struct check_handlers handlers = { on_checked, on_waiting, &checking };

	if (!check_start(&cli->host, connector, account, secrets, secret_count, &handlers, err) ||
	    !wait_for(&checking.waiting, err) ||
	    !check_permissions(connector, checking.result, err)) {
		json_decref(checking.result);
		return NULL;
	}
	return checking.result;
}

json_t *remote_check_again(struct cli *cli, struct connector *connector,
			   const struct account *account, const struct check_secret *secrets,
			   size_t secret_count, struct err *err)
{
	json_t *check = remote_check(cli, connector, account, secrets, secret_count, err);
	const char *tenant = json_string_value(json_object_get(check, "tenant"));

	if (!check || check_tenants_agree(account->tenant, tenant))
		return check;
	err_set(err, ERR_CONFIG, "this is the tenant %s; %s/%s belongs to %s",
		tenant ? tenant : "?", account->vendor, account->name, account->tenant);
	err_hint(err, "connect it under a name of its own: muster connect %s", account->vendor);
	json_decref(check);
	return NULL;
}
