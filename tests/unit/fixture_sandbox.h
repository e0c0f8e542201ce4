/*
 * A sandbox process and the host's end of its socket, for tests: the real program in its sandbox
 * role, spoken to in frames.
 *
 * The scripts of a test are run by a small muster.guest of our own: its `load` compiles args.text,
 * its `run`, `read` and `settings` call the compiled chunk with args. Whatever goes wrong between
 * us and the process (nothing heard for two minutes) fails the test.
 */
#ifndef MUSTER_TESTS_FIXTURE_SANDBOX_H
#define MUSTER_TESTS_FIXTURE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/frame.h"
#include "wire/value.h"

struct box;

/* A call of the sandbox. Answer it now or later with box_answer and box_fail. */
typedef void box_call_fn(struct box *box, uint32_t id, const char *method,
			 const struct value *args);
typedef void box_event_fn(struct box *box, const char *name, const struct value *args);

struct box {
	int socket;
	pid_t pid; /* 0 = has ended */
	int wait_status;
	uint32_t last_id;
	struct buf in;
	box_call_fn *call;   /* NULL: every call is answered with { method, args } */
	box_event_fn *event; /* NULL: events are counted only */
	int calls, events;
	int64_t credit; /* granted in all */
	void *arg;	/* of the test */
};

struct box_options {
	int cpu_s; /* 0 = the sandbox's own */
	/* Called in the new process before it becomes the sandbox; may be NULL. */
	void (*prepare)(void);
};

void box_start(struct box *box, const struct box_options *options);

/* How a call of ours ended. Fini it. */
struct box_outcome {
	enum { BOX_RESULT, BOX_ERROR, BOX_DIED } how;
	struct value_tree *tree;
	const struct value *result; /* the tree's root */
	struct err err;
};

void box_outcome_fini(struct box_outcome *outcome);

/* Sends CALL; returns its id. */
uint32_t box_send(struct box *box, const char *method, const struct buf *args);

/* Serves the sandbox until the call is answered or the process has ended. */
void box_await(struct box *box, uint32_t id, struct box_outcome *outcome);

/* load: makes `text` the script. Fails the test when the sandbox refuses it. */
void box_load(struct box *box, const char *text);
/* The same without judging. */
void box_try_load(struct box *box, const char *text, struct box_outcome *outcome);

/* Runs the script loaded last: the result is in `outcome`. */
void box_run(struct box *box, struct box_outcome *outcome);

/* Starts a box, loads and runs, ends the box. */
void box_run_text(const char *text, struct box_outcome *outcome);

void box_answer(struct box *box, uint32_t id, const struct buf *result);
void box_fail(struct box *box, uint32_t id, enum err_kind kind, const char *message);

/* One frame, as it is. */
void box_put(struct box *box, enum frame_kind kind, uint32_t id, const void *payload, size_t len);

/* Closes the socket and waits for the process; afterwards wait_status tells how it ended. */
void box_close(struct box *box);

#endif
