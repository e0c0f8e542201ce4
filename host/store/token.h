/*
 * What is known of a credential's tokens, and the lease under which one process at a time asks for
 * a new one. The tokens themselves are fields of the credential, sealed by the vault; whoever
 * stores one does so in the unit of the function below that speaks of it.
 *
 * A call to the token address goes so (reliability.md 3.4):
 *
 *   token_begin   one unit, before anything is sent: takes the lease, counts the call, notes that
 *                 its outcome is unknown
 *   (the call)
 *   token_put, token_refuse, token_pause or token_fail: one unit, before the answer is used
 *
 * The fence only grows: an end under an old one is refused. Who finds the row unsure after a lease
 * ran out, or its owner is gone, knows that a call was begun whose answer nobody stored.
 *
 * Times are wall time, as several hosts and boots compare them. So that a clock that was set costs
 * one renewal at the most, a token is fresh only if it was not obtained in the future.
 */
#ifndef MUSTER_STORE_TOKEN_H
#define MUSTER_STORE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/process.h"
#include "store/store.h"

enum {
	TOKEN_LEASE_MS = 60000,
	TOKEN_WINDOW_MS = 600000, /* in which at most TOKEN_CALLS_MAX calls are made (TR5) */
	TOKEN_CALLS_MAX = 8,
	TOKEN_CLOCK_SLACK_MS = 300000, /* by which the clocks of two hosts may differ */
};

enum token_state {
	TOKEN_NONE,	    /* never obtained, or what it was made of is new */
	TOKEN_VALID,	    /* to be used */
	TOKEN_EXPIRING,	    /* works, but it is time for the next one */
	TOKEN_EXPIRED,	    /* to be renewed before anything is sent */
	TOKEN_NEEDS_REAUTH, /* the server refused to renew it: a person has to consent again */
	TOKEN_REVOKED,	    /* by us, on disconnecting */
};

struct token {
	char *credential_id;
	char *state;   /* as stored: "none", "valid", "needs_reauth", "revoked" */
	char *reason;  /* of needs_reauth, a sentence; else "" */
	char *made_of; /* hash of what it was asked with: another one is another token */
	char *scopes_wanted, *scopes_granted; /* sorted, separated by blanks */
	char *calls;			      /* the store's: times of calls within the window */
	char *address;			      /* that gave what there is; "" = not known */
	char *owner;			      /* of the lease; NULL = nobody */
	int64_t generation;		      /* of the access token, from 1 */
	bool is_proven;			      /* the vendor took this generation */
	int64_t obtained_at_ms;
	int64_t refresh_at_ms; /* when to renew it unasked; INT64_MAX = its life is not known */
	int64_t expires_at_ms; /* likewise */
	int64_t paused_until_ms;
	bool is_unsure; /* a call was begun, its outcome is not known */
	int64_t fence, taken_at_ms, lease_expires_at_ms;
};

void token_fini(struct token *token);

/* A credential that never had one has an empty row: state "none", all texts "". */
bool token_get(struct store_tx *tx, const char *credential_id, struct token *out, struct err *err);

/* Of one made of `made_of`. */
enum token_state token_state(const struct token *token, const char *made_of, int64_t now_ms);

/* --- a call to the token address --- */

struct token_lease {
	char credential_id[64];
	int64_t fence;
};

/* Is the lease held by somebody who may still store an answer? */
bool token_is_held(const struct token *token, int64_t now_ms);

/*
 * ERR_BUSY while another holds the lease. ERR_THROTTLED with retry_after_ms while the server asked
 * for a pause, or when the window is full. `owner` is a process_name.
 */
bool token_begin(struct store_tx *tx, const char *credential_id, const char *owner, int64_t now_ms,
		 struct token_lease *out, struct err *err);

/* What the server gave. Texts are borrowed. */
struct token_grant {
	const char *made_of;
	const char *scopes_wanted;  /* NULL = as they are known */
	const char *scopes_granted; /* likewise */
	const char *address;	    /* likewise */
	int64_t obtained_at_ms, refresh_at_ms, expires_at_ms;
};

/*
 * A new generation, the lease is given back. ERR_BUSY under an old fence: store no token then. May
 * be called again where a commit's outcome is not known: a grant that is stored is not counted
 * twice.
 */
bool token_put(struct store_tx *tx, const struct token_lease *lease,
	       const struct token_grant *grant, int64_t *generation, struct err *err);
/* needs_reauth: nobody asks with this `made_of` any more. */
bool token_refuse(struct store_tx *tx, const struct token_lease *lease, const char *made_of,
		  const char *reason, struct err *err);
/* The server asks for a pause. */
bool token_pause(struct store_tx *tx, const struct token_lease *lease, int64_t until_ms,
		 struct err *err);
/* No answer that counts; is_unsure: the server may have acted on it all the same. */
bool token_fail(struct store_tx *tx, const struct token_lease *lease, bool is_unsure,
		struct err *err);

/* --- after it --- */

/* The vendor took this generation; another one's row stays as it is. *was_news = it was not known.
 */
bool token_prove(struct store_tx *tx, const char *credential_id, int64_t generation, bool *was_news,
		 struct err *err);
/*
 * What a person's new consent brought and a connection test proved, without a lease: what was
 * refused or is under way ends.
 */
bool token_adopt(struct store_tx *tx, const char *credential_id, const struct token_grant *grant,
		 struct err *err);
/* New secrets, or a new consent: what was refused or obtained before says nothing any more. */
bool token_forget(struct store_tx *tx, const char *credential_id, struct err *err);
/* The vendor took the consent back because we asked it to: a person has to consent again. */
bool token_revoke(struct store_tx *tx, const char *credential_id, struct err *err);

#endif
