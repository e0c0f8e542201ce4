/*
 * The seam through which every exchange with a vendor goes: live requests (net/), each attempt of
 * which is recorded when a recording is wanted. Replayed sessions will come through the same
 * functions.
 *
 * Answers leave the seam clean: a live secret that the vendor echoes is replaced before anybody
 * sees it.
 */
#ifndef MUSTER_RECORD_EXCHANGE_H
#define MUSTER_RECORD_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/redact.h"
#include "net/net.h"
#include "record/recording.h"

struct exchange;

struct exchange_counts {
	int64_t requests; /* attempts that were sent */
	int64_t retries;
	int64_t bytes; /* received */
	int64_t last;  /* number of the last recorded exchange, 0 = none */
};

/* `redact` is borrowed. `recording` (NULL = none) is taken over and finished by exchange_finish. */
struct exchange *exchange_open(struct loop *loop, const struct net_options *options,
			       const struct redact *redact, struct recording *recording,
			       struct err *err);

/* net_send through the seam; request->attempted belongs to the seam and is ignored. */
bool exchange_send(struct exchange *exchange, const struct net_request *request, net_done_fn *done,
		   void *arg, struct err *err);

/*
 * The recording keeps what waits for it in memory. While more than that waits than it should,
 * nothing further is to be sent: `caught_up` (one at a time; from the loop, never from within a
 * call) says when.
 */
bool exchange_is_behind(const struct exchange *exchange);
void exchange_watch(struct exchange *exchange, void (*caught_up)(void *arg), void *arg);

struct exchange_counts exchange_counts(const struct exchange *exchange);

/*
 * Cancels what is under way without callbacks, writes what is still to be recorded, closes and
 * frees. `finished` comes on the loop's thread; err says if the recording is incomplete.
 */
void exchange_finish(struct exchange *exchange, void (*finished)(void *arg, const struct err *err),
		     void *arg);

#endif
