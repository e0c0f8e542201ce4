/*
 * Requests to a token address, written in secret memory: the grants of OAuth 2.0 (RFC 6749, with
 * PKCE: RFC 7636), and the login calls of vendors who have something of their own.
 *
 * Secrets go into the body or the Authorization header, never into a URL, even where a vendor's
 * documents show that (reliability.md TR7).
 */
#ifndef MUSTER_VAULT_OAUTH_REQUEST_H
#define MUSTER_VAULT_OAUTH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

struct oauth_request {
	struct secret body;
	const char *content_type;
	struct secret authorization; /* "Basic ...", empty = none */
};

void oauth_request_fini(struct oauth_request *request);

/* A name and a value; borrowed. */
struct oauth_part {
	const char *name, *value;
	size_t len;
};

struct oauth_client {
	const char *id;		     /* "" = none is told */
	const struct secret *secret; /* NULL = a public client */
	bool is_basic;		     /* in the Authorization header, else in the body */
	const char *scopes;	     /* as the server wants to read them; "" = none are asked for */
	const struct oauth_part *params; /* what the vendor wants besides */
	size_t param_count;
};

/* All of them: oauth_request_fini also after a failure. */
bool oauth_request_client(struct oauth_request *out, const struct oauth_client *client,
			  struct err *err);
bool oauth_request_refresh(struct oauth_request *out, const struct oauth_client *client,
			   const struct secret *refresh_token, struct err *err);
bool oauth_request_password(struct oauth_request *out, const struct oauth_client *client,
			    const char *username, const struct secret *password, struct err *err);
/* redirect_uri and verifier may be NULL: a pasted code, a provider without PKCE. */
bool oauth_request_code(struct oauth_request *out, const struct oauth_client *client,
			const struct secret *code, const char *redirect_uri,
			const struct secret *verifier, struct err *err);
/* A signed assertion in place of a client's secret (RFC 7523, 2.1). */
bool oauth_request_assertion(struct oauth_request *out, const struct oauth_client *client,
			     const struct secret *assertion, struct err *err);

/* RFC 7009: ends a refresh token, and with it all that came of it. */
bool oauth_request_revoke(struct oauth_request *out, const struct oauth_client *client,
			  const struct secret *refresh_token, struct err *err);

/* A login call: a form, or an object of texts in JSON. ERR_AUTH for a value that is no UTF-8. */
bool oauth_request_form(struct oauth_request *out, const struct oauth_part *parts, size_t count,
			struct err *err);
bool oauth_request_json(struct oauth_request *out, const struct oauth_part *parts, size_t count,
			struct err *err);

/* "Basic " and the base64 of "user:password". */
bool oauth_basic(struct secret *out, const char *user, size_t user_len, const char *password,
		 size_t password_len, struct err *err);

#endif
