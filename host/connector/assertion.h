/*
 * The token of vendors who take what the host signs itself (auth kind jwt without a token address):
 * made when it is needed, and anew at 80 % of its life, or once when the vendor refuses one that
 * worked before. It is kept nowhere.
 */
#ifndef MUSTER_CONNECTOR_ASSERTION_H
#define MUSTER_CONNECTOR_ASSERTION_H

#include "base/redact.h"
#include "connector/jwt.h"

struct assertion {
	struct jwt jwt;
	struct redact *redact; /* learns every token */
	struct secret token;
	int64_t until_ms; /* monotonic */
	int64_t generation, proven;
};

/* As jwt_init. assertion_fini also after a failure. */
bool assertion_init(struct assertion *out, const struct value *auth, const struct auth_parts *parts,
		    struct redact *redact, struct err *err);
void assertion_fini(struct assertion *assertion);

/* The token, in assertion->token; a later one than the generation `refused` (0 = none was). */
bool assertion_get(struct assertion *assertion, int64_t refused, struct err *err);

/* See renewer_prove, renewer_may_replace: one that never worked is not replaced. */
void assertion_prove(struct assertion *assertion, int64_t generation);
bool assertion_may_replace(const struct assertion *assertion, int64_t generation);

#endif
