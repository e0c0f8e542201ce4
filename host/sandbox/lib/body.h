/*
 * The body of an HTTP answer: bytes outside Lua's heap, as a userdata of the type "body".
 *
 * It belongs to the garbage collector; body:close() releases it earlier. The bytes do not change
 * once the script has the body, so C may point into them as long as it keeps the userdata alive
 * (a user value, a stack slot).
 */
#ifndef MUSTER_SANDBOX_LIB_BODY_H
#define MUSTER_SANDBOX_LIB_BODY_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	BODY_MAX = 32 * 1024 * 1024,	   /* of one body, decoded */
	BODIES_MAX = 4 * (size_t)BODY_MAX, /* of all that live in a sandbox */
};

struct body_room; /* counts the bytes of all bodies of a state */

struct body {
	struct buf bytes;
	struct body_room *room;
};

/* Defines the type; once per state. */
void body_open(lua_State *L);

/* Pushes an empty body. */
struct body *body_push(lua_State *L);

/* Pushes a body that holds a copy of the bytes: fixtures, and texts that are to be scanned. */
struct body *body_push_copy(lua_State *L, const void *data, size_t len);

/* Appends bytes as they arrive. false and err: over a cap, or out of memory. Never raises. */
bool body_append(lua_State *L, struct body *body, const void *data, size_t len, struct err *err);

/* The body at `index`; raises for anything else. */
struct body *body_check(lua_State *L, int index);

#endif
