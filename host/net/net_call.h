/*
 * What the files of net share: the account's client, its gate towards each host, and a call on its
 * way. No other file includes it.
 *
 * A call goes: gate_enter (concurrency) -> kept state -> pause and breaker -> rates -> resolver ->
 * exchange -> retry rules, and from there either back to the pause or to its end.
 */
#ifndef MUSTER_NET_NET_CALL_H
#define MUSTER_NET_NET_CALL_H

#include "net/breaker.h"
#include "net/http.h"

enum {
	NET_CONCURRENT = 4,
	NET_STATE_FRESH_MS = 5000 /* kept state is looked at again after so long */
};

/* --- copies that live as long as their owner --- */

struct net_block;

struct net_blocks {
	struct net_block *first;
	bool failed; /* sticky: out of memory */
};

/* NULL stays NULL. */
const char *net_blocks_text(struct net_blocks *blocks, const char *text);
/* `data` NULL: room that the caller fills. */
void *net_blocks_copy(struct net_blocks *blocks, const void *data, size_t len);
struct net_header net_blocks_header(struct net_blocks *blocks, const struct net_header *header);
/* A list with its texts. */
struct net_header *net_blocks_headers(struct net_blocks *blocks, const struct net_header *headers,
				      size_t count);
void net_blocks_fini(struct net_blocks *blocks);

/* --- an account towards one host --- */

struct net_gate {
	struct net *net;
	struct net_gate *next;
	char *scope;	   /* of the breaker: "ACCOUNT host:port" */
	char *pause_scope; /* "BUDGET host:port pause" */
	char *host;
	uint16_t port;
	int in_use;
	struct net_call *waiting, **waiting_tail;
	struct breaker breaker;
	int64_t not_before;  /* wall clock: the vendor asked for silence until then */
	int64_t fresh_until; /* monotonic: kept state need not be read before */
};

struct net_gate *net_gate_find(struct net *net, const char *host, uint16_t port, struct err *err);
void net_gate_free(struct net_gate *gate);

/* Goes on with net_call_admitted, in the next turn of the loop or when a place is free. */
bool net_gate_enter(struct net_gate *gate, struct net_call *call, struct err *err);
/* Gives the place to the next; also for a call that still waits for one. */
void net_gate_leave(struct net_gate *gate, struct net_call *call);

/* Nobody sends before `until`. */
void net_gate_pause(struct net_gate *gate, int64_t until);
/* Looks for the declared quota headers and Retry-After. */
void net_gate_note_reply(struct net_gate *gate, const struct net_reply *reply,
			 int64_t retry_after_ms);
void net_gate_save_breaker(struct net_gate *gate);
void net_gate_parse_pause(struct net_gate *gate, const char *state);

/* --- the account --- */

struct net_scope {
	struct net_scope *next;
	char *name, *state; /* limit_take's text, where no keeper keeps it */
};

struct net {
	struct loop *loop;
	struct net_blocks blocks; /* owns the texts of options */
	struct net_options options;
	struct resolve_policy policy;
	struct resolve_route *routes;
	size_t route_count;
	struct policy_url proxy; /* only host and port are used */
	const char *retry_scope;
	struct resolver *resolver;
	struct http *http;
	struct net_gate *gates;
	struct net_scope *scopes;
	struct net_call *calls;
	struct retry_budget budget; /* of repetitions */
	bool has_loaded_budget, is_closing;
	uint64_t random;
};

/* Uniform in [0, 1). */
double net_chance(struct net *net);

/* --- a call --- */

/* A question to the keeper; it outlives a cancelled call. */
struct net_question {
	struct net_call *call; /* NULL: nobody waits any more */
};

struct net_call {
	struct net *net;
	struct net_gate *gate;
	struct net_call *prev, *next; /* of net->calls */
	struct net_call *next_waiting;
	bool is_waiting, is_admitted, is_probe;
	struct net_blocks blocks;
	struct net_request request; /* texts owned by blocks */
	struct policy_url url;
	net_done_fn *done;
	void *arg;
	size_t rate_index; /* the next rate to take: endpoints, then the budget's */
	int attempts;
	/* What it waits for; all but one are NULL. */
	struct loop_timer *timer;
	void (*resume)(struct net_call *call);
	struct net_question *question;
	struct resolve_ask *ask;
	struct http_exchange *exchange;
};

void net_call_admitted(struct net_call *call);
/* Ends what it waits for and frees it; done is not called. */
void net_call_drop(struct net_call *call);

/* net_rate.c: goes on with net_call_rated when everything was taken. */
void net_rate_take(struct net_call *call);
void net_call_rated(struct net_call *call);

/* For the other files: waits, then goes on with `resume`; tells the person why. */
void net_call_wait(struct net_call *call, int64_t ms, const char *why,
		   void (*resume)(struct net_call *call));
void net_call_fail(struct net_call *call, const struct err *err);
/* A question whose answer comes with it; NULL: the call has failed (out of memory). */
struct net_question *net_call_ask(struct net_call *call);
/* The call that asked, or NULL. Frees the question. */
struct net_call *net_question_close(struct net_question *question);

#endif
