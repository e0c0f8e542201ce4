/* The host's end of a sandbox: process, frames, calls both ways. */
#define _GNU_SOURCE
#include "connector/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/str.h"
#include "connector/guest_bodies.h"
#include "connector/guest_exit.h"
#include "connector/guest_pulse.h"
#include "wire/frame.h"

enum {
	READ_STEP = 64 * 1024,
	SOCKET_BYTES = 1024 * 1024, /* on their way to a sandbox */
	CALLS_OPEN_MAX = 1024,	    /* unanswered calls of one sandbox */
};

struct call {
	uint32_t id;
	guest_done_fn *done;
	void (*drop)(void *arg); /* NULL = arg is not the call's */
	void *arg;
	struct call *next;
};

struct guest {
	struct host *host;
	char *name;
	struct guest_handlers handlers;
	struct loop_child *child;
	struct loop_watch *watch;
	struct guest_pulse *pulse;
	int socket;
	struct buf in, out;
	struct call *calls;
	struct guest_bodies bodies;
	uint32_t next_id;
	int open_calls;	   /* of the sandbox, unanswered */
	struct err broken; /* why we ended it; ERR_NONE = we did not */
	bool is_dead, is_closed;
	bool is_deaf; /* it reads no more; what it said last is still to be heard */
	int busy;     /* frames above us use the struct: free later */
};

/* --- life and death --- */

static void free_guest(struct guest *guest)
{
	while (guest->calls != NULL) {
		struct call *call = guest->calls;

		guest->calls = call->next;
		if (call->drop != NULL)
			call->drop(call->arg);
		free(call);
	}
	guest_bodies_fini(&guest->bodies);
	buf_fini(&guest->in);
	buf_fini(&guest->out);
	free(guest->name);
	free(guest);
}

static void enter(struct guest *guest)
{
	guest->busy++;
}

/* True if the guest still lives; false if it was closed meanwhile and is freed now. */
static bool leave(struct guest *guest)
{
	guest->busy--;
	if (!guest->is_closed)
		return true;
	if (guest->busy == 0)
		free_guest(guest);
	return false;
}

static void close_socket(struct guest *guest)
{
	guest_pulse_close(guest->pulse);
	guest->pulse = NULL;
	loop_watch_close(guest->watch);
	guest->watch = NULL;
	if (guest->socket >= 0)
		close(guest->socket);
	guest->socket = -1;
}

void guest_close(struct guest *guest)
{
	if (guest == NULL || guest->is_closed)
		return;
	guest->is_closed = true;
	close_socket(guest);
	loop_child_close(guest->child);
	guest->child = NULL;
	if (guest->busy == 0)
		free_guest(guest);
}

/* The sandbox cannot be trusted any more: its exit reports `broken`. */
static void break_off(struct guest *guest, const struct err *err)
{
	if (guest->broken.kind == ERR_NONE)
		guest->broken = *err;
	close_socket(guest);
	loop_child_kill(guest->child, SIGKILL);
}

static void fail_calls(struct guest *guest, const struct err *err)
{
	while (guest->calls != NULL && !guest->is_closed) {
		struct call *call = guest->calls;

		guest->calls = call->next;
		call->done(call->arg, NULL, err);
		free(call);
	}
}

static void read_frames(struct guest *guest);

static void on_child_exit(void *arg, int64_t code, int signum)
{
	struct guest *guest = arg;
	struct err err = ERR_INIT;

	enter(guest);
	if (guest->socket >= 0)
		read_frames(guest);
	if (!guest->is_closed) {
		close_socket(guest);
		guest->is_dead = true;
		guest_explain_exit(guest->name, &guest->broken, code, signum, &err);
		fail_calls(guest, &err);
	}
	if (!guest->is_closed && guest->handlers.gone != NULL)
		guest->handlers.gone(guest->handlers.arg, &err);
	leave(guest);
}

/* --- writing --- */

static void watch_for(struct guest *guest)
{
	if (guest->watch != NULL)
		loop_watch_set(guest->watch,
			       LOOP_READABLE | (guest->out.len > 0 ? LOOP_WRITABLE : 0));
}

static void flush(struct guest *guest)
{
	struct err err = ERR_INIT;
	ssize_t n = 0;

	if (guest->socket < 0 || guest->is_deaf)
		return;
	do {
		guest_bodies_pump(&guest->bodies, &guest->out);
		if (!buf_ok(&guest->out, &err)) {
			break_off(guest, &err);
			return;
		}
		if (guest->out.len == 0)
			break;
		n = send(guest->socket, guest->out.data, guest->out.len, MSG_NOSIGNAL);
		if (n > 0) {
			buf_consume(&guest->out, (size_t)n);
			guest_pulse_answered(guest->pulse);
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	/* A broken pipe is the reader's business: the reason may still lie in the socket. A
	 * sandbox that lives would wait for ever for what is lost: it is told that nothing comes.
	 */
	if (n < 0 && errno != EAGAIN) {
		guest->is_deaf = true;
		buf_fini(&guest->out);
		shutdown(guest->socket, SHUT_WR);
	}
	watch_for(guest);
}

bool guest_call_owning(struct guest *guest, const char *method, const struct buf *args,
		       guest_done_fn *done, void (*drop)(void *arg), void *arg, struct err *err)
{
	struct buf payload = BUF_INIT;
	struct call *call;

	if (guest->is_dead || guest->socket < 0)
		return err_set(err, ERR_BUG, "connector %s: its sandbox is gone", guest->name);
	call = malloc(sizeof(*call));
	value_put_list(&payload, 2);
	value_put_str(&payload, method);
	buf_append(&payload, args->data, args->len);
	if (call == NULL || !buf_ok(&payload, err) || !buf_ok(args, err)) {
		free(call);
		buf_fini(&payload);
		return err_oom(err);
	}
	if (payload.len > FRAME_PAYLOAD_MAX) {
		free(call);
		buf_fini(&payload);
		return err_set(err, ERR_OVER_LIMIT, "%s: %zu bytes of arguments (%d are allowed)",
			       method, payload.len, FRAME_PAYLOAD_MAX);
	}
	*call = (struct call){ .id = ++guest->next_id, .done = done, .drop = drop, .arg = arg };
	call->next = guest->calls;
	guest->calls = call;
	frame_put(&guest->out, FRAME_CALL, call->id, payload.data, payload.len);
	buf_fini(&payload);
	flush(guest);
	return true;
}

bool guest_call(struct guest *guest, const char *method, const struct buf *args,
		guest_done_fn *done, void *arg, struct err *err)
{
	return guest_call_owning(guest, method, args, done, NULL, arg, err);
}

/* Does anybody read what is sent? */
static bool is_heard(const struct guest *guest)
{
	return guest->socket >= 0 && !guest->is_deaf;
}

/* No frame holds a longer answer: the sandbox hears so instead. */
static bool fits(struct guest *guest, uint32_t id, const struct buf *result)
{
	struct err err = ERR_INIT;

	if (result->len <= FRAME_PAYLOAD_MAX)
		return true;
	err_set(&err, ERR_OVER_LIMIT, "an answer of %zu bytes passes the limit of %d bytes",
		result->len, FRAME_PAYLOAD_MAX);
	guest_fail(guest, id, &err);
	return false;
}

void guest_answer(struct guest *guest, uint32_t id, const struct buf *result)
{
	if (!is_heard(guest) || !fits(guest, id, result))
		return;
	guest->open_calls--;
	frame_put(&guest->out, FRAME_RESULT, id, result->data, result->len);
	guest->out.failed |= result->failed;
	flush(guest);
}

void guest_fail(struct guest *guest, uint32_t id, const struct err *err)
{
	struct buf payload = BUF_INIT;

	if (!is_heard(guest))
		return;
	guest->open_calls--;
	wire_put_err(&payload, err);
	guest->out.failed |= payload.failed;
	frame_put(&guest->out, FRAME_ERROR, id, payload.data, payload.len);
	buf_fini(&payload);
	flush(guest);
}

void guest_answer_body(struct guest *guest, uint32_t id, struct buf *body, const struct buf *result)
{
	struct err err = ERR_INIT;

	if (!is_heard(guest) || !fits(guest, id, result))
		return;
	if (!guest_bodies_add(&guest->bodies, id, body, result)) {
		err_oom(&err);
		guest_fail(guest, id, &err);
		return;
	}
	guest->open_calls--;
	flush(guest);
}

/* --- reading --- */

static void handle_answer(struct guest *guest, const struct frame *frame)
{
	struct call **at = &guest->calls, *call;
	struct value_tree *tree = NULL;
	struct err err = ERR_INIT;

	while (*at != NULL && (*at)->id != frame->id)
		at = &(*at)->next;
	call = *at;
	if (call == NULL) {
		err_set(&err, ERR_BUG, "connector %s: an answer to a call that nobody made",
			guest->name);
		break_off(guest, &err);
		return;
	}
	*at = call->next;
	if (frame->kind == FRAME_ERROR)
		wire_get_err(frame->payload, frame->len, &err);
	else
		tree = value_parse(frame->payload, frame->len, &err);
	call->done(call->arg, tree != NULL ? value_root(tree) : NULL, &err);
	value_tree_free(tree);
	free(call);
}

/* list { bytes name, args }: the name, and where the args begin. */
static bool split_payload(const struct frame *frame, char name[64], const char **args, size_t *len,
			  struct err *err)
{
	struct value_cursor cursor = value_cursor(frame->payload, frame->len);
	struct value_head head;

	if (!value_next(&cursor, &head, err))
		return false;
	if (head.type != VALUE_LIST || head.count != 2 || !value_next(&cursor, &head, err) ||
	    head.type != VALUE_BYTES || head.len == 0 || head.len >= 64)
		return err_set(err, ERR_BUG, "a call without a name");
	memcpy(name, head.bytes, head.len);
	name[head.len] = '\0';
	*args = (const char *)cursor.at;
	*len = (size_t)(cursor.end - cursor.at);
	return true;
}

static void handle_call(struct guest *guest, const struct frame *frame)
{
	struct err err = ERR_INIT;
	const char *args;
	char name[64];
	size_t len;

	if (!split_payload(frame, name, &args, &len, &err) ||
	    (guest->open_calls >= CALLS_OPEN_MAX &&
	     !err_set(&err, ERR_OVER_LIMIT, "more than %d calls at once", CALLS_OPEN_MAX))) {
		err_context(&err, "connector %s", guest->name);
		break_off(guest, &err);
		return;
	}
	guest->open_calls++;
	if (guest->handlers.call != NULL) {
		guest->handlers.call(guest->handlers.arg, frame->id, name, args, len);
		return;
	}
	err_set(&err, ERR_REFUSED, "%s is not allowed here", name);
	guest_fail(guest, frame->id, &err);
}

static void handle_event(struct guest *guest, const struct frame *frame)
{
	struct err err = ERR_INIT;
	struct value_tree *tree;
	const char *args;
	char name[64];
	size_t len;

	if (!split_payload(frame, name, &args, &len, &err) ||
	    (tree = value_parse(args, len, &err)) == NULL) {
		err_context(&err, "connector %s", guest->name);
		break_off(guest, &err);
		return;
	}
	if (guest->handlers.event != NULL)
		guest->handlers.event(guest->handlers.arg, name, value_root(tree));
	value_tree_free(tree);
}

static void handle_credit(struct guest *guest, const struct frame *frame)
{
	struct value_cursor cursor = value_cursor(frame->payload, frame->len);
	struct err err = ERR_INIT;
	struct value_head head;

	if (!value_next(&cursor, &head, &err) || head.type != VALUE_INT ||
	    !guest_bodies_grant(&guest->bodies, head.i)) {
		err_set(&err, ERR_BUG, "connector %s: credit that was never owed", guest->name);
		break_off(guest, &err);
		return;
	}
	flush(guest);
}

static void handle_frame(struct guest *guest, const struct frame *frame)
{
	struct err err = ERR_INIT;

	switch (frame->kind) {
	case FRAME_RESULT:
	case FRAME_ERROR:
		handle_answer(guest, frame);
		return;
	case FRAME_CALL:
		handle_call(guest, frame);
		return;
	case FRAME_EVENT:
		handle_event(guest, frame);
		return;
	case FRAME_CREDIT:
		handle_credit(guest, frame);
		return;
	case FRAME_CHUNK:
		err_set(&err, ERR_BUG, "connector %s: a body from the sandbox", guest->name);
		break_off(guest, &err);
		return;
	}
}

static void handle_frames(struct guest *guest)
{
	size_t used, done = 0;
	struct err err = ERR_INIT;
	struct frame frame;

	while (!guest->is_closed && guest->broken.kind == ERR_NONE) {
		switch (frame_parse(buf_text(&guest->in) + done, guest->in.len - done, &frame,
				    &used, &err)) {
		case FRAME_MORE:
			buf_consume(&guest->in, done);
			return;
		case FRAME_BROKEN:
			err_context(&err, "connector %s", guest->name);
			break_off(guest, &err);
			return;
		case FRAME_READY:
			handle_frame(guest, &frame);
			done += used;
			break;
		}
	}
}

static void read_frames(struct guest *guest)
{
	struct err err = ERR_INIT;
	ssize_t n;

	do {
		void *room = buf_room(&guest->in, READ_STEP);

		if (room == NULL) {
			err_oom(&err);
			break_off(guest, &err);
			return;
		}
		n = recv(guest->socket, room, READ_STEP, 0);
		if (n > 0) {
			buf_grown(&guest->in, (size_t)n);
			guest_pulse_heard(guest->pulse);
			handle_frames(guest);
		}
	} while (!guest->is_closed && guest->socket >= 0 &&
		 (n == READ_STEP || (n < 0 && errno == EINTR)));
	/* End of file: the exit follows and says why; nothing is to be watched until then. */
	if (!guest->is_closed && guest->socket >= 0 && (n == 0 || (n < 0 && errno != EAGAIN))) {
		close_socket(guest);
		loop_child_kill(guest->child, SIGKILL);
	}
}

static void on_ready(void *arg, int events)
{
	struct guest *guest = arg;

	enter(guest);
	if (events & (LOOP_READABLE | LOOP_FAILED))
		read_frames(guest);
	if (!guest->is_closed && (events & LOOP_WRITABLE))
		flush(guest);
	leave(guest);
}

/* --- start --- */

static bool is_its_turn(void *arg)
{
	const struct guest *guest = arg;

	return guest->calls != NULL && guest->open_calls == 0;
}

static void on_over(void *arg, const struct err *err)
{
	break_off(arg, err);
}

static bool start_pulse(struct guest *guest, struct err *err)
{
	struct guest_pulse_spec spec = {
		.pid = loop_child_pid(guest->child),
		.name = guest->name,
		.tick_ms = GUEST_PULSE_TICK_MS,
		.quiet_ticks = GUEST_PULSE_QUIET_TICKS,
		.cpu_ms = GUEST_PULSE_CPU_S * INT64_C(1000),
		.is_its_turn = is_its_turn,
		.over = on_over,
		.arg = guest,
	};

	guest->pulse = guest_pulse_start(guest->host->loop, &spec, err);
	return guest->pulse != NULL;
}

static bool start_child(struct guest *guest, int theirs, struct err *err)
{
	const char *argv[] = { "muster", "__sandbox", NULL };
	struct loop_child_spec spec = {
		.path = guest->host->program,
		.argv = argv,
		.socket = theirs,
		.exited = on_child_exit,
		.arg = guest,
	};

	guest->child = loop_child_start(guest->host->loop, &spec, err);
	if (guest->child == NULL)
		return err_context(err, "sandbox of %s", guest->name);
	guest->watch = loop_watch_start(guest->host->loop, guest->socket, LOOP_READABLE, on_ready,
					guest, err);
	return guest->watch != NULL && start_pulse(guest, err);
}

struct guest *guest_start(struct host *host, const char *name,
			  const struct guest_handlers *handlers, struct err *err)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	int ends[2];

	if (guest == NULL || (guest->name = str_dup(name)) == NULL) {
		free(guest);
		err_oom(err);
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		err_set_errno(err, ERR_STORE, errno, "sandbox of %s: no socket", name);
		free_guest(guest);
		return NULL;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK); /* ours only: the sandbox waits on its end */
	/* So that a page fits; where the kernel allows less it takes a second turn. */
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){ SOCKET_BYTES }, sizeof(int));
	guest->host = host;
	guest->handlers = *handlers;
	guest->socket = ends[0];
	guest_bodies_init(&guest->bodies);
	guest->broken = ERR_INIT;
	if (!start_child(guest, ends[1], err)) {
		close(ends[1]);
		guest_close(guest);
		return NULL;
	}
	close(ends[1]);
	return guest;
}

void guest_set_handlers(struct guest *guest, const struct guest_handlers *handlers)
{
	guest->handlers = *handlers;
}
