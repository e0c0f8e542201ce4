/*
 * The guest as the files that make it up see it: guest.c is the side of Lua, guest_loop.c that of
 * the socket, guest_request.c runs the calls of the host. No other file looks into struct guest.
 */
#ifndef MUSTER_SANDBOX_GUEST_LOOP_H
#define MUSTER_SANDBOX_GUEST_LOOP_H

#include <lua.h>

#include "sandbox/guest.h"
#include "sandbox/limits.h"
#include "sandbox/task.h"
#include "wire/frame.h"

/* A call of the host that is under way. */
struct request {
	struct request *next;
	struct guest *guest;
	uint32_t id;
	struct buf call, result; /* encoded */
};

struct guest {
	int socket;
	lua_State *L;
	struct limits limits;
	struct tasks tasks;
	struct request *requests;
	struct buf in, out;
	uint32_t last_id;
	uint32_t posted[GUEST_POSTED_MAX]; /* ids that are unanswered; 0 = free */
	struct err post_failure;	   /* of the first posted call that failed */
	struct err refusal; /* why no call is served: the jail could not be entered */
	size_t taken;	    /* bytes of CHUNKs not yet granted anew */
};

/*
 * Makes the state with its limits, opens everything in it (sandbox/lua/vm.h) and talks over
 * `socket`, which it makes non-blocking. Ends with the process: there is no function to free it.
 */
struct guest *guest_new(int socket, struct err *err);

/* Serves the host until it closes the socket, then ends the process. */
void guest_run(struct guest *guest) __attribute__((noreturn));

/* Appends ERROR. */
void guest_put_err(struct guest *guest, uint32_t id, const struct err *err);

/*
 * Answers every call of the host that is under way with `err`, and ends the process. Nothing of
 * the script runs any more: no finalizer, no __close.
 */
void guest_end(struct guest *guest, const struct err *err, int exit_code) __attribute__((noreturn));

/* Starts the task of a CALL. */
void guest_start_request(struct guest *guest, const struct frame *frame);

/* From now on guest_of(L) finds it. */
void guest_bind(lua_State *L, struct guest *guest);

/* Sends everything that waits to be sent; waits for the host where it has to. */
void guest_flush(struct guest *guest);

/* The id among the posted calls (0 = a free place) is replaced; false when there is none. */
bool guest_replace_posted(struct guest *guest, uint32_t id, uint32_t other);

#endif
