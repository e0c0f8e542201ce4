/* What requests bear. */
#include "connector/authorization.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "connector/assertion.h"
#include "connector/bare.h"
#include "connector/signature.h"
#include "connector/token_request.h"

enum { CLOCKS_DIFFER_MS = 60000 };

/* What a kind makes beside the headers that are always the same. */
enum bearing { NOTHING_MORE, TOKEN, ASSERTION, SIGNATURE, CERTIFICATE };

struct authorizer {
	enum bearing bearing;
	struct host *host;
	const struct value *declared;
	struct auth_parts parts;
	struct auth fixed;
	struct tokens *tokens;		    /* TOKEN */
	struct assertion assertion;	    /* ASSERTION */
	struct token_reading reading;	    /* ASSERTION: how its end is told */
	struct net_certificate certificate; /* CERTIFICATE */
	struct endpoint *bare;
	void (*finished)(void *arg);
	void *finished_arg;
};

/* --- an account's session --- */

static void free_authorizer(struct authorizer *authorizer)
{
	auth_fini(&authorizer->fixed);
	assertion_fini(&authorizer->assertion);
	endpoint_free(authorizer->bare);
	free(authorizer);
}

static bool open_nothing(struct authorizer *authorizer, const struct tokens_options *options,
			 struct err *err)
{
	(void)authorizer;
	(void)options;
	(void)err;
	return true;
}

static bool open_tokens(struct authorizer *authorizer, const struct tokens_options *options,
			struct err *err)
{
	authorizer->bearing = TOKEN;
	authorizer->tokens = tokens_open(authorizer->host, options, err);
	return authorizer->tokens != NULL;
}

static bool open_jwt(struct authorizer *authorizer, const struct tokens_options *options,
		     struct err *err)
{
	if (tokens_are_declared(authorizer->declared))
		return open_tokens(authorizer, options, err);
	authorizer->bearing = ASSERTION;
	return token_reading_init(&authorizer->reading, authorizer->declared,
				  value_get(options->declaration, "errors"), err) &&
	       assertion_init(&authorizer->assertion, authorizer->declared, &authorizer->parts,
			      authorizer->host->redact, err);
}

static bool open_signature(struct authorizer *authorizer, const struct tokens_options *options,
			   struct err *err)
{
	(void)options;
	authorizer->bearing = SIGNATURE;
	return signature_check(authorizer->declared, &authorizer->parts, err);
}

static bool open_certificate(struct authorizer *authorizer, const struct tokens_options *options,
			     struct err *err)
{
	struct net_certificate *pair = &authorizer->certificate;
	const char *id = value_text(authorizer->declared, "certificate", "");
	const char *certificate, *key;

	(void)options;
	authorizer->bearing = CERTIFICATE;
	if (!auth_find_part(&authorizer->parts, id, &certificate, &pair->certificate_len, err) ||
	    !auth_find_part(&authorizer->parts, value_text(authorizer->declared, "key", ""), &key,
			    &pair->key_len, err))
		return false;
	pair->certificate = certificate;
	pair->key = key;
	if (!key_check_private(key, pair->key_len, err))
		return err_context(err, "%s", value_text(authorizer->declared, "key", ""));
	return key_check_certificate(certificate, pair->certificate_len, key, pair->key_len,
				     clock_wall_ms(), err) ||
	       err_context(err, "%s", id);
}

static bool open_kind(struct authorizer *authorizer, const struct tokens_options *options,
		      struct err *err)
{
	static const struct kind {
		const char *name;
		bool (*open)(struct authorizer *authorizer, const struct tokens_options *options,
			     struct err *err);
	} kinds[] = {
		{ "bearer", open_nothing },  { "basic", open_nothing },
		{ "header", open_nothing },  { "oauth2", open_tokens },
		{ "exchange", open_tokens }, { "jwt", open_jwt },
		{ "hmac", open_signature },  { "mtls", open_certificate },
	};
	const char *name = value_text(authorizer->declared, "kind", "");

	/* Open to all, or its scripts sign by themselves. */
	if (value_get(options->declaration, "auth") == NULL)
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_eq(kinds[i].name, name))
			return kinds[i].open(authorizer, options, err);
	}
	return err_set(err, ERR_CONFIG, "auth kind \"%s\" is not in this version", name);
}

struct authorizer *authorizer_open(struct host *host, const struct tokens_options *options,
				   struct err *err)
{
	struct authorizer *authorizer = calloc(1, sizeof(*authorizer));

	if (authorizer == NULL) {
		err_oom(err);
		return NULL;
	}
	authorizer->host = host;
	authorizer->declared = auth_declared(options->declaration, options->settings);
	authorizer->parts =
		(struct auth_parts){ options->settings, options->secrets, options->secret_count };
	if (auth_build(&authorizer->fixed, authorizer->declared, &authorizer->parts, err) &&
	    bare_open(&authorizer->bare, options->declaration, authorizer->declared,
		      options->settings, err) &&
	    open_kind(authorizer, options, err))
		return authorizer;
	free_authorizer(authorizer);
	return NULL;
}

static void on_tokens_finished(void *arg)
{
	struct authorizer *authorizer = arg;
	void (*finished)(void *) = authorizer->finished;
	void *finished_arg = authorizer->finished_arg;

	free_authorizer(authorizer);
	finished(finished_arg);
}

void authorizer_finish(struct authorizer *authorizer, void (*finished)(void *arg), void *arg)
{
	if (authorizer == NULL) {
		finished(arg);
		return;
	}
	authorizer->finished = finished;
	authorizer->finished_arg = arg;
	tokens_finish(authorizer->tokens, on_tokens_finished, authorizer);
}

/* --- a request --- */

static void on_token(void *ctx, const struct secret *token, int64_t generation,
		     const struct err *failure)
{
	struct authorization *authorization = ctx;
	const struct value *declared = authorization->authorizer->declared;
	struct err err = *failure;

	auth_fini(&authorization->own);
	authorization->generation = generation;
	if (token != NULL)
		auth_from_token(&authorization->own,
				value_text(declared, "header", "Authorization"),
				value_text(declared, "prefix", "Bearer"), token, &err);
	authorization->done(authorization->ctx, &err);
}

static bool get_assertion(struct authorization *authorization, struct err *err)
{
	const struct err none = ERR_INIT;
	struct assertion *assertion = &authorization->authorizer->assertion;

	if (!assertion_get(assertion, authorization->refused, err))
		return false;
	on_token(authorization, &assertion->token, assertion->generation, &none);
	return true;
}

bool authorization_get(struct authorization *authorization, struct authorizer *authorizer,
		       const char *method, const char *url, authorization_done_fn *done, void *ctx,
		       struct err *err)
{
	const struct err none = ERR_INIT;

	authorization->authorizer = authorizer;
	authorization->done = done;
	authorization->ctx = ctx;
	authorization->is_bare = bare_has(authorizer->bare, method, url);
	if (authorizer->bearing == TOKEN && !authorization->is_bare)
		return tokens_get(authorizer->tokens, authorization->refused, on_token,
				  authorization, err);
	if (authorizer->bearing == ASSERTION && !authorization->is_bare)
		return get_assertion(authorization, err);
	done(ctx, &none);
	return true;
}

static bool sign(void *arg, const struct net_sending *sending, struct err *err)
{
	struct authorization *authorization = arg;
	const struct authorizer *authorizer = authorization->authorizer;

	return signature_write(authorizer->declared, &authorizer->parts, sending, clock_wall_ms(),
			       &authorization->own, err);
}

void authorization_attach(struct authorization *authorization, struct net_request *request)
{
	const struct authorizer *authorizer = authorization->authorizer;
	struct auth *own = &authorization->own;

	if (authorization->is_bare)
		return;
	request->credentials = own->headers;
	switch (authorizer->bearing) {
	case TOKEN:
	case ASSERTION:
		request->credential_count = own->count;
		return;
	case SIGNATURE:
		request->credential_count = signature_name_headers(authorizer->declared, own);
		request->sign = sign;
		request->sign_arg = authorization;
		return;
	case CERTIFICATE:
		request->certificate = &authorizer->certificate;
		break;
	case NOTHING_MORE:
		break;
	}
	request->credentials = authorizer->fixed.headers;
	request->credential_count = authorizer->fixed.count;
}

/* --- an answer --- */

static bool is_refusal(const struct authorizer *authorizer, const struct net_reply *reply)
{
	return authorizer->bearing == TOKEN ? tokens_are_refused(authorizer->tokens, reply)
					    : token_reading_is_refusal(&authorizer->reading, reply);
}

static void prove(struct authorizer *authorizer, int64_t generation)
{
	if (authorizer->bearing == TOKEN)
		tokens_prove(authorizer->tokens, generation);
	else
		assertion_prove(&authorizer->assertion, generation);
}

static bool may_replace(const struct authorizer *authorizer, int64_t generation)
{
	return authorizer->bearing == TOKEN
		       ? tokens_may_replace(authorizer->tokens, generation)
		       : assertion_may_replace(&authorizer->assertion, generation);
}

bool authorization_is_spent(struct authorization *authorization, const struct net_reply *reply)
{
	struct authorizer *authorizer = authorization->authorizer;

	if (authorization->is_bare ||
	    (authorizer->bearing != TOKEN && authorizer->bearing != ASSERTION))
		return false;
	if (!is_refusal(authorizer, reply)) {
		if (reply->status < 300)
			prove(authorizer, authorization->generation);
		return false;
	}
	if (authorization->refused != 0 || !may_replace(authorizer, authorization->generation))
		return false;
	authorization->refused = authorization->generation;
	return true;
}

void authorization_explain(const struct authorization *authorization, const struct net_reply *reply,
			   struct err *err)
{
	const struct authorizer *authorizer = authorization->authorizer;
	const char *date = net_reply_header(reply, "Date");
	int64_t theirs_ms = date != NULL ? net_date(date) : 0;
	int64_t ahead_ms = clock_wall_ms() - theirs_ms;

	if (authorization->is_bare || theirs_ms == 0 ||
	    (authorizer->bearing != ASSERTION && authorizer->bearing != SIGNATURE) ||
	    (err->kind != ERR_AUTH && err->kind != ERR_FORBIDDEN) ||
	    llabs(ahead_ms) < CLOCKS_DIFFER_MS)
		return;
	err_hint(err,
		 "this machine's clock is %lld s %s the vendor's, and what is sent bears the "
		 "time: set it",
		 llabs(ahead_ms) / 1000, ahead_ms > 0 ? "ahead of" : "behind");
}

void authorization_fini(struct authorization *authorization)
{
	auth_fini(&authorization->own);
}
