/* Read-only views of tables. */
#include "sandbox/lua/readonly.h"

#include <lauxlib.h>

/* Its address is the key, in a view's metatable, of the real table. */
static const char real_key;

static int refuse_write(lua_State *L)
{
	return luaL_error(L, "'%s' is read-only: a script cannot change '%s' in it",
			  lua_tostring(L, lua_upvalueindex(1)), luaL_tolstring(L, 2, NULL));
}

/* The real table is an upvalue: a script that calls pairs itself must not get hold of it. */
static int next_pair(lua_State *L)
{
	lua_settop(L, 2);
	if (lua_next(L, lua_upvalueindex(1)) != 0)
		return 2;
	lua_pushnil(L);
	return 1;
}

static int pairs_of_view(lua_State *L)
{
	readonly_unwrap(L, 1);
	lua_pushcclosure(L, next_pair, 1);
	lua_pushvalue(L, 1);
	return 2;
}

static int length_of_view(lua_State *L)
{
	readonly_unwrap(L, 1);
	lua_pushinteger(L, luaL_len(L, -1));
	return 1;
}

void readonly_wrap(lua_State *L, const char *name)
{
	static const luaL_Reg meta[] = {
		{ "__pairs", pairs_of_view },
		{ "__len", length_of_view },
		{ NULL, NULL },
	};
	int real = lua_gettop(L);

	lua_newtable(L);
	luaL_newlib(L, meta);
	lua_pushvalue(L, real);
	lua_setfield(L, -2, "__index");
	lua_pushvalue(L, real);
	lua_rawsetp(L, -2, &real_key);
	lua_pushstring(L, name);
	lua_pushcclosure(L, refuse_write, 1);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_replace(L, real);
}

bool readonly_is_view(lua_State *L, int index)
{
	bool is;

	if (!lua_getmetatable(L, index))
		return false;
	is = lua_rawgetp(L, -1, &real_key) == LUA_TTABLE;
	lua_pop(L, 2);
	return is;
}

void readonly_unwrap(lua_State *L, int index)
{
	lua_pushvalue(L, index);
	if (!lua_getmetatable(L, -1))
		return;
	if (lua_rawgetp(L, -1, &real_key) == LUA_TTABLE)
		lua_replace(L, -3);
	else
		lua_pop(L, 1);
	lua_pop(L, 1);
}
