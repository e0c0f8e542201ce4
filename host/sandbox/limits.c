/* What a script may use up. */
#include "sandbox/limits.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sabotage.h"
#include "sandbox/jail.h"
#include "sandbox/lua/bind.h"
#include "sandbox/task.h"

enum {
	CHECK_EVERY = 1000,		    /* instructions */
	CHECK_CPU_EVERY = 64 * CHECK_EVERY, /* a clock costs more than a count */
	RENEW_CPU_MS = 500,		    /* less than this is not worth a system call */
};

const char *limits_where(lua_State *L, char out[LIMITS_WHERE_SIZE])
{
	lua_Debug at;

	out[0] = '\0';
	for (int level = 0; lua_getstack(L, level, &at); level++) {
		lua_getinfo(L, "Sl", &at);
		if (at.currentline > 0) {
			snprintf(out, LIMITS_WHERE_SIZE, "%s:%d", at.short_src, at.currentline);
			break;
		}
	}
	return out;
}

static void set_err(const struct limits *limits, const char *where, const char *what,
		    struct err *err)
{
	bool is_known = limits != NULL && limits->connector[0] != '\0';

	err_set(err, ERR_OVER_LIMIT, "%s%s%s%s%s", what, is_known ? ", connector " : "",
		is_known ? limits->connector : "", where[0] != '\0' ? ", " : "", where);
}

static void __attribute__((noreturn))
end_job(struct limits *limits, const char *where, const char *what)
{
	struct err err;

	set_err(limits, where, what, &err);
	limits->over(limits->arg, &err);
}

int limits_raise(lua_State *L, const char *what, lua_Integer value, lua_Integer limit,
		 const char *unit)
{
	char where[LIMITS_WHERE_SIZE];
	char text[160];
	struct err err;

	snprintf(text, sizeof(text), "%s: %lld %s pass the limit of %lld", what, value, unit,
		 limit);
	set_err(limits_of(L), limits_where(L, where), text, &err);
	return bind_raise(L, &err);
}

/* --- memory --- */

/*
 * memory_max is for what lives: once a quarter more is in use, on_count collects and looks again.
 * Twice as much is never granted. Lua then collects and asks again before it gives up (but its
 * string buffers do not): only if that is refused too is the limit reached.
 */
static size_t collect_from(const struct limits *limits)
{
	return limits->memory_max + limits->memory_max / 4;
}

static size_t never_above(const struct limits *limits)
{
	return limits->memory_max * 2;
}

static void note_refusal(struct limits *limits, size_t size)
{
	if (limits->refused != 0)
		return;
	limits->refused = size;
	limits->refused_where[0] = '\0';
	if (limits->tasks != NULL && limits->tasks->running != NULL)
		limits_where(limits->tasks->running->co, limits->refused_where);
}

static void *allocate(void *arg, void *block, size_t old_size, size_t new_size)
{
	struct limits *limits = arg;
	size_t old = block != NULL ? old_size : 0; /* else it is a type, not a size */
	void *grown;

	if (new_size == 0) {
		free(block);
		limits->memory_used -= old;
		return NULL;
	}
	if (new_size > old && limits->memory_used + (new_size - old) > never_above(limits)) {
		note_refusal(limits, new_size);
		return NULL;
	}
	grown = realloc(block, new_size);
	if (grown == NULL)
		return NULL;
	limits->memory_used += new_size - old;
	if (new_size >= limits->refused)
		limits->refused = 0;
	return grown;
}

static void __attribute__((noreturn)) end_for_memory(struct limits *limits, const char *where)
{
	char what[80];

	snprintf(what, sizeof(what), "memory limit of %zu MiB reached", limits->memory_max >> 20);
	end_job(limits, where, what);
}

void limits_check(struct limits *limits)
{
	if (limits->refused != 0)
		end_for_memory(limits, limits->refused_where);
}

static void check_memory(lua_State *L, struct limits *limits)
{
	char where[LIMITS_WHERE_SIZE];

	limits_check(limits);
	if (limits->memory_used <= collect_from(limits))
		return;
	lua_gc(L, LUA_GCCOLLECT);
	if (limits->memory_used > limits->memory_max)
		end_for_memory(limits, limits_where(L, where));
}

/* --- instructions --- */

static void check_steps(lua_State *L, struct limits *limits)
{
	char where[LIMITS_WHERE_SIZE];
	char what[80];

	if (limits->steps <= limits->steps_max)
		return;
	snprintf(what, sizeof(what), "limit of %lld million instructions without the host reached",
		 (long long)limits->steps_max / 1000000);
	if (sabotage_is(SABOTAGE_HOOK_NOT_STICKY)) {
		limits->steps = 0;
		luaL_error(L, "%s", what);
	}
	end_job(limits, limits_where(L, where), what);
}

static void check_cpu(lua_State *L, struct limits *limits)
{
	char where[LIMITS_WHERE_SIZE];
	char what[80];

	if (limits->cpu_max_ms == 0 || jail_cpu_ms() - limits->cpu_from_ms < limits->cpu_max_ms)
		return;
	snprintf(what, sizeof(what), "CPU limit of %lld s reached",
		 (long long)limits->cpu_max_ms / 1000);
	end_job(limits, limits_where(L, where), what);
}

static void on_count(lua_State *L, lua_Debug *at)
{
	struct limits *limits = limits_of(L);

	(void)at;
	limits->steps += CHECK_EVERY;
	check_memory(L, limits);
	check_steps(L, limits);
	if (limits->steps % CHECK_CPU_EVERY < CHECK_EVERY)
		check_cpu(L, limits);
}

void limits_charge(lua_State *L, int64_t steps)
{
	struct limits *limits = limits_of(L);

	if (limits == NULL)
		return;
	limits->steps += steps;
	check_steps(L, limits);
}

void limits_renew(struct limits *limits)
{
	int64_t now = jail_cpu_ms();
	struct err err;

	limits->steps = 0;
	if (limits->cpu_max_ms == 0 || now - limits->cpu_from_ms < RENEW_CPU_MS)
		return;
	limits->cpu_from_ms = now;
	jail_allow_cpu((int)(limits->cpu_max_ms / 1000), &err);
}

void limits_watch(lua_State *L)
{
	lua_sethook(L, on_count, LUA_MASKCOUNT, CHECK_EVERY);
}

lua_State *limits_new_state(struct limits *limits)
{
	return lua_newstate(allocate, limits);
}

struct limits *limits_of(lua_State *L)
{
	void *arg;

	return lua_getallocf(L, &arg) == allocate ? arg : NULL;
}
