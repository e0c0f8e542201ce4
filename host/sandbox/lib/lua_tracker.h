/*
 * What a pager remembers of the rows it has seen: a hash of each row, or of its id.
 *
 *   tracker:add(page, id path or nil) -> new rows, rows that came before
 *   tracker:count() -> different rows so far
 */
#ifndef MUSTER_SANDBOX_LIB_LUA_TRACKER_H
#define MUSTER_SANDBOX_LIB_LUA_TRACKER_H

#include <lua.h>

/* Defines the type; once per state. */
void lua_tracker_open(lua_State *L);

/* -> tracker */
int lua_tracker_new(lua_State *L);

#endif
