/* The store's side of a renewal: its two units. For renewer.c and its tests. */
#ifndef MUSTER_VAULT_OAUTH_ROUND_H
#define MUSTER_VAULT_OAUTH_ROUND_H

#include "store/token.h"
#include "vault/oauth/answer.h"
#include "vault/oauth/renewer.h"

#define ROUND_REFUSED_AT_ONCE "the vendor refuses the token that its server has just given"

enum round_step {
	ROUND_HAVE, /* token, generation and fresh_ms are the stored one's */
	ROUND_WAIT, /* look again in a moment */
	ROUND_CALL, /* the lease is ours, the call is counted and noted as begun */
};

enum {
	/* Room that has to be there so that the answer can be stored (TR2). */
	ROUND_RESERVE_BYTES = 4 * 1024 * 1024,
	/* A generation that the vendor never took is renewed on a refusal only when it is older. */
	ROUND_YOUNG_MS = 600000,
	/* How long a token that is due is used on, where it cannot be renewed now. */
	ROUND_RESPITE_MS = 60000,
};

struct round {
	struct renewer *renewer; /* whose round it is; not looked at by the units */
	const struct renewer_options *options;
	int64_t refused;  /* the generation that the vendor did not take; 0 = none */
	bool use_before;  /* ask with the refresh token before the last */
	int64_t retry_ms; /* to wait after a call of unknown outcome */
	int64_t asked_at_ms;
	struct oauth_answer answer;
	struct err why; /* of an answer that is no grant */

	/* what look found */
	enum round_step step;
	struct secret token;
	int64_t generation, fresh_ms;
	bool is_proven, is_old; /* the vendor took it; it never did, for ROUND_YOUNG_MS */
	struct token_lease lease;
	struct secret refresh_token;
	bool has_before;

	bool is_overtaken; /* note: the lease went to another, who has an answer of their own */
};

/* When a token that was asked for at that time ends, and when the next one is due: INT64_MAX for a
   life of 0, which is not known. Times are wall time. */
bool round_set_times(int64_t asked_at_ms, int64_t lives_ms, struct token_grant *out,
		     struct err *err);

void round_fini(struct round *round);

/* STORE_WRITE units; arg is the round. look: ERR_AUTH when a person has to act, ERR_THROTTLED. */
bool round_look(struct store_tx *tx, void *arg, struct err *err);
/*
 * Stores the outcome that `answer` and `why` tell. May be repeated after a failure, unless that was
 * to be overtaken.
 */
bool round_note(struct store_tx *tx, void *arg, struct err *err);

#endif
