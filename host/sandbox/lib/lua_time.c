/*
 * host.time - points in time as text and as milliseconds. Pure, but for now(): the session's start
 * as the host told it; there is no other clock.
 */
#include <lauxlib.h>

#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/bind.h"
#include "sandbox/map/time_text.h"

/* Key of the registry. */
#define NOW "muster.now"

void lua_set_now(lua_State *L, int index)
{
	lua_pushvalue(L, index);
	lua_setfield(L, LUA_REGISTRYINDEX, NOW);
}

/* Its address is the key of whether now() is forbidden; lua_open_time makes room for it. */
static const char forbidden_key;

void lua_forbid_now(lua_State *L, bool is_forbidden)
{
	lua_pushboolean(L, is_forbidden);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &forbidden_key);
}

static int refuse_text(lua_State *L, const char *text)
{
	struct err err;

	err_set(&err, ERR_DATA, "'%.64s' is no time that can be read", text);
	return bind_fail(L, &err);
}

static int refuse_year(lua_State *L)
{
	return luaL_argerror(L, 1, "years 1 to 9999");
}

/* parse(text) -> RFC 3339 text in UTC | nil, err */
static int l_parse(lua_State *L)
{
	char out[TIME_TEXT_SIZE];
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);

	if (!time_parse(text, len, out))
		return refuse_text(L, text);
	lua_pushstring(L, out);
	return 1;
}

/* epoch_ms(text) -> milliseconds since 1970 | nil, err */
static int l_epoch_ms(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	int64_t ms;

	if (!time_parse_ms(text, len, &ms))
		return refuse_text(L, text);
	lua_pushinteger(L, ms);
	return 1;
}

/* format(ms) -> RFC 3339 text in UTC */
static int l_format(lua_State *L)
{
	char out[TIME_TEXT_SIZE];

	if (!time_format_ms(luaL_checkinteger(L, 1), out))
		return refuse_year(L);
	lua_pushstring(L, out);
	return 1;
}

/* format_http(ms) -> RFC 1123 text, for headers */
static int l_format_http(lua_State *L)
{
	char out[TIME_TEXT_SIZE];

	if (!time_format_http(luaL_checkinteger(L, 1), out))
		return refuse_year(L);
	lua_pushstring(L, out);
	return 1;
}

/* now() -> RFC 3339 text: when the session started */
static int l_now(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &forbidden_key);
	if (lua_toboolean(L, -1))
		return luaL_error(L, "host.time.now: a row that comes again is not mapped again: "
				     "hand the time in with the rows, "
				     "out:emit(map, rows, { session = { now = api.now } })");
	if (lua_getfield(L, LUA_REGISTRYINDEX, NOW) == LUA_TNIL)
		return luaL_error(L, "host.time.now: there is no session while a connector loads");
	return 1;
}

int lua_open_time(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "parse", l_parse },	{ "epoch_ms", l_epoch_ms },
		{ "format", l_format }, { "format_http", l_format_http },
		{ "now", l_now },	{ NULL, NULL },
	};

	lua_forbid_now(L, false);
	luaL_newlib(L, functions);
	return 1;
}
