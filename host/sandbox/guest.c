/* The side of Lua: calls, posted calls and events of a script. */
#include "sandbox/guest.h"

#include <lauxlib.h>

#include "sandbox/guest_loop.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/wire_lua.h"
#include "wire/frame.h"

enum {
	FLUSH_BYTES = 256 * 1024, /* waiting to be sent before an event waits for the host */
	EVENT_STEPS = 1000,	  /* what an event costs, in instructions */
};

/* Its address is the key under which a state keeps its guest. */
static const char guest_key;

void guest_bind(lua_State *L, struct guest *guest)
{
	lua_pushlightuserdata(L, guest);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &guest_key);
}

struct guest *guest_of(lua_State *L)
{
	struct guest *guest;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &guest_key);
	guest = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return guest;
}

/* --- calls --- */

static struct guest *check_guest(lua_State *L)
{
	struct guest *guest = guest_of(L);

	if (guest == NULL)
		luaL_error(L, "there is no host to ask");
	return guest;
}

/* Makes `args` a whole CALL or EVENT payload. */
static void put_named(lua_State *L, const char *name, struct buf *args)
{
	struct buf *payload = bind_buf(L);
	struct err err;

	value_put_list(payload, 2);
	value_put_str(payload, name);
	buf_append(payload, args->data, args->len);
	payload->failed |= args->failed;
	buf_fini(args);
	if (!buf_ok(payload, &err))
		bind_raise(L, &err);
	if (payload->len > FRAME_PAYLOAD_MAX) {
		err_set(&err, ERR_OVER_LIMIT, "'%s' with %zu bytes passes the limit of %d bytes",
			name, payload->len, FRAME_PAYLOAD_MAX);
		bind_raise(L, &err);
	}
	*args = *payload;
	*payload = BUF_INIT;
	lua_pop(L, 1);
}

static uint32_t send_call(struct guest *guest, struct buf *payload)
{
	guest->last_id++;
	frame_put(&guest->out, FRAME_CALL, guest->last_id, payload->data, payload->len);
	buf_fini(payload);
	return guest->last_id;
}

static void cancel_call(struct task *task)
{
	task->wait.call_id = 0;
}

static void push_answer(lua_State *L, struct task_wait *wait)
{
	struct value_cursor cursor = value_cursor(buf_text(&wait->answer), wait->answer.len);

	wire_push_lua(L, &cursor);
	if (wait->is_try)
		lua_pushnil(L);
}

static void push_failure(lua_State *L, struct task_wait *wait)
{
	struct err err = wait->failure;

	if (err.kind == ERR_NONE)
		wire_get_err(buf_text(&wait->answer), wait->answer.len, &err);
	if (wait->is_try)
		lua_pushnil(L);
	bind_push_err(L, &err);
}

/* Where a task goes on when its call is answered. */
static int answered(lua_State *L, int status, lua_KContext ctx)
{
	struct task *task = (struct task *)ctx;
	struct task_wait *wait = &task->wait;

	task->cancelled = NULL;
	wait->body = NULL;
	luaL_checkstack(L, 4, "an answer");
	if (wait->is_error)
		push_failure(L, wait);
	else
		push_answer(L, wait);
	buf_fini(&wait->answer);
	if (wait->is_error && !wait->is_try)
		return lua_error(L);
	return wait->k(L, status, wait->ctx);
}

static int call(lua_State *L, const char *method, struct buf *args, bool is_try, lua_KContext ctx,
		lua_KFunction k)
{
	struct guest *guest = check_guest(L);
	struct task *task = task_check(L);
	struct task_wait *wait = &task->wait;

	put_named(L, method, args);
	wait->call_id = send_call(guest, args);
	wait->is_try = is_try;
	wait->is_error = false;
	wait->failure = ERR_INIT;
	wait->k = k;
	wait->ctx = ctx;
	buf_clear(&wait->answer);
	task->cancelled = cancel_call;
	return lua_yieldk(L, 0, (lua_KContext)task, answered);
}

int guest_ask(lua_State *L, const char *method, struct buf *args, lua_KContext ctx, lua_KFunction k)
{
	return call(L, method, args, false, ctx, k);
}

int guest_try(lua_State *L, const char *method, struct buf *args, lua_KContext ctx, lua_KFunction k)
{
	return call(L, method, args, true, ctx, k);
}

int guest_try_fetch(lua_State *L, const char *method, struct buf *args, struct body *body,
		    lua_KContext ctx, lua_KFunction k)
{
	task_check(L)->wait.body = body;
	return call(L, method, args, true, ctx, k);
}

void guest_event(lua_State *L, const char *name, struct buf *args)
{
	struct guest *guest = guest_of(L);

	if (guest == NULL)
		return;
	limits_charge(L, EVENT_STEPS);
	put_named(L, name, args);
	frame_put(&guest->out, FRAME_EVENT, 0, args->data, args->len);
	buf_fini(args);
	if (guest->out.len > FLUSH_BYTES)
		guest_flush(guest);
}

/* --- posted calls --- */

static int count_posted(const struct guest *guest)
{
	int count = 0;

	for (int i = 0; i < GUEST_POSTED_MAX; i++)
		count += guest->posted[i] != 0;
	return count;
}

/* Raises what a posted call was answered with, once. */
static void raise_post_failure(lua_State *L, struct guest *guest)
{
	struct err err = guest->post_failure;

	if (err.kind == ERR_NONE)
		return;
	guest->post_failure = ERR_INIT;
	bind_raise(L, &err);
}

static void cancel_wish(struct task *task)
{
	task->wait.wants_posted = false;
}

static int wait_for_posted(lua_State *L, struct task *task, lua_KFunction again)
{
	task->wait.wants_posted = true;
	task->cancelled = cancel_wish;
	return lua_yieldk(L, 0, (lua_KContext)task, again);
}

static int has_room(lua_State *L, int status, lua_KContext ctx)
{
	struct guest *guest = guest_of(L);
	struct task *task = (struct task *)ctx;

	task->cancelled = NULL;
	raise_post_failure(L, guest);
	if (count_posted(guest) == GUEST_POSTED_MAX)
		return wait_for_posted(L, task, has_room);
	guest_replace_posted(guest, 0, send_call(guest, &task->wait.frame));
	return task->wait.k(L, status, task->wait.ctx);
}

int guest_post(lua_State *L, const char *method, struct buf *args, lua_KContext ctx,
	       lua_KFunction k)
{
	struct task *task;

	check_guest(L);
	task = task_check(L);
	put_named(L, method, args);
	buf_fini(&task->wait.frame);
	task->wait.frame = *args;
	*args = BUF_INIT;
	task->wait.k = k;
	task->wait.ctx = ctx;
	return has_room(L, LUA_OK, (lua_KContext)task);
}

static int all_answered(lua_State *L, int status, lua_KContext ctx)
{
	struct guest *guest = guest_of(L);
	struct task *task = (struct task *)ctx;

	task->cancelled = NULL;
	raise_post_failure(L, guest);
	if (count_posted(guest) > 0)
		return wait_for_posted(L, task, all_answered);
	return task->wait.k(L, status, task->wait.ctx);
}

int guest_drain(lua_State *L, lua_KContext ctx, lua_KFunction k)
{
	struct task *task;

	check_guest(L);
	task = task_check(L);
	task->wait.k = k;
	task->wait.ctx = ctx;
	return all_answered(L, LUA_OK, (lua_KContext)task);
}
