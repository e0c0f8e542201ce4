/* A person's consent to an account's access. */
#include "connector/consent.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "connector/returns.h"
#include "connector/token_request.h"
#include "connector/tokens.h"
#include "store/credential.h"
#include "store/token.h"
#include "vault/oauth/attempt.h"
#include "vault/oauth/callback.h"
#include "vault/oauth/round.h"
#include "vault/oauth/scopes.h"

struct consent {
	struct host *host;
	json_t *settings;
	struct tokens *tokens;
	struct oauth_attempt attempt;
	struct oauth_redirect redirect;
	struct token_client client;
	struct oauth_part params[TOKEN_PARTS_MAX];
	struct buf address, url, wanted, scopes;
	struct returns returns;
	struct oauth_consent asked;
	struct oauth_callback *callback;
	size_t strangers;
	int64_t asked_at_ms;
	bool is_bare; /* the code is of a console: there was no redirect */
	consent_done_fn *done;
	void *arg;
};

static void on_tokens_finished(void *arg)
{
	(void)arg;
}

static void stop_listening(struct consent *consent)
{
	if (consent->callback != NULL)
		consent->strangers = oauth_callback_strangers(consent->callback);
	oauth_callback_close(consent->callback);
	consent->callback = NULL;
}

void consent_close(struct consent *consent)
{
	if (consent == NULL)
		return;
	stop_listening(consent);
	tokens_finish(consent->tokens, on_tokens_finished, NULL);
	oauth_attempt_fini(&consent->attempt);
	token_client_fini(&consent->client);
	returns_fini(&consent->returns);
	json_decref(consent->settings);
	buf_fini(&consent->address);
	buf_fini(&consent->url);
	buf_fini(&consent->wanted);
	buf_fini(&consent->scopes);
	free(consent);
}

const char *consent_url(const struct consent *consent)
{
	return buf_text(&consent->url);
}

const struct oauth_redirect *consent_redirect(const struct consent *consent)
{
	return &consent->redirect;
}

size_t consent_strangers(const struct consent *consent)
{
	return consent->callback != NULL ? oauth_callback_strangers(consent->callback)
					 : consent->strangers;
}

void consent_grant_fini(struct consent_grant *grant)
{
	secret_fini(&grant->access_token);
	secret_fini(&grant->refresh_token);
	secret_fini(&grant->asked_with);
	free(grant->scopes_wanted);
	free(grant->scopes_granted);
	*grant = (struct consent_grant){ 0 };
}

static bool put_token(struct store_tx *tx, const char *credential_id, const char *made_of,
		      const struct consent_grant *grant, struct err *err)
{
	struct token_grant row = {
		.made_of = made_of,
		.scopes_wanted = grant->scopes_wanted,
		.scopes_granted = grant->scopes_granted,
		.address = grant->asked_with.data, /* its first text */
	};

	return round_set_times(grant->asked_at_ms, grant->lives_ms, &row, err) &&
	       token_adopt(tx, credential_id, &row, err);
}

bool consent_store(struct store_tx *tx, struct vault *vault, const char *credential_id,
		   const char *provider, const struct consent_grant *grant, struct err *err)
{
	struct buf mark = BUF_INIT;
	bool done = tokens_make_mark(vault, credential_id, &grant->asked_with, &mark, err) &&
		    vault_put_field(vault, tx, credential_id, provider, TOKEN_FIELD_ACCESS,
				    &grant->access_token, err) &&
		    vault_put_field(vault, tx, credential_id, provider, TOKEN_FIELD_REFRESH,
				    &grant->refresh_token, err) &&
		    credential_field_delete(tx, credential_id, TOKEN_FIELD_BEFORE, err) &&
		    put_token(tx, credential_id, buf_text(&mark), grant, err);

	buf_fini(&mark);
	return done;
}

/* --- what is asked --- */

static bool names(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; *at != '\0'; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		if (n == len && memcmp(at, name, len) == 0)
			return true;
		at += n;
	}
	return false;
}

static bool put_actions(const struct value *declared, const char *actions, struct buf *out,
			struct err *err)
{
	for (size_t i = 0; i < value_count(declared); i++) {
		const struct value *action = value_at(declared, i);

		buf_char(out, ' ');
		if (names(actions, value_text(action, "name", "")) &&
		    !token_request_scopes(action, out, err))
			return false;
	}
	return buf_ok(out, err);
}

bool consent_scopes(const struct value *declaration, const char *settings, const char *actions,
		    struct buf *out, struct err *err)
{
	json_t *parsed = json_loads(settings, 0, NULL);
	const struct value *auth = auth_declared(declaration, parsed);
	struct buf own = BUF_INIT, more = BUF_INIT;
	bool done = !tokens_need_consent(auth) ||
		    (token_request_scopes(auth, &own, err) &&
		     put_actions(value_get(declaration, "actions"), actions, &more, err) &&
		     scopes_unite(buf_text(&own), buf_text(&more), out, err));

	json_decref(parsed);
	buf_fini(&own);
	buf_fini(&more);
	return done;
}

static bool put_scopes(struct consent *consent, const struct value *auth, const char *scopes,
		       struct err *err)
{
	buf_str(&consent->wanted, scopes);
	scopes_write(scopes, value_text(auth, "scope_separator", " "), &consent->scopes);
	return buf_ok(&consent->wanted, err) && buf_ok(&consent->scopes, err);
}

static bool make_url(struct consent *consent, const struct tokens_options *options,
		     const char *scopes, struct err *err)
{
	const struct value *auth = auth_declared(options->declaration, options->settings);

	if (!token_request_address(options, "GET", value_text(auth, "authorize", ""),
				   &consent->address, err) ||
	    !token_client_init(&consent->client, options, err) ||
	    !put_scopes(consent, auth, scopes, err) ||
	    !returns_init(&consent->returns, options->declaration, auth, options->settings, err) ||
	    !oauth_attempt_begin(&consent->attempt, clock_monotonic_ms(), err))
		return false;
	consent->asked = (struct oauth_consent){
		.address = buf_text(&consent->address),
		.client_id = consent->client.client.id,
		.redirect_uri = consent->redirect.uri,
		.scopes = buf_text(&consent->scopes),
		.params = consent->params,
		.param_count = token_request_params(value_get(auth, "params"), consent->params),
		.has_pkce = value_bool(auth, "pkce", true),
		.expected = consent->returns.expected,
		.expected_count = consent->returns.count,
	};
	return oauth_attempt_url(&consent->attempt, &consent->asked, &consent->url, err);
}

struct consent *consent_open(struct host *host, const struct consent_options *options,
			     struct err *err)
{
	struct consent *consent = calloc(1, sizeof(*consent));
	struct tokens_options way = {
		.account = options->account,
		.declaration = options->declaration,
		.secrets = options->secrets,
		.secret_count = options->secret_count,
		.is_test = true,
	};

	if (consent == NULL) {
		err_oom(err);
		return NULL;
	}
	consent->host = host;
	consent->done = options->done;
	consent->arg = options->arg;
	way.settings = consent->settings = json_loads(options->account->settings, 0, NULL);
	consent->tokens = tokens_open(host, &way, err);
	if (consent->tokens != NULL &&
	    oauth_redirect_read(options->redirect_uri, &consent->redirect, err) &&
	    make_url(consent, &way, options->scopes, err))
		return consent;
	consent_close(consent);
	return NULL;
}

/* --- what comes back --- */

/*
 * A server that does not tell the scopes gave those that were asked for (RFC 6749, 5.1); of a code
 * that a console made, whoever made it chose them.
 */
static bool take_scopes(const struct consent *consent, const struct oauth_answer *answer,
			struct consent_grant *out, struct err *err)
{
	const char *wanted = buf_text(&consent->wanted);
	const char *untold = consent->is_bare ? "" : wanted;
	struct buf granted = BUF_INIT;
	bool done =
		scopes_unite(answer->scopes != NULL ? answer->scopes : untold, "", &granted, err);

	out->scopes_wanted = str_dup(wanted);
	out->scopes_granted = done ? str_dup(buf_text(&granted)) : NULL;
	buf_fini(&granted);
	return done &&
	       ((out->scopes_wanted != NULL && out->scopes_granted != NULL) || err_oom(err));
}

static bool take_grant(const struct consent *consent, struct oauth_answer *answer,
		       struct consent_grant *out, struct err *err)
{
	if (answer->refresh_token.len == 0) {
		err_set(err, ERR_AUTH,
			"the server gave no refresh token: this consent would end within the hour");
		return err_hint(err, "withdraw the consent at the vendor, then give it anew");
	}
	if (!oauth_answer_redact(answer, consent->host->redact, err) ||
	    !take_scopes(consent, answer, out, err) ||
	    !tokens_asked_with(consent->tokens, &out->asked_with, err))
		return false;
	out->access_token = answer->access_token;
	out->refresh_token = answer->refresh_token;
	answer->access_token = answer->refresh_token = SECRET_INIT;
	out->asked_at_ms = consent->asked_at_ms;
	out->lives_ms = answer->lives_ms;
	return true;
}

static void on_answer(void *ctx, int status, const void *body, size_t len,
		      const struct err *failure)
{
	struct consent *consent = ctx;
	struct oauth_answer answer = { .verdict = OAUTH_FAILED };
	struct consent_grant grant = { 0 };
	struct err err = *failure;

	if (err.kind == ERR_NONE)
		oauth_answer_judge(&answer, tokens_reading(consent->tokens), status, body, len,
				   &err);
	if (err.kind == ERR_NONE && take_grant(consent, &answer, &grant, &err))
		consent->done(consent->arg, &grant, &err);
	else
		consent->done(consent->arg, NULL, &err);
	consent_grant_fini(&grant);
	oauth_answer_fini(&answer);
}

static bool trade(struct consent *consent, const struct secret *code, struct err *err)
{
	bool has_verifier = !consent->is_bare && consent->asked.has_pkce;
	struct redact *redact = consent->host->redact;

	consent->asked_at_ms = clock_wall_ms();
	if (redact != NULL && !redact_add(redact, "code", code->data, code->len, err))
		return false;
	return tokens_trade_code(
		consent->tokens, code, consent->is_bare ? NULL : consent->redirect.uri,
		has_verifier ? &consent->attempt.verifier : NULL, on_answer, consent, err);
}

bool consent_paste(struct consent *consent, const struct secret *pasted, struct err *err)
{
	struct secret code;
	bool sent;

	if (!oauth_attempt_paste(&consent->attempt, &consent->asked, pasted, clock_monotonic_ms(),
				 &code, &consent->is_bare, err))
		return false;
	stop_listening(consent);
	sent = trade(consent, &code, err);
	secret_fini(&code);
	return sent;
}

/* --- listening --- */

static void on_callback(void *arg, const struct secret *code, const struct err *failure)
{
	struct consent *consent = arg;
	struct err err = *failure;
	bool is_traded = code != NULL && trade(consent, code, &err);

	stop_listening(consent);
	if (!is_traded)
		consent->done(consent->arg, NULL, &err);
}

bool consent_listen(struct consent *consent, struct err *err)
{
	const struct oauth_callback_options options = {
		.redirect = &consent->redirect,
		.attempt = &consent->attempt,
		.consent = &consent->asked,
		.done = on_callback,
		.arg = consent,
	};

	consent->callback = oauth_callback_listen(consent->host->loop, &options, err);
	return consent->callback != NULL;
}
