/* muster connect: guide, settings, secrets, connection test, and only then an account. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/connection.h"
#include "cli/consent.h"
#include "cli/credentials.h"
#include "cli/form.h"
#include "cli/host.h"
#include "cli/prompt.h"
#include "cli/remote.h"
#include "cli/revoke.h"
#include "cli/route.h"
#include "cli/verbs.h"

struct connecting {
	struct connector *connector;
	struct form form;
	struct account account; /* the new one, or the stored one with what is new */
	json_t *check;
	struct account archived; /* that --replace puts away; its id is NULL: none is */
	bool is_renewed;	 /* the same tenant was connected under this name before */
};

static void connecting_fini(struct connecting *connecting)
{
	form_fini(&connecting->form);
	account_fini(&connecting->account);
	json_decref(connecting->check);
	account_fini(&connecting->archived);
	connector_free(connecting->connector);
}

static const char *provider_of(const struct connector *connector)
{
	return value_text(connector_declaration(connector), "provider", connector_id(connector));
}

/* --- before --- */

/* What the person enters where the client is registered: vendors compare it byte for byte. */
static void show_redirect(struct cli *cli, const struct connector *connector)
{
	const char *uri = consent_redirect_uri(cli, NULL);
	char *homepage = consent_homepage(uri);

	if (consent_may_be_needed(connector) && homepage)
		cli_note(cli, "  Redirect URI to register: %s   homepage URL: %s", uri, homepage);
	free(homepage);
}

static void show_guide(struct cli *cli, const struct connector *connector)
{
	const struct value *declaration = connector_declaration(connector);
	const struct value *guide = value_get(declaration, "guide");
	const char *docs = value_text(declaration, "docs", NULL);

	if (cli->is_json || !cli->terminal.can_ask || cli->no_input)
		return;
	cli_note(cli, "Connecting %s:", value_text(declaration, "name", connector_id(connector)));
	for (size_t i = 0; i < value_count(guide); i++)
		cli_note(cli, "  %zu. %s", i + 1, value_at(guide, i)->bytes);
	show_redirect(cli, connector);
	if (docs)
		cli_note(cli, "  See %s", docs);
}

static bool load(struct cli *cli, struct connecting *connecting, struct err *err)
{
	connecting->connector = remote_load(cli, parsed_arg(&cli->parsed, 0),
					    parsed_text(&cli->parsed, "account"), err);
	if (!connecting->connector)
		return false;
	form_init(&connecting->form, connecting->connector);
	return true;
}

static bool begin_account(struct cli *cli, struct connecting *connecting, struct err *err)
{
	struct account *account = &connecting->account;
	const char *label = parsed_text(&cli->parsed, "label");
	char now[CLOCK_TEXT_SIZE];
	bool changed;

	clock_now_text(now);
	account->is_recording = !parsed_has(&cli->parsed, "no-recording");
	return route_set_text(&account->vendor, connector_id(connecting->connector), err) &&
	       route_set_text(&account->label, label ? label : "", err) &&
	       route_set_text(&account->state, "new", err) &&
	       route_set_text(&account->state_reason, "", err) &&
	       route_set_text(&account->state_way_out, "", err) &&
	       route_set_text(&account->state_since, now, err) &&
	       route_set_text(&account->created_at, now, err) &&
	       route_set_text(&account->connect_to, "[]", err) &&
	       route_set_text(&account->allow_cidrs, "[]", err) &&
	       route_take_schedule(cli, account, err) &&
	       route_take_flags(cli, account, &changed, err);
}

static bool fill_in(struct cli *cli, struct connecting *connecting, struct err *err)
{
	struct form *form = &connecting->form;
	const char *credential = parsed_text(&cli->parsed, "credential");

	if (!form_check_flags(cli, connecting->connector, err) ||
	    !consent_take_flags(cli, connecting->connector, &connecting->account, err))
		return false;
	show_guide(cli, connecting->connector);
	return form_fill_settings(cli, form, NULL, err) &&
	       (credential ? credentials_choose(cli, credential, provider_of(connecting->connector),
						&connecting->account, err)
			   : form_fill_secrets(cli, form, err)) &&
	       route_set_text(&connecting->account.settings, form->settings, err);
}

/* --- the test --- */

static void tell_check(struct cli *cli, const json_t *check)
{
	size_t i;
	json_t *permission;

	cli_note(cli, "Connected to %s.", json_string_value(json_object_get(check, "tenant")));
	json_array_foreach(json_object_get(check, "permissions"), i, permission)
	{
		const char *name = json_string_value(json_object_get(permission, "name"));
		const char *reason = json_string_value(json_object_get(permission, "reason"));

		if (json_is_true(json_object_get(permission, "granted")))
			cli_note(cli, "  granted      %s", name);
		else
			cli_warn(cli, "  not granted  %s: %s", name, reason ? reason : "");
	}
}

static bool test(struct cli *cli, struct connecting *connecting, struct err *err)
{
	const char *tenant;

	cli_note(cli, "Testing the connection ...");
	connecting->check =
		remote_check(cli, connecting->connector, &connecting->account,
			     connecting->form.named, connecting->form.secret_count, err);
	if (!connecting->check ||
	    !consent_test_others(cli, &connecting->form, &connecting->account, err))
		return false;
	tell_check(cli, connecting->check);
	tenant = json_string_value(json_object_get(connecting->check, "tenant"));
	if (!tenant)
		return err_set(err, ERR_BUG, "%s: its check names no tenant",
			       connector_id(connecting->connector));
	return route_set_text(&connecting->account.tenant, tenant, err);
}

/* --- the name --- */

/* "acme.api.kandji.io" -> "acme" */
static char *name_from_tenant(const char *tenant)
{
	struct buf name = BUF_INIT;

	for (const char *at = tenant; *at && *at != '.' && name.len < 40; at++) {
		if (isalnum((unsigned char)*at))
			buf_char(&name, (char)tolower((unsigned char)*at));
		else if (name.len > 0 && name.data[name.len - 1] != '-')
			buf_char(&name, '-');
	}
	while (name.len > 0 && name.data[name.len - 1] == '-')
		name.data[--name.len] = '\0';
	if (name.len == 0)
		buf_str(&name, "default");
	return buf_take(&name);
}

static bool choose_name(struct cli *cli, struct connecting *connecting, struct err *err)
{
	const char *given = parsed_text(&cli->parsed, "account");
	struct account *account = &connecting->account;
	char *suggested;
	bool done;

	if (given)
		return route_set_text(&account->name, given, err);
	suggested = name_from_tenant(account->tenant);
	if (!suggested)
		return err_oom(err);
	if (!cli->terminal.can_ask || cli->no_input) {
		account->name = suggested;
		return true;
	}
	done = prompt_text(cli, "Name of the account", suggested, "give --account NAME",
			   &account->name, err);
	free(suggested);
	return done && accounts_check_name(account->name, "an account", err);
}

/* --- a name that is in use --- */

static bool fail_other_tenant(const struct account *old, const char *tenant, struct err *err)
{
	err_set(err, ERR_CONFIG, "%s/%s is connected to the tenant %s; this is %s", old->vendor,
		old->name, old->tenant ? old->tenant : "(not known yet)", tenant);
	return err_hint(err,
			"choose another name with --account, or archive the old one: --replace");
}

/* The same tenant again: the stored account stays, with its rows, under what was given now. */
static bool renew(struct cli *cli, struct connecting *connecting, const struct account *old,
		  struct err *err)
{
	struct account *account = &connecting->account;

	if (!parsed_has(&cli->parsed, "every"))
		account->every_seconds = old->every_seconds;
	connecting->is_renewed = true;
	if (check_fuller_tenant(old->tenant, account->tenant) == old->tenant &&
	    !route_set_text(&account->tenant, old->tenant, err))
		return false;
	return route_set_text(&account->id, old->id, err) &&
	       (account->credential_id ||
		route_set_text(&account->credential_id, old->credential_id, err)) &&
	       (account->label[0] || route_set_text(&account->label, old->label, err));
}

static bool replace(struct cli *cli, struct connecting *connecting, const struct account *old,
		    struct err *err)
{
	char slug[ACCOUNT_SLUG_SIZE];
	struct buf what = BUF_INIT;
	bool done;

	accounts_slug(old, slug);
	buf_printf(&what,
		   "%s/%s (%s) will be archived: its rows stay in the database but no "
		   "longer show, and its credential is deleted.",
		   old->vendor, old->name, old->tenant ? old->tenant : "no tenant yet");
	done = prompt_confirm(cli, buf_text(&what), "Replace it?", err) &&
	       accounts_one(cli, slug, &connecting->archived, err);
	buf_fini(&what);
	return done;
}

static bool settle_with(struct cli *cli, struct connecting *connecting, const struct account *old,
			struct err *err)
{
	const char *tenant = connecting->account.tenant;

	if (parsed_has(&cli->parsed, "replace"))
		return replace(cli, connecting, old, err);
	if (!check_tenants_agree(old->tenant, tenant))
		return fail_other_tenant(old, tenant, err);
	return renew(cli, connecting, old, err);
}

static void warn_same_tenant(struct cli *cli, const struct account *account,
			     const struct account *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eq(all[i].vendor, account->vendor) && all[i].tenant &&
		    str_eq(all[i].tenant, account->tenant) && !str_eq(all[i].name, account->name))
			cli_warn(cli, "%s/%s is the same tenant: everything will be there twice.",
				 all[i].vendor, all[i].name);
	}
}

static bool settle_name(struct cli *cli, struct connecting *connecting, struct err *err)
{
	struct account *account = &connecting->account;
	struct account *all = NULL;
	size_t count = 0;
	bool done = true;

	if (!accounts_find(cli, NULL, &all, &count, err))
		return false;
	for (size_t i = 0; done && i < count; i++) {
		if (str_eq(all[i].vendor, account->vendor) && str_eq(all[i].name, account->name))
			done = settle_with(cli, connecting, &all[i], err);
	}
	if (done)
		warn_same_tenant(cli, account, all, count);
	account_list_fini(all, count);
	return done;
}

/* --- the end --- */

static bool approve(struct connecting *connecting, struct err *err)
{
	struct buf text = BUF_INIT;
	char hash[65];
	bool done = connector_approval(connecting->connector, &text, hash, err) &&
		    route_set_text(&connecting->account.approved, buf_text(&text), err) &&
		    route_set_text(&connecting->account.approved_hash, hash, err);

	buf_fini(&text);
	return done;
}

static bool report(struct cli *cli, const struct connecting *connecting, struct err *err)
{
	char slug[ACCOUNT_SLUG_SIZE];

	accounts_slug(&connecting->account, slug);
	if (cli->is_json)
		return cli_object(cli,
				  json_pack("{s:s, s:s, s:b, s:O}", "account", slug, "tenant",
					    connecting->account.tenant, "is_renewed",
					    connecting->is_renewed, "permissions",
					    json_object_get(connecting->check, "permissions")),
				  err);
	cli_note(cli,
		 connecting->is_renewed
			 ? "%s was connected before: its settings and credential were renewed."
			 : "%s is connected.",
		 slug);
	cli_note(cli, "Next: muster sync %s --dry-run, or muster sync %s", slug, slug);
	return true;
}

/* The credential of the account that is put away: with --credential the new one may get it. */
static bool is_kept(const struct connecting *connecting)
{
	const char *old = connecting->archived.credential_id;
	const char *id = connecting->account.credential_id;

	return !old || (id && str_eq(old, id));
}

static bool store(struct cli *cli, struct connecting *connecting, struct err *err)
{
	const struct connection connection = {
		.account = &connecting->account,
		.provider = provider_of(connecting->connector),
		.form = &connecting->form,
		.archive_id = connecting->archived.id,
		.verb = "connect",
	};

	struct revoking *revoking = NULL;
	bool done;

	if (!is_kept(connecting))
		revoking = revoke_prepare(cli, &connecting->archived);
	done = connection_store(cli, &connection, err);
	if (done)
		revoke_finish(revoking);
	else
		revoke_forget(revoking);
	return done;
}

bool verb_connect(struct cli *cli, struct err *err)
{
	struct connecting connecting = { 0 };
	const char *name = parsed_text(&cli->parsed, "account");
	bool done = (!name || accounts_check_name(name, "an account", err)) &&
		    form_check_exclusive(cli, err) && host_need_secrets(cli, err) &&
		    load(cli, &connecting, err) && begin_account(cli, &connecting, err) &&
		    fill_in(cli, &connecting, err) &&
		    consent_fill(cli, &connecting.form, &connecting.account, false, err) &&
		    test(cli, &connecting, err) && choose_name(cli, &connecting, err) &&
		    settle_name(cli, &connecting, err) && approve(&connecting, err) &&
		    store(cli, &connecting, err) && report(cli, &connecting, err);

	connecting_fini(&connecting);
	return done;
}
