/* muster vendors approve: lets a connector whose hosts, calls or auth changed run again. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/connection.h"
#include "cli/prompt.h"
#include "cli/remote.h"
#include "cli/route.h"
#include "cli/verbs.h"
#include "store/audit.h"

/* What a connector asks for now, against what its accounts approved. */
struct approving {
	struct account *accounts;
	size_t count;
	struct buf text;
	char hash[65];
	size_t approved; /* accounts that changed */
};

static bool is_current(const struct approving *approving, const struct account *account)
{
	return account->approved_hash && str_eq(account->approved_hash, approving->hash);
}

static bool show(struct cli *cli, const struct approving *approving, json_t *list, struct err *err)
{
	char slug[ACCOUNT_SLUG_SIZE];
	bool done = true;

	for (size_t i = 0; done && i < approving->count; i++) {
		const struct account *account = &approving->accounts[i];
		struct buf diff = BUF_INIT;

		accounts_slug(account, slug);
		if (!is_current(approving, account))
			connector_approval_diff(account->approved ? account->approved : "",
						buf_text(&approving->text), &diff);
		done = json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "account", slug,
							     "is_approved",
							     is_current(approving, account),
							     "difference", buf_text(&diff))) == 0 ||
		       err_oom(err);
		if (done && !cli->is_json)
			done = cli_say(cli, err, "%s: %s\n%s", slug,
				       is_current(approving, account) ? "approved, nothing changed"
								      : "changed",
				       buf_text(&diff));
		buf_fini(&diff);
	}
	return done;
}

static bool approve_one(struct store_tx *tx, const struct approving *approving,
			const char *account_id, struct err *err)
{
	struct account account = { 0 };
	char who[WHO_SIZE], now[CLOCK_TEXT_SIZE], slug[ACCOUNT_SLUG_SIZE];
	bool done = account_get(tx, account_id, &account, err) &&
		    route_set_text(&account.approved, buf_text(&approving->text), err) &&
		    route_set_text(&account.approved_hash, approving->hash, err) &&
		    account_save(tx, &account, err) &&
		    audit_add(tx, connection_who(who), "approve", accounts_slug(&account, slug),
			      NULL, clock_now_text(now), err);

	if (done && str_eq(account.state, "needs-approval"))
		done = account_set_state(tx, account_id, "stale", "approved, not synced since",
					 "muster sync", now, err);
	account_fini(&account);
	return done;
}

static bool approve_all(struct store_tx *tx, void *arg, struct err *err)
{
	struct approving *approving = arg;

	for (size_t i = 0; i < approving->count; i++) {
		if (is_current(approving, &approving->accounts[i]))
			continue;
		if (!approve_one(tx, approving, approving->accounts[i].id, err))
			return false;
		approving->approved++;
	}
	return true;
}

static size_t count_changed(const struct approving *approving)
{
	size_t changed = 0;

	for (size_t i = 0; i < approving->count; i++)
		changed += !is_current(approving, &approving->accounts[i]);
	return changed;
}

/* What is now: the list was made before anybody was asked. */
static void mark_approved(json_t *list)
{
	size_t i;
	json_t *account;

	/* true needs no memory, and the key is there. */
	json_array_foreach(list, i, account)
		json_object_set_new(account, "is_approved", json_true());
}

static bool confirm_and_approve(struct cli *cli, struct approving *approving, json_t *list,
				struct err *err)
{
	if (count_changed(approving) == 0 || parsed_has(&cli->parsed, "dry-run"))
		return true;
	if (!prompt_confirm(cli,
			    "The connector will be able to reach what is shown, with the "
			    "accounts' credentials.",
			    "Approve?", err) ||
	    !store_run(cli->host.store, STORE_WRITE, approve_all, approving, err))
		return false;
	mark_approved(list);
	if (!cli->is_json)
		cli_note(cli, "Approved for %zu account%s.", approving->approved,
			 approving->approved == 1 ? "" : "s");
	return true;
}

static bool read_now(struct cli *cli, struct approving *approving, struct err *err)
{
	struct connector *connector = remote_load(cli, approving->accounts[0].vendor, NULL, err);
	bool done =
		connector && connector_approval(connector, &approving->text, approving->hash, err);

	connector_free(connector);
	return done;
}

bool verb_vendors_approve(struct cli *cli, struct err *err)
{
	struct approving approving = { 0 };
	json_t *list = json_array();
	bool done = accounts_find(cli, parsed_arg(&cli->parsed, 0), &approving.accounts,
				  &approving.count, err) &&
		    read_now(cli, &approving, err) && show(cli, &approving, list, err) &&
		    confirm_and_approve(cli, &approving, list, err);

	if (done && cli->is_json)
		done = cli_object(cli, json_incref(list), err);
	json_decref(list);
	buf_fini(&approving.text);
	account_list_fini(approving.accounts, approving.count);
	return done;
}
