/*
 * muster whose sandbox runs machine code of a stranger: main.c as it is, and in the Lua state of
 * the sandbox a table `native`, by which a connector or an overlay does whatever exploited code
 * could do there. It is filled before the jail is entered and used inside. Linked with
 * --wrap=vm_open.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <lauxlib.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/guest_loop.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/readonly.h"
#include "sandbox/lua/vm.h"
#include "sandbox/lua/wire_lua.h"
#include "wire/frame.h"

enum { SYSCALL_ARGS = 6, SPIN_S = 120 };

void __real_vm_open(lua_State *L);
void __wrap_vm_open(lua_State *L);

/* An integer as it is; a text as a pointer to its bytes, which the kernel may write to. */
static long argument(lua_State *L, int index)
{
	if (lua_type(L, index) == LUA_TSTRING)
		return (long)(intptr_t)lua_tostring(L, index);
	return (long)luaL_optinteger(L, index, 0);
}

/* native.call(number, ...) -> what the kernel returned, errno */
static int native_call(lua_State *L)
{
	long args[SYSCALL_ARGS], result;
	long number = (long)luaL_checkinteger(L, 1);

	for (int i = 0; i < SYSCALL_ARGS; i++)
		args[i] = argument(L, i + 2);
	errno = 0;
	result = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	lua_pushinteger(L, result);
	lua_pushinteger(L, errno);
	return 2;
}

static void send_all(int socket, const char *data, size_t len)
{
	struct pollfd ready = { .fd = socket, .events = POLLOUT };

	while (len > 0) {
		ssize_t n = write(socket, data, len);

		if (n < 0 && errno != EAGAIN)
			return;
		if (n < 0)
			poll(&ready, 1, -1);
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

/* native.send(bytes): to the host, past everything */
static int native_send(lua_State *L)
{
	size_t len;
	const char *data = luaL_checklstring(L, 1, &len);

	send_all(guest_of(L)->socket, data, len);
	return 0;
}

/* native.frame(kind, id, value) -> a frame's bytes; a text is a payload as it is */
static int native_frame(lua_State *L)
{
	struct buf *payload = bind_buf(L), *frame = bind_buf(L);
	struct err err;

	if (lua_type(L, 3) == LUA_TSTRING)
		buf_append(payload, lua_tostring(L, 3), lua_rawlen(L, 3));
	else if (!wire_from_lua(L, 3, payload, &err))
		return bind_raise(L, &err);
	frame_put(frame, (enum frame_kind)luaL_checkinteger(L, 1),
		  (uint32_t)luaL_checkinteger(L, 2), payload->data, payload->len);
	lua_pushlstring(L, buf_text(frame), frame->len);
	return 1;
}

/* native.spin(): allows itself all the CPU time there is, and uses it */
static int native_spin(lua_State *L)
{
	struct rlimit limit;
	struct timespec now;

	(void)L;
	getrlimit(RLIMIT_CPU, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_CPU, &limit);
	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	} while (now.tv_sec < SPIN_S);
	return 0;
}

/* native.sleep(): says nothing any more */
static int native_sleep(lua_State *L)
{
	(void)L;
	poll(NULL, 0, -1);
	return 0;
}

static const luaL_Reg functions[] = {
	{ "call", native_call }, { "send", native_send },   { "frame", native_frame },
	{ "spin", native_spin }, { "sleep", native_sleep }, { NULL, NULL },
};

void __wrap_vm_open(lua_State *L)
{
	__real_vm_open(L);
	vm_push_globals(L);
	readonly_unwrap(L, -1);
	luaL_newlib(L, functions);
	lua_pushinteger(L, getppid());
	lua_setfield(L, -2, "host");
	lua_setfield(L, -2, "native");
	lua_pop(L, 2);
}
