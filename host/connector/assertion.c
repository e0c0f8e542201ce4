/* Tokens that the host signs itself. */
#include "connector/assertion.h"

#include "base/clock.h"

bool assertion_init(struct assertion *out, const struct value *auth, const struct auth_parts *parts,
		    struct redact *redact, struct err *err)
{
	*out = (struct assertion){ .redact = redact };
	return jwt_init(&out->jwt, auth, parts, NULL, err);
}

void assertion_fini(struct assertion *assertion)
{
	jwt_fini(&assertion->jwt);
	secret_fini(&assertion->token);
}

static bool make(struct assertion *assertion, struct err *err)
{
	secret_fini(&assertion->token);
	if (!jwt_make(&assertion->jwt, clock_wall_ms(), &assertion->token, err))
		return false;
	assertion->generation++;
	assertion->until_ms =
		clock_monotonic_ms() + (assertion->jwt.lives_ms - JWT_SKEW_MS) * 8 / 10;
	return assertion->redact == NULL ||
	       redact_add(assertion->redact, "jwt", assertion->token.data, assertion->token.len,
			  err);
}

bool assertion_get(struct assertion *assertion, int64_t refused, struct err *err)
{
	bool is_at_hand = assertion->token.len > 0 && assertion->generation > refused &&
			  clock_monotonic_ms() < assertion->until_ms;

	return is_at_hand || make(assertion, err);
}

void assertion_prove(struct assertion *assertion, int64_t generation)
{
	if (generation > assertion->proven)
		assertion->proven = generation;
}

bool assertion_may_replace(const struct assertion *assertion, int64_t generation)
{
	return generation <= assertion->proven || generation < assertion->generation;
}
