/* muster credentials: entries of the vault by name. What is in them is never shown. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/consent.h"
#include "cli/credential_view.h"
#include "cli/credentials.h"
#include "cli/form.h"
#include "cli/host.h"
#include "cli/prompt.h"
#include "cli/remote.h"
#include "cli/revoke.h"
#include "cli/verbs.h"

/* --- list, show --- */

/* As a list; NULL with err. */
static json_t *views(struct cli *cli, const struct credential_use *uses, size_t count,
		     struct err *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *object = credential_view_json(cli, &uses[i], err);

		if (!object || (json_array_append_new(list, object) != 0 && !err_oom(err))) {
			json_decref(list);
			return NULL;
		}
	}
	if (!list)
		err_oom(err);
	return list;
}

static struct query_value cell(const json_t *object, const char *key)
{
	return output_text(json_string_value(json_object_get(object, key)));
}

static bool put_row(struct output *output, const json_t *object, struct err *err)
{
	char *accounts = json_dumps(json_object_get(object, "accounts"), JSON_COMPACT);
	bool done = accounts ? output_row(output,
					  (const struct query_value[]){
						  cell(object, "credential"),
						  cell(object, "provider"),
						  cell(object, "state"),
						  output_text(accounts),
						  cell(object, "note"),
						  cell(object, "last_used_at"),
					  },
					  err)
			     : err_oom(err);

	free(accounts);
	return done;
}

static bool print_table(struct cli *cli, const json_t *list, struct err *err)
{
	static const struct output_column columns[] = {
		{ .name = "credential" }, { .name = "provider" },
		{ .name = "state" },	  { .name = "accounts", .kind = OUTPUT_VALUE },
		{ .name = "note" },	  { .name = "last_used_at", .kind = OUTPUT_TIME },
	};
	struct output *output = cli_output(cli, columns, sizeof(columns) / sizeof(columns[0]), err);
	bool done = output != NULL;
	json_t *object;
	size_t i;

	json_array_foreach(list, i, object) done = done && put_row(output, object, err);
	if (done)
		return cli_output_end(cli, output,
				      "No credentials yet: muster connect VENDOR makes one, or "
				      "muster credentials add NAME VENDOR",
				      err);
	output_free(output);
	return false;
}

bool verb_credentials_list(struct cli *cli, struct err *err)
{
	struct credential_use *uses;
	json_t *list = NULL;
	size_t count;
	bool done = credentials_list(cli, &uses, &count, err) &&
		    (list = views(cli, uses, count, err)) != NULL &&
		    (cli->is_json ? cli_object(cli, json_incref(list), err)
				  : print_table(cli, list, err));

	json_decref(list);
	credentials_free(uses, count);
	return done;
}

static bool print_one(struct cli *cli, const char *name, struct err *err)
{
	struct credential_use use;
	json_t *object;

	if (!credentials_get(cli, name, &use, err))
		return false;
	object = credential_view_json(cli, &use, err);
	credential_use_fini(&use);
	return object && cli_object(cli, object, err);
}

bool verb_credentials_show(struct cli *cli, struct err *err)
{
	return print_one(cli, parsed_arg(&cli->parsed, 0), err);
}

/* --- add --- */

/* A connector and what a person says about it. */
struct asking {
	struct connector *connector;
	struct form form;
};

static void asking_fini(struct asking *asking)
{
	form_fini(&asking->form);
	connector_free(asking->connector);
}

static bool begin(struct cli *cli, struct asking *asking, const char *vendor, const char *account,
		  struct err *err)
{
	if (!host_need_secrets(cli, err) ||
	    !(asking->connector = remote_load(cli, vendor, account, err)))
		return false;
	form_init(&asking->form, asking->connector);
	return form_check_flags(cli, asking->connector, err);
}

static bool ask_secrets(struct cli *cli, struct asking *asking, struct err *err)
{
	if (!form_fill_secrets(cli, &asking->form, err))
		return false;
	if (asking->form.secret_count > 0)
		return true;
	err_set(err, ERR_CONFIG, "%s asks for no secret, so answered",
		connector_id(asking->connector));
	return err_hint(err, "muster vendors show %s", connector_id(asking->connector));
}

/* As an account's name: those with a "/" are the credentials that accounts brought along. */
static bool check_name(const struct cli *cli, const char *name, struct err *err)
{
	struct credential_use taken;
	struct err missing = ERR_INIT;

	if (!accounts_check_name(name, "a credential", err))
		return false;
	if (!credentials_get(cli, name, &taken, &missing))
		return missing.kind == ERR_MISSING || (*err = missing, false);
	credential_use_fini(&taken);
	err_set(err, ERR_CONFIG, "there is a credential named %s already", name);
	return err_hint(err, "new values for it: muster credentials replace %s", name);
}

static bool add(struct cli *cli, const struct asking *asking, const char *name, struct err *err)
{
	const char *vendor = connector_id(asking->connector);
	const char *note = parsed_text(&cli->parsed, "note");
	char now[CLOCK_TEXT_SIZE];
	struct credential credential = {
		.name = (char *)name,
		.provider = (char *)value_text(connector_declaration(asking->connector), "provider",
					       vendor),
		.vendor = (char *)vendor,
		.state = (char *)"ok",
		.note = (char *)(note ? note : ""),
		.created_at = (char *)clock_now_text(now),
	};
	bool done = credentials_add(cli, &credential, &asking->form, err);

	free(credential.id);
	if (!done || cli->is_json)
		return done && print_one(cli, name, err);
	cli_note(cli,
		 "%s is stored. It is tested when an account gets it:\n"
		 "  muster connect %s --credential %s",
		 name, vendor, name);
	return true;
}

bool verb_credentials_add(struct cli *cli, struct err *err)
{
	const char *name = parsed_arg(&cli->parsed, 0);
	struct asking asking = { 0 };
	bool done = check_name(cli, name, err) &&
		    begin(cli, &asking, parsed_arg(&cli->parsed, 1), NULL, err) &&
		    form_fill_conditions(cli, &asking.form, err) &&
		    ask_secrets(cli, &asking, err) && add(cli, &asking, name, err);

	asking_fini(&asking);
	return done;
}

/* --- replace --- */

static bool test_all(struct cli *cli, const struct form *form, const struct credential_use *use,
		     struct err *err)
{
	if (use->count > 0)
		cli_note(cli, "Testing the accounts that use %s ...", use->credential.name);
	for (size_t i = 0; i < use->count; i++) {
		if (!credentials_test(cli, form, &use->accounts[i], err))
			return false;
	}
	return true;
}

static bool begin_replacing(struct cli *cli, struct asking *asking,
			    const struct credential_use *use, struct err *err)
{
	const struct account *user = use->count > 0 ? &use->accounts[0] : NULL;
	const char *vendor = user ? user->vendor : use->credential.vendor;

	if (!vendor)
		return err_set(err, ERR_CONFIG, "%s was made for no vendor in particular",
			       use->credential.name) ||
		       err_hint(err, "delete it, and add it anew: muster credentials add");
	return begin(cli, asking, vendor, user ? user->name : NULL, err) &&
	       (user ? form_fill_settings(cli, &asking->form, user->settings, err)
		     : form_fill_conditions(cli, &asking->form, err));
}

/*
 * Which secrets apply is decided by the settings of an account that uses it, if one does. A consent
 * is given anew with the client's secrets as they are, but for those that flags give.
 */
static bool ask_new(struct cli *cli, struct asking *asking, struct credential_use *use,
		    struct err *err)
{
	struct account *user = use->count > 0 ? &use->accounts[0] : NULL;
	struct form *form = &asking->form;

	if (!begin_replacing(cli, asking, use, err))
		return false;
	if (!user || !consent_is_needed(form->connector, user->settings))
		return ask_secrets(cli, asking, err);
	return consent_take_flags(cli, form->connector, user, err) &&
	       form_fill_given_secrets(cli, form, err) && consent_fill(cli, form, user, true, err);
}

static bool replace(struct cli *cli, struct credential_use *use, struct err *err)
{
	bool checks = !parsed_has(&cli->parsed, "no-check");
	struct asking asking = { 0 };
	bool done = ask_new(cli, &asking, use, err) &&
		    (!checks || test_all(cli, &asking.form, use, err)) &&
		    credentials_replace(cli, use, &asking.form, checks, err);

	asking_fini(&asking);
	return done;
}

bool verb_credentials_replace(struct cli *cli, struct err *err)
{
	struct credential_use use;
	bool done;

	if (!credentials_get(cli, parsed_arg(&cli->parsed, 0), &use, err))
		return false;
	done = replace(cli, &use, err);
	if (done && cli->is_json)
		done = print_one(cli, use.credential.name, err);
	else if (done)
		cli_note(cli, "%s has its new values; %zu account(s) use it.", use.credential.name,
			 use.count);
	credential_use_fini(&use);
	return done;
}

/* --- set --- */

bool verb_credentials_set(struct cli *cli, struct err *err)
{
	const char *name = parsed_arg(&cli->parsed, 0);
	const char *uri = parsed_text(&cli->parsed, "redirect-uri");
	const struct credential_change change = { name, parsed_text(&cli->parsed, "note"), uri };
	struct oauth_redirect redirect;

	if (!change.note && !uri)
		return err_set(err, ERR_USAGE, "there is nothing to change: no flag says what");
	if ((uri && !oauth_redirect_read(uri, &redirect, err)) ||
	    !credentials_change(cli, &change, err))
		return false;
	if (cli->is_json)
		return print_one(cli, name, err);
	cli_note(cli, "%s is changed.", name);
	return true;
}

/* --- delete --- */

static bool delete_unused(struct cli *cli, const struct credential_use *use, struct err *err)
{
	const struct credential *credential = &use->credential;
	struct revoking *revoking = NULL;
	struct buf what = BUF_INIT;
	bool done;

	buf_printf(&what, "The credential %s (%s) will be deleted for good.", credential->name,
		   credential->provider);
	done = use->count > 0 || prompt_confirm(cli, buf_text(&what), "Delete it?", err);
	if (done && use->count == 0)
		revoking = revoke_prepare_unused(cli, credential->id);
	done = done && credentials_delete(cli, credential, err);
	if (done)
		revoke_finish(revoking);
	else
		revoke_forget(revoking);
	buf_fini(&what);
	return done && cli_done(cli, json_pack("{s:s}", "credential", credential->name), err,
				"%s is gone.", credential->name);
}

bool verb_credentials_delete(struct cli *cli, struct err *err)
{
	struct credential_use use;
	bool done;

	if (!credentials_get(cli, parsed_arg(&cli->parsed, 0), &use, err))
		return false;
	done = delete_unused(cli, &use, err);
	credential_use_fini(&use);
	return done;
}
