/*
 * What a token address answered, judged by its body: servers say failures with HTTP 200, write
 * expires_in as text, and leave out what the standard asks for (vendors/zoho-oauth.md, 4 and 5).
 * Success is a text that is not empty where the token belongs, under a 2xx.
 *
 * The answer's own texts (error, error_description) come from outside: secrets that they repeat are
 * taken out, they are cut, control characters are blanks in them, and they are shown, never acted
 * upon but for the words below.
 */
#ifndef MUSTER_VAULT_OAUTH_ANSWER_H
#define MUSTER_VAULT_OAUTH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/redact.h"
#include "base/secret.h"

enum oauth_verdict {
	OAUTH_GRANTED,
	OAUTH_REFUSED,	 /* what was granted is gone: nobody may ask with it again */
	OAUTH_FORBIDDEN, /* client or login is not what the server knows */
	OAUTH_THROTTLED, /* ask again after wait_ms */
	OAUTH_FAILED,	 /* no answer that counts; the server may have acted all the same */
};

/* The fields of a credential that hold tokens. No setting can have such a name. */
#define TOKEN_FIELD_ACCESS "oauth.access_token"
#define TOKEN_FIELD_REFRESH "oauth.refresh_token"
#define TOKEN_FIELD_BEFORE "oauth.refresh_token_before"

/* A field of an answer, compared as text ("status" = "failure", "code" = "1005"). */
struct oauth_field {
	const char *name, *value;
};

/* What a connector declares of its vendor's answers. Either of error and fields may be missing. */
struct oauth_rule {
	const char *error; /* without regard to case, blanks and underscores; NULL = any */
	const struct oauth_field *fields;
	size_t field_count;
	enum oauth_verdict verdict;
	int64_t wait_ms;  /* of OAUTH_THROTTLED; 0 = the usual */
	const char *hint; /* NULL = none */
};

/* How an answer is read; borrowed. */
struct oauth_reading {
	const char *token_field;   /* "access_token", or a path such as "data.token" */
	const char *seconds_field; /* "expires_in"; NULL = it is not told */
	int64_t lives_max_ms;	   /* not relied on for longer; 0 = no such bound */
	const struct oauth_rule
		*rules; /* the first that fits counts, before the standard's words */
	size_t rule_count;
	const struct redact *redact; /* knows what the request held; NULL = nothing is taken out */
};

enum { OAUTH_THROTTLE_MS = 600000, OAUTH_HINT_MAX = 256 };

struct oauth_answer {
	enum oauth_verdict verdict;
	/* of a grant */
	struct secret access_token;
	struct secret refresh_token; /* empty = none came: the old one stays */
	char *scopes;		     /* as written; NULL = not told: those that were asked for */
	int64_t lives_ms;	     /* 0 = not told */
	/* of everything else: a sentence in `err`'s message, never with a token in it */
	int64_t wait_ms; /* of OAUTH_THROTTLED */
};

/*
 * Fills `out` (oauth_answer_fini in any case). `why` is ERR_NONE for a grant, else says what the
 * verdict was and the way out: ERR_AUTH (refused, forbidden), ERR_THROTTLED, ERR_REMOTE, ERR_DATA.
 */
void oauth_answer_judge(struct oauth_answer *out, const struct oauth_reading *reading, int status,
			const void *body, size_t len, struct err *why);
void oauth_answer_fini(struct oauth_answer *answer);
/* Whoever logs or records from now on knows a grant's tokens. `redact` may be NULL. */
bool oauth_answer_redact(const struct oauth_answer *answer, struct redact *redact, struct err *err);

/*
 * Did a revocation address take the token back (RFC 7009)? So it did where it does not know the
 * token. ERR_REMOTE with its words, without the secrets that `redact` knows (NULL = none).
 */
bool oauth_answer_is_revoked(int status, const void *body, size_t len, const struct redact *redact,
			     struct err *err);

/* Appends a text from outside: 200 bytes of it at most, control characters as blanks. */
void oauth_put_text(struct buf *out, const char *text);

/* Is the body a JSON object that has all of these fields? */
bool oauth_fields_fit(const struct oauth_field *fields, size_t count, const void *body, size_t len);

#endif
