/* Taking from the rates of a call: those of its endpoint one by one, then those of all. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/net_call.h"

enum { ASK_AGAIN_MAX_MS = 60000 /* a long wait is looked at again now and then */ };

static struct net_scope *find_scope(struct net *net, const char *name)
{
	struct net_scope *scope = net->scopes;

	while (scope != NULL && !str_eq(scope->name, name))
		scope = scope->next;
	if (scope != NULL)
		return scope;
	scope = calloc(1, sizeof(*scope));
	if (scope == NULL)
		return NULL;
	scope->name = str_dup(name);
	if (scope->name == NULL) {
		free(scope);
		return NULL;
	}
	scope->next = net->scopes;
	net->scopes = scope;
	return scope;
}

/* Where no keeper does it. */
static bool take_here(struct net *net, const char *name, const struct net_rate *rates, size_t count,
		      int64_t *wait_ms)
{
	struct net_scope *scope = find_scope(net, name);
	struct buf next = BUF_INIT;
	char *state;

	if (scope == NULL)
		return false;
	*wait_ms = limit_take(scope->state, rates, count, clock_wall_ms(), &next);
	state = buf_take(&next);
	if (state == NULL)
		return false;
	free(scope->state);
	scope->state = state;
	return true;
}

static void taken(struct net_call *call, int64_t wait_ms)
{
	struct err err = ERR_INIT;

	if (wait_ms <= 0) {
		call->rate_index++;
		net_rate_take(call);
		return;
	}
	if (wait_ms > RETRY_WAIT_MAX_MS) {
		err_set(&err, ERR_THROTTLED, "rate limit used up");
		err.retry_after_ms = wait_ms;
		net_call_fail(call, &err);
		return;
	}
	net_call_wait(call, wait_ms < ASK_AGAIN_MAX_MS ? wait_ms : ASK_AGAIN_MAX_MS, "rate limit",
		      net_rate_take);
}

static void on_taken(void *ctx, int64_t wait_ms, const struct err *err)
{
	struct net_call *call = net_question_close(ctx);

	if (call == NULL)
		return;
	if (err->kind != ERR_NONE)
		net_call_fail(call, err);
	else
		taken(call, wait_ms);
}

static void take(struct net_call *call, const char *scope, const struct net_rate *rates,
		 size_t count)
{
	const struct net_keeper *keeper = &call->net->options.keeper;
	struct net_question *question;
	struct err err = ERR_INIT;
	int64_t wait_ms;

	if (keeper->take == NULL) {
		if (take_here(call->net, scope, rates, count, &wait_ms)) {
			taken(call, wait_ms);
		} else {
			err_oom(&err);
			net_call_fail(call, &err);
		}
		return;
	}
	question = net_call_ask(call);
	if (question != NULL)
		keeper->take(keeper->arg, scope, rates, count, on_taken, question);
}

static void take_endpoint(struct net_call *call, const struct net_endpoint_rate *rate)
{
	struct buf scope = BUF_INIT;
	struct err err = ERR_INIT;

	buf_printf(&scope, "%s %s %s%s", call->net->options.budget_id, rate->call.method,
		   rate->call.base_url, rate->call.path);
	if (buf_ok(&scope, &err))
		take(call, scope.data, &rate->rate, 1);
	else
		net_call_fail(call, &err);
	buf_fini(&scope);
}

void net_rate_take(struct net_call *call)
{
	const struct net_options *options = &call->net->options;

	for (; call->rate_index < options->endpoint_rate_count; call->rate_index++) {
		const struct net_endpoint_rate *rate = &options->endpoint_rates[call->rate_index];

		if (policy_call_matches(&rate->call, call->request.method, &call->url)) {
			take_endpoint(call, rate);
			return;
		}
	}
	if (call->rate_index == options->endpoint_rate_count && options->rate_count > 0)
		take(call, options->budget_id, options->rates, options->rate_count);
	else
		net_call_rated(call);
}
