/*
 * The access token of a credential, renewed when it is time: one call to the token address for each
 * expiry, whoever asks for the token, in however many coroutines, sessions and processes
 * (reliability.md 3.4).
 *
 *   look    one unit: is the stored token fresh? Else take the row's lease, note that a call begins
 *   call    through the transport; the answer is judged by vault/oauth/answer.h
 *   note    one unit: tokens sealed and stored, lease given back. Only when that is committed does
 *           anybody get the new token
 *
 * Who finds the lease taken waits and looks again. What was begun and never noted (a kill, a
 * connection that broke) has an unknown outcome: one more attempt with the old refresh token after
 * two seconds; a refusal then means that a person has to consent again. A rotated refresh token
 * takes the old one's place, which is kept until a request with the new access token succeeded.
 *
 * All functions belong to the loop's thread.
 */
#ifndef MUSTER_VAULT_OAUTH_RENEWER_H
#define MUSTER_VAULT_OAUTH_RENEWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/redact.h"
#include "base/secret.h"
#include "store/store.h"
#include "vault/oauth/answer.h"
#include "vault/oauth/request.h"
#include "vault/vault.h"

struct renewer;

/*
 * The answer of a token address: `body` with a status, or err. Valid during the call only.
 * ERR_THROTTLED: nothing was sent, for the server had asked to be left alone for retry_after_ms.
 */
typedef void renewer_answer_fn(void *ctx, int status, const void *body, size_t len,
			       const struct err *err);

/*
 * How a request gets to the token address. `send` answers exactly once, on the loop's thread, not
 * before it returned, within half a minute; the request is borrowed until then. It never repeats
 * a request by itself once a byte of it may have left. false + err: nothing was sent.
 */
struct renewer_transport {
	void *arg;
	bool (*send)(void *arg, const struct oauth_request *request, renewer_answer_fn *answer,
		     void *ctx, struct err *err);
};

/* What is sent. refresh_token is NULL where the grant has none. */
struct renewer_grant {
	void *arg;
	bool has_refresh_token; /* else each call stands for itself and may be repeated */
	bool (*write)(void *arg, const struct secret *refresh_token, struct oauth_request *out,
		      struct err *err);
};

/* Texts are copied, all else is borrowed until the renewer has finished. */
struct renewer_options {
	struct loop *loop;
	struct store *store;
	struct vault *vault;
	struct redact *redact;	   /* learns every token */
	const char *credential_id; /* NULL: a test of what is not stored yet; nothing is kept */
	const char *provider;
	const char *made_of;	   /* a hash of what is asked with (store/token.h) */
	const char *scopes_wanted; /* a set (vault/oauth/scopes.h) */
	const char *address;	   /* of the transport: no other one's consent is shown to it */
	const struct oauth_reading *reading;
	struct renewer_grant grant;
	struct renewer_transport transport;
	int64_t retry_ms; /* before the second attempt; 0 = 2,000 */
	int64_t poll_ms;  /* while another asks; 0 = 200 */
	int64_t wait_ms;  /* for another, at most; 0 = longer than a lease lives */
};

struct renewer *renewer_new(const struct renewer_options *options, struct err *err);

/* Hands it a first token that is in nobody's row: of a test only (credential_id NULL). */
bool renewer_give(struct renewer *renewer, const struct secret *token, struct err *err);

/*
 * `token` is valid during the call only; NULL with err: ERR_AUTH when a person has to act,
 * ERR_THROTTLED, ERR_BUSY (another process asks, for longer than it may), or what went wrong.
 */
typedef void renewer_done_fn(void *ctx, const struct secret *token, int64_t generation,
			     const struct err *err);

/*
 * The token. `refused` is the generation that the vendor did not take (0 = none): a later one is
 * given then. A generation that never worked and is young is not renewed for that: the vendor
 * refuses the account, not the token. May answer before it returns. Out of memory: false.
 */
bool renewer_get(struct renewer *renewer, int64_t refused, renewer_done_fn *done, void *ctx,
		 struct err *err);

/* Would renewer_get give another one for a refused generation? Not for one that is young and never
 * worked. */
bool renewer_may_replace(const struct renewer *renewer, int64_t generation);

/* The vendor took it. Cheap when that is known. */
void renewer_prove(struct renewer *renewer, int64_t generation);

/*
 * Nobody is answered any more; a call under way is waited for and its answer stored, so that no
 * rotated token is lost. Then the renewer is freed and `finished` called, perhaps before this
 * returns. NULL is fine.
 */
void renewer_finish(struct renewer *renewer, void (*finished)(void *arg), void *arg);

#endif
