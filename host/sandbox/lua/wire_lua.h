/*
 * Wire values as Lua values.
 *
 * Lists and maps are both tables in Lua. On the way out a table is a list when it carries the JSON
 * array metatable or has exactly the keys 1..n, n > 0; anything else must have text keys only.
 * cjson.null travels as nil. On the way in, lists carry the array metatable.
 */
#ifndef MUSTER_SANDBOX_LUA_WIRE_LUA_H
#define MUSTER_SANDBOX_LUA_WIRE_LUA_H

#include <lua.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/value.h"

/*
 * Appends the value at `index`. Metamethods are not called. false and err (ERR_BUG, naming the
 * place inside the value) for functions, userdata, foreign keys and too deep nesting. Never raises.
 */
bool wire_from_lua(lua_State *L, int index, struct buf *out, struct err *err);

/* Pushes the value at the cursor and moves past it. Raises on damaged input. */
void wire_push_lua(lua_State *L, struct value_cursor *cursor);

#endif
