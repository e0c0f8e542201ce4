/* What a script gets by `require` and as `host`. */
#include "sandbox/lib/modules.h"

#include <lauxlib.h>

#include "base/str.h"
#include "sandbox/json/cjson_exact.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/readonly.h"
#include "sandbox/lua/vm.h"

/* By `require`. */
static const luaL_Reg modules[] = {
	{ "cjson", cjson_open },
	{ "cjson.safe", cjson_open_safe },
	{ "muster.core", lua_open_core },
	{ "muster.task", lua_open_task },
	{ NULL, NULL },
};

/* The fields of `host`. */
static const luaL_Reg primitives[] = {
	{ "crypto", lua_open_crypto },	   { "http", lua_open_http },
	{ "json", lua_open_json },	   { "log", lua_open_log },
	{ "progress", lua_open_progress }, { "store", lua_open_store },
	{ "time", lua_open_time },	   { NULL, NULL },
};

/* Keys of the registry: name -> text, name -> what require gave (false while it runs). */
#define TEXTS "muster.texts"
#define LOADED "muster.loaded"

void modules_open(lua_State *L)
{
	lua_newtable(L);
	lua_setfield(L, LUA_REGISTRYINDEX, TEXTS);
	lua_newtable(L);
	lua_setfield(L, LUA_REGISTRYINDEX, LOADED);
}

void modules_add_texts(lua_State *L, int list)
{
	lua_Integer count = luaL_len(L, list);

	lua_getfield(L, LUA_REGISTRYINDEX, TEXTS);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_geti(L, list, i);
		lua_getfield(L, -1, "name");
		lua_getfield(L, -2, "text");
		luaL_checktype(L, -2, LUA_TSTRING);
		luaL_checktype(L, -1, LUA_TSTRING);
		lua_settable(L, -4);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

/* muster.page is the text muster/page.lua; runs it. */
static void run_text(lua_State *L, const char *name, const char *text, size_t len)
{
	const char *path = luaL_gsub(L, name, ".", "/");
	const char *chunk = lua_pushfstring(L, "@%s.lua", path);

	if (vm_load_text(L, text, len, chunk) != LUA_OK)
		lua_error(L);
	lua_pushstring(L, name);
	lua_call(L, 1, 1);
}

static lua_CFunction find_module(const char *name)
{
	for (const luaL_Reg *at = modules; at->name != NULL; at++) {
		if (str_eq(at->name, name))
			return at->func;
	}
	return NULL;
}

/* Pushes what the module gives; raises when there is none of that name. */
static void run_module(lua_State *L, const char *name)
{
	lua_CFunction open = find_module(name);
	const char *text;
	size_t len;

	if (open != NULL) {
		lua_pushcfunction(L, open);
		lua_call(L, 0, 1);
		return;
	}
	lua_getfield(L, LUA_REGISTRYINDEX, TEXTS);
	if (lua_getfield(L, -1, name) != LUA_TSTRING)
		luaL_error(
			L,
			"there is no module '%s': a script can require cjson, cjson.safe and the "
			"modules of scripts/lib",
			name);
	text = lua_tolstring(L, -1, &len);
	run_text(L, name, text, len);
}

int modules_require(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	int type;

	lua_settop(L, 1);
	lua_getfield(L, LUA_REGISTRYINDEX, LOADED);
	type = lua_getfield(L, 2, name);
	if (type == LUA_TBOOLEAN && !lua_toboolean(L, -1))
		luaL_error(L, "module '%s' requires itself, directly or through another", name);
	if (type != LUA_TNIL)
		return 1;
	lua_pushboolean(L, 0);
	lua_setfield(L, 2, name);
	run_module(L, name);
	if (lua_isnil(L, -1))
		lua_pushboolean(L, 1);
	if (lua_istable(L, -1))
		readonly_wrap(L, name);
	lua_pushvalue(L, -1);
	lua_setfield(L, 2, name);
	return 1;
}

void modules_push_host(lua_State *L)
{
	lua_newtable(L);
	for (const luaL_Reg *at = primitives; at->name != NULL; at++) {
		lua_pushcfunction(L, at->func);
		lua_call(L, 0, 1);
		if (lua_istable(L, -1))
			readonly_wrap(L, at->name);
		lua_setfield(L, -2, at->name);
	}
}

static int open_host(lua_State *L)
{
	modules_push_host(L);
	return 1;
}

void modules_preload(lua_State *L)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
	luaL_setfuncs(L, modules, 0);
	lua_pushcfunction(L, open_host);
	lua_setfield(L, -2, "host");
	lua_pop(L, 1);
}
