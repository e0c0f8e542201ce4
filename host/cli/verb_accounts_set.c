/* muster accounts set and reconnect: what changes is tested before it is stored. */
#include <stdlib.h>

#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/connection.h"
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

static bool test(struct cli *cli, struct changing *changing, struct err *err)
{
	const struct account *account = &changing->account;
	const char *tenant;

	changing->check = remote_check(cli, changing->connector, account, changing->form.named,
				       changing->form.secret_count, err);
	if (!changing->check)
		return false;
	tenant = json_string_value(json_object_get(changing->check, "tenant"));
	if (!account->tenant || (tenant && str_eq(tenant, account->tenant)))
		return true;
	err_set(err, ERR_CONFIG, "this is the tenant %s; %s/%s belongs to %s",
		tenant ? tenant : "?", account->vendor, account->name, account->tenant);
	return err_hint(err, "connect it under a name of its own: muster connect %s",
			account->vendor);
}

static bool store(struct cli *cli, struct changing *changing, const char *verb, struct err *err)
{
	const char *provider =
		value_text(changing->connector ? connector_declaration(changing->connector) : NULL,
			   "provider", changing->account.vendor);

	return connection_store(cli, &changing->account, provider, changing->form.named,
				changing->form.secret_count, NULL, verb, err);
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
		    set(cli, &changing, err);

	if (done)
		cli_note(cli, "%s is changed.", accounts_slug(&changing.account, slug));
	changing_fini(&changing);
	return done;
}

/* --- reconnect --- */

static bool reconnect(struct cli *cli, struct changing *changing, struct err *err)
{
	if (!host_need_secrets(cli, err) || !load(cli, changing, err) ||
	    !form_check_flags(cli, changing->connector, err) ||
	    !form_fill_settings(cli, &changing->form, changing->account.settings, err) ||
	    !form_fill_secrets(cli, &changing->form, err) || !test(cli, changing, err))
		return false;
	return store(cli, changing, "reconnect", err);
}

bool verb_accounts_reconnect(struct cli *cli, struct err *err)
{
	struct changing changing = { 0 };
	char slug[ACCOUNT_SLUG_SIZE];
	bool done = accounts_one(cli, parsed_arg(&cli->parsed, 0), &changing.account, err) &&
		    reconnect(cli, &changing, err);

	if (done)
		cli_note(cli, "%s has its new credential.", accounts_slug(&changing.account, slug));
	changing_fini(&changing);
	return done;
}
