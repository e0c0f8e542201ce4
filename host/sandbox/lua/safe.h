/*
 * Functions of Lua's base libraries that a script must not have as they are. Each takes the place
 * of the one whose name it bears (vm.c) and, where it only checks first, finds that one in its
 * upvalue. Sizes that a script asks for in one call are bounded here, because the count of
 * instructions does not see them.
 */
#ifndef MUSTER_SANDBOX_LUA_SAFE_H
#define MUSTER_SANDBOX_LUA_SAFE_H

#include <lua.h>

enum {
	SAFE_STRING_MAX = 16 * 1024 * 1024, /* bytes that rep and format may make */
	SAFE_RANGE_MAX = 1 << 24,	    /* elements that concat and move go through */
	SAFE_UNPACK_MAX = 200 * 1000,	    /* values that unpack returns */
	SAFE_CHUNK_MAX = 1024 * 1024,	    /* bytes that load compiles */
};

/* load(text [, name [, "t" [, env]]]): text only, no functions. */
int safe_load(lua_State *L);

/* To the log, as host.log.info. */
int safe_print(lua_State *L);

/* Refuses read-only views. */
int safe_rawset(lua_State *L);

/* Refuses __gc: a finalizer runs where no limit counts. */
int safe_setmetatable(lua_State *L);

int safe_format(lua_State *L);
int safe_rep(lua_State *L);
int safe_concat(lua_State *L);
int safe_move(lua_State *L);
int safe_unpack(lua_State *L);

/* These refuse tables that lie about their length (__len). */
int safe_insert(lua_State *L);
int safe_remove(lua_State *L);
int safe_sort(lua_State *L);

#endif
