/* A sandbox process and the host's end of its socket. */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sabotage.h"
#include "fixture_sandbox.h"

enum { SOCKET = 3, SILENCE_MS = 120000, READ_BYTES = 65536 };

static const char guest_text[] = "local chunk\n"
				 "local function run(args) return chunk(args) end\n"
				 "return {\n"
				 "  load = function(args)\n"
				 "    local fault\n"
				 "    chunk, fault = load(args.text, '@' .. args.file)\n"
				 "    if not chunk then error(fault, 0) end\n"
				 "    return {}\n"
				 "  end,\n"
				 "  run = run, read = run, settings = run,\n"
				 "}\n";

/* --- the process --- */

static void limit_cpu(int seconds)
{
	struct rlimit limit;

	if (seconds == 0)
		return;
	getrlimit(RLIMIT_CPU, &limit);
	limit.rlim_cur = (rlim_t)seconds;
	setrlimit(RLIMIT_CPU, &limit);
}

static void become_sandbox(int socket, const struct box_options *options)
{
	char *argv[] = { (char[]){ "muster" }, (char[]){ "__sandbox" }, NULL };
	char *environment[] = { sabotage_environment(), NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (socket != SOCKET)
		dup2(socket, SOCKET);
	else
		fcntl(socket, F_SETFD, 0);
	limit_cpu(options->cpu_s);
	if (options->prepare != NULL)
		options->prepare();
	execve(MUSTER_PROGRAM, argv, environment);
	_exit(127);
}

void box_start(struct box *box, const struct box_options *options)
{
	int sockets[2];

	*box = (struct box){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	box->pid = fork();
	assert_true(box->pid >= 0);
	if (box->pid == 0)
		become_sandbox(sockets[1], options);
	close(sockets[1]);
	box->socket = sockets[0];
}

static void reap(struct box *box)
{
	if (box->pid == 0)
		return;
	assert_int_equal(waitpid(box->pid, &box->wait_status, 0), box->pid);
	box->pid = 0;
}

void box_close(struct box *box)
{
	close(box->socket);
	reap(box);
	buf_fini(&box->in);
}

/* --- frames --- */

static void send_all(struct box *box, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(box->socket, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* it has ended; reading tells how */
		data += n;
		len -= (size_t)n;
	}
}

void box_put(struct box *box, enum frame_kind kind, uint32_t id, const void *payload, size_t len)
{
	struct buf out = BUF_INIT;

	frame_put(&out, kind, id, payload, len);
	assert_false(out.failed);
	send_all(box, out.data, out.len);
	buf_fini(&out);
}

void box_answer(struct box *box, uint32_t id, const struct buf *result)
{
	box_put(box, FRAME_RESULT, id, result->data, result->len);
}

void box_fail(struct box *box, uint32_t id, enum err_kind kind, const char *message)
{
	struct buf payload = BUF_INIT;
	struct err err;

	err_set(&err, kind, "%s", message);
	wire_put_err(&payload, &err);
	box_put(box, FRAME_ERROR, id, payload.data, payload.len);
	buf_fini(&payload);
}

uint32_t box_send(struct box *box, const char *method, const struct buf *args)
{
	struct buf payload = BUF_INIT;

	value_put_list(&payload, 2);
	value_put_str(&payload, method);
	buf_append(&payload, args->data, args->len);
	box_put(box, FRAME_CALL, ++box->last_id, payload.data, payload.len);
	buf_fini(&payload);
	return box->last_id;
}

/* --- serving --- */

static void answer_with_itself(struct box *box, uint32_t id, const char *method,
			       const struct value *args)
{
	struct buf result = BUF_INIT;

	value_put_map(&result, 2);
	value_put_str(&result, "method");
	value_put_str(&result, method);
	value_put_str(&result, "args");
	value_put(&result, args);
	box_answer(box, id, &result);
	buf_fini(&result);
}

static void serve_named(struct box *box, const struct frame *frame)
{
	struct err err;
	struct value_tree *tree = value_parse(frame->payload, frame->len, &err);
	const struct value *name, *args;

	assert_non_null(tree);
	name = value_at(value_root(tree), 0);
	args = value_at(value_root(tree), 1);
	if (frame->kind == FRAME_CALL) {
		box->calls++;
		(box->call != NULL ? box->call : answer_with_itself)(box, frame->id, name->bytes,
								     args);
	} else {
		box->events++;
		if (box->event != NULL)
			box->event(box, name->bytes, args);
	}
	value_tree_free(tree);
}

static void serve_credit(struct box *box, const struct frame *frame)
{
	struct value_cursor cursor = value_cursor(frame->payload, frame->len);
	struct value_head head;
	struct err err;

	assert_true(value_next(&cursor, &head, &err));
	box->credit += head.i;
}

static void take_outcome(const struct frame *frame, struct box_outcome *outcome)
{
	outcome->err = ERR_INIT;
	if (frame->kind == FRAME_ERROR) {
		outcome->how = BOX_ERROR;
		wire_get_err(frame->payload, frame->len, &outcome->err);
		return;
	}
	outcome->how = BOX_RESULT;
	outcome->tree = value_parse(frame->payload, frame->len, &outcome->err);
	assert_non_null(outcome->tree);
	outcome->result = value_root(outcome->tree);
}

/* Serves one frame; true when it was the answer that is waited for. */
static bool serve(struct box *box, const struct frame *frame, uint32_t id,
		  struct box_outcome *outcome)
{
	switch (frame->kind) {
	case FRAME_CALL:
	case FRAME_EVENT:
		serve_named(box, frame);
		return false;
	case FRAME_CREDIT:
		serve_credit(box, frame);
		return false;
	case FRAME_RESULT:
	case FRAME_ERROR:
		if (frame->id != id)
			return false;
		take_outcome(frame, outcome);
		return true;
	default:
		fail_msg("the sandbox sent a frame of kind %d", (int)frame->kind);
		return false;
	}
}

/* false: the process has closed its end. */
static bool hear(struct box *box)
{
	struct pollfd fd = { .fd = box->socket, .events = POLLIN };
	void *room = buf_room(&box->in, READ_BYTES);
	ssize_t n;

	if (poll(&fd, 1, SILENCE_MS) != 1)
		fail_msg("nothing heard from the sandbox for %d s", SILENCE_MS / 1000);
	n = read(box->socket, room, READ_BYTES);
	if (n <= 0)
		return false;
	buf_grown(&box->in, (size_t)n);
	return true;
}

void box_await(struct box *box, uint32_t id, struct box_outcome *outcome)
{
	bool is_answered = false;
	struct frame frame;
	struct err err;
	size_t used;

	*outcome = (struct box_outcome){ .how = BOX_DIED, .err = ERR_INIT };
	while (!is_answered) {
		switch (frame_parse(buf_text(&box->in), box->in.len, &frame, &used, &err)) {
		case FRAME_READY:
			is_answered = serve(box, &frame, id, outcome);
			buf_consume(&box->in, used);
			break;
		case FRAME_BROKEN:
			fail_msg("the sandbox sent nonsense: %s", err.message);
			break;
		case FRAME_MORE:
			if (!hear(box)) {
				reap(box);
				return;
			}
		}
	}
}

void box_outcome_fini(struct box_outcome *outcome)
{
	value_tree_free(outcome->tree);
	*outcome = (struct box_outcome){ .err = ERR_INIT };
}

/* --- scripts --- */

static void put_lib(struct buf *args, const char *name, const char *text)
{
	value_put_map(args, 2);
	value_put_str(args, "name");
	value_put_str(args, name);
	value_put_str(args, "text");
	value_put_str(args, text);
}

void box_try_load(struct box *box, const char *text, struct box_outcome *outcome)
{
	struct buf args = BUF_INIT;

	value_put_map(&args, 4);
	value_put_str(&args, "connector");
	value_put_str(&args, "kandji");
	value_put_str(&args, "file");
	value_put_str(&args, "kandji.lua");
	value_put_str(&args, "text");
	value_put_str(&args, text);
	value_put_str(&args, "libs");
	value_put_list(&args, 2);
	put_lib(&args, "muster.guest", guest_text);
	put_lib(&args, "muster.shared", "return { answer = 42, nested = { 1 } }");
	box_await(box, box_send(box, "load", &args), outcome);
	buf_fini(&args);
}

void box_load(struct box *box, const char *text)
{
	struct box_outcome outcome;

	box_try_load(box, text, &outcome);
	if (outcome.how != BOX_RESULT)
		fail_msg("the script was not loaded: %s", outcome.err.message);
	box_outcome_fini(&outcome);
}

void box_run(struct box *box, struct box_outcome *outcome)
{
	struct buf args = BUF_INIT;

	value_put_map(&args, 1);
	value_put_str(&args, "now");
	value_put_str(&args, "2026-03-02T09:14:55.120Z");
	box_await(box, box_send(box, "run", &args), outcome);
	buf_fini(&args);
}

void box_run_text(const char *text, struct box_outcome *outcome)
{
	struct box box;

	box_start(&box, &(struct box_options){ 0 });
	box_load(&box, text);
	box_run(&box, outcome);
	box_close(&box);
}
