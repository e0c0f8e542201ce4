/* Decodes and encodes every line of standard input with lua-cjson as scripts get it. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/json/cjson_exact.h"

/* Replaces the text on top by what decode and then encode make of it, or by the message. */
static void round_trip(lua_State *L)
{
	lua_getfield(L, 1, "decode");
	lua_insert(L, -2);
	if (lua_pcall(L, 1, 1, 0) != LUA_OK)
		return;
	lua_getfield(L, 1, "encode");
	lua_insert(L, -2);
	lua_pcall(L, 1, 1, 0);
}

int main(void)
{
	lua_State *L = luaL_newstate();
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	luaL_openlibs(L);
	cjson_install(L);
	cjson_open(L);
	while ((len = getline(&line, &size, stdin)) > 0) {
		lua_pushlstring(L, line, (size_t)len - 1);
		round_trip(L);
		puts(lua_tostring(L, -1));
		lua_settop(L, 1);
	}
	free(line);
	lua_close(L);
	return EXIT_SUCCESS;
}
