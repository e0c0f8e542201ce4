/*
 * Read-only views of tables: base libraries and shared modules as scripts see them.
 *
 * A view is an empty table whose metatable leads to the real one. Writing raises and names the
 * table; rawset refuses views (safe_base.c); pairs, # and indexing see the real table. Only the
 * first level is protected.
 */
#ifndef MUSTER_SANDBOX_LUA_READONLY_H
#define MUSTER_SANDBOX_LUA_READONLY_H

#include <lua.h>
#include <stdbool.h>

/* Replaces the table on top by a view of it; `name` is used in the message of a refused write. */
void readonly_wrap(lua_State *L, const char *name);

bool readonly_is_view(lua_State *L, int index);

/* Pushes the real table behind a view, or the value at `index` itself. */
void readonly_unwrap(lua_State *L, int index);

#endif
