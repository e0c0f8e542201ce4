/*
 * Tokens as a connector declares them (auth kinds oauth2, exchange, and jwt with a token address),
 * for one account: what is sent to which address, how its answers read, and the way there. When to
 * ask and who may is the business of vault/oauth/renewer.h.
 *
 * Token calls go over a client of their own, on the account's way (ca_file, connect_to, proxy,
 * allowed addresses): they are neither recorded nor logged, and the vendor's limits do not count
 * them.
 */
#ifndef MUSTER_CONNECTOR_TOKENS_H
#define MUSTER_CONNECTOR_TOKENS_H

#include <jansson.h>
#include <stdbool.h>

#include "connector/auth.h"
#include "connector/endpoint.h"
#include "connector/host.h"
#include "net/net.h"
#include "store/account.h"
#include "vault/oauth/renewer.h"

struct tokens;

/* Borrowed until they have finished, but for the secrets: what is needed of them is copied. */
struct tokens_options {
	const struct account *account;
	const char *credential_id; /* NULL = what is tested is not stored yet */
	const struct value *declaration;
	const json_t *settings;
	/* Of a consent that is not stored yet: TOKEN_FIELD_ACCESS among them. */
	const struct auth_secret *secrets;
	size_t secret_count;
	bool is_test;
	bool is_revocation; /* calls go to the declared `revoke` address: tokens_revoke only */
};

/* Does this auth (auth_declared) live by tokens? Do these need a person's consent? */
bool tokens_are_declared(const struct value *auth);
bool tokens_need_consent(const struct value *auth);

/* ERR_CONFIG for what this version does not carry out, ERR_AUTH when a part is missing. */
struct tokens *tokens_open(struct host *host, const struct tokens_options *options,
			   struct err *err);

/* See renewer_get, renewer_may_replace, renewer_prove, renewer_finish. */
bool tokens_get(struct tokens *tokens, int64_t refused, renewer_done_fn *done, void *ctx,
		struct err *err);
bool tokens_may_replace(const struct tokens *tokens, int64_t generation);
void tokens_prove(struct tokens *tokens, int64_t generation);
void tokens_finish(struct tokens *tokens, void (*finished)(void *arg), void *arg);

/*
 * Trades the code that a person's consent gave for tokens. redirect_uri and verifier are NULL where
 * there was no redirect. `answer` as of a renewer_transport. One at a time, and only while no other
 * call is under way.
 */
bool tokens_trade_code(struct tokens *tokens, const struct secret *code, const char *redirect_uri,
		       const struct secret *verifier, renewer_answer_fn *answer, void *ctx,
		       struct err *err);
/* Takes back a consent's refresh token. `answer` as above. */
bool tokens_revoke(struct tokens *tokens, const struct secret *refresh_token,
		   renewer_answer_fn *answer, void *ctx, struct err *err);

/*
 * What a token is asked with, for the mark of what it was made of (store/token.h): the request, as
 * a text that begins with the address, NUL-terminated; and its hash for a credential, under a key
 * of the vault, as its secrets could be guessed from a plain digest.
 */
bool tokens_asked_with(const struct tokens *tokens, struct secret *out, struct err *err);
bool tokens_make_mark(struct vault *vault, const char *credential_id, const struct secret *text,
		      struct buf *out, struct err *err);
/* How its answer reads. */
const struct oauth_reading *tokens_reading(const struct tokens *tokens);

/* See token_reading_is_refusal. */
bool tokens_are_refused(const struct tokens *tokens, const struct net_reply *reply);

#endif
