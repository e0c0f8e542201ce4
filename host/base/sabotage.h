/*
 * Classic faults, brought back on purpose: a promise's test (tests/promises) has to turn red with
 * each fault it is about, or it proves nothing.
 *
 * Compiled in by the presets `sabotage`, `fuzz` and `tsan` only. In every other build sabotage_is()
 * is the constant false and nothing of it is left in the program (tests/style/hardening.py).
 */
#ifndef MUSTER_BASE_SABOTAGE_H
#define MUSTER_BASE_SABOTAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What is done wrong. Names for people and tests are in sabotage.c. */
enum sabotage {
	SABOTAGE_SKIP_GUARD,		 /* any number of rows may go at once */
	SABOTAGE_GUARD_OFF_BY_ONE,	 /* each threshold lets one row more go */
	SABOTAGE_UNBOUND_APPROVAL,	 /* an approval is good for any set of rows */
	SABOTAGE_ENDLESS_APPROVAL,	 /* an approval never expires */
	SABOTAGE_CURSOR_FIRST,		 /* a cursor is committed before the rows that led to it */
	SABOTAGE_SPLIT_BATCH,		 /* rows are committed apart from what is noted of them */
	SABOTAGE_IGNORE_FENCE,		 /* a session that lost its lease goes on writing */
	SABOTAGE_HOOK_NOT_STICKY,	 /* a limit of a script can be caught, once and again */
	SABOTAGE_NO_SECCOMP,		 /* any system call in the sandbox */
	SABOTAGE_BUDGET_PER_COROUTINE,	 /* each resume of a task counts from nothing */
	SABOTAGE_INCOMPLETE_IS_COMPLETE, /* a listing counts as read to its end, however it ended */
	SABOTAGE_SWALLOW_PAGE_ERROR,	 /* a page that fails is the end of the listing */
	SABOTAGE_IGNORE_DRIFT,		 /* rows that moved while they were read are no matter */
	SABOTAGE_QUARANTINED_IS_UNSEEN,	 /* a row that cannot be read is a row that is gone */
	SABOTAGE_IGNORE_BASELINE,	 /* a first listing under another mapping removes */
	SABOTAGE_DEAF_COMMIT,		 /* a COMMIT that failed is taken for done */
	SABOTAGE_SPLIT_MIGRATION,	 /* a version is noted after its migration was committed */
	SABOTAGE_FOLLOW_REDIRECTS,	 /* requests follow the answer elsewhere */
	SABOTAGE_ANY_ADDRESS,		 /* names may lead inwards */
	SABOTAGE_ANY_HOST,		 /* requests may leave for hosts that are not declared */
	SABOTAGE_IGNORE_RETRY_AFTER,	 /* a vendor's wish to be left alone is not read */
	SABOTAGE_NO_JITTER,		 /* all who failed together try again together */
	SABOTAGE_UNCOUNTED_RETRIES,	 /* any number of repetitions */
	SABOTAGE_FORGET_LIMITS,		 /* pauses and breakers end with the process */
	SABOTAGE_SHARED_BREAKER,	 /* all accounts of a host have one breaker */
	SABOTAGE_IGNORE_DUPLICATE_KEYS,	 /* of a key that comes twice one is taken */
	SABOTAGE_PLAIN_ANSWERS,		 /* secrets that a vendor echoes are handed on */
	SABOTAGE_CORE_DUMPS,		 /* a crash leaves the memory's contents */
	SABOTAGE_NO_BODY_CAP,		 /* a body may have any size */
	SABOTAGE_NO_RATIO,		 /* a packed body may unpack to anything below the cap */
	SABOTAGE_ANY_CERTIFICATE,	 /* whoever answers is believed */
	SABOTAGE_ANY_NAME,		 /* a certificate may be another's */
	SABOTAGE_UNBOUND_SECRETS,	 /* sealed bytes open in any place */
	SABOTAGE_ANY_GENERATION,	 /* an old value can be put back */
	SABOTAGE_LEAK_REQUESTS,		 /* what a request was made of is not freed */
	SABOTAGE_UNCHECKED_MEMORY,	 /* an allocation is taken for granted */
	SABOTAGE_FRAME_BOUNDS,		 /* a frame is taken that is not all there */
	SABOTAGE_MISSING_LOCK,	   /* a thread tells another one something without their lock */
	SABOTAGE_FREE_LEASE,	   /* whoever needs a token asks for one */
	SABOTAGE_RENEW_REGARDLESS, /* a refused token is renewed though another already was */
	SABOTAGE_USE_UNSTORED,	   /* a token is used that is nowhere but in memory */
	SABOTAGE_UNCOUNTED_CALLS,  /* any number of calls to a token address */
	SABOTAGE_NO_RESERVE,	   /* a token is asked for that there may be no room for */
	SABOTAGE_COUNT,
};

#ifdef MUSTER_SABOTAGE
/* The environment chose this fault: MUSTER_SABOTAGE=skip-guard. Sandboxes inherit the choice. */
bool sabotage_is(enum sabotage fault);

/* "MUSTER_SABOTAGE=..." for a child's environment; NULL without one. Borrowed. */
char *sabotage_environment(void);

/*
 * First thing in main. false and err if the environment names a fault that there is not: else a
 * test would run without its fault and be believed.
 */
bool sabotage_check(struct err *err);
#else
static inline bool sabotage_is(enum sabotage fault)
{
	(void)fault;
	return false;
}

static inline char *sabotage_environment(void)
{
	return NULL;
}

static inline bool sabotage_check(struct err *err)
{
	(void)err;
	return true;
}
#endif

#endif
