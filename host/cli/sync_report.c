/* What one session of `muster sync` leaves on stdout. */
#include "cli/sync_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "cli/cell.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/sessions.h"

static bool has_session(const struct sync_result *result)
{
	return result && result->session && result->session->id != 0;
}

/* --- JSON --- */

static bool put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value ? value : json_null()) == 0;
}

static json_t *failed_json(struct cli *cli, const char *slug, const struct err *failure)
{
	return json_pack("{s:n, s:s, s:s, s:o}", "session", "account", slug, "outcome", "failed",
			 "error", errors_object(cli, failure, 0));
}

static bool put_account(json_t *object, const struct account *account)
{
	return !account || (put(object, "state", json_string(account->state)) &&
			    put(object, "state_reason", json_string(account->state_reason)) &&
			    put(object, "state_way_out", json_string(account->state_way_out)));
}

static json_t *result_json(struct cli *cli, const char *slug, const struct sync_result *result,
			   const struct err *failure)
{
	bool began = has_session(result);
	json_t *object = began ? session_json(result->session) : failed_json(cli, slug, failure);
	bool done = object != NULL;

	if (done && began && failure->kind != ERR_NONE)
		done = put(object, "error", errors_object(cli, failure, result->session->id));
	if (done && result)
		done = put_account(object, result->account);
	if (done && result && result->changes)
		done = put(object, "changes", json_loads(result->changes, 0, NULL));
	if (done)
		return object;
	json_decref(object);
	return NULL;
}

static bool print_json(struct cli *cli, const char *slug, const struct sync_result *result,
		       const struct err *failure, struct err *err)
{
	json_t *object = result_json(cli, slug, result, failure);
	char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
	struct buf out = BUF_INIT;
	bool done;

	json_decref(object);
	if (!line)
		return err_oom(err);
	buf_printf(&out, "%s\n", line);
	free(line);
	done = buf_ok(&out, err) && cli_print(cli, buf_text(&out), out.len, err);
	buf_fini(&out);
	return done;
}

/* --- the difference of a dry run --- */

static void put_value(struct buf *out, const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		buf_append(out, json_string_value(value), json_string_length(value));
		return;
	}
	text = value && !json_is_null(value) ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)
					     : NULL;
	buf_str(out, text ? text : "(none)");
	free(text);
}

/* "os_version: 14.1 -> 14.2, name: a -> b"; a new or removed row is told by what names it. */
static void put_difference(struct buf *out, const json_t *change)
{
	static const char *const names[] = { "email",	      "name",	       "serial_number",
					     "license",	      "version",       "device_source_id",
					     "app_source_id", "user_source_id" };
	json_t *before = json_object_get(change, "before"),
	       *after = json_object_get(change, "after");
	bool is_update = json_is_object(before) && json_is_object(after);
	const char *key;
	json_t *value;

	if (is_update) {
		json_object_foreach(after, key, value)
		{
			buf_printf(out, "%s%s: ", out->len ? ", " : "", key);
			put_value(out, json_object_get(before, key));
			buf_str(out, " -> ");
			put_value(out, value);
		}
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = json_object_get(json_is_object(after) ? after : before, names[i]);
		if (!json_is_string(value))
			continue;
		buf_printf(out, "%s", out->len ? ", " : "");
		put_value(out, value);
	}
}

static bool put_change(struct output *output, const json_t *change, struct err *err)
{
	struct buf difference = BUF_INIT;
	bool done;

	put_difference(&difference, change);
	{
		struct query_value values[] = {
			output_text(json_string_value(json_object_get(change, "kind"))),
			output_text(json_string_value(json_object_get(change, "entity"))),
			output_text(json_string_value(json_object_get(change, "source_id"))),
			output_text(buf_text(&difference)),
		};

		done = output_row(output, values, err);
	}
	buf_fini(&difference);
	return done;
}

static bool print_changes(struct cli *cli, const char *text, struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "change" },
		{ .name = "entity" },
		{ .name = "source_id" },
		{ .name = "difference" },
	};
	json_t *changes = json_loads(text, 0, NULL);
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	bool done = output != NULL;
	size_t i;
	json_t *change;

	json_array_foreach(changes, i, change) done = done && put_change(output, change, err);
	json_decref(changes);
	if (!done) {
		output_free(output);
		return false;
	}
	return cli_output_end(cli, output, "Nothing would change.", err);
}

/* --- for a person --- */

static bool print_line(struct cli *cli, const char *slug, const struct session *session,
		       struct err *err)
{
	struct buf counts = BUF_INIT;
	bool done;

	session_put_counts(&session->counts, &counts);
	done = cli_say(cli, err, "%s: %s%s: %s (%.1f s)", slug,
		       str_eq(session->kind, "dry-run") ? "dry run, " : "", session->outcome,
		       buf_text(&counts), session->seconds);
	buf_fini(&counts);
	return done;
}

static void tell_reason(struct cli *cli, const struct account *account, const char *outcome)
{
	if (!account || str_eq(outcome, "ok"))
		return;
	if (account->state_reason[0])
		cli_warn(cli, "  %s", account->state_reason);
	if (account->state_way_out[0])
		cli_warn(cli, "  %s", account->state_way_out);
}

static bool print_text(struct cli *cli, const char *slug, const struct sync_result *result,
		       const struct err *failure, struct err *err)
{
	if (has_session(result) && !print_line(cli, slug, result->session, err))
		return false;
	if (failure->kind != ERR_NONE) {
		struct err named = *failure;

		if (!str_has_prefix(named.message, slug))
			err_context(&named, "%s", slug);
		errors_report(cli, &named);
	} else if (has_session(result)) {
		tell_reason(cli, result->account, result->session->outcome);
	}
	return !result || !result->changes || print_changes(cli, result->changes, err);
}

bool sync_report(struct cli *cli, const char *slug, const struct sync_result *result,
		 const struct err *failure, struct err *err)
{
	if (failure->kind != ERR_NONE)
		cli_outcome(cli, err_kind_info(failure->kind)->exit_code);
	else if (has_session(result))
		cli_outcome(cli, session_exit_code(result->session->outcome));
	return cli->is_json ? print_json(cli, slug, result, failure, err)
			    : print_text(cli, slug, result, failure, err);
}
