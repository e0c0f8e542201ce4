/*
 * JSON Web Tokens (RFC 7519) that the host signs with an account's key, as a connector declares
 * them (auth kind jwt). `iat`, `exp` and `jti` are written here, for each token anew.
 */
#ifndef MUSTER_CONNECTOR_JWT_H
#define MUSTER_CONNECTOR_JWT_H

#include "connector/template.h"
#include "crypto/key.h"

/* Of vendors whose clock is behind ours: a token says that it was made so long ago. */
enum { JWT_SKEW_MS = 30000, JWT_LIVES_S = 300 };

/* What is the same in all tokens of an account; copies, in secret memory. */
struct jwt {
	enum key_algorithm algorithm;
	struct secret key;
	struct secret header; /* in base64url */
	struct secret claims; /* ",\"iss\":\"...\"": what the connector declares */
	int64_t lives_ms;
};

/*
 * `address` is what {token} stands for in the claims; NULL = the token goes to no token address.
 * ERR_AUTH names the setting whose key cannot sign; ERR_CONFIG for what is no claim. jwt_fini also
 * after a failure.
 */
bool jwt_init(struct jwt *out, const struct value *auth, const struct auth_parts *parts,
	      const char *address, struct err *err);
void jwt_fini(struct jwt *jwt);

/* A token that is good from now on, until now + lives_ms - JWT_SKEW_MS. */
bool jwt_make(const struct jwt *jwt, int64_t now_ms, struct secret *out, struct err *err);

/* All that decides about its tokens but the time, as one text: for a mark, never to be shown. */
bool jwt_describe(const struct jwt *jwt, struct secret *out, struct err *err);

#endif
