/*
 * Rates: at most N requests in any span of time, wherever the span begins. A sliding window counts
 * in slots of a twentieth of its span, and one slot more than fit into it: so it errs towards
 * fewer requests, by at most 5 %. Pure functions; times are wall-clock milliseconds, because the
 * state is shared by processes and outlives them.
 */
#ifndef MUSTER_NET_LIMIT_H
#define MUSTER_NET_LIMIT_H

#include "net/net.h"

enum { LIMIT_SLOTS = 21 };

struct limit_window {
	int64_t span_ms;
	int64_t head;		     /* number of the newest slot: time / width of a slot */
	int64_t counts[LIMIT_SLOTS]; /* of slot n at n % LIMIT_SLOTS */
};

void limit_window_init(struct limit_window *window, int64_t span_ms);

/*
 * Counts one. A clock that was set back by more than the span empties the window; by less, it can
 * double a wait.
 */
void limit_window_add(struct limit_window *window, int64_t now_ms);
int64_t limit_window_sum(struct limit_window *window, int64_t now_ms);

/* How long until at most `count` - 1 are left in the window; 0 = already. */
int64_t limit_window_wait(struct limit_window *window, int64_t count, int64_t now_ms);

/* One line of text: "span head count,count,...". Parsing advances *text behind the line. */
void limit_window_print(const struct limit_window *window, struct buf *out);
bool limit_window_parse(const char **text, struct limit_window *out);

/*
 * Takes one from every rate, or from none: returns 0 when taken, else the wait in milliseconds.
 * `state` is the text kept so far (NULL = nothing; damaged lines count as nothing); the text to be
 * kept is appended to `next`. A rate is recognised by its window: a changed count keeps its past.
 * Windows of other rates, of whoever draws on the same budget, are kept and count it, too.
 */
int64_t limit_take(const char *state, const struct net_rate *rates, size_t count, int64_t now_ms,
		   struct buf *next);

#endif
