/* Base functions that a script must not have as they are. */
#include <lauxlib.h>

#include "sandbox/json/cjson_exact.h"
#include "sandbox/limits.h"
#include "sandbox/lua/readonly.h"
#include "sandbox/lua/safe.h"
#include "sandbox/lua/vm.h"

enum { COMPILE_STEPS = 10 }; /* what a byte of a chunk costs, in instructions */

int safe_load(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	const char *name = luaL_optstring(L, 2, "=(load)");
	const char *mode = luaL_optstring(L, 3, "t");
	bool has_env = !lua_isnoneornil(L, 4);

	luaL_argcheck(L, mode[0] == 't' && mode[1] == '\0', 3, "only text (\"t\") can be loaded");
	if (len > SAFE_CHUNK_MAX)
		limits_raise(L, "load", (lua_Integer)len, SAFE_CHUNK_MAX, "bytes");
	limits_charge(L, (int64_t)len * COMPILE_STEPS);
	if (vm_load_text(L, text, len, name) != LUA_OK) {
		luaL_pushfail(L);
		lua_insert(L, -2);
		return 2;
	}
	if (has_env) {
		lua_pushvalue(L, 4);
		lua_setupvalue(L, -2, 1);
	}
	return 1;
}

int safe_rawset(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checkany(L, 2);
	luaL_checkany(L, 3);
	luaL_argcheck(L, !readonly_is_view(L, 1), 1, "a read-only table");
	lua_settop(L, 3);
	lua_rawset(L, 1);
	return 1;
}

static void check_metatable(lua_State *L)
{
	luaL_argcheck(L, !readonly_is_view(L, 2), 2, "a read-only table cannot be a metatable");
	lua_pushliteral(L, "__gc");
	if (lua_rawget(L, 2) != LUA_TNIL)
		luaL_error(L, "a metatable with __gc: scripts cannot have finalizers");
	lua_pop(L, 1);
}

int safe_setmetatable(lua_State *L)
{
	int type = lua_type(L, 2);

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL && !cjson_is_array(L, 1))
		return luaL_error(L, "cannot change a protected metatable");
	lua_settop(L, 2);
	if (cjson_is_array_mark(L, 2)) {
		cjson_push_array_mt(L);
		lua_replace(L, 2);
	} else if (type == LUA_TTABLE) {
		check_metatable(L);
	}
	lua_setmetatable(L, 1);
	return 1;
}
