/*
 * Whether a failed attempt is repeated, and when (reliability.md RE1-RE3). Pure: time and chance
 * come in as parameters, so that a simulation can run years of it.
 */
#ifndef MUSTER_NET_RETRY_H
#define MUSTER_NET_RETRY_H

#include "net/limit.h"

enum {
	RETRY_ATTEMPTS_MAX = 6,
	RETRY_TRUNCATED_ATTEMPTS_MAX = 3,
	RETRY_HOPELESS_ATTEMPTS_MAX = 2,
	RETRY_BUDGET_MIN = 20,	   /* repetitions per account in RETRY_BUDGET_SPAN_MS ... */
	RETRY_BUDGET_PERCENT = 10, /* ... or so many of its requests, whichever is more */
	RETRY_BUDGET_SPAN_MS = 600000,
	RETRY_CAP_FACTOR = 60,	    /* a pause is at most this many times the base */
	RETRY_WAIT_MAX_MS = 3600000 /* longer is not waited for: the job is rescheduled */
};

/* What came of an attempt, as far as repeating is concerned. */
enum retry_class {
	RETRY_NONE,	 /* success, or a failure that repeating does not mend */
	RETRY_TRANSPORT, /* not connected, broken, timed out, 408, 5xx */
	RETRY_TRUNCATED, /* the body ended early: after three times the answer is bad */
	RETRY_THROTTLED	 /* 429 */
};

/* RETRY_NONE, RETRY_TRANSPORT or RETRY_THROTTLED. */
enum retry_class retry_class_of_status(int status);

struct retry_budget {
	struct limit_window requests, retries;
};

void retry_budget_init(struct retry_budget *budget);
void retry_budget_print(const struct retry_budget *budget, struct buf *out);
/* Damaged text leaves the budget as it was. */
void retry_budget_parse(struct retry_budget *budget, const char *text);

struct retry_attempt {
	int number; /* of the attempt that failed: 1, 2 ... */
	enum retry_class class;
	bool is_idempotent;
	int64_t retry_after_ms; /* -1 = the vendor did not say */
	int64_t base_ms;
	bool is_hopeless; /* nobody answered at all, and a person waits, who can mend it sooner */
};

/* How many attempts such a failure gets. */
int retry_attempts_max(const struct retry_attempt *attempt);

enum retry_verdict {
	RETRY_AGAIN,	 /* after wait_ms */
	RETRY_GIVE_UP,	 /* `why` is NULL (not of the retry class), or says which limit ended it */
	RETRY_RESCHEDULE /* the vendor wants more than an hour */
};

struct retry_decision {
	enum retry_verdict verdict;
	int64_t wait_ms;
	const char *why;
};

/*
 * Decides, and books a repetition on the budget. `chance` is uniform in [0, 1). The wait is
 * rand(0, min(60 base, base * 2^n)), on top of Retry-After where there is one.
 */
struct retry_decision retry_decide(const struct retry_attempt *attempt, struct retry_budget *budget,
				   int64_t now_ms, double chance);

/*
 * Retry-After in both forms: seconds, or an HTTP date, which is compared with the answer's own Date
 * (`date`, may be NULL: then with now). A past date is 0. -1: absent, negative or garbage.
 */
int64_t retry_after_parse(const char *value, const char *date, int64_t now_ms);

#endif
