/* A keeper of limits in memory. */
#include "fixture_keeper.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/limit.h"
#include "unit.h"

struct answer {
	void (*taken)(void *ctx, int64_t wait_ms, const struct err *err);
	void (*loaded)(void *ctx, const char *state, const struct err *err);
	void *ctx;
	int64_t wait_ms;
	char *state;
	struct err err;
};

static char **find_text(struct fixture_keeper *keeper, const char *scope)
{
	for (size_t i = 0; i < keeper->count; i++) {
		if (str_eq(keeper->kept[i].scope, scope))
			return &keeper->kept[i].text;
	}
	assert_true(keeper->count < FIXTURE_SCOPES_MAX);
	snprintf(keeper->kept[keeper->count].scope, sizeof(keeper->kept[0].scope), "%s", scope);
	return &keeper->kept[keeper->count++].text;
}

static void deliver(void *arg)
{
	struct answer *answer = arg;

	if (answer->taken != NULL)
		answer->taken(answer->ctx, answer->wait_ms, &answer->err);
	else
		answer->loaded(answer->ctx, answer->state, &answer->err);
	free(answer->state);
	free(answer);
}

static void reply(struct fixture_keeper *keeper, struct answer answer)
{
	struct answer *copy = malloc(sizeof(*copy));

	assert_non_null(copy);
	*copy = answer;
	copy->err = ERR_INIT;
	if (keeper->fails)
		err_set(&copy->err, ERR_STORE, "disk full");
	if (keeper->is_immediate)
		deliver(copy);
	else
		loop_timer_start(keeper->loop, 0, deliver, copy);
}

static void take(void *arg, const char *scope, const struct net_rate *rates, size_t count,
		 void (*answer)(void *ctx, int64_t wait_ms, const struct err *err), void *ctx)
{
	struct fixture_keeper *keeper = arg;
	char **text = find_text(keeper, scope);
	struct buf next = BUF_INIT;
	int64_t wait_ms = limit_take(*text, rates, count, clock_wall_ms(), &next);

	free(*text);
	*text = buf_take(&next);
	reply(keeper, (struct answer){ .taken = answer, .ctx = ctx, .wait_ms = wait_ms });
}

static void load(void *arg, const char *scope,
		 void (*answer)(void *ctx, const char *state, const struct err *err), void *ctx)
{
	struct fixture_keeper *keeper = arg;
	char *text = str_dup(*find_text(keeper, scope));

	reply(keeper, (struct answer){ .loaded = answer, .ctx = ctx, .state = text });
}

static void save(void *arg, const char *scope, const char *state)
{
	fixture_keep(arg, scope, state);
}

void fixture_keep(struct fixture_keeper *keeper, const char *scope, const char *text)
{
	char **kept = find_text(keeper, scope);

	free(*kept);
	*kept = str_dup(text);
}

const char *fixture_kept(struct fixture_keeper *keeper, const char *scope)
{
	return *find_text(keeper, scope);
}

void fixture_keeper_init(struct fixture_keeper *keeper, struct fixture_client *client)
{
	*keeper = (struct fixture_keeper){ .loop = client->servers->loop };
	client->options.keeper = (struct net_keeper){ keeper, take, load, save };
}

void fixture_keeper_fini(struct fixture_keeper *keeper)
{
	for (size_t i = 0; i < keeper->count; i++)
		free(keeper->kept[i].text);
}
