/* Clients of the virtual world. */
#include "fixture_virtual_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "fixture_virtual.h"
#include "net/limit.h"

/* --- chance --- */

uint64_t chance_draw(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random * 0x2545f4914f6cdd1dULL >> 16;
}

int64_t chance_below(uint64_t *random, int64_t limit)
{
	return (int64_t)(chance_draw(random) % (uint64_t)limit);
}

bool chance_hits(uint64_t *random, int percent)
{
	return chance_below(random, 100) < percent;
}

/* --- what outlives a client --- */

static char **state_of(struct kept *kept, const char *scope)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (str_eq(kept->at[i].scope, scope))
			return &kept->at[i].state;
	}
	if (kept->count == KEPT_MAX)
		abort();
	snprintf(kept->at[kept->count].scope, sizeof(kept->at[0].scope), "%s", scope);
	return &kept->at[kept->count++].state;
}

static void keep(char **state, const char *text)
{
	free(*state);
	*state = str_dup(text);
}

void kept_fini(struct kept *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		free(kept->at[i].state);
	kept->count = 0;
}

static void on_take(void *arg, const char *scope, const struct net_rate *rates, size_t count,
		    void (*answer)(void *ctx, int64_t wait_ms, const struct err *err), void *ctx)
{
	char **state = state_of(arg, scope);
	const struct err none = ERR_INIT;
	struct buf next = BUF_INIT;
	int64_t wait_ms = limit_take(*state, rates, count, virtual_now_ms(), &next);

	keep(state, next.data);
	buf_fini(&next);
	answer(ctx, wait_ms, &none);
}

static void on_load(void *arg, const char *scope,
		    void (*answer)(void *ctx, const char *state, const struct err *err), void *ctx)
{
	const struct err none = ERR_INIT;

	answer(ctx, *state_of(arg, scope), &none);
}

static void on_save(void *arg, const char *scope, const char *state)
{
	keep(state_of(arg, scope), state);
}

/* --- clients --- */

struct net *virtual_client(const char *account, struct kept *kept, uint64_t seed,
			   const struct net_rate *rate)
{
	const struct net_options options = {
		.account_id = account,
		.rates = rate,
		.rate_count = rate != NULL,
		.keeper = { .arg = kept, .take = on_take, .load = on_load, .save = on_save },
		.tuning = { .seed = seed | 1, .resolve = virtual_resolve },
	};
	struct err err = ERR_INIT;
	struct net *net = net_open(NULL, &options, &err);

	if (net == NULL) {
		fprintf(stderr, "%s\n", err.message);
		exit(EXIT_FAILURE);
	}
	return net;
}

void virtual_send(struct net *net, int64_t number, bool is_post, net_done_fn *done, void *arg)
{
	static const char *const hosts[] = { "api.vendor.test" };
	static const struct net_allowed_call calls[] = {
		{ .method = "GET", .base_url = "https://api.vendor.test", .path = "/{call}" },
		{ .method = "POST", .base_url = "https://api.vendor.test", .path = "/{call}" },
	};
	static const struct net_allow allow = { hosts, 1, calls, 2 };
	struct err err = ERR_INIT;
	char url[64];
	const struct net_request request = { .method = is_post ? "POST" : "GET",
					     .url = url,
					     .allow = &allow };

	snprintf(url, sizeof(url), "https://api.vendor.test/%" PRId64, number);
	if (net_send(net, &request, done, arg, &err) == NULL) {
		fprintf(stderr, "%s\n", err.message);
		exit(EXIT_FAILURE);
	}
}

int64_t virtual_number(const char *path)
{
	return strtoll(path + 1, NULL, 10);
}
