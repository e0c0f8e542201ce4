/*
 * muster.task - several calls of a function at once.
 *
 * map() starts up to n workers, each a task that takes the next element when it has finished one.
 * The first error cancels the other workers and is raised where map was called.
 */
#include <lauxlib.h>
#include <stdlib.h>

#include "sandbox/guest_loop.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/bind.h"
#include "sandbox/task.h"

#define MAP "map"

enum { WORKERS_MAX = 64 };

/* Arguments of a worker, and its stack. */
enum { AT_MAP = 1, AT_LIST, AT_FUNCTION, AT_RESULTS, AT_INDEX };

/* Lives on the stack of the task that called map, which outlives the workers. */
struct map {
	struct task *parent;
	struct task *workers[WORKERS_MAX]; /* NULL = ended */
	int running;
	lua_Integer next, count;
	bool has_failed;
};

static void forget_worker(struct map *map, const struct task *worker)
{
	for (int i = 0; i < WORKERS_MAX; i++) {
		if (map->workers[i] == worker) {
			map->workers[i] = NULL;
			map->running--;
			return;
		}
	}
}

static void cancel_workers(struct map *map)
{
	for (int i = 0; i < WORKERS_MAX; i++) {
		struct task *worker = map->workers[i];

		if (worker == NULL)
			continue;
		map->workers[i] = NULL;
		map->running--;
		task_cancel(worker);
	}
}

static void parent_cancelled(struct task *parent)
{
	cancel_workers(parent->waits_for);
}

/* The error of a worker becomes what its parent is resumed with. */
static void worker_ended(struct task *worker, int status)
{
	struct map *map = worker->owner;

	forget_worker(map, worker);
	if (status != LUA_OK) {
		map->has_failed = true;
		cancel_workers(map);
		if (lua_checkstack(map->parent->co, 1)) {
			lua_xmove(worker->co, map->parent->co, 1);
			map->parent->arguments = 1;
		}
	}
	if (map->running == 0)
		task_wake(map->parent);
}

static int take_next(lua_State *L, int status, lua_KContext ctx);

/* fn(element, index) has returned. */
static int keep_one(lua_State *L, int status, lua_KContext ctx)
{
	lua_rawseti(L, AT_RESULTS, lua_tointeger(L, AT_INDEX));
	lua_settop(L, AT_RESULTS);
	return take_next(L, status, ctx);
}

static int take_next(lua_State *L, int status, lua_KContext ctx)
{
	struct map *map = (struct map *)ctx;

	(void)status;
	while (map->next <= map->count) {
		lua_Integer index = map->next++;

		lua_pushinteger(L, index);
		lua_pushvalue(L, AT_FUNCTION);
		lua_geti(L, AT_LIST, index);
		lua_pushinteger(L, index);
		lua_callk(L, 2, 1, ctx, keep_one);
		lua_rawseti(L, AT_RESULTS, index);
		lua_settop(L, AT_RESULTS);
	}
	return 0;
}

static int run_worker(lua_State *L)
{
	return take_next(L, LUA_OK, (lua_KContext)lua_touserdata(L, AT_MAP));
}

/* Called with copies of a worker's arguments and the number of workers. */
static int start_workers(lua_State *L)
{
	struct map *map = lua_touserdata(L, AT_MAP);
	lua_Integer workers = lua_tointeger(L, AT_INDEX);

	for (int i = 0; i < workers && i < map->count; i++) {
		lua_pushcfunction(L, run_worker);
		for (int at = AT_MAP; at <= AT_RESULTS; at++)
			lua_pushvalue(L, at);
		map->workers[i] = task_spawn(map->parent->tasks, L, AT_RESULTS, worker_ended, map);
		map->running++;
	}
	return 0;
}

static int map_ended(lua_State *L, int status, lua_KContext ctx)
{
	struct map *map = (struct map *)ctx;

	(void)status;
	map->parent->cancelled = NULL;
	if (map->has_failed)
		return lua_gettop(L) > AT_RESULTS ? lua_error(L)
						  : luaL_error(L, "a task failed without memory");
	lua_settop(L, AT_RESULTS);
	return 1;
}

/* task.map(n, list, fn) -> list of the results of fn(element, index), in order */
static int l_map(lua_State *L)
{
	lua_Integer workers = luaL_checkinteger(L, 1);
	struct task *parent = task_check(L);
	struct map *map;

	luaL_argcheck(L, workers >= 1 && workers <= WORKERS_MAX, 1, "1 to 64 at a time");
	luaL_checktype(L, 3, LUA_TFUNCTION);
	lua_settop(L, 3);
	map = bind_new(L, MAP, sizeof(*map), 0);
	lua_replace(L, AT_MAP);
	*map = (struct map){ .parent = parent, .next = 1, .count = luaL_len(L, AT_LIST) };
	lua_createtable(L, 0, 0);
	if (map->count <= 0)
		return 1;
	lua_pushcfunction(L, start_workers);
	for (int at = AT_MAP; at <= AT_RESULTS; at++)
		lua_pushvalue(L, at);
	lua_pushinteger(L, workers);
	if (lua_pcall(L, AT_INDEX, 0, 0) != LUA_OK) {
		cancel_workers(map);
		return lua_error(L);
	}
	parent->waits_for = map;
	parent->cancelled = parent_cancelled;
	return lua_yieldk(L, 0, (lua_KContext)map, map_ended);
}

int lua_open_task(lua_State *L)
{
	static const luaL_Reg meta[] = { { NULL, NULL } };
	static const luaL_Reg functions[] = { { "map", l_map }, { NULL, NULL } };

	bind_type(L, MAP, meta, NULL);
	luaL_newlib(L, functions);
	return 1;
}
