/* Is a Lua table a list or a map? One rule for the wire and for JSON. */
#ifndef MUSTER_SANDBOX_LUA_TABLE_KIND_H
#define MUSTER_SANDBOX_LUA_TABLE_KIND_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A table is a list when it carries the array metatable, or has exactly the keys 1..n and n > 0.
 * Looks at the table on top of the stack, raw; *count is the number of its members. Never raises;
 * needs three free slots.
 */
bool table_is_list(lua_State *L, size_t *count);

#endif
