/* muster sessions: past runs of sync. */
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/sessions.h"
#include "cli/verbs.h"

enum { SESSIONS_LIMIT = 20, QUARANTINE_SHOWN = 100 };

/* --- list --- */

struct listing {
	const char *account_id;
	int64_t limit;
	struct session *sessions;
	size_t count;
};

static bool read_list(struct store_tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return session_list(tx, listing->account_id, listing->limit, &listing->sessions,
			    &listing->count, err);
}

static bool print_table(const struct cli *cli, const struct listing *listing, struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "session" },
		{ .name = "account" },
		{ .name = "kind" },
		{ .name = "outcome", .kind = OUTPUT_STATE },
		{ .name = "started_at", .kind = OUTPUT_TIME },
		{ .name = "created" },
		{ .name = "updated" },
		{ .name = "removed" },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	bool done = output != NULL;

	for (size_t i = 0; done && i < listing->count; i++) {
		const struct session *session = &listing->sessions[i];
		struct query_value values[] = {
			output_int(session->id),
			output_text(session->account_slug),
			output_text(session->kind),
			output_text(session->outcome),
			output_text(session->started_at),
			output_int(session->counts.created),
			output_int(session->counts.updated),
			output_int(session->counts.removed),
		};

		done = output_row(output, values, err);
	}
	return done ? cli_output_end(cli, output, "No sessions yet: muster sync --all", err)
		    : (output_free(output), false);
}

static bool print_json(const struct cli *cli, const struct listing *listing, struct err *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < listing->count; i++)
		json_add(&list, session_json(&listing->sessions[i]));
	return cli_object(cli, list, err);
}

bool verb_sessions_list(struct cli *cli, struct err *err)
{
	const char *selector = parsed_arg(&cli->parsed, 0);
	int64_t limit = parsed_number(&cli->parsed, "limit", SESSIONS_LIMIT);
	struct listing listing = { .limit = limit > 0 ? limit : INT64_MAX };
	struct account account = { 0 };
	bool done;

	if (selector && !accounts_one(cli, selector, &account, err))
		return false;
	listing.account_id = account.id;
	done = store_run(cli->host.store, STORE_READ, read_list, &listing, err) &&
	       (cli->is_json ? print_json(cli, &listing, err) : print_table(cli, &listing, err));
	session_list_fini(listing.sessions, listing.count);
	account_fini(&account);
	return done;
}

/* --- show --- */

struct showing {
	const char *selector;
	struct session session;
};

static bool read_newest(struct store_tx *tx, const char *selector, struct session *out,
			struct err *err)
{
	struct account *accounts = NULL;
	size_t count = 0;
	int64_t id;

	if (!account_find(tx, selector, &accounts, &count, err))
		return false;
	id = count == 1 ? accounts[0].last_session : 0;
	account_list_fini(accounts, count);
	if (count != 1)
		return err_set(err, ERR_USAGE, "\"%s\" means %zu accounts: name one", selector,
			       count);
	if (id == 0)
		return err_set(err, ERR_MISSING, "%s was never synced", selector);
	return session_get(tx, id, out, err);
}

static bool read_one(struct store_tx *tx, void *arg, struct err *err)
{
	struct showing *showing = arg;
	int64_t id;

	if (!str_to_int64(showing->selector, &id))
		return read_newest(tx, showing->selector, &showing->session, err);
	return session_get(tx, id, &showing->session, err);
}

/* The rows that could not be mapped, as a list of objects. */
struct quarantine {
	json_t *list;
};

static bool take_quarantined(void *arg, const struct query_value *values, size_t count,
			     struct err *err)
{
	struct quarantine *quarantine = arg;
	json_t *object = json_object();
	static const char *const keys[] = { "stream", "entity", "source_id", "reason", "excerpt" };

	for (size_t i = 0; i < count && i < sizeof(keys) / sizeof(keys[0]); i++)
		json_put(&object, keys[i],
			 values[i].type == QUERY_TEXT ? json_stringn(values[i].bytes, values[i].len)
						      : json_null());
	return json_array_append_new(quarantine->list, object) == 0 || err_oom(err);
}

static bool add_quarantine(const struct cli *cli, const struct session *session, json_t *object,
			   struct err *err)
{
	struct quarantine quarantine = { .list = json_array() };
	struct query_sink sink = { .row = take_quarantined, .arg = &quarantine };
	char sql[256];

	if (session->counts.quarantined == 0 || !quarantine.list) {
		json_decref(quarantine.list);
		return true;
	}
	snprintf(sql, sizeof(sql),
		 "SELECT stream, entity, source_id, reason, excerpt FROM quarantine"
		 " WHERE session_id = %lld ORDER BY id LIMIT %d",
		 (long long)session->id, QUARANTINE_SHOWN);
	if (!query_run(cli->host.store, sql, NULL, 0, &sink, err)) {
		json_decref(quarantine.list);
		return false;
	}
	return json_object_set_new(object, "quarantined_rows", quarantine.list) == 0 ||
	       err_oom(err);
}

bool verb_sessions_show(struct cli *cli, struct err *err)
{
	struct showing showing = { .selector = parsed_arg(&cli->parsed, 0) };
	json_t *object;
	bool done;

	if (!store_run(cli->host.store, STORE_READ, read_one, &showing, err))
		return false;
	object = session_json(&showing.session);
	done = object ? add_quarantine(cli, &showing.session, object, err) : err_oom(err);
	session_fini(&showing.session);
	if (!done) {
		json_decref(object);
		return false;
	}
	return cli_object(cli, object, err);
}
