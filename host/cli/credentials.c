/* Credentials that have a name of their own. */
#include "cli/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/connection.h"
#include "cli/form.h"
#include "cli/remote.h"
#include "cli/route.h"
#include "connector/json_value.h"
#include "store/audit.h"
#include "store/token.h"
#include "vault/vault.h"

void credential_use_fini(struct credential_use *use)
{
	credential_fini(&use->credential);
	account_list_fini(use->accounts, use->count);
	*use = (struct credential_use){ 0 };
}

void credentials_free(struct credential_use *uses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		credential_use_fini(&uses[i]);
	free(uses);
}

bool credentials_is_of_account(const struct credential *credential)
{
	return strchr(credential->name, '/') != NULL;
}

/* --- reading --- */

struct reading {
	const char *name, *id; /* one of them */
	struct credential_use *uses;
	size_t count;
};

static bool read_users(struct store_tx *tx, struct credential_use *use, struct err *err)
{
	return account_find_by_credential(tx, use->credential.id, &use->accounts, &use->count, err);
}

static bool hint_nearest(struct store_tx *tx, const char *name, struct err *err)
{
	struct credential *all = NULL;
	struct err ignored = ERR_INIT;
	const char **names = NULL, *nearest = NULL;
	size_t count = 0;

	if (credential_list(tx, &all, &count, &ignored))
		names = calloc(count + 1, sizeof(*names));
	for (size_t i = 0; names && i < count; i++)
		names[i] = all[i].name;
	if (names)
		nearest = str_nearest(name, names, count);
	if (nearest)
		err_hint(err, "did you mean %s?", nearest);
	else
		err_hint(err, count > 0 ? "muster credentials list"
					: "muster credentials add NAME VENDOR");
	free(names);
	credential_list_fini(all, count);
	return false;
}

static bool read_one(struct store_tx *tx, void *arg, struct err *err)
{
	struct reading *reading = arg;
	struct credential_use *use = reading->uses;

	if (reading->id)
		return credential_get(tx, reading->id, &use->credential, err) &&
		       read_users(tx, use, err);
	if (!credential_find(tx, reading->name, &use->credential, err))
		return err->kind == ERR_MISSING && hint_nearest(tx, reading->name, err);
	return read_users(tx, use, err);
}

static bool get(const struct cli *cli, struct reading *reading, struct credential_use *out,
		struct err *err)
{
	*out = (struct credential_use){ 0 };
	reading->uses = out;
	if (store_run(cli->host.store, STORE_READ, read_one, reading, err))
		return true;
	credential_use_fini(out);
	return false;
}

bool credentials_get(const struct cli *cli, const char *name, struct credential_use *out,
		     struct err *err)
{
	return get(cli, &(struct reading){ .name = name }, out, err);
}

bool credentials_get_by_id(const struct cli *cli, const char *id, struct credential_use *out,
			   struct err *err)
{
	return get(cli, &(struct reading){ .id = id }, out, err);
}

static bool read_all(struct store_tx *tx, void *arg, struct err *err)
{
	struct reading *reading = arg;
	struct credential *all = NULL;
	bool done = credential_list(tx, &all, &reading->count, err);

	reading->uses = calloc(reading->count + 1, sizeof(*reading->uses));
	done = done && (reading->uses || err_oom(err));
	for (size_t i = 0; done && i < reading->count; i++) {
		reading->uses[i].credential = all[i];
		all[i] = (struct credential){ 0 };
		done = read_users(tx, &reading->uses[i], err);
	}
	credential_list_fini(all, reading->count);
	return done;
}

bool credentials_list(const struct cli *cli, struct credential_use **out, size_t *count,
		      struct err *err)
{
	struct reading reading = { 0 };
	bool done = store_run(cli->host.store, STORE_READ, read_all, &reading, err);

	if (!done && reading.uses)
		credentials_free(reading.uses, reading.count);
	*out = done ? reading.uses : NULL;
	*count = done ? reading.count : 0;
	return done;
}

/* --- accounts and their credential --- */

bool credentials_choose(const struct cli *cli, const char *name, const char *provider,
			struct account *account, struct err *err)
{
	struct credential_use use;
	bool done = credentials_get(cli, name, &use, err);

	if (!done)
		return false;
	if (str_eq(use.credential.provider, provider))
		done = route_set_text(&account->credential_id, use.credential.id, err);
	else
		done = err_set(err, ERR_CONFIG, "the credential %s is for %s, not for %s", name,
			       use.credential.provider, provider) ||
		       err_hint(err, "muster credentials list");
	credential_use_fini(&use);
	return done;
}

bool credentials_require_alone(struct store_tx *tx, const char *id, const char *account_id,
			       struct err *err)
{
	struct credential_use use = { 0 };
	char slug[ACCOUNT_SLUG_SIZE];
	bool done = credential_get(tx, id, &use.credential, err) && read_users(tx, &use, err);

	for (size_t i = 0; done && i < use.count; i++) {
		if (account_id && str_eq(use.accounts[i].id, account_id))
			continue;
		err_set(err, ERR_CONFIG, "%s uses the credential %s, too",
			accounts_slug(&use.accounts[i], slug), use.credential.name);
		done = err_hint(err,
				"new secrets for all of them: muster credentials replace %s; for "
				"one: --credential with another name",
				use.credential.name);
	}
	credential_use_fini(&use);
	return done;
}

bool credentials_drop(struct store_tx *tx, const char *id, struct err *err)
{
	struct credential_use use = { 0 };
	bool done = credential_get(tx, id, &use.credential, err) && read_users(tx, &use, err);

	if (done && use.count == 0 && credentials_is_of_account(&use.credential))
		done = credential_delete(tx, id, err);
	credential_use_fini(&use);
	return done;
}

/* --- new secrets, new consent --- */

static bool is_known(const struct credential_use *use, const struct account *account)
{
	for (size_t i = 0; i < use->count; i++) {
		if (str_eq(use->accounts[i].id, account->id))
			return true;
	}
	return false;
}

/* What they waited for is there; their names into `slugs`. */
static bool mend_users(struct store_tx *tx, const struct credential_use *known, json_t *slugs,
		       struct err *err)
{
	struct credential_use now = { .credential = { .id = known->credential.id } };
	char slug[ACCOUNT_SLUG_SIZE];
	bool done = read_users(tx, &now, err);

	for (size_t i = 0; done && i < now.count; i++) {
		accounts_slug(&now.accounts[i], slug);
		if (is_known(known, &now.accounts[i]))
			done = connection_mend(tx, &now.accounts[i], "needs-auth", err);
		else
			done = err_set(err, ERR_BUSY, "%s uses it since a moment ago", slug) ||
			       err_hint(err, "try again: it is tested with the others then");
		if (done && json_array_append_new(slugs, json_string(slug)) != 0)
			done = err_oom(err);
	}
	account_list_fini(now.accounts, now.count);
	return done;
}

static bool put_consent(const struct cli *cli, struct store_tx *tx, const char *id,
			const char *provider, const struct form *form, struct err *err)
{
	json_t *slugs = json_array();
	bool done = (slugs || err_oom(err)) &&
		    (!form->shared.credential.id || mend_users(tx, &form->shared, slugs, err)) &&
		    (!form->redirect_uri ||
		     credential_set_redirect_uri(tx, id, form->redirect_uri, err)) &&
		    consent_store(tx, cli->host.vault, id, provider, &form->grant, err);

	json_decref(slugs);
	return done;
}

bool credentials_put(const struct cli *cli, struct store_tx *tx, const char *id,
		     const char *provider, const struct form *form, struct err *err)
{
	if (!form_has_news(form))
		return true;
	for (size_t i = 0; i < form->typed_count; i++) {
		if (!vault_put_field(cli->host.vault, tx, id, provider, form->named[i].id,
				     form->named[i].value, err))
			return false;
	}
	return credential_set_state(tx, id, "ok", err) &&
	       (form_has_consent(form) ? put_consent(cli, tx, id, provider, form, err)
				       : token_forget(tx, id, err));
}

bool credentials_test(struct cli *cli, const struct form *form, const struct account *account,
		      struct err *err)
{
	struct connector *connector = remote_load(cli, account->vendor, account->name, err);
	char slug[ACCOUNT_SLUG_SIZE];
	json_t *check = NULL;

	accounts_slug(account, slug);
	if (connector)
		check = remote_check_again(cli, connector, account, form->named, form->secret_count,
					   err);
	connector_free(connector);
	json_decref(check);
	if (!check)
		return err_context(err, "nothing was changed: %s", slug);
	cli_note(cli, "  %s: connected to %s", slug, account->tenant ? account->tenant : "it");
	return true;
}

/* --- deeds --- */

struct deed {
	const struct cli *cli;
	struct credential *credential; /* to be added */
	const struct credential_use *use;
	const struct form *form;
	bool was_checked;
};

static bool audit(struct store_tx *tx, const char *verb, const struct credential *credential,
		  json_t *details, struct err *err)
{
	char who[WHO_SIZE], now[CLOCK_TEXT_SIZE];
	char *text = details ? json_text_take(details) : NULL;
	bool done = (!details || text || err_oom(err)) &&
		    audit_add(tx, connection_who(who), verb, credential->name, text,
			      clock_now_text(now), err);

	free(text);
	return done;
}

static bool add(struct store_tx *tx, void *arg, struct err *err)
{
	struct deed *deed = arg;

	return credential_add(tx, deed->credential, err) &&
	       credentials_put(deed->cli, tx, deed->credential->id, deed->credential->provider,
			       deed->form, err) &&
	       audit(tx, "add-credential", deed->credential, NULL, err);
}

bool credentials_add(const struct cli *cli, struct credential *credential, const struct form *form,
		     struct err *err)
{
	struct deed deed = { .cli = cli, .credential = credential, .form = form };

	return store_run(cli->host.store, STORE_WRITE, add, &deed, err);
}

static bool replace(struct store_tx *tx, void *arg, struct err *err)
{
	const struct deed *deed = arg;
	const struct credential *credential = &deed->use->credential;
	json_t *slugs = json_array();
	bool done =
		credentials_put(deed->cli, tx, credential->id, credential->provider, deed->form,
				err) &&
		mend_users(tx, deed->use, slugs, err) &&
		audit(tx, "replace-credential", credential,
		      json_pack("{s:O, s:b}", "accounts", slugs, "was_checked", deed->was_checked),
		      err);

	json_decref(slugs);
	return done;
}

bool credentials_replace(const struct cli *cli, const struct credential_use *use,
			 const struct form *form, bool was_checked, struct err *err)
{
	struct deed deed = { .cli = cli, .use = use, .form = form, .was_checked = was_checked };

	return store_run(cli->host.store, STORE_WRITE, replace, &deed, err);
}

struct changing {
	const struct credential_change *change;
	struct credential credential;
};

static bool change_one(struct store_tx *tx, void *arg, struct err *err)
{
	struct changing *changing = arg;
	const struct credential_change *change = changing->change;
	struct credential *credential = &changing->credential;

	if (!credential_find(tx, change->name, credential, err))
		return err->kind == ERR_MISSING && hint_nearest(tx, change->name, err);
	return (!change->note || route_set_text(&credential->note, change->note, err)) &&
	       (!change->redirect_uri ||
		route_set_text(&credential->redirect_uri, change->redirect_uri, err)) &&
	       credential_save(tx, credential, err) &&
	       audit(tx, "set-credential", credential, NULL, err);
}

bool credentials_change(const struct cli *cli, const struct credential_change *change,
			struct err *err)
{
	struct changing changing = { .change = change };
	bool done = store_run(cli->host.store, STORE_WRITE, change_one, &changing, err);

	credential_fini(&changing.credential);
	return done;
}

static bool delete_one(struct store_tx *tx, void *arg, struct err *err)
{
	const struct credential *credential = arg;

	return credential_delete(tx, credential->id, err) &&
	       audit(tx, "delete-credential", credential, NULL, err);
}

bool credentials_delete(const struct cli *cli, const struct credential *credential, struct err *err)
{
	return store_run(cli->host.store, STORE_WRITE, delete_one, (void *)(uintptr_t)credential,
			 err);
}
