/* Rate limits, pauses and breakers, kept in the store for net/. */
#include "connector/keeper.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "net/limit.h"
#include "store/limit.h"

struct keeper {
	struct store *store;
	int units; /* under way */
	bool is_released;
};

/* One question or order on its way through the store. */
struct keep {
	struct keeper *keeper;
	char *scope, *state;
	struct net_rate rates[NET_RATES_MAX];
	size_t rate_count;
	int64_t wait_ms;
	void (*taken)(void *ctx, int64_t wait_ms, const struct err *err);
	void (*loaded)(void *ctx, const char *state, const struct err *err);
	void *ctx;
};

static void free_keep(struct keep *keep)
{
	free(keep->scope);
	free(keep->state);
	free(keep);
}

static struct keep *new_keep(struct keeper *keeper, const char *scope)
{
	struct keep *keep = calloc(1, sizeof(*keep));

	if (keep == NULL)
		return NULL;
	keep->keeper = keeper;
	keep->scope = str_dup(scope);
	if (keep->scope != NULL)
		return keep;
	free(keep);
	return NULL;
}

static void unit_ended(struct keeper *keeper)
{
	if (--keeper->units == 0 && keeper->is_released)
		free(keeper);
}

static bool submit(struct keep *keep, enum store_mode mode, store_work_fn *work,
		   store_done_fn *done, struct err *err)
{
	if (!store_submit(keep->keeper->store, mode, work, done, keep, err)) {
		free_keep(keep);
		return false;
	}
	keep->keeper->units++;
	return true;
}

/* --- take --- */

static bool work_take(struct store_tx *tx, void *arg, struct err *err)
{
	struct keep *keep = arg;
	int64_t now = clock_wall_ms();
	struct buf next = BUF_INIT;
	char *state = NULL;
	bool fine = limit_state_get(tx, keep->scope, &state, err);

	if (fine)
		keep->wait_ms = limit_take(state, keep->rates, keep->rate_count, now, &next);
	if (fine && keep->wait_ms == 0)
		fine = buf_ok(&next, err) &&
		       limit_state_set(tx, keep->scope, buf_text(&next), now, err);
	free(state);
	buf_fini(&next);
	return fine;
}

static void on_taken(void *arg, const struct err *err)
{
	struct keep *keep = arg;
	struct keeper *keeper = keep->keeper;

	keep->taken(keep->ctx, keep->wait_ms, err);
	free_keep(keep);
	unit_ended(keeper);
}

static void take(void *arg, const char *scope, const struct net_rate *rates, size_t count,
		 void (*answer)(void *ctx, int64_t wait_ms, const struct err *err), void *ctx)
{
	struct keep *keep = new_keep(arg, scope);
	struct err err = ERR_INIT;

	if (keep == NULL) {
		err_oom(&err);
		answer(ctx, 0, &err);
		return;
	}
	keep->taken = answer;
	keep->ctx = ctx;
	keep->rate_count = count < NET_RATES_MAX ? count : NET_RATES_MAX;
	memcpy(keep->rates, rates, keep->rate_count * sizeof(*rates));
	if (!submit(keep, STORE_WRITE, work_take, on_taken, &err))
		answer(ctx, 0, &err);
}

/* --- load and save --- */

static bool work_load(struct store_tx *tx, void *arg, struct err *err)
{
	struct keep *keep = arg;

	return limit_state_get(tx, keep->scope, &keep->state, err);
}

static void on_loaded(void *arg, const struct err *err)
{
	struct keep *keep = arg;
	struct keeper *keeper = keep->keeper;

	keep->loaded(keep->ctx, err->kind == ERR_NONE ? keep->state : NULL, err);
	free_keep(keep);
	unit_ended(keeper);
}

static void load(void *arg, const char *scope,
		 void (*answer)(void *ctx, const char *state, const struct err *err), void *ctx)
{
	struct keep *keep = new_keep(arg, scope);
	struct err err = ERR_INIT;

	if (keep == NULL) {
		err_oom(&err);
		answer(ctx, NULL, &err);
		return;
	}
	keep->loaded = answer;
	keep->ctx = ctx;
	if (!submit(keep, STORE_READ, work_load, on_loaded, &err))
		answer(ctx, NULL, &err);
}

static bool work_save(struct store_tx *tx, void *arg, struct err *err)
{
	struct keep *keep = arg;

	return limit_state_set(tx, keep->scope, keep->state, clock_wall_ms(), err);
}

/* A state that could not be saved is one that a restart does not know: the next answer tells anew.
 */
static void on_saved(void *arg, const struct err *err)
{
	struct keep *keep = arg;
	struct keeper *keeper = keep->keeper;

	(void)err;
	free_keep(keep);
	unit_ended(keeper);
}

static void save(void *arg, const char *scope, const char *state)
{
	struct keep *keep = new_keep(arg, scope);
	struct err ignored = ERR_INIT;

	if (keep == NULL)
		return;
	keep->state = str_dup(state);
	submit(keep, STORE_WRITE, work_save, on_saved, &ignored);
}

/* --- life --- */

struct keeper *keeper_new(struct store *store, struct err *err)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (keeper == NULL) {
		err_oom(err);
		return NULL;
	}
	keeper->store = store;
	return keeper;
}

struct net_keeper keeper_functions(struct keeper *keeper)
{
	return (struct net_keeper){ .arg = keeper, .take = take, .load = load, .save = save };
}

void keeper_release(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	keeper->is_released = true;
	if (keeper->units == 0)
		free(keeper);
}
