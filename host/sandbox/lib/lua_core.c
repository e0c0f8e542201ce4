/*
 * muster.core - what the Lua side of the connector contract needs of C: calls to the host, pages,
 * the evaluator of mappings. For scripts/lib/muster, not for connectors: it offers nothing that
 * those could not do through their api.
 */
#include <lauxlib.h>

#include "sandbox/emit/emit.h"
#include "sandbox/guest.h"
#include "sandbox/json/cjson_exact.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lib/lua_page.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/wire_lua.h"
#include "sandbox/map/lua_map.h"

/* A buffer on the stack with the value at `index`. */
static struct buf *encode(lua_State *L, const char *name, int index)
{
	struct buf *args = bind_buf(L);
	struct err err;

	if (!wire_from_lua(L, index, args, &err)) {
		err_context(&err, "%s", name);
		bind_raise(L, &err);
	}
	return args;
}

static int answered(lua_State *L, int status, lua_KContext ctx)
{
	(void)L;
	(void)status;
	(void)ctx;
	return 1;
}

/* method, args -> the host's result; raises its error */
static int l_call(lua_State *L)
{
	const char *method = luaL_checkstring(L, 1);
	struct buf *args = encode(L, method, 2);

	return guest_ask(L, method, args, 0, answered);
}

/* name, args: tells the host, does not wait */
static int l_event(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	struct buf *args = encode(L, name, 2);

	guest_event(L, name, args);
	return 0;
}

/* list -> the same list, which stays a list for the host when it is empty */
static int l_array(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	cjson_push_array_mt(L);
	lua_setmetatable(L, 1);
	return 1;
}

/* { kind, message, hint, status ... }: raises it as an error of ours */
static int l_raise(lua_State *L)
{
	struct err err;

	luaL_checktype(L, 1, LUA_TTABLE);
	bind_get_err(L, 1, &err);
	return bind_raise(L, &err);
}

int lua_open_core(lua_State *L)
{
	static const luaL_Reg functions[] = { { "call", l_call },	  { "event", l_event },
					      { "array", l_array },	  { "raise", l_raise },
					      { "map", lua_map_compile }, { NULL, NULL } };

	lua_page_open(L);
	lua_map_open(L);
	emit_open(L);
	luaL_newlib(L, functions);
	luaL_setfuncs(L, page_functions, 0);
	luaL_setfuncs(L, emit_functions, 0);
	return 1;
}
