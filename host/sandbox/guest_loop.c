/* The side of the socket: frames in and out, answers of the host, and the loop. */
#include "sandbox/guest_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "sandbox/jail.h"
#include "sandbox/lib/body.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/vm.h"
#include "wire/exit.h"

enum {
	READ_BYTES = 256 * 1024,
	CREDIT_BYTES = 1024 * 1024, /* taken before the host hears of it */
	LAST_WORDS_MS = 5000,
};

/* --- the socket --- */

/* Sends what it can without waiting. */
static void flush(struct guest *guest)
{
	while (guest->out.len > 0) {
		ssize_t n = write(guest->socket, guest->out.data, guest->out.len);

		if (n > 0)
			buf_consume(&guest->out, (size_t)n);
		else if (n < 0 && errno == EAGAIN)
			return;
		else if (n == 0 || errno != EINTR)
			_exit(SANDBOX_EXIT_HOST_GONE);
	}
	if (guest->out.failed)
		_exit(SANDBOX_EXIT_MEMORY);
}

/* false: nothing happened in time. */
static bool wait_for(struct guest *guest, short events, int timeout_ms)
{
	struct pollfd fd = { .fd = guest->socket, .events = events };

	return poll(&fd, 1, timeout_ms) != 0;
}

void guest_flush(struct guest *guest)
{
	for (flush(guest); guest->out.len > 0; flush(guest))
		wait_for(guest, POLLOUT, -1);
}

void guest_put_err(struct guest *guest, uint32_t id, const struct err *err)
{
	struct buf payload = BUF_INIT;

	wire_put_err(&payload, err);
	guest->out.failed |= payload.failed;
	frame_put(&guest->out, FRAME_ERROR, id, buf_text(&payload), payload.len);
	buf_fini(&payload);
}

void guest_end(struct guest *guest, const struct err *err, int exit_code)
{
	for (const struct request *at = guest->requests; at != NULL; at = at->next)
		guest_put_err(guest, at->id, err);
	flush(guest);
	while (guest->out.len > 0 && wait_for(guest, POLLOUT, LAST_WORDS_MS))
		flush(guest);
	_exit(exit_code);
}

static void __attribute__((noreturn)) end_over_limit(void *guest, const struct err *err)
{
	guest_end(guest, err, SANDBOX_EXIT_OVER_LIMIT);
}

/* --- answers of the host --- */

static struct task *find_caller(struct guest *guest, uint32_t id)
{
	for (struct task *at = guest->tasks.all; at != NULL; at = at->next) {
		if (at->wait.call_id == id)
			return at;
	}
	return NULL;
}

bool guest_replace_posted(struct guest *guest, uint32_t id, uint32_t other)
{
	for (int i = 0; i < GUEST_POSTED_MAX; i++) {
		if (guest->posted[i] == id) {
			guest->posted[i] = other;
			return true;
		}
	}
	return false;
}

static void take_posted(struct guest *guest, const struct frame *frame)
{
	if (frame->kind == FRAME_ERROR && guest->post_failure.kind == ERR_NONE)
		wire_get_err(frame->payload, frame->len, &guest->post_failure);
	for (struct task *at = guest->tasks.all; at != NULL; at = at->next) {
		if (at->wait.wants_posted) {
			at->wait.wants_posted = false;
			task_wake(at);
		}
	}
}

/* An answer to a call whose task was cancelled finds nobody and is dropped. */
static void take_answer(struct guest *guest, const struct frame *frame)
{
	struct task *task;

	limits_renew(&guest->limits);
	if (frame->id != 0 && guest_replace_posted(guest, frame->id, 0)) {
		take_posted(guest, frame);
		return;
	}
	task = frame->id != 0 ? find_caller(guest, frame->id) : NULL;
	if (task == NULL)
		return;
	task->wait.call_id = 0;
	task->wait.is_error = frame->kind == FRAME_ERROR || task->wait.failure.kind != ERR_NONE;
	buf_append(&task->wait.answer, frame->payload, frame->len);
	if (task->wait.answer.failed)
		_exit(SANDBOX_EXIT_MEMORY);
	task_wake(task);
}

static void take_chunk(struct guest *guest, const struct frame *frame)
{
	struct task *task = frame->id != 0 ? find_caller(guest, frame->id) : NULL;
	struct buf credit = BUF_INIT;

	if (task != NULL && task->wait.body != NULL && task->wait.failure.kind == ERR_NONE)
		body_append(guest->L, task->wait.body, frame->payload, frame->len,
			    &task->wait.failure);
	guest->taken += frame->len;
	if (guest->taken < CREDIT_BYTES)
		return;
	value_put_int(&credit, (int64_t)guest->taken);
	frame_put(&guest->out, FRAME_CREDIT, 0, buf_text(&credit), credit.len);
	buf_fini(&credit);
	guest->taken = 0;
}

static void dispatch(struct guest *guest, const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_CALL:
		guest_start_request(guest, frame);
		return;
	case FRAME_RESULT:
	case FRAME_ERROR:
		take_answer(guest, frame);
		return;
	case FRAME_CHUNK:
		take_chunk(guest, frame);
		return;
	case FRAME_EVENT:
	case FRAME_CREDIT:
		return; /* nothing that a sandbox has to know */
	}
}

/* --- the loop --- */

static void parse_input(struct guest *guest)
{
	size_t at = 0, used = 0;
	struct frame frame;
	struct err err;
	enum frame_status status;

	while ((status = frame_parse(buf_text(&guest->in) + at, guest->in.len - at, &frame, &used,
				     &err)) == FRAME_READY) {
		dispatch(guest, &frame);
		at += used;
	}
	if (status == FRAME_BROKEN)
		_exit(SANDBOX_EXIT_PROTOCOL);
	buf_consume(&guest->in, at);
}

static void read_input(struct guest *guest)
{
	void *room = buf_room(&guest->in, READ_BYTES);
	ssize_t n;

	if (room == NULL)
		_exit(SANDBOX_EXIT_MEMORY);
	n = read(guest->socket, room, READ_BYTES);
	if (n == 0)
		_exit(SANDBOX_EXIT_DONE);
	if (n > 0) {
		buf_grown(&guest->in, (size_t)n);
		parse_input(guest);
	} else if (errno != EAGAIN && errno != EINTR) {
		_exit(SANDBOX_EXIT_HOST_GONE);
	}
}

void guest_run(struct guest *guest)
{
	for (;;) {
		tasks_run(&guest->tasks);
		flush(guest);
		wait_for(guest, guest->out.len > 0 ? POLLIN | POLLOUT : POLLIN, -1);
		read_input(guest);
	}
}

/* --- making it --- */

static int say_traceback(lua_State *L)
{
	lua_State *co = lua_touserdata(L, 1);

	luaL_traceback(L, co, lua_tostring(co, -1), 0);
	lua_log_top(L, "debug");
	return 0;
}

/* Where a script's mistake was made, for its author. An error table says enough by itself. */
static void log_traceback(struct tasks *tasks, lua_State *co)
{
	if (lua_type(co, -1) != LUA_TSTRING)
		return;
	lua_pushcfunction(tasks->L, say_traceback);
	lua_pushlightuserdata(tasks->L, co);
	if (lua_pcall(tasks->L, 1, 0, 0) != LUA_OK)
		lua_pop(tasks->L, 1);
}

static int panic(lua_State *L)
{
	(void)L;
	_exit(SANDBOX_EXIT_OVER_LIMIT);
}

static int open_vm(lua_State *L)
{
	vm_open(L);
	return 0;
}

static bool open_state(struct guest *guest, struct err *err)
{
	lua_State *L = limits_new_state(&guest->limits);

	if (L == NULL)
		return err_oom(err);
	guest->L = L;
	lua_atpanic(L, panic);
	tasks_init(&guest->tasks, L);
	guest->tasks.failed = log_traceback;
	lua_pushcfunction(L, open_vm);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK)
		return err_set(err, ERR_BUG, "%s", lua_tostring(L, -1));
	guest_bind(L, guest);
	limits_watch(L);
	return true;
}

struct guest *guest_new(int socket, struct err *err)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	if (guest == NULL) {
		err_oom(err);
		return NULL;
	}
	guest->socket = socket;
	guest->post_failure = ERR_INIT;
	guest->refusal = ERR_INIT;
	guest->limits = (struct limits){
		.memory_max = LIMITS_MEMORY_MAX,
		.steps_max = LIMITS_STEPS_MAX,
		.cpu_max_ms = jail_cpu_window_s() * INT64_C(1000),
		.tasks = &guest->tasks,
		.over = end_over_limit,
		.arg = guest,
	};
	if (fcntl(socket, F_SETFL, O_NONBLOCK) != 0)
		err_set_errno(err, ERR_BUG, errno, "the sandbox's socket");
	else if (open_state(guest, err))
		return guest;
	free(guest);
	return NULL;
}
