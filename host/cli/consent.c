/* When a person's consent is needed, for what, and where it goes. */
#include "cli/consent.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/consent_wait.h"
#include "cli/remote.h"
#include "cli/route.h"
#include "connector/secrets.h"
#include "connector/tokens.h"
#include "store/token.h"
#include "vault/oauth/scopes.h"

bool consent_is_needed(const struct connector *connector, const char *settings)
{
	json_t *parsed = json_loads(settings, 0, NULL);
	const struct value *auth = auth_declared(connector_declaration(connector), parsed);
	bool is_needed = tokens_need_consent(auth);

	json_decref(parsed);
	return is_needed;
}

bool consent_may_be_needed(const struct connector *connector)
{
	const struct value *auth = value_get(connector_declaration(connector), "auth");
	const struct value *alternatives = value_get(auth, "alternatives");

	for (size_t i = 0; i < value_count(alternatives); i++) {
		if (tokens_need_consent(value_at(alternatives, i)))
			return true;
	}
	return tokens_need_consent(auth);
}

/* --- the redirect URI --- */

const char *consent_redirect_uri(const struct cli *cli, const char *stored)
{
	const char *given = parsed_text(&cli->parsed, "redirect-uri");

	if (given)
		return given;
	return stored ? stored : OAUTH_REDIRECT_URI;
}

char *consent_homepage(const char *redirect_uri)
{
	const char *host = strstr(redirect_uri, "://");
	size_t len = host ? (size_t)(host + 3 - redirect_uri) : 0;

	return str_dup_len(redirect_uri, len + strcspn(redirect_uri + len, "/"));
}

/* --- flags --- */

static bool check_redirect_uri(const struct cli *cli, const struct connector *connector,
			       struct err *err)
{
	const char *uri = parsed_text(&cli->parsed, "redirect-uri");
	struct oauth_redirect redirect;

	if (!uri)
		return true;
	if (!consent_may_be_needed(connector))
		return err_set(err, ERR_USAGE,
			       "%s asks no one for consent: --redirect-uri has no use",
			       connector_id(connector));
	return oauth_redirect_read(uri, &redirect, err);
}

enum { ACTIONS_MAX = 64 };

static bool check_action(const struct connector *connector, const char *name, struct err *err)
{
	const struct value *actions = value_get(connector_declaration(connector), "actions");
	const char *names[ACTIONS_MAX], *nearest;
	size_t count = 0;

	for (; count < value_count(actions) && count < ACTIONS_MAX; count++) {
		names[count] = value_text(value_at(actions, count), "name", "");
		if (str_eq(names[count], name))
			return true;
	}
	err_set(err, ERR_USAGE, "%s has no action \"%s\"", connector_id(connector), name);
	nearest = str_nearest(name, names, count);
	if (nearest)
		return err_hint(err, "did you mean %s?", nearest);
	return err_hint(err, "muster vendors show %s", connector_id(connector));
}

/* "lock,wipe" as a sorted set: the same writing as that of scopes. */
static bool take_actions(const char *given, const struct connector *connector,
			 struct account *account, struct err *err)
{
	struct buf set = BUF_INIT;
	char *name, *rest = NULL, *list = str_dup(given);
	bool done = (list || err_oom(err)) && scopes_unite(given, "", &set, err);

	for (name = done ? strtok_r(list, ", ", &rest) : NULL; name && done;
	     name = strtok_r(NULL, ", ", &rest))
		done = check_action(connector, name, err);
	done = done && route_set_text(&account->actions, buf_text(&set), err);
	free(list);
	buf_fini(&set);
	return done;
}

bool consent_take_flags(const struct cli *cli, const struct connector *connector,
			struct account *account, struct err *err)
{
	const char *given = parsed_text(&cli->parsed, "actions");

	if (!check_redirect_uri(cli, connector, err))
		return false;
	return !given || take_actions(str_eq(given, "none") ? "" : given, connector, account, err);
}

/* --- what the credential has --- */

struct held {
	struct token token;
	struct secrets secrets;
	bool has_refresh_token;
};

static void held_fini(struct held *held)
{
	token_fini(&held->token);
	secrets_fini(&held->secrets);
}

struct reading {
	const struct cli *cli;
	const struct account *account;
	const struct value *declaration;
	struct held *held;
};

static bool read_held(struct store_tx *tx, void *arg, struct err *err)
{
	const struct reading *reading = arg;
	const char *id = reading->account->credential_id;
	struct held *held = reading->held;
	struct credential_field field;
	struct err missing = ERR_INIT;

	held->has_refresh_token =
		credential_field_get(tx, id, TOKEN_FIELD_REFRESH, &field, &missing);
	if (held->has_refresh_token)
		credential_field_fini(&field);
	else if (missing.kind != ERR_MISSING)
		return *err = missing, false;
	return token_get(tx, id, &held->token, err) &&
	       secrets_read(&held->secrets, reading->cli->host.vault, tx, reading->account,
			    reading->declaration, err);
}

static bool open_held(struct cli *cli, struct form *form, const struct account *account,
		      struct held *held, struct err *err)
{
	struct reading reading = { cli, account, connector_declaration(form->connector), held };

	if (!account->credential_id)
		return true;
	return credentials_get_by_id(cli, account->credential_id, &form->shared, err) &&
	       store_run(cli->host.store, STORE_READ, read_held, &reading, err);
}

static bool is_refused(const struct token *token)
{
	return str_eq(token->state, "needs_reauth") || str_eq(token->state, "revoked");
}

/*
 * Is there a consent that was asked for all of it? What was declined is not asked for again
 * unbidden, and where nobody knows what was granted, or nobody can be asked, the vendor may judge.
 */
static bool serves(const struct cli *cli, const struct held *held, const char *wanted,
		   bool *is_fine, struct err *err)
{
	const struct token *token = &held->token;
	struct buf asked = BUF_INIT, missing = BUF_INIT;
	bool done;

	*is_fine = false;
	if (!held->has_refresh_token || is_refused(token))
		return true;
	done = scopes_unite(token->scopes_granted, token->scopes_wanted, &asked, err) &&
	       scopes_missing(wanted, buf_text(&asked), &missing, err);
	*is_fine = missing.len == 0 || token->scopes_granted[0] == '\0' || cli->no_input;
	if (*is_fine && missing.len > 0)
		cli_note(cli, "The credential's consent was not asked for %s.", buf_text(&missing));
	buf_fini(&asked);
	buf_fini(&missing);
	return done;
}

/* --- what is asked for --- */

static bool is_same(const struct account *one, const struct account *other)
{
	return one->id && other->id && str_eq(one->id, other->id);
}

static bool add_scopes(struct buf *set, const struct connector *connector,
		       const struct account *account, struct err *err)
{
	struct buf own = BUF_INIT, all = BUF_INIT;
	bool done = consent_scopes(connector_declaration(connector), account->settings,
				   account->actions ? account->actions : "", &own, err) &&
		    scopes_unite(buf_text(set), buf_text(&own), &all, err);

	if (done) {
		buf_clear(set);
		buf_str(set, buf_text(&all));
	}
	buf_fini(&own);
	buf_fini(&all);
	return done && buf_ok(set, err);
}

/* Of all accounts that share the credential. */
static bool unite_scopes(struct cli *cli, const struct form *form, const struct account *account,
			 struct buf *wanted, struct err *err)
{
	bool done = add_scopes(wanted, form->connector, account, err);

	for (size_t i = 0; done && i < form->shared.count; i++) {
		const struct account *other = &form->shared.accounts[i];
		struct connector *connector;

		if (is_same(other, account))
			continue;
		connector = remote_load(cli, other->vendor, other->name, err);
		done = connector && add_scopes(wanted, connector, other, err);
		connector_free(connector);
	}
	return done;
}

static bool tell_list(const struct cli *cli, const char *what, const char *set, const char *but,
		      struct err *err)
{
	struct buf rest = BUF_INIT;
	bool done = scopes_missing(set, but, &rest, err);

	if (done && rest.len > 0)
		cli_note(cli, "%s %s", what, buf_text(&rest));
	buf_fini(&rest);
	return done;
}

/* What is new to somebody who consented before. */
static bool tell_difference(const struct cli *cli, const struct held *held, const char *wanted,
			    struct err *err)
{
	const char *granted = held->token.scopes_granted;

	if (!granted || !granted[0])
		return true;
	return tell_list(cli, "Asked for beside what was granted before:", wanted, granted, err) &&
	       tell_list(cli, "No longer asked for:", granted, wanted, err);
}

static bool tell_granted(const struct cli *cli, const struct consent_grant *grant, struct err *err)
{
	struct buf missing = BUF_INIT, more = BUF_INIT;
	bool done = scopes_missing(grant->scopes_wanted, grant->scopes_granted, &missing, err) &&
		    scopes_missing(grant->scopes_granted, grant->scopes_wanted, &more, err);

	if (done && missing.len > 0 && grant->scopes_granted[0])
		cli_warn(cli, "Not granted, so what needs it will be missing: %s",
			 buf_text(&missing));
	if (done && more.len > 0)
		cli_warn(cli, "Granted without being asked for: %s", buf_text(&more));
	buf_fini(&missing);
	buf_fini(&more);
	return done;
}

/* --- the form --- */

static bool has_secret(const struct form *form, const char *id)
{
	for (size_t i = 0; i < form->secret_count; i++) {
		if (str_eq(form->named[i].id, id))
			return true;
	}
	return false;
}

/* Of the client's secrets those that nobody gave anew: for the test, they are not stored again. */
static void take_held(struct form *form, struct held *held)
{
	for (size_t i = 0; i < held->secrets.count && form->secret_count < FORM_FIELDS_MAX; i++) {
		struct secret *own = &form->secrets[form->secret_count];

		if (has_secret(form, held->secrets.named[i].id))
			continue;
		*own = held->secrets.values[i];
		held->secrets.values[i] = SECRET_INIT;
		form->named[form->secret_count++] =
			(struct check_secret){ held->secrets.named[i].id, own };
	}
}

static bool ask(struct cli *cli, struct form *form, const struct account *account,
		const char *wanted, struct err *err)
{
	struct auth_secret secrets[FORM_FIELDS_MAX];
	const struct consent_options options = {
		.account = account,
		.declaration = connector_declaration(form->connector),
		.secrets = secrets,
		.secret_count = form->secret_count,
		.redirect_uri = consent_redirect_uri(cli, form->shared.credential.redirect_uri),
		.scopes = wanted,
	};

	for (size_t i = 0; i < form->secret_count; i++)
		secrets[i] = (struct auth_secret){ form->named[i].id, form->named[i].value };
	return consent_wait(cli, &options, &form->grant, err) &&
	       tell_granted(cli, &form->grant, err);
}

static bool take_tokens(struct form *form, struct err *err)
{
	struct check_secret *named = &form->named[form->secret_count];

	if (form->secret_count + 2 > FORM_FIELDS_MAX)
		return err_set(err, ERR_CONFIG, "too many secrets");
	named[0] = (struct check_secret){ TOKEN_FIELD_ACCESS, &form->grant.access_token };
	named[1] = (struct check_secret){ TOKEN_FIELD_REFRESH, &form->grant.refresh_token };
	form->secret_count += 2;
	return true;
}

static bool fill(struct cli *cli, struct form *form, const struct account *account,
		 struct held *held, bool is_renewal, struct buf *wanted, struct err *err)
{
	bool may_serve = account->credential_id && !is_renewal && form->typed_count == 0;
	bool is_fine = false;

	if (account->approved_hash &&
	    !connector_check_approval(form->connector, account, NULL, err))
		return false;
	if (!open_held(cli, form, account, held, err) ||
	    !unite_scopes(cli, form, account, wanted, err) ||
	    (may_serve && !serves(cli, held, buf_text(wanted), &is_fine, err)))
		return false;
	if (is_fine)
		return true;
	take_held(form, held);
	form->redirect_uri = parsed_text(&cli->parsed, "redirect-uri");
	return tell_difference(cli, held, buf_text(wanted), err) &&
	       ask(cli, form, account, buf_text(wanted), err) && take_tokens(form, err);
}

bool consent_fill(struct cli *cli, struct form *form, const struct account *account,
		  bool is_renewal, struct err *err)
{
	struct buf wanted = BUF_INIT;
	struct held held = { 0 };
	bool done = !consent_is_needed(form->connector, account->settings) ||
		    fill(cli, form, account, &held, is_renewal, &wanted, err);

	held_fini(&held);
	buf_fini(&wanted);
	return done;
}

bool consent_test_others(struct cli *cli, const struct form *form, const struct account *account,
			 struct err *err)
{
	bool done = true;

	for (size_t i = 0; done && form_has_consent(form) && i < form->shared.count; i++) {
		if (!is_same(&form->shared.accounts[i], account))
			done = credentials_test(cli, form, &form->shared.accounts[i], err);
	}
	return done;
}
