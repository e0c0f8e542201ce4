/* muster status: how the accounts are and what to do. */
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/account_view.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/sessions.h"
#include "cli/verbs.h"

/* One account with its newest session and its rows. */
struct standing {
	const struct account *account;
	struct session session;
	bool has_session;
	json_t *rows;
};

static bool read_session(struct store_tx *tx, void *arg, struct err *err)
{
	struct standing *standing = arg;

	if (standing->account->last_session == 0)
		return true;
	standing->has_session =
		session_get(tx, standing->account->last_session, &standing->session, err);
	return standing->has_session;
}

static int64_t row_count(const json_t *rows, const char *table)
{
	return json_integer_value(json_object_get(rows, table));
}

static bool put_row(struct output *output, const struct standing *standing, struct err *err)
{
	const struct account *account = standing->account;
	char slug[ACCOUNT_SLUG_SIZE];
	struct account_schedule schedule;

	account_view_schedule(account, &schedule);
	return output_row(
		output,
		(const struct query_value[]){
			output_text(accounts_slug(account, slug)),
			output_text(account->state),
			output_int(row_count(standing->rows, "users")),
			output_int(row_count(standing->rows, "devices")),
			output_int(row_count(standing->rows, "apps")),
			output_text(standing->has_session ? standing->session.started_at : NULL),
			output_text(standing->has_session ? standing->session.outcome : NULL),
			output_text(schedule.next),
		},
		err);
}

static bool add_json(json_t *list, const struct standing *standing, struct err *err)
{
	json_t *object = account_view_json(standing->account);

	json_put(&object, "rows", json_incref(standing->rows));
	json_put(&object, "last_session",
		 standing->has_session ? session_json(&standing->session) : json_null());
	return json_array_append_new(list, object) == 0 || err_oom(err);
}

static bool take_account(struct cli *cli, const struct account *account, json_t *list,
			 struct output *output, struct err *err)
{
	struct standing standing = { .account = account };
	bool done =
		store_run(cli->host.store, STORE_READ, read_session, &standing, err) &&
		account_view_rows(cli, account->id, &standing.rows, err) &&
		(cli->is_json ? add_json(list, &standing, err) : put_row(output, &standing, err));

	session_fini(&standing.session);
	json_decref(standing.rows);
	return done;
}

/* A schedule that nobody keeps: unless the account is not asked for a reason of its own. */
static void tell_neglected(struct cli *cli, const struct account *account)
{
	struct err ignored = ERR_INIT;
	char slug[ACCOUNT_SLUG_SIZE];

	if (schedule_is_neglected(account, clock_wall_ms()) && schedule_may_ask(account, &ignored))
		cli_note(cli,
			 "%s: nothing has synced it when it was due\n"
			 "  a timer has to call: muster sync --due",
			 accounts_slug(account, slug));
}

/* Below the table: why an account is not ok, and the way out. */
static void tell_reasons(struct cli *cli, const struct account *accounts, size_t count)
{
	char slug[ACCOUNT_SLUG_SIZE];

	for (size_t i = 0; i < count; i++) {
		const struct account *account = &accounts[i];

		tell_neglected(cli, account);
		if (!account->state_reason[0] && !account->state_way_out[0])
			continue;
		cli_note(cli, "%s: %s (since %s)%s%s", accounts_slug(account, slug),
			 account->state_reason, account->state_since,
			 account->state_way_out[0] ? "\n  " : "", account->state_way_out);
	}
}

/* What a terminal of 80 columns holds: the rest is in "accounts show" and in JSON. */
static bool print_table(struct cli *cli, const struct account *accounts, size_t count,
			struct err *err)
{
	bool is_plain = !account_view_has_schedule(accounts, count);
	const struct output_column columns[] = {
		{ .name = "account" },
		{ .name = "state", .kind = OUTPUT_STATE },
		{ .name = "users" },
		{ .name = "devices" },
		{ .name = "apps" },
		{ .name = "last_sync", .kind = OUTPUT_TIME },
		{ .name = "outcome", .kind = OUTPUT_STATE },
		{ .name = "next_due", .kind = OUTPUT_TIME, .is_hidden = is_plain },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	bool done = output != NULL;

	for (size_t i = 0; done && i < count; i++)
		done = take_account(cli, &accounts[i], NULL, output, err);
	if (!done) {
		output_free(output);
		return false;
	}
	if (!cli_output_end(cli, output, "No accounts yet: muster connect VENDOR", err))
		return false;
	tell_reasons(cli, accounts, count);
	return true;
}

static bool print_json(struct cli *cli, const struct account *accounts, size_t count,
		       struct err *err)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++) {
		if (!take_account(cli, &accounts[i], list, NULL, err)) {
			json_decref(list);
			return false;
		}
	}
	return cli_object(cli, list, err);
}

bool verb_status(struct cli *cli, struct err *err)
{
	struct account *accounts = NULL;
	size_t count = 0;
	bool done = accounts_of_args(cli, &accounts, &count, err) &&
		    (cli->is_json ? print_json(cli, accounts, count, err)
				  : print_table(cli, accounts, count, err));

	account_list_fini(accounts, count);
	return done;
}
