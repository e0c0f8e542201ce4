/* Wire values as Lua values. */
#include "sandbox/lua/wire_lua.h"

#include <lauxlib.h>
#include <string.h>

#include "sandbox/json/cjson_exact.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/readonly.h"
#include "sandbox/lua/table_kind.h"

/* --- out --- */

static bool put_at(lua_State *L, int depth, struct buf *out, struct err *err);

static bool put_list(lua_State *L, size_t count, int depth, struct buf *out, struct err *err)
{
	value_put_list(out, count);
	for (size_t i = 1; i <= count; i++) {
		lua_rawgeti(L, -1, (lua_Integer)i);
		if (!put_at(L, depth + 1, out, err))
			return err_context(err, "[%zu]", i);
		lua_pop(L, 1);
	}
	return true;
}

static bool put_map(lua_State *L, size_t count, int depth, struct buf *out, struct err *err)
{
	size_t len;
	const char *key;

	value_put_map(out, count);
	lua_pushnil(L);
	while (lua_next(L, -2) != 0) {
		if (lua_type(L, -2) != LUA_TSTRING)
			return err_set(err, ERR_BUG,
				       "a key that is a %s: only texts and 1..n can be sent",
				       luaL_typename(L, -2));
		key = lua_tolstring(L, -2, &len);
		value_put_bytes(out, key, len);
		if (!put_at(L, depth + 1, out, err))
			return err_context(err, "%s", key);
		lua_pop(L, 1);
	}
	return true;
}

static bool put_table(lua_State *L, int depth, struct buf *out, struct err *err)
{
	size_t count;
	bool is_list;

	if (depth >= VALUE_DEPTH_MAX)
		return err_set(err, ERR_BUG, "nested deeper than %d levels", VALUE_DEPTH_MAX);
	readonly_unwrap(L, -1);
	is_list = table_is_list(L, &count);
	if (!(is_list ? put_list : put_map)(L, count, depth, out, err))
		return false;
	lua_pop(L, 1);
	return true;
}

static void put_number(lua_State *L, struct buf *out)
{
	if (lua_isinteger(L, -1))
		value_put_int(out, lua_tointeger(L, -1));
	else
		value_put_double(out, lua_tonumber(L, -1));
}

/* Appends the value on top. On failure the stack is left as it is; the caller resets it. */
static bool put_at(lua_State *L, int depth, struct buf *out, struct err *err)
{
	size_t len;
	const char *text;

	if (!lua_checkstack(L, 6))
		return err_oom(err);
	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		value_put_nil(out);
		return true;
	case LUA_TBOOLEAN:
		value_put_bool(out, lua_toboolean(L, -1));
		return true;
	case LUA_TNUMBER:
		put_number(L, out);
		return true;
	case LUA_TSTRING:
		text = lua_tolstring(L, -1, &len);
		value_put_bytes(out, text, len);
		return true;
	case LUA_TTABLE:
		return put_table(L, depth, out, err);
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(L, -1) == NULL) {
			value_put_nil(out);
			return true;
		}
	}
	return err_set(err, ERR_BUG, "a %s cannot be sent", luaL_typename(L, -1));
}

bool wire_from_lua(lua_State *L, int index, struct buf *out, struct err *err)
{
	int top = lua_gettop(L);
	bool fine;

	index = lua_absindex(L, index);
	if (!lua_checkstack(L, 1))
		return err_oom(err);
	lua_pushvalue(L, index);
	fine = put_at(L, 1, out, err) && buf_ok(out, err);
	lua_settop(L, top);
	return fine;
}

/* --- in --- */

static void push_at(lua_State *L, struct value_cursor *cursor, int depth);

static void next(lua_State *L, struct value_cursor *cursor, struct value_head *head)
{
	struct err err;

	if (!value_next(cursor, head, &err))
		bind_raise(L, &err);
}

static void push_list(lua_State *L, struct value_cursor *cursor, size_t count, int depth)
{
	lua_createtable(L, (int)count, 0);
	cjson_push_array_mt(L);
	lua_setmetatable(L, -2);
	for (size_t i = 1; i <= count; i++) {
		push_at(L, cursor, depth + 1);
		lua_rawseti(L, -2, (lua_Integer)i);
	}
}

static void push_map(lua_State *L, struct value_cursor *cursor, size_t count, int depth)
{
	struct value_head key;

	lua_createtable(L, 0, (int)count);
	for (size_t i = 0; i < count; i++) {
		next(L, cursor, &key);
		if (key.type != VALUE_BYTES)
			luaL_error(L, "damaged value: a key that is no text");
		lua_pushlstring(L, key.bytes, key.len);
		push_at(L, cursor, depth + 1);
		lua_rawset(L, -3);
	}
}

static void push_at(lua_State *L, struct value_cursor *cursor, int depth)
{
	struct value_head head;

	if (depth > VALUE_DEPTH_MAX)
		luaL_error(L, "damaged value: deeper than %d levels", VALUE_DEPTH_MAX);
	luaL_checkstack(L, 4, "damaged value");
	next(L, cursor, &head);
	switch (head.type) {
	case VALUE_NIL:
		lua_pushnil(L);
		break;
	case VALUE_FALSE:
	case VALUE_TRUE:
		lua_pushboolean(L, head.type == VALUE_TRUE);
		break;
	case VALUE_INT:
		lua_pushinteger(L, head.i);
		break;
	case VALUE_DOUBLE:
		lua_pushnumber(L, head.d);
		break;
	case VALUE_BYTES:
		lua_pushlstring(L, head.bytes, head.len);
		break;
	case VALUE_LIST:
		push_list(L, cursor, head.count, depth);
		break;
	case VALUE_MAP:
		push_map(L, cursor, head.count, depth);
		break;
	}
}

void wire_push_lua(lua_State *L, struct value_cursor *cursor)
{
	push_at(L, cursor, 1);
}
