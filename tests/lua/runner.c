/*
 * Runs busted inside plain Lua 5.4 that has our modules in C: the same lua-cjson, scanner and
 * mapping as in the sandbox, without its limits and without a host.
 *
 * usage: lua_runner MODULE-PATH BUSTED-ARGUMENTS...
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/json/cjson_exact.h"
#include "sandbox/lib/body.h"
#include "sandbox/lib/modules.h"
#include "sandbox/lua/bind.h"

static const char run_busted[] = "require 'busted.runner' ({ standalone = false })";

/* Without a host there are no tasks: one after the other does as well. */
static const char task_stand_in[] = "package.preload['muster.task'] = function()\n"
				    "  return { map = function(_, list, fn)\n"
				    "    local results = {}\n"
				    "    for i = 1, #list do results[i] = fn(list[i], i) end\n"
				    "    return results\n"
				    "  end }\n"
				    "end\n"
				    "host = require 'host'\n";

/* body(text) -> an answer's body that holds the text: for specs that scan one. */
static int l_body(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);

	body_push_copy(L, text, len);
	return 1;
}

static void open_ours(lua_State *L)
{
	bind_open(L);
	body_open(L);
	cjson_install(L);
	modules_preload(L);
	lua_register(L, "body", l_body);
	*(void **)lua_getextraspace(L) = NULL;
	luaL_dostring(L, task_stand_in);
}

static void set_path(lua_State *L, const char *ours)
{
	lua_getglobal(L, "package");
	lua_getfield(L, -1, "path");
	lua_pushfstring(L, "%s;%s", ours, lua_tostring(L, -1));
	lua_setfield(L, -3, "path");
	lua_pop(L, 2);
}

static void set_arguments(lua_State *L, int argc, char **argv)
{
	lua_newtable(L);
	lua_pushstring(L, argv[0]);
	lua_rawseti(L, -2, 0);
	for (int i = 2; i < argc; i++) {
		lua_pushstring(L, argv[i]);
		lua_rawseti(L, -2, i - 1);
	}
	lua_setglobal(L, "arg");
}

int main(int argc, char **argv)
{
	lua_State *L = luaL_newstate();
	int status;

	if (argc < 2 || L == NULL)
		return 2;
	luaL_openlibs(L);
	open_ours(L);
	set_path(L, argv[1]);
	set_arguments(L, argc, argv);
	status = luaL_dostring(L, run_busted);
	if (status != LUA_OK)
		fprintf(stderr, "%s\n", lua_tostring(L, -1));
	lua_close(L);
	return status == LUA_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
