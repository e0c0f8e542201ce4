/*
 * The sandbox's end of the socket, and how C functions that Lua called wait on it.
 *
 * host/README.md states the protocol. A waiting function is written as Lua's own are: it ends with
 * `return guest_ask(...)`, and `k` goes on when the answer is there. Every function here may
 * raise (its caller holds nothing that a jump over its frame would leak) and none may be called
 * while another is waiting on the same coroutine.
 *
 * The host's side of the same socket is connector/guest.h; the names differ because both are one
 * program.
 */
#ifndef MUSTER_SANDBOX_GUEST_H
#define MUSTER_SANDBOX_GUEST_H

#include <lua.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/value.h"

/* One per process, found from any lua_State; NULL in a state that has no host (tests). */
struct guest;
struct guest *guest_of(lua_State *L);

enum { GUEST_POSTED_MAX = 8 };

/*
 * Sends CALL and yields the running task. A RESULT is pushed as a Lua value on top of what the
 * caller had on its stack, then k(L, LUA_YIELD, ctx) runs. An ERROR is raised (sandbox/lua/bind.h).
 * `args` comes from bind_buf and holds one encoded value; it is emptied.
 */
int guest_ask(lua_State *L, const char *method, struct buf *args, lua_KContext ctx,
	      lua_KFunction k);

/* The same for `host.*`: k finds two values on top, the result and nil, or nil and the error. */
int guest_try(lua_State *L, const char *method, struct buf *args, lua_KContext ctx,
	      lua_KFunction k);

/* guest_try whose CHUNKs are collected in `body`, which the caller keeps on its stack. */
struct body;
int guest_try_fetch(lua_State *L, const char *method, struct buf *args, struct body *body,
		    lua_KContext ctx, lua_KFunction k);

/*
 * Sends CALL and goes on at once with k(L, LUA_OK, ctx). While GUEST_POSTED_MAX of these are
 * unanswered it waits first. An ERROR answer is raised by the next call of this or of guest_drain.
 */
int guest_post(lua_State *L, const char *method, struct buf *args, lua_KContext ctx,
	       lua_KFunction k);

/* Waits until every posted call is answered. */
int guest_drain(lua_State *L, lua_KContext ctx, lua_KFunction k);

/* Sends EVENT. Does not wait. `args` as above. */
void guest_event(lua_State *L, const char *name, struct buf *args);

#endif
