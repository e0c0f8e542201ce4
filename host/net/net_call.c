/* A call on its way: from its place at the gate through its attempts to its end. */
#include "net/net_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sabotage.h"

/* --- waiting for something, and the end --- */

static void stop_waiting(struct net_call *call)
{
	loop_timer_close(call->timer);
	resolver_cancel(call->ask);
	if (call->exchange != NULL)
		http_cancel(call->exchange);
	if (call->question != NULL)
		call->question->call = NULL;
	call->timer = NULL;
	call->ask = NULL;
	call->exchange = NULL;
	call->question = NULL;
}

/* Out of the account's lists; nothing of the net is touched through this call any more. */
static void detach(struct net_call *call)
{
	stop_waiting(call);
	if (call->is_probe)
		breaker_forget(&call->gate->breaker);
	if (call->prev != NULL)
		call->prev->next = call->next;
	else
		call->net->calls = call->next;
	if (call->next != NULL)
		call->next->prev = call->prev;
	net_gate_leave(call->gate, call);
}

static void free_call(struct net_call *call)
{
	policy_url_fini(&call->url);
	if (!sabotage_is(SABOTAGE_LEAK_REQUESTS))
		net_blocks_fini(&call->blocks);
	free(call);
}

void net_call_drop(struct net_call *call)
{
	detach(call);
	free_call(call);
}

/* done may close the net: it is the last that happens but for the freeing of the call. */
static void end(struct net_call *call, struct net_reply *reply, const struct err *err)
{
	detach(call);
	call->done(call->arg, reply, err);
	free_call(call);
}

static void name_request(const struct net_call *call, struct err *err)
{
	err_context(err, "%s https://%s%s", call->request.method, call->url.host, call->url.path);
}

void net_call_fail(struct net_call *call, const struct err *err)
{
	struct err named = *err;

	name_request(call, &named);
	end(call, NULL, &named);
}

static void on_waited(void *arg)
{
	struct net_call *call = arg;

	call->timer = NULL;
	call->resume(call);
}

void net_call_wait(struct net_call *call, int64_t ms, const char *why,
		   void (*resume)(struct net_call *call))
{
	const struct net_options *options = &call->net->options;
	struct err err = ERR_INIT;

	call->resume = resume;
	call->timer = loop_timer_start(call->net->loop, ms, on_waited, call);
	if (call->timer == NULL) {
		err_oom(&err);
		net_call_fail(call, &err);
	} else if (options->waiting != NULL && ms > 0) {
		options->waiting(options->waiting_arg, why, ms);
	}
}

struct net_question *net_call_ask(struct net_call *call)
{
	struct net_question *question = calloc(1, sizeof(*question));
	struct err err = ERR_INIT;

	if (question == NULL) {
		err_oom(&err);
		net_call_fail(call, &err);
		return NULL;
	}
	question->call = call;
	call->question = question;
	return question;
}

struct net_call *net_question_close(struct net_question *question)
{
	struct net_call *call = question->call;

	if (call != NULL)
		call->question = NULL;
	free(question);
	return call;
}

/* --- the end of an attempt --- */

static void pass_gate(struct net_call *call);

static void next_attempt(struct net_call *call)
{
	call->rate_index = 0;
	pass_gate(call);
}

static bool is_absence(const struct net_call *call, int status)
{
	for (size_t i = 0; i < call->request.absent_count; i++) {
		if (call->request.absent[i] == status)
			return true;
	}
	return false;
}

static bool is_success(const struct net_call *call, int status)
{
	return (status >= 200 && status < 300) || is_absence(call, status);
}

static int64_t retry_after(const struct net_reply *reply)
{
	return retry_after_parse(net_reply_header(reply, "Retry-After"),
				 net_reply_header(reply, "Date"), clock_wall_ms());
}

static struct retry_attempt attempt_of(const struct net_call *call,
				       const struct http_result *result)
{
	const struct net_options *options = &call->net->options;

	return (struct retry_attempt){
		.number = call->attempts,
		.class = result->class,
		.is_idempotent = call->request.is_idempotent && !call->is_probe,
		.retry_after_ms = result->err.retry_after_ms,
		.base_ms = options->tuning.retry_base_ms,
		.is_hopeless = options->is_test && result->reply.status == 0,
	};
}

static struct retry_decision decide(struct net_call *call, const struct http_result *result)
{
	const struct retry_attempt attempt = attempt_of(call, result);
	struct net *net = call->net;

	return retry_decide(&attempt, &net->budget, clock_wall_ms(), net_chance(net));
}

static void tell_attempt(const struct net_call *call, const struct http_result *result,
			 bool will_retry)
{
	const struct net_request *request = &call->request;
	const struct net_attempt attempt = {
		.number = call->attempts,
		.method = request->method,
		.url = call->url.text,
		.headers = request->headers,
		.header_count = request->header_count,
		.body = request->body,
		.body_len = request->body_len,
		.reply = result->reply.status != 0 ? &result->reply : NULL,
		.err = &result->err,
		.will_retry = will_retry,
	};

	if (request->attempted != NULL)
		request->attempted(call->arg, &attempt);
}

static void save_budget(struct net *net)
{
	const struct net_keeper *keeper = &net->options.keeper;
	struct buf text = BUF_INIT;

	if (keeper->save == NULL)
		return;
	retry_budget_print(&net->budget, &text);
	if (!text.failed)
		keeper->save(keeper->arg, net->retry_scope, text.data);
	buf_fini(&text);
}

/* What the breaker learns: an answer of any kind is a host that works, a refusal of ours nothing.
 */
static void report(struct net_call *call, const struct http_result *result)
{
	struct breaker *breaker = &call->gate->breaker;
	bool failed = result->class == RETRY_TRANSPORT || result->class == RETRY_TRUNCATED;

	if (!failed && result->reply.status == 0)
		return;
	if (result->class == RETRY_THROTTLED && !call->is_probe)
		return;
	if (breaker_report(breaker, failed, clock_wall_ms()))
		net_gate_save_breaker(call->gate);
	call->is_probe = false;
}

static void retry(struct net_call *call, const struct http_result *result, int64_t wait_ms)
{
	const struct retry_attempt attempt = attempt_of(call, result);
	int next = call->attempts + 1, max = retry_attempts_max(&attempt);
	char why[160];

	if (result->reply.status != 0)
		snprintf(why, sizeof(why), "attempt %d of %d after HTTP %d", next, max,
			 result->reply.status);
	else
		snprintf(why, sizeof(why), "attempt %d of %d after %.120s", next, max,
			 result->err.message);
	save_budget(call->net);
	net_call_wait(call, wait_ms, why, next_attempt);
}

static void give_up(struct net_call *call, struct http_result *result,
		    const struct retry_decision *decision)
{
	struct err *err = &result->err;

	report(call, result);
	if (decision->verdict == RETRY_RESCHEDULE)
		err->kind = ERR_THROTTLED;
	if (decision->why != NULL)
		err_context(err, "%s", decision->why);
	if (err->kind != ERR_NONE)
		name_request(call, err);
	result->reply.attempts = call->attempts;
	end(call, result->reply.status != 0 ? &result->reply : NULL, err);
}

static void on_exchanged(void *arg, struct http_result *result)
{
	struct net_call *call = arg;
	struct net_reply *reply = &result->reply;
	struct retry_decision decision;

	call->exchange = NULL;
	reply->attempts = call->attempts;
	if (reply->status != 0 && !is_success(call, reply->status)) {
		result->class =
			http_fault_of_status(reply, call->net->options.redact, &result->err);
		result->err.retry_after_ms = retry_after(reply);
	}
	if (reply->status != 0)
		net_gate_note_reply(call->gate, reply, result->err.retry_after_ms);
	decision = decide(call, result);
	tell_attempt(call, result, decision.verdict == RETRY_AGAIN);
	if (decision.verdict == RETRY_AGAIN)
		retry(call, result, decision.wait_ms);
	else
		give_up(call, result, &decision);
}

/* --- sending --- */

/* Whom to connect to: the proxy, the place an administrator named for this host, or the host. */
struct peer {
	const char *host;
	uint16_t port;
	bool is_named; /* by the administrator, whose word allows its address */
	const struct resolve_route *route;
};

static struct peer find_peer(const struct net_call *call)
{
	const struct net *net = call->net;
	struct peer peer = { .host = call->url.host, .port = call->url.port };

	peer.route = resolve_route_find(net->routes, net->route_count, peer.host, peer.port);
	if (net->options.proxy != NULL) {
		peer.host = net->proxy.host;
		peer.port = net->proxy.port;
		peer.is_named = true;
	} else if (peer.route != NULL) {
		if (peer.route->to_port != 0)
			peer.port = peer.route->to_port;
		/* A route may name nothing but another port. */
		peer.is_named = peer.route->to_host[0] != '\0';
		if (peer.is_named)
			peer.host = peer.route->to_host;
	}
	return peer;
}

/* Credentials of this attempt. They are checked again: what they are made of is not ours. */
static bool sign(struct net_call *call, struct err *err)
{
	const struct net_request *request = &call->request;
	const char *authority = call->url.text + strlen("https://");
	char host[POLICY_HOST_MAX + sizeof("[]:65535")];
	const struct net_sending sending = {
		.method = request->method,
		.host = host,
		.path = call->url.path,
		.query = call->url.query != NULL ? call->url.query : "",
		.body = request->body,
		.body_len = request->body_len,
	};

	if (request->sign == NULL)
		return true;
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(authority, "/?"), authority);
	if (!request->sign(request->sign_arg, &sending, err))
		return false;
	for (size_t i = 0; i < request->credential_count; i++) {
		if (!policy_check_credential(&request->credentials[i], err))
			return false;
	}
	return true;
}

static void send_to(struct net_call *call, const struct peer *peer,
		    const struct loop_addresses *addresses)
{
	const struct net_request *request = &call->request;
	const struct http_request exchange = {
		.method = request->method,
		.url = &call->url,
		.headers = request->headers,
		.header_count = request->header_count,
		.credentials = request->credentials,
		.credential_count = request->credential_count,
		.certificate = request->certificate,
		.body = request->body,
		.body_len = request->body_len,
		.max_body_bytes = request->max_body_bytes,
		.is_idempotent = request->is_idempotent,
		.route = peer->route,
		.peer_host = peer->host,
		.peer_port = peer->port,
		.pinned = *addresses,
	};
	struct err err = ERR_INIT;

	call->attempts++;
	if (sign(call, &err))
		call->exchange = http_start(call->net->http, &exchange, on_exchanged, call, &err);
	if (call->exchange == NULL)
		net_call_fail(call, &err);
}

static void on_resolved(void *arg, const struct loop_addresses *addresses, const struct err *err)
{
	struct net_call *call = arg;
	struct loop_addresses allowed;
	struct http_result failed = { .class = RETRY_TRANSPORT };
	struct err refused = ERR_INIT;
	const struct peer peer = find_peer(call);

	call->ask = NULL;
	if (addresses == NULL) {
		call->attempts++;
		failed.err = *err;
		if (call->net->options.proxy != NULL)
			err_context(&failed.err, "proxy %s", call->net->options.proxy);
		on_exchanged(call, &failed);
		return;
	}
	/* While this one waited for a rate or a name, the vendor may have asked another to wait. */
	if (call->gate->not_before > clock_wall_ms()) {
		next_attempt(call);
		return;
	}
	allowed = *addresses;
	if (!peer.is_named && !resolve_filter(&call->net->policy, peer.host, &allowed, &refused))
		net_call_fail(call, &refused);
	else
		send_to(call, &peer, &allowed);
}

void net_call_rated(struct net_call *call)
{
	struct err err = ERR_INIT;
	const struct peer peer = find_peer(call);

	call->ask =
		resolver_ask(call->net->resolver, peer.host, peer.port, on_resolved, call, &err);
	if (call->ask == NULL)
		net_call_fail(call, &err);
}

/* --- the gate --- */

static void fail_waiting(struct net_call *call, enum err_kind kind, const char *why,
			 int64_t wait_ms)
{
	struct err err = ERR_INIT;

	err_set(&err, kind, "%s (next try in %lld s)", why, (long long)((wait_ms + 999) / 1000));
	if (kind == ERR_NET)
		err_hint(&err, "wait, or try at once: muster check");
	err.retry_after_ms = wait_ms;
	net_call_fail(call, &err);
}

/* A test probes at once, and asks its further questions while the first is under way. */
static bool breaker_passes(struct net_call *call, int64_t now, int64_t *wait_ms)
{
	struct breaker *breaker = &call->gate->breaker;
	bool is_test = call->net->options.is_test;

	if (is_test)
		breaker_end_pause(breaker, now);
	return breaker_allows(breaker, now, wait_ms) || is_test;
}

static void pass_gate(struct net_call *call)
{
	struct net_gate *gate = call->gate;
	int64_t now = clock_wall_ms(), wait_ms = gate->not_before - now;

	if (wait_ms > call->net->options.tuning.pause_max_ms) {
		fail_waiting(call, ERR_THROTTLED, "the vendor asked to be left alone", wait_ms);
		return;
	}
	if (wait_ms > 0) {
		net_call_wait(call, wait_ms, "the vendor asked to wait", pass_gate);
		return;
	}
	if (!call->is_probe) {
		if (!breaker_passes(call, now, &wait_ms)) {
			fail_waiting(call, ERR_NET, "the host failed too often and is left alone",
				     wait_ms);
			return;
		}
		call->is_probe = gate->breaker.is_probing;
	}
	net_rate_take(call);
}

/* --- kept state --- */

static void on_pause_loaded(void *ctx, const char *state, const struct err *err)
{
	struct net_call *call = net_question_close(ctx);

	if (call == NULL)
		return;
	if (err->kind == ERR_NONE && state != NULL)
		net_gate_parse_pause(call->gate, state);
	call->gate->fresh_until = clock_monotonic_ms() + NET_STATE_FRESH_MS;
	pass_gate(call);
}

static void load_kept(struct net_call *call, const char *scope,
		      void (*loaded)(void *ctx, const char *state, const struct err *err))
{
	const struct net_keeper *keeper = &call->net->options.keeper;
	struct net_question *question = net_call_ask(call);

	if (question != NULL)
		keeper->load(keeper->arg, scope, loaded, question);
}

static void on_breaker_loaded(void *ctx, const char *state, const struct err *err)
{
	struct net_call *call = net_question_close(ctx);

	if (call == NULL)
		return;
	if (err->kind == ERR_NONE && state != NULL)
		breaker_parse(&call->gate->breaker, state);
	load_kept(call, call->gate->pause_scope, on_pause_loaded);
}

static void load_gate(struct net_call *call)
{
	if (call->net->options.keeper.load == NULL ||
	    clock_monotonic_ms() < call->gate->fresh_until)
		pass_gate(call);
	else
		load_kept(call, call->gate->scope, on_breaker_loaded);
}

static void on_budget_loaded(void *ctx, const char *state, const struct err *err)
{
	struct net_call *call = net_question_close(ctx);

	if (call == NULL)
		return;
	if (err->kind == ERR_NONE && state != NULL && !call->net->has_loaded_budget)
		retry_budget_parse(&call->net->budget, state);
	call->net->has_loaded_budget = true;
	load_gate(call);
}

void net_call_admitted(struct net_call *call)
{
	limit_window_add(&call->net->budget.requests, clock_wall_ms());
	if (call->net->options.keeper.load == NULL || call->net->has_loaded_budget)
		load_gate(call);
	else
		load_kept(call, call->net->retry_scope, on_budget_loaded);
}
