/*
 * Lua values as JSON text of a stable form: keys in byte order, numbers exact, `/` as it is. What
 * is a list is told as in wire_lua.h.
 */
#ifndef MUSTER_SANDBOX_JSON_JSON_WRITE_H
#define MUSTER_SANDBOX_JSON_JSON_WRITE_H

#include <lua.h>
#include <stdbool.h>

#include "base/buf.h"

enum {
	JSON_WRITE_DEPTH_MAX = 200,
	JSON_WRITE_MAX = 64 * 1024 * 1024, /* bytes of the text */
};

/*
 * Appends the value at `index`, on one line or, `is_pretty`, with two blanks a level. Raises for
 * what JSON cannot say: functions, NaN, keys that are no text, too deep nesting.
 */
void json_write(lua_State *L, int index, bool is_pretty, struct buf *out);

#endif
