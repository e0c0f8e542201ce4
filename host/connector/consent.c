/* A person's consent to an account's access. */
#include "connector/consent.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/clock.h"
#include "connector/token_request.h"
#include "connector/tokens.h"
#include "vault/oauth/attempt.h"

struct consent {
	struct host *host;
	json_t *settings;
	struct tokens *tokens;
	struct oauth_attempt attempt;
	struct token_client client;
	struct oauth_part params[TOKEN_PARTS_MAX];
	struct buf address, url;
	struct oauth_consent asked;
	consent_done_fn *done;
	void *arg;
};

static void on_tokens_finished(void *arg)
{
	(void)arg;
}

void consent_close(struct consent *consent)
{
	if (consent == NULL)
		return;
	tokens_finish(consent->tokens, on_tokens_finished, NULL);
	oauth_attempt_fini(&consent->attempt);
	token_client_fini(&consent->client);
	json_decref(consent->settings);
	buf_fini(&consent->address);
	buf_fini(&consent->url);
	free(consent);
}

const char *consent_url(const struct consent *consent)
{
	return buf_text(&consent->url);
}

/* --- what is asked --- */

static bool make_url(struct consent *consent, const struct tokens_options *options, struct err *err)
{
	const struct value *auth = auth_declared(options->declaration, options->settings);

	if (!token_request_address(options, "GET", value_text(auth, "authorize", ""),
				   &consent->address, err) ||
	    !token_client_init(&consent->client, options, err) ||
	    !oauth_attempt_begin(&consent->attempt, clock_monotonic_ms(), err))
		return false;
	consent->asked = (struct oauth_consent){
		.address = buf_text(&consent->address),
		.client_id = consent->client.client.id,
		.redirect_uri = CONSENT_REDIRECT_URI,
		.scopes = consent->client.client.scopes,
		.params = consent->params,
		.param_count = token_request_params(value_get(auth, "params"), consent->params),
		.has_pkce = value_bool(auth, "pkce", true),
	};
	return oauth_attempt_url(&consent->attempt, &consent->asked, &consent->url, err);
}

struct consent *consent_open(struct host *host, const struct account *account,
			     const struct value *declaration, const struct auth_secret *secrets,
			     size_t secret_count, struct err *err)
{
	struct consent *consent = calloc(1, sizeof(*consent));
	struct tokens_options options = {
		.account = account,
		.declaration = declaration,
		.secrets = secrets,
		.secret_count = secret_count,
		.is_test = true,
	};

	if (consent == NULL) {
		err_oom(err);
		return NULL;
	}
	consent->host = host;
	options.settings = consent->settings = json_loads(account->settings, 0, NULL);
	consent->tokens = tokens_open(host, &options, err);
	if (consent->tokens != NULL && make_url(consent, &options, err))
		return consent;
	consent_close(consent);
	return NULL;
}

/* --- what comes back --- */

static bool check_tokens(struct consent *consent, const struct oauth_answer *answer,
			 struct err *err)
{
	struct redact *redact = consent->host->redact;

	if (answer->refresh_token.len == 0) {
		err_set(err, ERR_AUTH,
			"the server gave no refresh token: this consent would end within the hour");
		return err_hint(err, "withdraw the consent at the vendor, then give it anew");
	}
	return redact == NULL ||
	       (redact_add(redact, TOKEN_FIELD_ACCESS, answer->access_token.data,
			   answer->access_token.len, err) &&
		redact_add(redact, TOKEN_FIELD_REFRESH, answer->refresh_token.data,
			   answer->refresh_token.len, err));
}

static void on_answer(void *ctx, int status, const void *body, size_t len,
		      const struct err *failure)
{
	struct consent *consent = ctx;
	struct oauth_answer answer = { .verdict = OAUTH_FAILED };
	struct err err = *failure;

	if (err.kind == ERR_NONE)
		oauth_answer_judge(&answer, tokens_reading(consent->tokens), status, body, len,
				   &err);
	if (err.kind == ERR_NONE && check_tokens(consent, &answer, &err))
		consent->done(consent->arg, &answer.access_token, &answer.refresh_token, &err);
	else
		consent->done(consent->arg, NULL, NULL, &err);
	oauth_answer_fini(&answer);
}

bool consent_take(struct consent *consent, const struct secret *pasted, consent_done_fn *done,
		  void *arg, struct err *err)
{
	struct secret code;
	bool is_bare, sent;

	if (!oauth_attempt_paste(&consent->attempt, &consent->asked, pasted, clock_monotonic_ms(),
				 &code, &is_bare, err))
		return false;
	consent->done = done;
	consent->arg = arg;
	sent = tokens_trade_code(consent->tokens, &code, is_bare ? NULL : CONSENT_REDIRECT_URI,
				 is_bare || !consent->asked.has_pkce ? NULL
								     : &consent->attempt.verifier,
				 on_answer, consent, err);
	secret_fini(&code);
	return sent;
}
