/* What one session of `muster sync` leaves on stdout. */
#include "cli/sync_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/sessions.h"
#include "cli/sync_changes.h"

static bool has_session(const struct sync_result *result)
{
	return result && result->session && result->session->id != 0;
}

/* --- JSON --- */

static json_t *failed_json(struct cli *cli, const char *slug, const struct err *failure)
{
	return json_pack("{s:n, s:s, s:s, s:o}", "session", "account", slug, "outcome", "failed",
			 "error", errors_object(cli, failure, 0));
}

static void put_account(json_t **object, const struct account *account)
{
	json_put_text(object, "state", account->state);
	json_put_text(object, "state_reason", account->state_reason);
	json_put_text(object, "state_way_out", account->state_way_out);
}

static json_t *result_json(struct cli *cli, const char *slug, const struct sync_result *result,
			   const struct err *failure)
{
	bool began = has_session(result);
	json_t *object = began ? session_json(result->session) : failed_json(cli, slug, failure);

	if (began && failure->kind != ERR_NONE)
		json_put(&object, "error", errors_object(cli, failure, result->session->id));
	if (result && result->account)
		put_account(&object, result->account);
	return object;
}

/* The object without its last brace, the changes one by one, and the brace. */
static bool print_with_changes(struct cli *cli, const char *object,
			       const struct sync_changes *changes, struct err *err)
{
	static const char between[] = ",\"changes\":", end[] = "}\n";

	return cli_print(cli, object, strlen(object) - 1, err) &&
	       cli_print(cli, between, strlen(between), err) &&
	       sync_changes_print_json(cli, changes, err) && cli_print(cli, end, strlen(end), err);
}

static bool print_line_of_json(struct cli *cli, const char *object, struct err *err)
{
	struct buf out = BUF_INIT;
	bool done;

	buf_printf(&out, "%s\n", object);
	done = buf_ok(&out, err) && cli_print(cli, buf_text(&out), out.len, err);
	buf_fini(&out);
	return done;
}

static bool print_json(struct cli *cli, const char *slug, const struct sync_result *result,
		       const struct err *failure, struct err *err)
{
	json_t *object = result_json(cli, slug, result, failure);
	char *line = object ? cli_json_text(object, JSON_COMPACT | JSON_REAL_PRECISION(15),
					    cli->terminal.is_out)
			    : NULL;
	bool done;

	json_decref(object);
	if (!line)
		return err_oom(err);
	done = result && result->changes ? print_with_changes(cli, line, result->changes, err)
					 : print_line_of_json(cli, line, err);
	free(line);
	return done;
}

/* --- for a person --- */

static bool print_line(struct cli *cli, const char *slug, const struct session *session,
		       struct err *err)
{
	struct buf counts = BUF_INIT;
	bool done;

	session_put_counts(&session->counts, &counts);
	done = buf_ok(&counts, err) &&
	       cli_say(cli, err, "%s: %s%s: %s (%.1f s)", slug,
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
	return !result || !result->changes || sync_changes_print(cli, result->changes, err);
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
