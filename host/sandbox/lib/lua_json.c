/*
 * host.json - strict JSON: lua-cjson with settings of its own, checked for UTF-8, and a writer of a
 * stable form. `require "cjson"` is lua-cjson itself.
 */
#include <lauxlib.h>

#include "base/str.h"
#include "sandbox/json/cjson_exact.h"
#include "sandbox/json/json_write.h"
#include "sandbox/lib/body.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/bind.h"

enum { DEPTH_MAX = 200, SPARSE_RATIO = 2, SPARSE_SAFE = 1000 };

static int refuse(lua_State *L, const char *why)
{
	struct err err;

	err_set(&err, ERR_DATA, "JSON: %s", why);
	return bind_fail(L, &err);
}

/* Pushes the text of argument 1, a text or a body. */
static const char *push_input(lua_State *L, size_t *len)
{
	struct body *body;

	if (lua_type(L, 1) == LUA_TSTRING) {
		lua_pushvalue(L, 1);
	} else {
		body = body_check(L, 1);
		lua_pushlstring(L, buf_text(&body->bytes), body->bytes.len);
	}
	return lua_tolstring(L, -1, len);
}

/* decode(text or body) -> value | nil, err */
static int l_decode(lua_State *L)
{
	size_t len;
	const char *text;
	int status;

	lua_pushvalue(L, lua_upvalueindex(1));
	text = push_input(L, &len);
	if (!str_is_utf8(text, len))
		return refuse(L, "the text is not UTF-8");
	status = lua_pcall(L, 1, 1, 0);
	if (status == LUA_OK)
		return 1;
	if (status == LUA_ERRMEM)
		return lua_error(L);
	return refuse(L, luaL_tolstring(L, -1, NULL));
}

/* encode(value) -> text */
static int l_encode(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_settop(L, 1);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, 1, 1);
	return 1;
}

static int write_with(lua_State *L, bool is_pretty)
{
	struct buf *out;

	luaL_checkany(L, 1);
	out = bind_buf(L);
	json_write(L, 1, is_pretty, out);
	lua_pushlstring(L, buf_text(out), out->len);
	buf_fini(out);
	return 1;
}

/* canonical(value) -> text */
static int l_canonical(lua_State *L)
{
	return write_with(L, false);
}

/* pretty(value) -> text */
static int l_pretty(lua_State *L)
{
	return write_with(L, true);
}

/* Calls a setting of the cjson instance on top. */
static void set(lua_State *L, const char *name, int value)
{
	lua_getfield(L, -1, name);
	if (value < 0)
		lua_pushboolean(L, 0);
	else
		lua_pushinteger(L, value);
	lua_call(L, 1, 0);
}

/* Pushes an instance of lua-cjson whose settings nobody else can change. */
static void push_strict_cjson(lua_State *L)
{
	cjson_open(L);
	set(L, "decode_invalid_numbers", -1);
	set(L, "encode_invalid_numbers", -1);
	set(L, "decode_max_depth", DEPTH_MAX);
	set(L, "encode_max_depth", DEPTH_MAX);
	lua_getfield(L, -1, "encode_sparse_array");
	lua_pushboolean(L, 0);
	lua_pushinteger(L, SPARSE_RATIO);
	lua_pushinteger(L, SPARSE_SAFE);
	lua_call(L, 3, 0);
}

static void move_field(lua_State *L, const char *name)
{
	lua_getfield(L, -2, name);
	lua_setfield(L, -2, name);
}

static void wrap_field(lua_State *L, const char *name, lua_CFunction ours)
{
	lua_getfield(L, -2, name);
	lua_pushcclosure(L, ours, 1);
	lua_setfield(L, -2, name);
}

int lua_open_json(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "canonical", l_canonical },
		{ "pretty", l_pretty },
		{ NULL, NULL },
	};

	push_strict_cjson(L);
	luaL_newlib(L, functions);
	wrap_field(L, "decode", l_decode);
	wrap_field(L, "encode", l_encode);
	move_field(L, "null");
	move_field(L, "array_mt");
	return 1;
}
