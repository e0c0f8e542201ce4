/*
 * The gate of an account towards one host: how many at a time, pauses that the vendor asked for,
 * and the breaker. The last two are kept, so that a restart or a second process obeys them; a pause
 * is that of everybody who draws on the same budget.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "net/net_call.h"

enum { PAUSE_MAX_MS = 86400000 /* nobody asks for more than a day; a clock that jumped does */ };

/* --- concurrency --- */

static void on_admitted(void *arg)
{
	struct net_call *call = arg;

	call->timer = NULL;
	net_call_admitted(call);
}

static void take_place(struct net_gate *gate, struct net_call *call)
{
	gate->in_use++;
	call->is_admitted = true;
}

static bool begin_soon(struct net_call *call, struct err *err)
{
	call->timer = loop_timer_start(call->net->loop, 0, on_admitted, call);
	return call->timer != NULL || err_oom(err);
}

bool net_gate_enter(struct net_gate *gate, struct net_call *call, struct err *err)
{
	if (gate->in_use < gate->net->options.concurrent) {
		if (!begin_soon(call, err))
			return false;
		take_place(gate, call);
		return true;
	}
	call->is_waiting = true;
	call->next_waiting = NULL;
	*gate->waiting_tail = call;
	gate->waiting_tail = &call->next_waiting;
	return true;
}

static void unlink_waiting(struct net_gate *gate, struct net_call *call)
{
	struct net_call **at = &gate->waiting;

	while (*at != call)
		at = &(*at)->next_waiting;
	*at = call->next_waiting;
	if (*at == NULL)
		gate->waiting_tail = at;
	call->is_waiting = false;
}

void net_gate_leave(struct net_gate *gate, struct net_call *call)
{
	struct net_call *next;
	struct err err = ERR_INIT;

	if (call->is_waiting)
		unlink_waiting(gate, call);
	if (!call->is_admitted)
		return;
	call->is_admitted = false;
	gate->in_use--;
	next = gate->waiting;
	if (next == NULL || gate->net->is_closing)
		return;
	unlink_waiting(gate, next);
	take_place(gate, next);
	/* Failing it leaves the place it has to the next one. */
	if (!begin_soon(next, &err))
		net_call_fail(next, &err);
}

/* --- pauses --- */

/* What is kept need not be read before long: it is what we have. */
static void save(struct net_gate *gate, const char *scope, struct buf *text)
{
	const struct net_keeper *keeper = &gate->net->options.keeper;

	if (!text->failed)
		keeper->save(keeper->arg, scope, text->data);
	gate->fresh_until = clock_monotonic_ms() + NET_STATE_FRESH_MS;
	buf_fini(text);
}

static bool has_keeper(const struct net_gate *gate)
{
	return gate->net->options.keeper.save != NULL && !sabotage_is(SABOTAGE_FORGET_LIMITS);
}

void net_gate_pause(struct net_gate *gate, int64_t until)
{
	struct buf text = BUF_INIT;

	if (until <= gate->not_before)
		return;
	gate->not_before = until;
	if (!has_keeper(gate))
		return;
	buf_printf(&text, "%" PRId64 "\n", until);
	save(gate, gate->pause_scope, &text);
}

void net_gate_parse_pause(struct net_gate *gate, const char *state)
{
	int64_t until;

	if (str_next_int64(&state, &until) && until > gate->not_before &&
	    until - clock_wall_ms() <= PAUSE_MAX_MS)
		gate->not_before = until;
}

/* Seconds from now, or since 1970; -1 = no number. */
static int64_t reset_time(const char *text, int64_t now)
{
	int64_t seconds;

	if (text == NULL || !str_to_int64(text, &seconds) || seconds < 0)
		return -1;
	if (seconds > 1000000000)
		return seconds < INT64_MAX / 1000 ? seconds * 1000 : -1;
	return now + seconds * 1000;
}

static void note_quota(struct net_gate *gate, const struct net_quota *quota,
		       const struct net_reply *reply)
{
	const char *remaining = net_reply_header(reply, quota->remaining);
	int64_t now = clock_wall_ms(), left, until = -1;

	if (remaining == NULL || !str_to_int64(remaining, &left) || left > 0)
		return;
	if (quota->reset != NULL)
		until = reset_time(net_reply_header(reply, quota->reset), now);
	else if (quota->window_ms > 0)
		until = (now / quota->window_ms + 1) * quota->window_ms;
	if (until > now && until - now <= PAUSE_MAX_MS)
		net_gate_pause(gate, until);
}

void net_gate_note_reply(struct net_gate *gate, const struct net_reply *reply,
			 int64_t retry_after_ms)
{
	const struct net_options *options = &gate->net->options;

	for (size_t i = 0; i < options->quota_count; i++)
		note_quota(gate, &options->quotas[i], reply);
	if (retry_after_ms > 0 && (reply->status == 429 || reply->status == 503))
		net_gate_pause(gate,
			       clock_wall_ms() + (retry_after_ms < PAUSE_MAX_MS ? retry_after_ms
										: PAUSE_MAX_MS));
}

/* --- the breaker --- */

void net_gate_save_breaker(struct net_gate *gate)
{
	struct buf text = BUF_INIT;

	if (!has_keeper(gate))
		return;
	breaker_print(&gate->breaker, &text);
	save(gate, gate->scope, &text);
}

/* --- life --- */

static char *scope_of(const char *owner, const char *host, uint16_t port, const char *suffix)
{
	struct buf scope = BUF_INIT;

	buf_printf(&scope, "%s %s:%u%s", owner, host, port, suffix);
	return buf_take(&scope);
}

static struct net_gate *add(struct net *net, const char *host, uint16_t port)
{
	const struct net_options *options = &net->options;
	bool is_shared = sabotage_is(SABOTAGE_SHARED_BREAKER);
	struct net_gate *gate = calloc(1, sizeof(*gate));

	if (gate == NULL)
		return NULL;
	gate->scope = scope_of(is_shared ? "all" : options->account_id, host, port, "");
	gate->pause_scope = scope_of(options->budget_id, host, port, " pause");
	gate->host = str_dup(host);
	if (gate->scope == NULL || gate->pause_scope == NULL || gate->host == NULL) {
		net_gate_free(gate);
		return NULL;
	}
	gate->net = net;
	gate->port = port;
	gate->waiting_tail = &gate->waiting;
	breaker_init(&gate->breaker, options->tuning.breaker_ms);
	gate->next = net->gates;
	net->gates = gate;
	return gate;
}

struct net_gate *net_gate_find(struct net *net, const char *host, uint16_t port, struct err *err)
{
	struct net_gate *gate = net->gates;

	while (gate != NULL && (gate->port != port || !str_eq(gate->host, host)))
		gate = gate->next;
	if (gate == NULL)
		gate = add(net, host, port);
	if (gate == NULL)
		err_oom(err);
	return gate;
}

void net_gate_free(struct net_gate *gate)
{
	free(gate->scope);
	free(gate->pause_scope);
	free(gate->host);
	free(gate);
}
