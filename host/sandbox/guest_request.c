/* Calls of the host: each runs as a task, through its handler in muster.guest. */
#include <lauxlib.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "sandbox/guest_loop.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/vm.h"
#include "sandbox/lua/wire_lua.h"
#include "wire/exit.h"

static void free_request(struct request *request)
{
	struct request **at = &request->guest->requests;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	buf_fini(&request->call);
	buf_fini(&request->result);
	free(request);
}

static int keep_result(lua_State *L, int status, lua_KContext ctx)
{
	struct request *request = (struct request *)ctx;
	struct err err;

	(void)status;
	if (!wire_from_lua(L, -1, &request->result, &err)) {
		err_context(&err, "the result of '%s'", lua_tostring(L, 2));
		return bind_raise(L, &err);
	}
	return 0;
}

/* Loading and parsing settings have no effects: there a script cannot even ask. */
static bool may_wait(const char *method)
{
	return !str_eq(method, "load") && !str_eq(method, "settings");
}

/* The body of a request's task: request -> nothing, its result is kept in C. */
static int run_request(lua_State *L)
{
	struct request *request = lua_touserdata(L, 1);
	struct value_cursor cursor = value_cursor(buf_text(&request->call), request->call.len);
	struct value_head head;
	struct err err;

	if (!value_next(&cursor, &head, &err) || head.type != VALUE_LIST || head.count != 2)
		return luaL_error(L, "the host's call is damaged");
	wire_push_lua(L, &cursor);
	luaL_checktype(L, 2, LUA_TSTRING);
	wire_push_lua(L, &cursor);
	buf_fini(&request->call);
	vm_push_handler(L, 2, 3);
	lua_insert(L, 3);
	if (may_wait(lua_tostring(L, 2)))
		lua_callk(L, 1, 1, (lua_KContext)request, keep_result);
	else
		lua_call(L, 1, 1);
	return keep_result(L, LUA_OK, (lua_KContext)request);
}

static void request_ended(struct task *task, int status)
{
	struct request *request = task->owner;
	struct guest *guest = request->guest;
	struct err err;

	if (status == LUA_OK && request->result.len <= FRAME_PAYLOAD_MAX) {
		frame_put(&guest->out, FRAME_RESULT, request->id, request->result.data,
			  request->result.len);
	} else if (status == LUA_OK) {
		err_set(&err, ERR_OVER_LIMIT, "a result of %zu bytes passes the limit of %d bytes",
			request->result.len, FRAME_PAYLOAD_MAX);
		guest_put_err(guest, request->id, &err);
	} else {
		limits_check(&guest->limits);
		bind_get_err(task->co, -1, &err);
		guest_put_err(guest, request->id, &err);
	}
	free_request(request);
}

static int spawn_request(lua_State *L)
{
	struct request *request = lua_touserdata(L, 1);

	lua_pushcfunction(L, run_request);
	lua_insert(L, 1);
	task_spawn(&request->guest->tasks, L, 1, request_ended, request);
	return 0;
}

void guest_start_request(struct guest *guest, const struct frame *frame)
{
	struct request *request = calloc(1, sizeof(*request));
	struct err err;

	if (request == NULL)
		_exit(SANDBOX_EXIT_MEMORY);
	*request = (struct request){ .guest = guest, .next = guest->requests, .id = frame->id };
	guest->requests = request;
	if (guest->refusal.kind != ERR_NONE)
		guest_end(guest, &guest->refusal, SANDBOX_EXIT_JAIL);
	buf_append(&request->call, frame->payload, frame->len);
	lua_pushcfunction(guest->L, spawn_request);
	lua_pushlightuserdata(guest->L, request);
	if (lua_pcall(guest->L, 1, 0, 0) == LUA_OK)
		return;
	bind_get_err(guest->L, -1, &err);
	lua_pop(guest->L, 1);
	guest_put_err(guest, request->id, &err);
	free_request(request);
}
