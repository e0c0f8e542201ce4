/*
 * The loopback redirect (RFC 8252, 7.3; reliability.md 3.9): listens where the redirect URI says,
 * until the one answer to an attempt has come or the attempt's time is over.
 *
 * Only a GET of the exact path, meant for exactly this address (Host), that bears the attempt's
 * state is its answer. Everything else gets a page that says so, is counted and changes nothing;
 * after CALLBACK_STRANGERS_MAX of them the page is a 429. The answer is sent on to the same address
 * without its query, whose page tells the outcome: so no code stays in the browser's address line,
 * history or referrer. What the pages repeat of the server's words is escaped.
 */
#ifndef MUSTER_VAULT_OAUTH_CALLBACK_H
#define MUSTER_VAULT_OAUTH_CALLBACK_H

#include <stddef.h>

#include "base/loop.h"
#include "base/secret.h"
#include "vault/oauth/attempt.h"
#include "vault/oauth/redirect.h"

enum {
	CALLBACK_STRANGERS_MAX = 20,
	CALLBACK_LINGER_MS = 2000, /* for the browser to fetch the page of the outcome */
};

struct oauth_callback;

/*
 * Once, not before `listen` returned, when nobody listens any more: the code, or NULL with err as
 * of oauth_attempt_take, but never ERR_REFUSED. Valid during the call, which may close the
 * callback.
 */
typedef void oauth_callback_fn(void *arg, const struct secret *code, const struct err *err);

struct oauth_callback_options {
	const struct oauth_redirect *redirect; /* of this machine */
	struct oauth_attempt *attempt;
	const struct oauth_consent *consent;
	oauth_callback_fn *done;
	void *arg;
};

/* What the options point to is borrowed until it is closed. ERR_NET when nobody can listen. */
struct oauth_callback *oauth_callback_listen(struct loop *loop,
					     const struct oauth_callback_options *options,
					     struct err *err);
/* NULL is fine. */
void oauth_callback_close(struct oauth_callback *callback);

/* How many requests for the redirect's path were not the answer; at most CALLBACK_STRANGERS_MAX. */
size_t oauth_callback_strangers(const struct oauth_callback *callback);

#endif
