/* What all bindings share. */
#include "sandbox/lua/bind.h"

#include <stdio.h>
#include <string.h>

#define BUFFER "buffer"
#define ERROR "error"

void bind_type(lua_State *L, const char *name, const luaL_Reg *meta, const luaL_Reg *methods)
{
	luaL_newmetatable(L, name);
	luaL_setfuncs(L, meta, 0);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	if (methods != NULL) {
		lua_newtable(L);
		luaL_setfuncs(L, methods, 0);
		lua_setfield(L, -2, "__index");
	}
	lua_pop(L, 1);
}

void *bind_new(lua_State *L, const char *name, size_t size, int users)
{
	void *object = lua_newuserdatauv(L, size, users);

	memset(object, 0, size);
	luaL_setmetatable(L, name);
	return object;
}

/* --- buffers --- */

static int release_buf(lua_State *L)
{
	buf_fini(lua_touserdata(L, 1));
	return 0;
}

struct buf *bind_buf(lua_State *L)
{
	return bind_new(L, BUFFER, sizeof(struct buf), 0);
}

/* --- errors --- */

static int error_tostring(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_pushliteral(L, "message");
	if (lua_rawget(L, 1) != LUA_TSTRING)
		lua_pushliteral(L, "an error without a message");
	return 1;
}

void bind_push_err(lua_State *L, const struct err *err)
{
	lua_createtable(L, 0, 4);
	lua_pushstring(L, err_kind_info(err->kind)->name);
	lua_setfield(L, -2, "kind");
	lua_pushstring(L, err->message);
	lua_setfield(L, -2, "message");
	if (err->status != 0) {
		lua_pushinteger(L, err->status);
		lua_setfield(L, -2, "status");
	}
	if (err->retry_after_ms >= 0) {
		lua_pushinteger(L, err->retry_after_ms);
		lua_setfield(L, -2, "retry_after_ms");
	}
	if (err->stop) {
		lua_pushboolean(L, 1);
		lua_setfield(L, -2, "stop");
	}
	if (err->hint[0] != '\0') {
		lua_pushstring(L, err->hint);
		lua_setfield(L, -2, "hint");
	}
	luaL_setmetatable(L, ERROR);
}

int bind_raise(lua_State *L, const struct err *err)
{
	bind_push_err(L, err);
	return lua_error(L);
}

int bind_fail(lua_State *L, const struct err *err)
{
	lua_pushnil(L);
	bind_push_err(L, err);
	return 2;
}

/* Pushes the raw member of the table at 1. */
static int member(lua_State *L, const char *name)
{
	lua_pushstring(L, name);
	return lua_rawget(L, 1);
}

static void get_text(lua_State *L, const char *name, char *out, size_t size)
{
	if (member(L, name) == LUA_TSTRING)
		snprintf(out, size, "%s", lua_tostring(L, -1));
	lua_pop(L, 1);
}

static void get_table_err(lua_State *L, struct err *err)
{
	char kind[16] = "";

	get_text(L, "kind", kind, sizeof(kind));
	err_set(err, err_kind_by_name(kind), "an error without a message");
	if (err->kind == ERR_NONE)
		err->kind = ERR_BUG;
	get_text(L, "message", err->message, sizeof(err->message));
	get_text(L, "hint", err->hint, sizeof(err->hint));
	if (member(L, "status") == LUA_TNUMBER)
		err->status = (int)lua_tointeger(L, -1);
	if (member(L, "retry_after_ms") == LUA_TNUMBER)
		err->retry_after_ms = lua_tointeger(L, -1);
	member(L, "stop");
	err->stop = lua_toboolean(L, -1);
	lua_pop(L, 3);
}

static int get_err(lua_State *L)
{
	struct err *err = lua_touserdata(L, 2);

	if (lua_istable(L, 1))
		get_table_err(L, err);
	else if (lua_type(L, 1) == LUA_TSTRING)
		err_set(err, ERR_BUG, "%s", lua_tostring(L, 1));
	else
		err_set(err, ERR_BUG, "an error object that is a %s", luaL_typename(L, 1));
	return 0;
}

void bind_get_err(lua_State *L, int index, struct err *err)
{
	index = lua_absindex(L, index);
	if (!lua_checkstack(L, 3)) {
		err_oom(err);
		return;
	}
	lua_pushcfunction(L, get_err);
	lua_pushvalue(L, index);
	lua_pushlightuserdata(L, err);
	if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
		err_oom(err);
		lua_pop(L, 1);
	}
}

void bind_open(lua_State *L)
{
	static const luaL_Reg buffer_meta[] = { { "__gc", release_buf }, { NULL, NULL } };
	static const luaL_Reg error_meta[] = { { "__tostring", error_tostring }, { NULL, NULL } };

	bind_type(L, BUFFER, buffer_meta, NULL);
	bind_type(L, ERROR, error_meta, NULL);
}
