/* The Lua state as scripts see it. */
#include "sandbox/lua/vm.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/json/cjson_exact.h"
#include "sandbox/lib/body.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lib/modules.h"
#include "sandbox/limits.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/readonly.h"
#include "sandbox/lua/safe.h"

/*
 * Every name that a script can use, and nothing else. A function of ours stands in for Lua's, which
 * it gets as its upvalue; NULL means Lua's own.
 */
static const struct allowed {
	const char *library; /* "" = a global */
	const char *name;
	lua_CFunction ours;
} allowed[] = {
	{ "", "_VERSION", NULL },
	{ "", "assert", NULL },
	{ "", "error", NULL },
	{ "", "getmetatable", NULL },
	{ "", "ipairs", NULL },
	{ "", "load", safe_load },
	{ "", "next", NULL },
	{ "", "pairs", NULL },
	{ "", "pcall", NULL },
	{ "", "print", safe_print },
	{ "", "rawequal", NULL },
	{ "", "rawget", NULL },
	{ "", "rawlen", NULL },
	{ "", "rawset", safe_rawset },
	{ "", "require", modules_require },
	{ "", "select", NULL },
	{ "", "setmetatable", safe_setmetatable },
	{ "", "tonumber", NULL },
	{ "", "tostring", NULL },
	{ "", "type", NULL },
	{ "", "xpcall", NULL },
	{ "math", "abs", NULL },
	{ "math", "ceil", NULL },
	{ "math", "exp", NULL },
	{ "math", "floor", NULL },
	{ "math", "fmod", NULL },
	{ "math", "huge", NULL },
	{ "math", "log", NULL },
	{ "math", "max", NULL },
	{ "math", "maxinteger", NULL },
	{ "math", "min", NULL },
	{ "math", "mininteger", NULL },
	{ "math", "modf", NULL },
	{ "math", "pi", NULL },
	{ "math", "sqrt", NULL },
	{ "math", "tointeger", NULL },
	{ "math", "type", NULL },
	{ "math", "ult", NULL },
	{ "string", "byte", NULL },
	{ "string", "char", NULL },
	{ "string", "find", NULL },
	{ "string", "format", safe_format },
	{ "string", "gmatch", NULL },
	{ "string", "gsub", NULL },
	{ "string", "len", NULL },
	{ "string", "lower", NULL },
	{ "string", "match", NULL },
	{ "string", "rep", safe_rep },
	{ "string", "reverse", NULL },
	{ "string", "sub", NULL },
	{ "string", "upper", NULL },
	{ "table", "concat", safe_concat },
	{ "table", "insert", safe_insert },
	{ "table", "move", safe_move },
	{ "table", "pack", NULL },
	{ "table", "remove", safe_remove },
	{ "table", "sort", safe_sort },
	{ "table", "unpack", safe_unpack },
	{ "utf8", "char", NULL },
	{ "utf8", "charpattern", NULL },
	{ "utf8", "codepoint", NULL },
	{ "utf8", "codes", NULL },
	{ "utf8", "len", NULL },
	{ "utf8", "offset", NULL },
};

/* Its address is the key of the globals of scripts. */
static const char globals_key;

/* The real libraries stay where no script comes: in the state's own globals. */
static void open_libraries(lua_State *L)
{
	luaL_requiref(L, "_G", luaopen_base, 1);
	luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
	luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
	luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
	luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 1);
	lua_pop(L, 5);
}

/* Pushes the real value behind an entry, or ours with the real one as its upvalue. */
static void push_allowed(lua_State *L, const struct allowed *entry)
{
	if (entry->library[0] == '\0')
		lua_pushglobaltable(L);
	else
		lua_getglobal(L, entry->library);
	lua_getfield(L, -1, entry->name);
	lua_remove(L, -2);
	if (entry->ours != NULL)
		lua_pushcclosure(L, entry->ours, 1);
}

/* Copies the allowed members of one library into the table on top. */
static void copy_library(lua_State *L, const char *library)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (!str_eq(allowed[i].library, library))
			continue;
		push_allowed(L, &allowed[i]);
		lua_setfield(L, -2, allowed[i].name);
	}
}

/* ("x"):rep must find the same functions as string.rep, and nobody may change them. */
static void lock_string_metatable(lua_State *L)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

static void add_library(lua_State *L, const char *library)
{
	lua_newtable(L);
	copy_library(L, library);
	if (str_eq(library, LUA_STRLIBNAME))
		lock_string_metatable(L);
	readonly_wrap(L, library);
	lua_setfield(L, -2, library);
}

static int refuse_unknown(lua_State *L)
{
	return luaL_error(L, "there is no global '%s' in a script", luaL_tolstring(L, 2, NULL));
}

/* The globals: a read-only view; a name that is not there is an error, not nil. */
static void make_globals(lua_State *L)
{
	lua_newtable(L);
	copy_library(L, "");
	add_library(L, LUA_MATHLIBNAME);
	add_library(L, LUA_STRLIBNAME);
	add_library(L, LUA_TABLIBNAME);
	add_library(L, LUA_UTF8LIBNAME);
	modules_push_host(L);
	readonly_wrap(L, "host");
	lua_setfield(L, -2, "host");
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, refuse_unknown);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	readonly_wrap(L, "globals");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &globals_key);
}

void vm_open(lua_State *L)
{
	bind_open(L);
	body_open(L);
	cjson_install(L);
	open_libraries(L);
	modules_open(L);
	make_globals(L);
}

void vm_push_globals(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &globals_key);
}

int vm_load_text(lua_State *L, const char *text, size_t len, const char *name)
{
	int status = luaL_loadbufferx(L, text, len, name, "t");

	if (status != LUA_OK)
		return status;
	vm_push_globals(L);
	lua_setupvalue(L, -2, 1);
	return LUA_OK;
}

/* --- the host's calls --- */

/* load: what the texts are, and whom messages are about. */
static void prepare_load(lua_State *L, int args)
{
	struct limits *limits = limits_of(L);

	luaL_checktype(L, args, LUA_TTABLE);
	if (lua_getfield(L, args, "connector") == LUA_TSTRING && limits != NULL)
		snprintf(limits->connector, sizeof(limits->connector), "%s", lua_tostring(L, -1));
	if (lua_getfield(L, args, "libs") == LUA_TTABLE)
		modules_add_texts(L, lua_gettop(L));
	lua_pop(L, 2);
}

/* check and read: when the session started. */
static void note_now(lua_State *L, int args)
{
	if (lua_istable(L, args) && lua_getfield(L, args, "now") != LUA_TNIL)
		lua_set_now(L, -1);
	lua_settop(L, args);
}

void vm_push_handler(lua_State *L, int method, int args)
{
	const char *name = lua_tostring(L, method);

	if (str_eq(name, "load"))
		prepare_load(L, args);
	note_now(L, args);
	lua_pushcfunction(L, modules_require);
	lua_pushliteral(L, "muster.guest");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, name);
	lua_remove(L, -2);
	if (!lua_isfunction(L, -1))
		luaL_error(L, "muster.guest does not handle '%s'", name);
}
