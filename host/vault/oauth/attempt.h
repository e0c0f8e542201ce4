/*
 * One attempt to get a person's consent: the address they are sent to, and what their browser
 * brings back (RFC 6749, 4.1; PKCE: RFC 7636; reliability.md 3.9).
 *
 * The state and the verifier are 256 random bits each and new for every attempt. An attempt takes
 * one redirect that bears its state, whatever that says; one with another state, or none, or that
 * comes twice, is refused and changes nothing. What comes back beside code and state is compared
 * with what this side chose, and chooses nothing itself.
 */
#ifndef MUSTER_VAULT_OAUTH_ATTEMPT_H
#define MUSTER_VAULT_OAUTH_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "vault/oauth/answer.h"
#include "vault/oauth/request.h"

enum { OAUTH_ATTEMPT_MS = 300000, OAUTH_REDIRECT_MAX = 8192 };

struct oauth_attempt {
	struct secret state, verifier; /* texts of 43 characters */
	int64_t until_ms;	       /* monotonic */
	bool is_used;
};

/* now_ms: clock_monotonic_ms. */
bool oauth_attempt_begin(struct oauth_attempt *out, int64_t now_ms, struct err *err);
void oauth_attempt_fini(struct oauth_attempt *attempt);

/*
 * A parameter of the redirect that says where the login lives ("iss", "accounts-server"): when it
 * is there it must be `value`, compared in any case, without a slash at its end. What belongs to
 * another place that is known has its own way out.
 */
struct oauth_elsewhere {
	const char *value, *way_out;
};

struct oauth_expected {
	const char *name, *value;
	struct oauth_elsewhere *elsewhere;
	size_t elsewhere_count;
};

/* What is asked; borrowed. */
struct oauth_consent {
	const char *address; /* of the authorization server, without a query */
	const char *client_id;
	const char *redirect_uri; /* exactly as registered */
	const char *scopes;	  /* as the server wants to read them */
	const struct oauth_part *params;
	size_t param_count;
	bool has_pkce;
	const struct oauth_expected *expected;
	size_t expected_count;
};

/* Appends the URL for the person. It holds the state, which is no secret to their browser. */
bool oauth_attempt_url(const struct oauth_attempt *attempt, const struct oauth_consent *consent,
		       struct buf *out, struct err *err);

/*
 * The query of the redirect (without "?"). ERR_REFUSED: it is not the answer to this attempt, which
 * goes on waiting. Other errors end it: ERR_AUTH with what the server said, ERR_CONFIG when an
 * expected parameter differs, ERR_TIMEOUT when it took too long.
 */
bool oauth_attempt_take(struct oauth_attempt *attempt, const struct oauth_consent *consent,
			const char *query, size_t len, int64_t now_ms, struct secret *code,
			struct err *err);

/*
 * What a person pasted: the address that their browser was sent to, or a code that the vendor's
 * console made (*is_bare: there was no redirect, so it is exchanged without redirect_uri and
 * verifier).
 */
bool oauth_attempt_paste(struct oauth_attempt *attempt, const struct oauth_consent *consent,
			 const struct secret *text, int64_t now_ms, struct secret *code,
			 bool *is_bare, struct err *err);

#endif
