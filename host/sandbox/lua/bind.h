/* What all bindings share: types, buffers, errors. */
#ifndef MUSTER_SANDBOX_LUA_BIND_H
#define MUSTER_SANDBOX_LUA_BIND_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Defines a userdata type: metamethods, and methods reached through __index (NULL = none). Scripts
 * cannot see or change its metatable.
 */
void bind_type(lua_State *L, const char *name, const luaL_Reg *meta, const luaL_Reg *methods);

/* Pushes a zeroed userdata of that type with `users` user values. */
void *bind_new(lua_State *L, const char *name, size_t size, int users);

/*
 * Pushes a buffer that the collector releases, so that an error may jump over its user. The other
 * functions of this layer take buffers only from here.
 */
struct buf *bind_buf(lua_State *L);

/* Defines the types of this module and of errors; once per state. */
void bind_open(lua_State *L);

/*
 * An error is one table: kind, message, and where they say something status, hint,
 * retry_after_ms, stop; tostring() gives the message.
 */
void bind_push_err(lua_State *L, const struct err *err);

/* Raises it: `return bind_raise(L, &err)`. */
int bind_raise(lua_State *L, const struct err *err);

/* For the outside world: `return bind_fail(L, &err)` gives nil and the error. */
int bind_fail(lua_State *L, const struct err *err);

/*
 * Whatever was raised, as an err. Texts and strange values are of kind `bug`. Calls no metamethod
 * and never raises.
 */
void bind_get_err(lua_State *L, int index, struct err *err);

#endif
