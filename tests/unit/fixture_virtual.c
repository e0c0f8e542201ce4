/* A world in virtual time: a heap of timers, and exchanges that are timers, too. */
#include "fixture_virtual.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct loop_timer {
	int64_t at_ms;
	uint64_t order; /* of two at the same time the older comes first */
	loop_timer_fn *fire;
	void *arg;
	bool is_closed;
};

struct http_exchange {
	struct loop_timer *timer;
	http_done_fn *done;
	void *arg;
	char path[64];
	struct virtual_answer answer;
};

static struct {
	int64_t now_ms;
	uint64_t order;
	struct loop_timer **heap;
	size_t count, size;
	const struct virtual_vendor *vendor;
} world;

/* --- time --- */

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(size_t a, size_t b)
{
	struct loop_timer *kept = world.heap[a];

	world.heap[a] = world.heap[b];
	world.heap[b] = kept;
}

static void push(struct loop_timer *timer)
{
	size_t at = world.count;

	if (world.count == world.size) {
		world.size = world.size * 2 + 64;
		world.heap = realloc(world.heap, world.size * sizeof(struct loop_timer *));
		if (world.heap == NULL)
			abort();
	}
	world.heap[world.count++] = timer;
	for (; at > 0 && is_before(world.heap[at], world.heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(at, (at - 1) / 2);
}

static struct loop_timer *pop(void)
{
	struct loop_timer *first = world.heap[0];
	size_t at = 0;

	world.heap[0] = world.heap[--world.count];
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < world.count && is_before(world.heap[child + 1], world.heap[child]))
			child++;
		if (child >= world.count || !is_before(world.heap[child], world.heap[at]))
			return first;
		swap(at, child);
		at = child;
	}
}

void virtual_begin(int64_t wall_ms, const struct virtual_vendor *vendor)
{
	while (world.count > 0)
		free(pop());
	world.now_ms = wall_ms;
	world.vendor = vendor;
}

int64_t virtual_now_ms(void)
{
	return world.now_ms;
}

bool virtual_step(void)
{
	struct loop_timer *timer;

	if (world.count == 0)
		return false;
	timer = pop();
	if (!timer->is_closed) {
		world.now_ms = timer->at_ms;
		timer->fire(timer->arg);
	}
	free(timer);
	return true;
}

void virtual_http_date(int64_t wall_ms, char out[40])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

int64_t __wrap_clock_wall_ms(void)
{
	return world.now_ms;
}

int64_t __wrap_clock_monotonic_ms(void)
{
	return world.now_ms;
}

struct loop_timer *__wrap_loop_timer_start(struct loop *loop, int64_t delay_ms, loop_timer_fn *fire,
					   void *arg)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	(void)loop;
	if (timer == NULL)
		abort();
	*timer = (struct loop_timer){
		.at_ms = world.now_ms + delay_ms, .order = world.order++, .fire = fire, .arg = arg
	};
	push(timer);
	return timer;
}

void __wrap_loop_timer_close(struct loop_timer *timer)
{
	if (timer != NULL)
		timer->is_closed = true;
}

/* --- exchanges --- */

struct http *__wrap_http_new(struct loop *loop, const struct http_options *options, struct err *err)
{
	(void)loop;
	(void)options;
	(void)err;
	return calloc(1, 1);
}

void __wrap_http_free(struct http *http)
{
	free(http);
}

static void finish(void *arg)
{
	struct http_exchange *exchange = arg;
	struct virtual_answer *answer = &exchange->answer;
	struct net_header headers[2];
	struct http_result result = { .class = answer->class };
	struct net_reply *reply = &result.reply;

	reply->status = answer->status;
	reply->headers = headers;
	if (answer->retry_after[0] != '\0')
		headers[reply->header_count++] =
			(struct net_header){ "Retry-After", answer->retry_after };
	if (answer->date[0] != '\0')
		headers[reply->header_count++] = (struct net_header){ "Date", answer->date };
	if (answer->status == 0)
		err_set(&result.err, ERR_NET, "no answer");
	if (world.vendor->answered != NULL)
		world.vendor->answered(world.vendor->arg, exchange->path, answer);
	exchange->done(exchange->arg, &result);
	free(exchange);
}

struct http_exchange *__wrap_http_start(struct http *http, const struct http_request *request,
					http_done_fn *done, void *arg, struct err *err)
{
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));

	(void)http;
	(void)err;
	if (exchange == NULL)
		abort();
	exchange->done = done;
	exchange->arg = arg;
	snprintf(exchange->path, sizeof(exchange->path), "%s", request->url->path);
	exchange->answer = world.vendor->asked(world.vendor->arg, exchange->path);
	exchange->timer =
		__wrap_loop_timer_start(NULL, exchange->answer.latency_ms, finish, exchange);
	return exchange;
}

void __wrap_http_cancel(struct http_exchange *exchange)
{
	__wrap_loop_timer_close(exchange->timer);
	free(exchange);
}

/* --- names --- */

struct lookup {
	loop_resolved_fn *done;
	void *arg;
	uint16_t port;
};

static void found(void *arg)
{
	struct lookup lookup = *(struct lookup *)arg;
	struct loop_addresses addresses = { .count = 1 };
	struct sockaddr_in *address = (struct sockaddr_in *)&addresses.at[0];
	const struct err none = ERR_INIT;

	free(arg);
	address->sin_family = AF_INET;
	address->sin_port = htons(lookup.port);
	address->sin_addr.s_addr = htonl(0x08080808);
	lookup.done(lookup.arg, &addresses, &none);
}

bool virtual_resolve(struct loop *loop, const char *host, uint16_t port, loop_resolved_fn *done,
		     void *arg, struct err *err)
{
	struct lookup *lookup = malloc(sizeof(*lookup));

	(void)host;
	(void)err;
	if (lookup == NULL)
		abort();
	*lookup = (struct lookup){ done, arg, port };
	__wrap_loop_timer_start(loop, 0, found, lookup);
	return true;
}
