/*
 * What a request bears so that the vendor lets it in: headers that are always the same, a token
 * that ends some day (connector/tokens.h, connector/assertion.h), a signature over the request
 * itself (connector/signature.h), a certificate; or nothing, where the connector says so
 * (connector/bare.h). One authorizer an account's session, one authorization a request.
 */
#ifndef MUSTER_CONNECTOR_AUTHORIZATION_H
#define MUSTER_CONNECTOR_AUTHORIZATION_H

#include "connector/auth.h"
#include "connector/tokens.h"

struct authorizer;

/*
 * `options` with all it points to is borrowed until it has finished. ERR_CONFIG: this version does
 * not carry out what the auth declares; ERR_AUTH: a part of the credential is missing or cannot be
 * what it has to be, such as a key.
 */
struct authorizer *authorizer_open(struct host *host, const struct tokens_options *options,
				   struct err *err);
/* `finished` follows, perhaps at once. No authorization may be asked for any more. NULL is fine. */
void authorizer_finish(struct authorizer *authorizer, void (*finished)(void *arg), void *arg);

/* err is ERR_NONE, or why the request cannot be sent. */
typedef void authorization_done_fn(void *ctx, const struct err *err);

/* Belongs to its request, which frees it with authorization_fini. All zeros at first. */
struct authorization {
	struct authorizer *authorizer;
	struct auth own; /* what was made for this request alone */
	bool is_bare;
	int64_t generation, refused; /* of a token */
	authorization_done_fn *done;
	void *ctx;
};

/* Answers once, perhaps before it returns. `method` and `url` are looked at before that. false +
 * err: it will not answer. */
bool authorization_get(struct authorization *authorization, struct authorizer *authorizer,
		       const char *method, const char *url, authorization_done_fn *done, void *ctx,
		       struct err *err);

/* Puts it on the request. It is borrowed until that has ended. */
void authorization_attach(struct authorization *authorization, struct net_request *request);

/*
 * Did the vendor refuse what may be replaced? True, once for each request: get it anew and send the
 * request again. The vendor refused it before it did anything, so that goes for a write, too.
 */
bool authorization_is_spent(struct authorization *authorization, const struct net_reply *reply);

/*
 * Adds to a refusal what a person could not see: that this machine's clock and the vendor's differ,
 * where what was sent bears the time.
 */
void authorization_explain(const struct authorization *authorization, const struct net_reply *reply,
			   struct err *err);

void authorization_fini(struct authorization *authorization);

#endif
