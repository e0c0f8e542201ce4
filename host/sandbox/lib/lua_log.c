/*
 * host.log, host.progress and print - what a script says. All of it goes to the host as events; the
 * host redacts and escapes. What comes faster than people can use it is left out here, and counted.
 */
#include <lauxlib.h>
#include <string.h>

#include "base/clock.h"
#include "sandbox/guest.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/limits.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/safe.h"

enum {
	SECOND_MS = 1000,
	LOG_BYTES_A_SECOND = 64 * 1024,
	SAY_MAX = 8 * 1024, /* a longer one is cut */
	SAY_STEPS = 100,    /* what a line costs, in instructions, also one that is left out */
	PROGRESS_EVERY_MS = 100,
};

/* Its address is the key of the state's rate. */
static const char rate_key;

struct rate {
	int64_t second_ms; /* when the second under way began */
	size_t used;	   /* bytes logged in it */
	int left_out;	   /* lines */
	int64_t progress_ms;
};

static struct rate *rate_of(lua_State *L)
{
	struct rate *rate;

	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &rate_key) == LUA_TNIL) {
		lua_pop(L, 1);
		rate = lua_newuserdatauv(L, sizeof(*rate), 0);
		*rate = (struct rate){ .progress_ms = -PROGRESS_EVERY_MS };
		lua_rawsetp(L, LUA_REGISTRYINDEX, &rate_key);
		lua_rawgetp(L, LUA_REGISTRYINDEX, &rate_key);
	}
	rate = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return rate;
}

/* --- log --- */

static void send_line(lua_State *L, const char *level, const char *text, size_t len)
{
	struct buf *args = bind_buf(L);

	value_put_map(args, 2);
	value_put_str(args, "level");
	value_put_str(args, level);
	value_put_str(args, "text");
	value_put_bytes(args, text, len);
	guest_event(L, "log", args);
	lua_pop(L, 1);
}

static void begin_second(lua_State *L, struct rate *rate, int64_t now)
{
	const char *note;

	rate->second_ms = now;
	rate->used = 0;
	if (rate->left_out == 0)
		return;
	note = lua_pushfstring(L, "%d lines left out: more than %d KiB a second", rate->left_out,
			       LOG_BYTES_A_SECOND / 1024);
	rate->left_out = 0;
	send_line(L, "warn", note, strlen(note));
	lua_pop(L, 1);
}

void lua_log_top(lua_State *L, const char *level)
{
	struct rate *rate = rate_of(L);
	int64_t now = clock_monotonic_ms();
	size_t len;
	const char *text = lua_tolstring(L, -1, &len);

	limits_charge(L, SAY_STEPS);
	if (now - rate->second_ms >= SECOND_MS)
		begin_second(L, rate, now);
	if (len > SAY_MAX)
		len = SAY_MAX;
	if (rate->used + len > LOG_BYTES_A_SECOND) {
		rate->left_out++;
		return;
	}
	rate->used += len + 1;
	send_line(L, level, text, len);
}

/* One argument is the text; with more, the first is a format as of string.format. */
static int say_format(lua_State *L, const char *level)
{
	luaL_checkstring(L, 1);
	if (lua_gettop(L) > 1) {
		lua_getglobal(L, "string");
		lua_getfield(L, -1, "format");
		lua_replace(L, -2);
		lua_insert(L, 1);
		lua_call(L, lua_gettop(L) - 1, 1);
	}
	lua_log_top(L, level);
	return 0;
}

/* error(format, ...) */
static int l_error(lua_State *L)
{
	return say_format(L, "error");
}

/* warn(format, ...) */
static int l_warn(lua_State *L)
{
	return say_format(L, "warn");
}

/* info(format, ...) */
static int l_info(lua_State *L)
{
	return say_format(L, "info");
}

/* debug(format, ...) */
static int l_debug(lua_State *L)
{
	return say_format(L, "debug");
}

int safe_print(lua_State *L)
{
	int count = lua_gettop(L);
	luaL_Buffer text;

	luaL_checkstack(L, count + LUA_MINSTACK, "print");
	for (int i = 1; i <= count; i++) {
		luaL_tolstring(L, i, NULL);
		lua_replace(L, i);
	}
	luaL_buffinit(L, &text);
	for (int i = 1; i <= count; i++) {
		if (i > 1)
			luaL_addchar(&text, '\t');
		lua_pushvalue(L, i);
		luaL_addvalue(&text);
	}
	luaL_pushresult(&text);
	lua_log_top(L, "info");
	return 0;
}

int lua_open_log(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "error", l_error }, { "warn", l_warn }, { "info", l_info },
		{ "debug", l_debug }, { NULL, NULL },
	};

	luaL_newlib(L, functions);
	return 1;
}

/* --- progress --- */

static void put_count(lua_State *L, struct buf *args, const char *name, int index)
{
	value_put_str(args, name);
	if (lua_isnoneornil(L, index))
		value_put_nil(args);
	else
		value_put_int(args, lua_tointeger(L, index));
}

/* progress(done [, total [, label]]) */
static int l_progress(lua_State *L)
{
	lua_Integer done = luaL_checkinteger(L, 1);
	lua_Integer total = luaL_optinteger(L, 2, -1);
	const char *label = luaL_optstring(L, 3, NULL);
	struct rate *rate = rate_of(L);
	int64_t now = clock_monotonic_ms();
	struct buf *args;

	if (done != total && now - rate->progress_ms < PROGRESS_EVERY_MS)
		return 0;
	rate->progress_ms = now;
	args = bind_buf(L);
	value_put_map(args, 3);
	put_count(L, args, "done", 1);
	put_count(L, args, "total", 2);
	value_put_str(args, "label");
	value_put_str(args, label);
	guest_event(L, "progress", args);
	return 0;
}

int lua_open_progress(lua_State *L)
{
	lua_pushcfunction(L, l_progress);
	return 1;
}
