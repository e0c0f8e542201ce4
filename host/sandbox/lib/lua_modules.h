/*
 * The modules in C: each function pushes its module's table and is listed in modules.c. What a
 * module offers stands in scripts/lib/host.meta.lua.
 */
#ifndef MUSTER_SANDBOX_LIB_LUA_MODULES_H
#define MUSTER_SANDBOX_LIB_LUA_MODULES_H

#include <lua.h>
#include <stdbool.h>

int lua_open_crypto(lua_State *L);
int lua_open_http(lua_State *L);
int lua_open_json(lua_State *L);
int lua_open_log(lua_State *L);
int lua_open_progress(lua_State *L);
int lua_open_store(lua_State *L);
int lua_open_task(lua_State *L);
int lua_open_core(lua_State *L);
int lua_open_time(lua_State *L);

/* Logs the text on top of the stack, as host.log does. */
void lua_log_top(lua_State *L, const char *level);

/* What host.time.now() answers from now on: the value at `index`. */
void lua_set_now(lua_State *L, int index);

/* While a map's function runs host.time.now() is refused: its value may depend on the row alone.
   Never raises. */
void lua_forbid_now(lua_State *L, bool is_forbidden);

#endif
