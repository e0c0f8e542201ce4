/*
 * out:emit - rows through a map to the host.
 *
 * An emitter belongs to one reading of one stream. It cuts what maps give into `emit` calls
 * (host/README.md) that fit a frame, asks the host which ids of `known` are there and remembers the
 * answers, and keeps derived rows until core.flush, at the stream's end.
 */
#ifndef MUSTER_SANDBOX_EMIT_EMIT_H
#define MUSTER_SANDBOX_EMIT_EMIT_H

#include <lauxlib.h>
#include <lua.h>

/* Defines the types; once per state. */
void emit_open(lua_State *L);

/* The functions of muster.core that concern emitting, NULL-terminated. */
extern const luaL_Reg emit_functions[];

#endif
