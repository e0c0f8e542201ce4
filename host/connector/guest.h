/*
 * The host's end of a sandbox: starts the process, speaks frames with it, and ends it. The protocol
 * is in host/README.md. Everything runs on the loop's thread.
 */
#ifndef MUSTER_CONNECTOR_GUEST_H
#define MUSTER_CONNECTOR_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "connector/host.h"
#include "wire/value.h"

struct guest;

struct guest_handlers {
	/*
	 * A call of the sandbox. `args` is the encoded value, valid during the call only. It is
	 * answered exactly once, now or later: guest_answer, guest_answer_body or guest_fail. NULL
	 * = none allowed.
	 */
	void (*call)(void *arg, uint32_t id, const char *method, const void *args, size_t len);
	/* NULL = events are ignored. */
	void (*event)(void *arg, const char *name, const struct value *args);
	/* The sandbox ended by itself; calls of ours were answered with err before. Close it from
	   here or later. Not called after guest_close. */
	void (*gone)(void *arg, const struct err *err);
	void *arg;
};

/* `name` stands in messages: the connector's id. */
struct guest *guest_start(struct host *host, const char *name,
			  const struct guest_handlers *handlers, struct err *err);

/* Replaces the handlers: a loaded connector passes from whoever loaded it to a session. */
void guest_set_handlers(struct guest *guest, const struct guest_handlers *handlers);

/* Kills the process if it still runs. No callback comes after it. NULL is fine. */
void guest_close(struct guest *guest);

/* A call to the sandbox; `args` is an encoded map. `result` is valid during done; NULL with err. */
typedef void guest_done_fn(void *arg, const struct value *result, const struct err *err);
bool guest_call(struct guest *guest, const char *method, const struct buf *args,
		guest_done_fn *done, void *arg, struct err *err);
/* The same with an `arg` that belongs to the call once true is returned: where guest_close comes
 * before done, `drop` releases it. */
bool guest_call_owning(struct guest *guest, const char *method, const struct buf *args,
		       guest_done_fn *done, void (*drop)(void *arg), void *arg, struct err *err);

/* Answers to the sandbox's calls. Each does nothing once the sandbox is gone. */
void guest_answer(struct guest *guest, uint32_t id, const struct buf *result);
/* The body goes first, in chunks as the sandbox has room; takes the body's bytes over. */
void guest_answer_body(struct guest *guest, uint32_t id, struct buf *body,
		       const struct buf *result);
void guest_fail(struct guest *guest, uint32_t id, const struct err *err);

#endif
