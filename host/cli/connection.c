/* An account and its credential as one deed in the store. */
#include "cli/connection.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/credentials.h"
#include "connector/json_value.h"
#include "store/audit.h"
#include "store/credential.h"
#include "store/session.h"
#include "store/token.h"
#include "vault/vault.h"

const char *connection_who(char out[WHO_SIZE])
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found)
		snprintf(out, WHO_SIZE, "%s", found->pw_name);
	else
		snprintf(out, WHO_SIZE, "uid %lu", (unsigned long)getuid());
	return out;
}

static bool audit(struct store_tx *tx, const char *verb, const struct account *account,
		  const char *details, struct err *err)
{
	char who[WHO_SIZE], slug[ACCOUNT_SLUG_SIZE], now[CLOCK_TEXT_SIZE];

	return audit_add(tx, connection_who(who), verb, accounts_slug(account, slug), details,
			 clock_now_text(now), err);
}

/* --- storing --- */

struct storing {
	const struct cli *cli;
	const struct connection *connection;
	struct account *account;
	const char *credential_name; /* that --credential gave; NULL = none */
};

/* A credential bears its account's slug, with a number if that is taken. */
static bool free_name(struct store_tx *tx, const struct account *account, char **name,
		      struct err *err)
{
	char slug[ACCOUNT_SLUG_SIZE];

	accounts_slug(account, slug);
	for (int i = 1; i < 1000; i++) {
		struct credential taken = { 0 };
		struct err missing = ERR_INIT;
		struct buf text = BUF_INIT;

		buf_str(&text, slug);
		if (i > 1)
			buf_printf(&text, " (%d)", i);
		if (!credential_find(tx, buf_text(&text), &taken, &missing)) {
			*name = buf_take(&text);
			return *name ? true : err_oom(err);
		}
		credential_fini(&taken);
		buf_fini(&text);
	}
	return err_set(err, ERR_CONFIG, "too many credentials are called %s", slug);
}

static bool add_credential(struct store_tx *tx, struct storing *storing, struct err *err)
{
	struct account *account = storing->account;
	char now[CLOCK_TEXT_SIZE];
	struct credential credential = {
		.provider = (char *)storing->connection->provider,
		.vendor = account->vendor,
		.state = (char *)"ok",
		.note = (char *)"",
		.created_at = (char *)clock_now_text(now),
	};
	bool done = free_name(tx, account, &credential.name, err) &&
		    credential_add(tx, &credential, err);

	free(credential.name);
	free(account->credential_id);
	account->credential_id = credential.id;
	return done;
}

/* Secrets of the client are not changed under others unasked; a consent was tested with them. */
static bool put_secrets(struct store_tx *tx, struct storing *storing, struct err *err)
{
	const struct connection *connection = storing->connection;
	const struct form *form = connection->form;
	const char *id = storing->account->credential_id;

	if (!form_has_news(form))
		return true;
	return (form->typed_count == 0 ||
		credentials_require_alone(tx, id, storing->account->id, err)) &&
	       credentials_put(storing->cli, tx, id, connection->provider, form, err);
}

static bool is_other(const char *a, const char *b)
{
	return !a || !b || !str_eq(a, b);
}

static bool drop(struct store_tx *tx, const struct account *account, struct err *err)
{
	return !account->credential_id || credentials_drop(tx, account->credential_id, err);
}

/* ERR_BUSY while a session writes what is about to be put away. */
static bool require_idle(struct store_tx *tx, const struct account *account, struct err *err)
{
	struct lease lease;

	if (lease_take(tx, account->id, "muster", clock_wall_ms(), &lease, err))
		return lease_release(tx, &lease, err);
	return err_context(err, "%s/%s", account->vendor, account->name);
}

/* Its credential goes with it unless it is `kept`, which the account gets that takes its place. */
static bool archive(struct store_tx *tx, const char *id, const char *kept, struct err *err)
{
	struct account old = { 0 };
	char now[CLOCK_TEXT_SIZE];
	bool done = account_get(tx, id, &old, err) && require_idle(tx, &old, err) &&
		    account_archive(tx, id, clock_now_text(now), err) &&
		    (!is_other(old.credential_id, kept) || drop(tx, &old, err)) &&
		    audit(tx, "archive", &old, NULL, err);

	account_fini(&old);
	return done;
}

/* What a person decides about an account; all else is what syncs found out about it. */
static void take_decisions(struct account *current, struct account *given)
{
	char **const pairs[][2] = {
		{ &current->label, &given->label },
		{ &current->settings, &given->settings },
		{ &current->credential_id, &given->credential_id },
		{ &current->tenant, &given->tenant },
		{ &current->ca_file, &given->ca_file },
		{ &current->connect_to, &given->connect_to },
		{ &current->proxy, &given->proxy },
		{ &current->allow_cidrs, &given->allow_cidrs },
		{ &current->approved_hash, &given->approved_hash },
		{ &current->approved, &given->approved },
		{ &current->actions, &given->actions },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *old = *pairs[i][0];

		*pairs[i][0] = *pairs[i][1];
		*pairs[i][1] = old;
	}
	current->is_recording = given->is_recording;
	current->every_seconds = given->every_seconds;
}

bool connection_mend(struct store_tx *tx, const struct account *account, const char *state,
		     struct err *err)
{
	char way_out[ACCOUNT_SLUG_SIZE + 16], slug[ACCOUNT_SLUG_SIZE], now[CLOCK_TEXT_SIZE];

	if (!str_eq(account->state, state))
		return true;
	snprintf(way_out, sizeof(way_out), "muster sync %s", accounts_slug(account, slug));
	return account_set_state(tx, account->id, "stale", "mended, not synced since", way_out,
				 clock_now_text(now), err);
}

/* Reads the account again: a sync may have ended while the person was asked. */
static bool change_account(struct store_tx *tx, struct storing *storing, struct err *err)
{
	struct account current = { 0 };
	bool done = account_get(tx, storing->account->id, &current, err);
	bool has_new_approval, has_new_credential;

	if (!done)
		return false;
	has_new_approval = is_other(current.approved_hash, storing->account->approved_hash);
	has_new_credential = form_has_news(storing->connection->form) ||
			     (storing->account->credential_id &&
			      is_other(current.credential_id, storing->account->credential_id));
	take_decisions(&current, storing->account);
	done = account_save(tx, &current, err) &&
	       (!has_new_credential || connection_mend(tx, &current, "needs-auth", err)) &&
	       (!has_new_approval || connection_mend(tx, &current, "needs-approval", err));
	account_fini(storing->account);
	*storing->account = current;
	return done;
}

/* The trail names the credential that an account got under a name of its own. */
static bool audit_storing(struct store_tx *tx, const struct storing *storing, struct err *err)
{
	const struct account *account = storing->account;
	char *details;
	bool done;

	if (!storing->credential_name)
		return audit(tx, storing->connection->verb, account, NULL, err);
	details = json_text_take(json_pack("{s:s}", "credential", storing->credential_name));
	done = details ? audit(tx, storing->connection->verb, account, details, err) : err_oom(err);
	free(details);
	return done;
}

static bool store_account(struct store_tx *tx, void *arg, struct err *err)
{
	struct storing *storing = arg;
	struct account *account = storing->account;
	const char *archive_id = storing->connection->archive_id;

	if (archive_id && !archive(tx, archive_id, account->credential_id, err))
		return false;
	if (form_has_news(storing->connection->form) && !account->credential_id &&
	    !add_credential(tx, storing, err))
		return false;
	return put_secrets(tx, storing, err) &&
	       (account->id ? change_account(tx, storing, err) : account_add(tx, account, err)) &&
	       audit_storing(tx, storing, err);
}

bool connection_store(const struct cli *cli, const struct connection *connection, struct err *err)
{
	struct storing storing = { cli, connection, connection->account,
				   parsed_text(&cli->parsed, "credential") };

	return store_run(cli->host.store, STORE_WRITE, store_account, &storing, err);
}

/* --- removing --- */

struct removing {
	const struct account *account;
	bool purge;
};

static bool remove_account(struct store_tx *tx, void *arg, struct err *err)
{
	struct removing *removing = arg;
	const struct account *account = removing->account;

	if (!removing->purge)
		return archive(tx, account->id, NULL, err);
	return require_idle(tx, account, err) && audit(tx, "purge", account, NULL, err) &&
	       account_purge(tx, account->id, err) && drop(tx, account, err);
}

bool connection_remove(const struct cli *cli, const struct account *account, bool purge,
		       struct err *err)
{
	struct removing removing = { account, purge };

	return store_run(cli->host.store, STORE_WRITE, remove_account, &removing, err);
}
