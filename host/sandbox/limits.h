/*
 * What a script may use up: memory of Lua's heap, and instructions between two answers of the host.
 *
 * Reaching either ends the job at once, from a place that a script cannot catch: `over` is called
 * with an error that names limit, value, connector and line, and does not return. Time spent inside
 * C functions (patterns, sort) is bounded by the CPU limit of jail.h, with the same end for the
 * script but a signal in place of the message.
 */
#ifndef MUSTER_SANDBOX_LIMITS_H
#define MUSTER_SANDBOX_LIMITS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	LIMITS_MEMORY_MAX = 64 * 1024 * 1024,
	LIMITS_STEPS_MAX = 500 * 1000 * 1000, /* instructions between two answers of the host */
	LIMITS_CONNECTOR_SIZE = 64,
	LIMITS_WHERE_SIZE = 96,
};

struct tasks;

struct limits {
	size_t memory_max, memory_used; /* of what lives; garbage may double it */
	int64_t steps_max, steps;
	int64_t cpu_max_ms, cpu_from_ms; /* between two answers; 0 = not watched */
	const struct tasks *tasks;	 /* tells which coroutine runs; may be NULL */
	void (*over)(void *arg, const struct err *err) __attribute__((noreturn));
	void *arg;
	char connector[LIMITS_CONNECTOR_SIZE]; /* for messages; "" until it is known */

	/* An allocation that was refused and not yet granted after a collection. */
	size_t refused;
	char refused_where[LIMITS_WHERE_SIZE];
};

/* A state whose heap is bounded; `limits` must outlive it. NULL = out of memory. */
lua_State *limits_new_state(struct limits *limits);

/* Counts the instructions of this state and of the coroutines that are made from it. */
void limits_watch(lua_State *L);

/* The limits of a state made by limits_new_state; NULL of another. */
struct limits *limits_of(lua_State *L);

/* Uses up `steps` at once: for C functions that do much in one call. May end the job. */
void limits_charge(lua_State *L, int64_t steps);

/*
 * Raises (catchable) an over_limit error: "string.rep: 99 bytes pass the limit of 9 bytes,
 * connector kandji, kandji.lua:12".
 */
int limits_raise(lua_State *L, const char *what, lua_Integer value, lua_Integer limit,
		 const char *unit);

/* The host has answered: instructions and CPU time start anew. */
void limits_renew(struct limits *limits);

/*
 * Did memory run out, although the script went on or failed in some other way? Then ends the job.
 * To be called when a task has failed.
 */
void limits_check(struct limits *limits);

/* "kandji.lua:12", of the innermost Lua function that runs on L; "" if there is none. */
const char *limits_where(lua_State *L, char out[LIMITS_WHERE_SIZE]);

#endif
