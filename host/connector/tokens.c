/* Tokens as a connector declares them, for one account. */
#include "connector/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/str.h"
#include "connector/jwt.h"
#include "connector/route.h"
#include "connector/token_request.h"
#include "crypto/digest.h"
#include "wire/value.h"

enum {
	CONNECT_MS = 10000,
	TOTAL_MS = 30000, /* half of a lease: the answer can still be stored */
	PAUSE_MAX_MS = 1, /* nobody waits with a lease in hand */
};

struct tokens {
	struct host *host;
	const struct value *auth;
	struct token_reading reading;
	struct oauth_request
		request; /* what is asked each time; of a consent: the client, for the mark */
	struct token_client client; /* of a consent */
	struct jwt jwt;		    /* what an assertion is made of */
	struct buf scopes; /* that an assertion asks for, as the server wants to read them */
	struct oauth_request trade; /* of a code, under way */
	struct endpoint *endpoint;
	struct buf url;
	struct net *net;
	struct renewer *renewer;
	/* the call under way: the net borrows its credentials */
	struct net_header authorization;
	renewer_answer_fn *answer;
	void *ctx;
	/* the end */
	void (*finished)(void *arg);
	void *finished_arg;
};

static void free_tokens(struct tokens *tokens)
{
	if (tokens->net != NULL)
		net_close(tokens->net);
	oauth_request_fini(&tokens->request);
	oauth_request_fini(&tokens->trade);
	token_client_fini(&tokens->client);
	jwt_fini(&tokens->jwt);
	buf_fini(&tokens->scopes);
	endpoint_free(tokens->endpoint);
	buf_fini(&tokens->url);
	free(tokens);
}

/* --- what is declared --- */

/* Is a token asked for with something that we sign? */
static bool is_assertion(const struct value *auth)
{
	return str_eq(value_text(auth, "kind", ""), "jwt") && value_get(auth, "token") != NULL;
}

bool tokens_are_declared(const struct value *auth)
{
	const char *kind = value_text(auth, "kind", "");

	return str_eq(kind, "oauth2") || str_eq(kind, "exchange") || is_assertion(auth);
}

bool tokens_need_consent(const struct value *auth)
{
	return str_eq(value_text(auth, "kind", ""), "oauth2") &&
	       str_eq(value_text(auth, "flow", ""), "code");
}

const struct oauth_reading *tokens_reading(const struct tokens *tokens)
{
	return &tokens->reading.reading;
}

bool tokens_are_refused(const struct tokens *tokens, const struct net_reply *reply)
{
	return token_reading_is_refusal(&tokens->reading, reply);
}

/* --- the way to the token address --- */

/* A login is declared as a call, with its method. */
static bool find_address(struct tokens *tokens, const struct tokens_options *options,
			 struct err *err)
{
	const char *call = value_text(tokens->auth, "call", NULL);
	const char *address = call != NULL ? call + strcspn(call, " ") : NULL;

	if (address == NULL)
		address = value_text(tokens->auth, options->is_revocation ? "revoke" : "token", "");
	tokens->endpoint = token_request_endpoint(options, "POST", address + (*address == ' '),
						  &tokens->url, err);
	return tokens->endpoint != NULL;
}

static bool open_net(struct tokens *tokens, const struct tokens_options *options, struct err *err)
{
	const struct account *account = options->account;
	struct net_options net = {
		.account_id = account->id != NULL ? account->id : account->vendor,
		.is_test = options->is_test,
		.redact = tokens->host->redact,
		.tuning = { .connect_ms = CONNECT_MS,
			    .total_ms = TOTAL_MS,
			    .pause_max_ms = PAUSE_MAX_MS },
	};
	struct route route;

	if (route_init(&route, account, &net, err))
		tokens->net = net_open(tokens->host->loop, &net, err);
	route_fini(&route);
	return tokens->net != NULL;
}

/* The answer may end us and the net: nothing is looked at after it but the body, taken before. */
static void on_reply(void *arg, struct net_reply *reply, const struct err *failure)
{
	struct tokens *tokens = arg;
	const struct err none = ERR_INIT;
	struct buf body;

	if (reply == NULL) {
		tokens->answer(tokens->ctx, 0, NULL, 0, failure);
		return;
	}
	body = reply->body;
	reply->body = BUF_INIT;
	tokens->answer(tokens->ctx, reply->status, buf_text(&body), body.len, &none);
	if (body.data != NULL)
		secret_wipe(body.data, body.size);
	buf_fini(&body);
}

static bool send_request(void *arg, const struct oauth_request *request, renewer_answer_fn *answer,
			 void *ctx, struct err *err)
{
	static const struct net_header accept = { "Accept", "application/json" };
	struct tokens *tokens = arg;
	const struct net_request post = {
		.method = "POST",
		.url = buf_text(&tokens->url),
		.headers = &accept,
		.header_count = 1,
		.credentials = &tokens->authorization,
		.credential_count = request->authorization.data != NULL,
		.body = request->body.data,
		.body_len = request->body.len,
		.content_type = request->content_type,
		.allow = endpoint_allowed(tokens->endpoint),
		.max_body_bytes = TOKEN_BODY_MAX,
	};

	tokens->authorization = (struct net_header){ "Authorization", request->authorization.data };
	tokens->answer = answer;
	tokens->ctx = ctx;
	return net_send(tokens->net, &post, on_reply, tokens, err) != NULL;
}

/* --- what is asked --- */

static bool copy_secret(struct secret *out, const struct secret *from, struct err *err)
{
	return from->data == NULL || secret_from(out, from->data, from->len, err);
}

/* Each with a time and a number of its own: servers take one only once. */
static bool write_assertion(const struct tokens *tokens, struct oauth_request *out, struct err *err)
{
	const struct oauth_client nobody = { .id = "", .scopes = buf_text(&tokens->scopes) };
	struct redact *redact = tokens->host->redact;
	struct secret assertion = SECRET_INIT;
	bool done =
		jwt_make(&tokens->jwt, clock_wall_ms(), &assertion, err) &&
		(redact == NULL || redact_add(redact, "jwt", assertion.data, assertion.len, err)) &&
		oauth_request_assertion(out, &nobody, &assertion, err);

	secret_fini(&assertion);
	return done;
}

static bool write_request(void *arg, const struct secret *refresh_token, struct oauth_request *out,
			  struct err *err)
{
	const struct tokens *tokens = arg;

	if (is_assertion(tokens->auth))
		return write_assertion(tokens, out, err);
	if (refresh_token != NULL)
		return oauth_request_refresh(out, &tokens->client.client, refresh_token, err);
	*out = (struct oauth_request){ .content_type = tokens->request.content_type };
	return copy_secret(&out->body, &tokens->request.body, err) &&
	       copy_secret(&out->authorization, &tokens->request.authorization, err);
}

bool tokens_asked_with(const struct tokens *tokens, struct secret *out, struct err *err)
{
	const struct secret *body = &tokens->request.body, *basic = &tokens->request.authorization;
	char *at;

	if (!secret_init(out, tokens->url.len + 1 + basic->len + 1 + body->len, err))
		return false;
	at = out->data;
	memcpy(at, tokens->url.data, tokens->url.len + 1);
	at += tokens->url.len + 1;
	if (basic->len > 0)
		memcpy(at, basic->data, basic->len);
	at += basic->len + 1;
	if (body->len > 0)
		memcpy(at, body->data, body->len);
	return true;
}

bool tokens_make_mark(struct vault *vault, const char *credential_id, const struct secret *text,
		      struct buf *out, struct err *err)
{
	struct digest mark;
	uint8_t key[32];
	bool done = vault_derive(vault, "token", credential_id, key, err) &&
		    digest_hmac(DIGEST_SHA256, key, sizeof(key), text->data, text->len, &mark, err);

	if (done)
		encode_hex(out, mark.bytes, mark.len);
	secret_wipe(key, sizeof(key));
	return done && buf_ok(out, err);
}

/* Another secret, scope or address asks for another token. */
static bool make_mark(const struct tokens *tokens, const char *credential_id, struct buf *out,
		      struct err *err)
{
	struct secret text = SECRET_INIT;
	bool done = credential_id == NULL ||
		    (tokens_asked_with(tokens, &text, err) &&
		     tokens_make_mark(tokens->host->vault, credential_id, &text, out, err));

	secret_fini(&text);
	return done;
}

/* What is the same in all assertions, and the scopes: for the mark. */
static bool describe_assertion(struct tokens *tokens, const struct tokens_options *options,
			       struct err *err)
{
	const struct auth_parts parts = { options->settings, options->secrets,
					  options->secret_count };
	struct secret jwt = SECRET_INIT;
	struct buf text = BUF_INIT;
	bool done = jwt_init(&tokens->jwt, tokens->auth, &parts, buf_text(&tokens->url), err) &&
		    token_request_write_scopes(tokens->auth, &tokens->scopes, err) &&
		    jwt_describe(&tokens->jwt, &jwt, err);

	if (done) {
		buf_room(&text, jwt.len + tokens->scopes.len + 2);
		buf_append(&text, jwt.data, jwt.len + 1);
		buf_append(&text, buf_text(&tokens->scopes), tokens->scopes.len);
		done = secret_take(&tokens->request.body, &text, err);
	}
	secret_fini(&jwt);
	return done;
}

/*
 * What is asked each time. Of a consent only the client is part of the mark: connectors that share
 * it want different scopes, and one token serves them all.
 */
static bool write_fixed(struct tokens *tokens, const struct tokens_options *options,
			struct err *err)
{
	struct oauth_client bare;

	if (is_assertion(tokens->auth))
		return describe_assertion(tokens, options, err);
	if (!tokens_need_consent(tokens->auth))
		return token_request_write(options, &tokens->request, err);
	if (!token_client_init(&tokens->client, options, err))
		return false;
	bare = tokens->client.client;
	bare.scopes = "";
	return oauth_request_client(&tokens->request, &bare, err);
}

static bool open_renewer(struct tokens *tokens, const struct tokens_options *options,
			 struct err *err)
{
	struct host *host = tokens->host;
	struct buf mark = BUF_INIT, scopes = BUF_INIT;
	struct renewer_options wanted = {
		.loop = host->loop,
		.store = host->store,
		.vault = host->vault,
		.redact = host->redact,
		.credential_id = options->credential_id,
		.provider = value_text(options->declaration, "provider",
				       value_text(options->declaration, "id", "")),
		.reading = &tokens->reading.reading,
		.grant = { .arg = tokens,
			   .has_refresh_token = tokens_need_consent(tokens->auth),
			   .write = write_request },
		.transport = { .arg = tokens, .send = send_request },
	};

	tokens->reading.reading.redact = host->redact;
	if (make_mark(tokens, options->credential_id, &mark, err) &&
	    token_request_scopes(tokens->auth, &scopes, err)) {
		wanted.made_of = buf_text(&mark);
		wanted.scopes_wanted = buf_text(&scopes);
		wanted.address = buf_text(&tokens->url);
		tokens->renewer = renewer_new(&wanted, err);
	}
	buf_fini(&mark);
	buf_fini(&scopes);
	return tokens->renewer != NULL;
}

/* A token that was just got, and is tested before it is stored. */
static bool take_given(struct tokens *tokens, const struct tokens_options *options, struct err *err)
{
	for (size_t i = 0; i < options->secret_count && options->credential_id == NULL; i++) {
		if (str_eq(options->secrets[i].id, TOKEN_FIELD_ACCESS))
			return renewer_give(tokens->renewer, options->secrets[i].value, err);
	}
	return true;
}

static void on_nothing(void *arg)
{
	(void)arg;
}

struct tokens *tokens_open(struct host *host, const struct tokens_options *options, struct err *err)
{
	struct tokens *tokens = calloc(1, sizeof(*tokens));

	if (tokens == NULL) {
		err_oom(err);
		return NULL;
	}
	tokens->host = host;
	tokens->auth = auth_declared(options->declaration, options->settings);
	if (token_reading_init(&tokens->reading, tokens->auth,
			       value_get(options->declaration, "errors"), err) &&
	    find_address(tokens, options, err) && write_fixed(tokens, options, err) &&
	    open_net(tokens, options, err) && open_renewer(tokens, options, err) &&
	    take_given(tokens, options, err))
		return tokens;
	tokens_finish(tokens, on_nothing, NULL);
	return NULL;
}

/* --- use --- */

bool tokens_trade_code(struct tokens *tokens, const struct secret *code, const char *redirect_uri,
		       const struct secret *verifier, renewer_answer_fn *answer, void *ctx,
		       struct err *err)
{
	return oauth_request_code(&tokens->trade, &tokens->client.client, code, redirect_uri,
				  verifier, err) &&
	       send_request(tokens, &tokens->trade, answer, ctx, err);
}

bool tokens_revoke(struct tokens *tokens, const struct secret *refresh_token,
		   renewer_answer_fn *answer, void *ctx, struct err *err)
{
	return oauth_request_revoke(&tokens->trade, &tokens->client.client, refresh_token, err) &&
	       send_request(tokens, &tokens->trade, answer, ctx, err);
}

bool tokens_get(struct tokens *tokens, int64_t refused, renewer_done_fn *done, void *ctx,
		struct err *err)
{
	return renewer_get(tokens->renewer, refused, done, ctx, err);
}

bool tokens_may_replace(const struct tokens *tokens, int64_t generation)
{
	return renewer_may_replace(tokens->renewer, generation);
}

void tokens_prove(struct tokens *tokens, int64_t generation)
{
	renewer_prove(tokens->renewer, generation);
}

/* Perhaps from within on_reply: net_close may be called there. */
static void on_renewer_finished(void *arg)
{
	struct tokens *tokens = arg;
	void (*finished)(void *) = tokens->finished;
	void *finished_arg = tokens->finished_arg;

	free_tokens(tokens);
	finished(finished_arg);
}

void tokens_finish(struct tokens *tokens, void (*finished)(void *arg), void *arg)
{
	if (tokens == NULL) {
		finished(arg);
		return;
	}
	tokens->finished = finished;
	tokens->finished_arg = arg;
	/* What was never begun is finished at once. */
	renewer_finish(tokens->renewer, on_renewer_finished, tokens);
}
