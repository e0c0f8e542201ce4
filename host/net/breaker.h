/*
 * Circuit breaker of one account towards one host (reliability.md RE4): after 5 requests that
 * failed in a row (after their retries), or more than half of at least 20 in a minute, nothing is
 * sent for 30 s; then one request probes, and each failed probe doubles the pause up to 30 min.
 * Pure; times are wall-clock milliseconds, because the state outlives the process.
 */
#ifndef MUSTER_NET_BREAKER_H
#define MUSTER_NET_BREAKER_H

#include "net/limit.h"

enum {
	BREAKER_IN_A_ROW = 5,
	BREAKER_REQUESTS_MIN = 20,
	BREAKER_SPAN_MS = 60000,
	BREAKER_PAUSE_FACTOR = 60 /* the longest pause is so many times the first */
};

struct breaker {
	int64_t base_ms; /* the first pause */
	int64_t in_a_row;
	int64_t pause_ms;   /* 0 = closed */
	int64_t open_until; /* with pause_ms > 0 */
	bool is_probing;
	struct limit_window failed, all;
};

void breaker_init(struct breaker *breaker, int64_t base_ms);

/* May a request go now? Else *wait_ms says when to ask again. A probe is booked by asking. */
bool breaker_allows(struct breaker *breaker, int64_t now_ms, int64_t *wait_ms);

/* Whoever asks next may probe, however long the pause was to be: a person is waiting. */
void breaker_end_pause(struct breaker *breaker, int64_t now_ms);

/* A request ended. Returns whether there is something new to keep. */
bool breaker_report(struct breaker *breaker, bool failed, int64_t now_ms);

/* A request ended without telling anything about the host (cancelled): a probe is free again. */
void breaker_forget(struct breaker *breaker);

/* "in_a_row pause_ms open_until"; the windows of the last minute are not kept. */
void breaker_print(const struct breaker *breaker, struct buf *out);
void breaker_parse(struct breaker *breaker, const char *text);

#endif
