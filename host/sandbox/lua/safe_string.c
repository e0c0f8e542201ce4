/* String and table functions whose work a script could make endless in one call. */
#include <lauxlib.h>

#include "sandbox/limits.h"
#include "sandbox/lua/safe.h"

/* Calls Lua's own function, the upvalue, with everything on the stack. */
static int call_own(lua_State *L)
{
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static void check_size(lua_State *L, const char *what, size_t size)
{
	if (size > SAFE_STRING_MAX)
		limits_raise(L, what, (lua_Integer)size, SAFE_STRING_MAX, "bytes");
}

int safe_rep(lua_State *L)
{
	size_t len, separator = 0;
	lua_Integer times;

	luaL_checklstring(L, 1, &len);
	times = luaL_checkinteger(L, 2);
	luaL_optlstring(L, 3, "", &separator);
	len += separator;
	if (times > SAFE_STRING_MAX) /* also of nothing: Lua would go through all of them */
		limits_raise(L, "string.rep", times, SAFE_STRING_MAX, "times");
	if (times > 0)
		check_size(L, "string.rep", len * (size_t)times);
	return call_own(L);
}

int safe_format(lua_State *L)
{
	size_t size = 0;

	for (int i = lua_gettop(L); i >= 1; i--)
		size += lua_type(L, i) == LUA_TSTRING ? lua_rawlen(L, i) : 0;
	check_size(L, "string.format", size);
	return call_own(L);
}

/* --- tables --- */

/* Is from..to a range of at most `limit` elements? The subtraction may wrap. */
static void check_range(lua_State *L, const char *what, lua_Integer from, lua_Integer to,
			lua_Integer limit)
{
	if (from <= to && (lua_Unsigned)to - (lua_Unsigned)from >= (lua_Unsigned)limit)
		limits_raise(L, what, (lua_Integer)((lua_Unsigned)to - (lua_Unsigned)from), limit,
			     "elements");
}

/*
 * Fixes the optional range at `index` and `index + 1` (1 to the length), so that a __len that
 * changes its mind is asked only once.
 */
static void fix_range(lua_State *L, int index, const char *what, lua_Integer limit)
{
	lua_Integer from = luaL_optinteger(L, index, 1);
	lua_Integer to;

	lua_settop(L, index + 1);
	to = lua_isnil(L, index + 1) ? luaL_len(L, 1) : luaL_checkinteger(L, index + 1);
	check_range(L, what, from, to, limit);
	lua_settop(L, index - 1);
	lua_pushinteger(L, from);
	lua_pushinteger(L, to);
}

int safe_concat(lua_State *L)
{
	luaL_checkany(L, 1);
	fix_range(L, 3, "table.concat", SAFE_RANGE_MAX);
	return call_own(L);
}

int safe_unpack(lua_State *L)
{
	luaL_checkany(L, 1);
	fix_range(L, 2, "table.unpack", SAFE_UNPACK_MAX);
	return call_own(L);
}

int safe_move(lua_State *L)
{
	lua_Integer from = luaL_checkinteger(L, 2);
	lua_Integer to = luaL_checkinteger(L, 3);

	check_range(L, "table.move", from, to, SAFE_RANGE_MAX);
	return call_own(L);
}

/* With its raw length a table cannot have more elements than the heap holds. */
static int call_on_honest(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL)
		luaL_argerror(L, 1, "a table without __len is needed here");
	return call_own(L);
}

int safe_insert(lua_State *L)
{
	return call_on_honest(L);
}

int safe_remove(lua_State *L)
{
	return call_on_honest(L);
}

int safe_sort(lua_State *L)
{
	return call_on_honest(L);
}
