/* muster accounts list and show. */
#include <stdlib.h>

#include "base/str.h"
#include "cli/account_view.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/verbs.h"

static bool put_row(struct output *output, const struct account *account, struct err *err)
{
	char slug[ACCOUNT_SLUG_SIZE];
	struct account_schedule schedule;

	account_view_schedule(account, &schedule);
	return output_row(output,
			  (const struct query_value[]){
				  output_text(accounts_slug(account, slug)),
				  output_text(account->state),
				  output_text(account->tenant),
				  output_text(account->label),
				  output_text(account->last_ok_at),
				  output_text(schedule.every),
				  output_text(schedule.next),
			  },
			  err);
}

static bool print_table(const struct cli *cli, const struct account *accounts, size_t count,
			struct err *err)
{
	bool is_plain = !account_view_has_schedule(accounts, count);
	const struct output_column columns[] = {
		{ .name = "account" },
		{ .name = "state", .kind = OUTPUT_STATE },
		{ .name = "tenant" },
		{ .name = "label" },
		{ .name = "last_ok_at", .kind = OUTPUT_TIME },
		{ .name = "every", .is_hidden = is_plain },
		{ .name = "next_due_at", .kind = OUTPUT_TIME, .is_hidden = is_plain },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	bool done = output != NULL;

	for (size_t i = 0; done && i < count; i++)
		done = put_row(output, &accounts[i], err);
	if (!done) {
		output_free(output);
		return false;
	}
	return cli_output_end(cli, output, "No accounts yet: muster connect VENDOR", err);
}

bool verb_accounts_list(struct cli *cli, struct err *err)
{
	struct account *accounts = NULL;
	size_t count = 0;
	bool done = accounts_find(cli, NULL, &accounts, &count, err);

	if (done && cli->is_json)
		done = cli_object(cli, account_view_list(accounts, count), err);
	else if (done)
		done = print_table(cli, accounts, count, err);
	account_list_fini(accounts, count);
	return done;
}

bool verb_accounts_show(struct cli *cli, struct err *err)
{
	struct account account = { 0 };
	json_t *rows = NULL, *object;
	bool done = accounts_one(cli, parsed_arg(&cli->parsed, 0), &account, err) &&
		    account_view_rows(cli, account.id, &rows, err);

	if (!done) {
		account_fini(&account);
		return false;
	}
	object = account_view_json(&account);
	if (object && json_object_set(object, "rows", rows) != 0) {
		json_decref(object);
		object = NULL;
	}
	json_decref(rows);
	account_fini(&account);
	return cli_object(cli, object, err);
}
