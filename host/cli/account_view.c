/* An account as the verbs show it. */
#include "cli/account_view.h"

#include <stdlib.h>

#include "base/json.h"
#include "cli/accounts.h"
#include "cli/cli.h"

/* NULL without the memory for it: what is stored is JSON. */
static json_t *parsed(const char *text)
{
	return text ? json_loads(text, JSON_DECODE_ANY, NULL) : json_null();
}

void account_view_schedule(const struct account *account, struct account_schedule *out)
{
	int64_t due_ms;

	*out = (struct account_schedule){ 0 };
	if (account->every_seconds > 0)
		schedule_text(account->every_seconds, out->every);
	if (schedule_next(account, clock_wall_ms(), &due_ms))
		out->next = clock_format(due_ms, out->due_at);
}

bool account_view_has_schedule(const struct account *accounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (accounts[i].every_seconds > 0)
			return true;
	}
	return false;
}

json_t *account_view_json(const struct account *account)
{
	char slug[ACCOUNT_SLUG_SIZE];
	struct account_schedule schedule;

	accounts_slug(account, slug);
	account_view_schedule(account, &schedule);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:o, s:s?, s:o, s:s?, s:o, "
		"s:b, s:s?, s:s?, s:s?, s:s?, s:o, s:s?}",
		"account", slug, "id", account->id, "vendor", account->vendor, "name",
		account->name, "label", account->label, "state", account->state, "state_reason",
		account->state_reason, "state_since", account->state_since, "state_way_out",
		account->state_way_out, "tenant", account->tenant, "settings",
		parsed(account->settings), "ca_file", account->ca_file, "connect_to",
		parsed(account->connect_to), "proxy", account->proxy, "allow_cidrs",
		parsed(account->allow_cidrs), "is_recording", account->is_recording, "actions",
		account->actions, "every", schedule.every[0] ? schedule.every : NULL, "next_due_at",
		schedule.next, "last_ok_at", account->last_ok_at, "last_session",
		account->last_session ? json_integer(account->last_session) : json_null(),
		"created_at", account->created_at);
}

json_t *account_view_list(const struct account *accounts, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_add(&list, account_view_json(&accounts[i]));
	return list;
}

struct counting {
	const char *account_id;
	char *json;
};

static bool count_rows(struct store_tx *tx, void *arg, struct err *err)
{
	struct counting *counting = arg;

	return account_row_counts(tx, counting->account_id, &counting->json, err);
}

bool account_view_rows(const struct cli *cli, const char *account_id, json_t **rows,
		       struct err *err)
{
	struct counting counting = { .account_id = account_id };

	if (!store_run(cli->host.store, STORE_READ, count_rows, &counting, err))
		return false;
	*rows = json_loads(counting.json, 0, NULL);
	free(counting.json);
	return *rows ? true : err_oom(err);
}
