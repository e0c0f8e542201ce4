/*
 * Tasks: coroutines that wait for the host, and the one place that resumes them.
 *
 * A task runs until it ends or waits. Whatever it waits for wakes it by task_wake, which only
 * queues; tasks_run resumes. Scripts cannot make coroutines of their own, so every coroutine is a
 * task and its extra space points to it.
 */
#ifndef MUSTER_SANDBOX_TASK_H
#define MUSTER_SANDBOX_TASK_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { TASKS_MAX = 256 };

struct body;
struct task;

struct tasks {
	lua_State *L; /* the main state, on which no script runs */
	void (*failed)(struct tasks *tasks, lua_State *co); /* while co shows where; may be NULL */
	struct task *ready, **ready_tail;
	struct task *all;
	struct task *running; /* while tasks_run resumes it */
	int count;
};

/* What a task is waiting for at the host; guest.c alone looks into it. */
struct task_wait {
	uint32_t call_id;   /* 0 = no answer is awaited */
	bool is_try;	    /* an error is a result */
	bool is_error;	    /* `answer` holds an ERROR's payload */
	bool wants_posted;  /* waits for room among the posted calls, or for their end */
	struct body *body;  /* where CHUNKs go; kept alive by the task's stack */
	struct err failure; /* of our own, while collecting a body */
	struct buf answer;
	struct buf frame; /* a posted call that waits for room */
	lua_KFunction k;
	lua_KContext ctx;
};

/* Told once, on the main thread of control, with the task's results or error on its stack. */
typedef void task_ended_fn(struct task *task, int status);

struct task {
	struct tasks *tasks;
	lua_State *co;
	int ref; /* anchors co */
	struct task *next_ready, *next;
	bool is_queued;
	int arguments; /* values on co's top that the next resume hands over */
	task_ended_fn *ended;
	void *owner;			      /* for `ended` */
	void (*cancelled)(struct task *task); /* what it waits for is told; may be NULL */
	void *waits_for;
	struct task_wait wait;
};

void tasks_init(struct tasks *tasks, lua_State *L);
void tasks_fini(struct tasks *tasks);

/*
 * Starts a task from the function and `nargs` arguments on top of `from`, which are popped. Raises
 * when memory or TASKS_MAX is exhausted.
 */
struct task *task_spawn(struct tasks *tasks, lua_State *from, int nargs, task_ended_fn *ended,
			void *owner);

/* The running task. Raises, in words, where Lua cannot wait. */
struct task *task_check(lua_State *L);

void task_wake(struct task *task);

/* Ends a waiting task: its to-be-closed values are closed, `ended` is not called. */
void task_cancel(struct task *task);

/* Resumes ready tasks until none is left; false when none was ready. */
bool tasks_run(struct tasks *tasks);

#endif
