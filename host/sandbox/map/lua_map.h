/* Maps in Lua: compiling the tables of muster.mapping (mapping.spec) into struct map. */
#ifndef MUSTER_SANDBOX_MAP_LUA_MAP_H
#define MUSTER_SANDBOX_MAP_LUA_MAP_H

#include <lua.h>

#include "sandbox/map/map.h"

/* Defines the type; once per state. */
void lua_map_open(lua_State *L);

/* spec -> map; raises over a spec that is none. */
int lua_map_compile(lua_State *L);

/* The map at `index`; raises for anything else. */
const struct map *lua_map_check(lua_State *L, int index);

/* Pushes function number `function` of the map at `index`. */
void lua_map_push_function(lua_State *L, int index, int function);

#endif
