/* muster accounts set and reconnect: what changes is tested before it is stored. */
#include <stdlib.h>

#include "base/str.h"
#include "cli/account_view.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/connection.h"
#include "cli/consent.h"
#include "cli/credentials.h"
#include "cli/form.h"
#include "cli/host.h"
#include "cli/remote.h"
#include "cli/route.h"
#include "cli/verbs.h"

struct changing {
	struct account account;
	struct connector *connector; /* NULL = nothing had to be tested */
	struct form form;
	json_t *check;
};

static void changing_fini(struct changing *changing)
{
	form_fini(&changing->form);
	json_decref(changing->check);
	connector_free(changing->connector);
	account_fini(&changing->account);
}

static bool load(struct cli *cli, struct changing *changing, struct err *err)
{
	changing->connector =
		remote_load(cli, changing->account.vendor, changing->account.name, err);
	if (!changing->connector)
		return false;
	form_init(&changing->form, changing->connector);
	return true;
}

/* What could not be told when the account was connected may be told now. */
static bool keep_tenant(struct changing *changing, struct err *err)
{
	const char *told = json_string_value(json_object_get(changing->check, "tenant"));
	const char *fuller = check_fuller_tenant(changing->account.tenant, told);

	return fuller == changing->account.tenant ||
	       route_set_text(&changing->account.tenant, fuller, err);
}

static bool test(struct cli *cli, struct changing *changing, struct err *err)
{
	changing->check =
		remote_check_again(cli, changing->connector, &changing->account,
				   changing->form.named, changing->form.secret_count, err);
	return changing->check && keep_tenant(changing, err);
}

static const char *provider_of(const struct changing *changing)
{
	return value_text(changing->connector ? connector_declaration(changing->connector) : NULL,
			  "provider", changing->account.vendor);
}

static bool store(struct cli *cli, struct changing *changing, const char *verb, struct err *err)
{
	const struct connection connection = {
		.account = &changing->account,
		.provider = provider_of(changing),
		.form = &changing->form,
		.verb = verb,
	};

	return connection_store(cli, &connection, err);
}

/* --- set --- */

static bool take_plain_flags(struct cli *cli, struct account *account, struct err *err)
{
	const char *label = parsed_text(&cli->parsed, "label");

	if (parsed_has(&cli->parsed, "recording") && parsed_has(&cli->parsed, "no-recording"))
		return err_set(err, ERR_USAGE, "--recording and --no-recording exclude each other");
	if (parsed_has(&cli->parsed, "recording"))
		account->is_recording = true;
	if (parsed_has(&cli->parsed, "no-recording"))
		account->is_recording = false;
	return (!label || route_set_text(&account->label, label, err)) &&
	       route_take_schedule(cli, account, err);
}

static bool set_and_test(struct cli *cli, struct changing *changing, struct err *err)
{
	return host_need_secrets(cli, err) && load(cli, changing, err) &&
	       form_check_flags(cli, changing->connector, err) &&
	       form_fill_settings(cli, &changing->form, changing->account.settings, err) &&
	       route_set_text(&changing->account.settings, changing->form.settings, err) &&
	       test(cli, changing, err);
}

static bool require_change(const struct cli *cli, struct err *err)
{
	for (const struct cli_flag *flag = cli->parsed.verb->flags; flag->name; flag++) {
		if (parsed_has(&cli->parsed, flag->name))
			return true;
	}
	return err_set(err, ERR_USAGE, "there is nothing to change: no flag says what");
}

static bool set(struct cli *cli, struct changing *changing, struct err *err)
{
	bool route_changed;

	if (!require_change(cli, err) || !take_plain_flags(cli, &changing->account, err) ||
	    !route_take_flags(cli, &changing->account, &route_changed, err))
		return false;
	if ((route_changed || parsed_has(&cli->parsed, "set")) && !set_and_test(cli, changing, err))
		return false;
	return store(cli, changing, "set", err);
}

bool verb_accounts_set(struct cli *cli, struct err *err)
{
	struct changing changing = { 0 };
	char slug[ACCOUNT_SLUG_SIZE];
	bool done = accounts_one(cli, parsed_arg(&cli->parsed, 0), &changing.account, err) &&
		    set(cli, &changing, err) &&
		    cli_done(cli, account_view_json(&changing.account), err, "%s is changed.",
			     accounts_slug(&changing.account, slug));

	changing_fini(&changing);
	return done;
}

/* --- reconnect --- */

static bool require_alone(struct store_tx *tx, void *arg, struct err *err)
{
	const struct account *account = arg;

	return !account->credential_id ||
	       credentials_require_alone(tx, account->credential_id, account->id, err);
}

static bool is_alone(struct cli *cli, struct changing *changing, struct err *err)
{
	return store_run(cli->host.store, STORE_READ, require_alone, &changing->account, err);
}

/*
 * One that is there, or the present one with new secrets. Where a person consents, the client's
 * secrets stay as they are but for those that flags give.
 */
static bool choose_credential(struct cli *cli, struct changing *changing, struct err *err)
{
	const char *name = parsed_text(&cli->parsed, "credential");

	if (name)
		return credentials_choose(cli, name, provider_of(changing), &changing->account,
					  err);
	if (consent_is_needed(changing->connector, changing->form.settings))
		return form_fill_given_secrets(cli, &changing->form, err) &&
		       (changing->form.typed_count == 0 || is_alone(cli, changing, err));
	return is_alone(cli, changing, err) && form_fill_secrets(cli, &changing->form, err);
}

static bool reconnect(struct cli *cli, struct changing *changing, struct err *err)
{
	if (!host_need_secrets(cli, err) || !load(cli, changing, err) ||
	    !form_check_flags(cli, changing->connector, err) ||
	    !consent_take_flags(cli, changing->connector, &changing->account, err) ||
	    !form_fill_settings(cli, &changing->form, changing->account.settings, err) ||
	    !choose_credential(cli, changing, err) ||
	    !consent_fill(cli, &changing->form, &changing->account,
			  !parsed_text(&cli->parsed, "credential"), err) ||
	    !test(cli, changing, err) ||
	    !consent_test_others(cli, &changing->form, &changing->account, err))
		return false;
	return store(cli, changing, "reconnect", err);
}

/* The one before is kept: whoever swapped it may want it back. */
static void tell_unused(struct cli *cli, const struct account *account, const char *old_id)
{
	struct credential_use old;
	struct err ignored = ERR_INIT;

	if (!old_id || !account->credential_id || str_eq(old_id, account->credential_id) ||
	    !credentials_get_by_id(cli, old_id, &old, &ignored))
		return;
	if (old.count == 0)
		cli_note(cli,
			 "No account uses the credential %s any more. If it is not needed: muster "
			 "credentials delete %s",
			 old.credential.name, old.credential.name);
	credential_use_fini(&old);
}

bool verb_accounts_reconnect(struct cli *cli, struct err *err)
{
	struct changing changing = { 0 };
	char slug[ACCOUNT_SLUG_SIZE], *old_id = NULL;
	bool done = form_check_exclusive(cli, err) &&
		    accounts_one(cli, parsed_arg(&cli->parsed, 0), &changing.account, err) &&
		    route_set_text(&old_id, changing.account.credential_id, err) &&
		    reconnect(cli, &changing, err) &&
		    cli_done(cli, account_view_json(&changing.account), err,
			     "%s has its new credential.", accounts_slug(&changing.account, slug));

	if (done)
		tell_unused(cli, &changing.account, old_id);
	free(old_id);
	changing_fini(&changing);
	return done;
}
