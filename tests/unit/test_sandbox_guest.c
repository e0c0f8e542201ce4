/* The sandbox's end of the protocol: tasks, bodies and credit, posted calls, and bad ends. */
#include "unit.h"

#include <lauxlib.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "fixture_sandbox.h"
#include "sandbox/guest_loop.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/readonly.h"
#include "sandbox/lua/vm.h"
#include "wire/exit.h"

enum { MIB = 1024 * 1024 };

/* --- what this host does with calls: it keeps them, to answer in an order of its own --- */

struct kept {
	uint32_t ids[64];
	char names[64][16];
	int count, most_at_once, answered;
	bool keeps; /* answers only on request */
};

static void answer_text(struct box *box, uint32_t id, const char *text)
{
	struct buf result = BUF_INIT;

	value_put_map(&result, 1);
	value_put_str(&result, "text");
	value_put_str(&result, text);
	box_answer(box, id, &result);
	buf_fini(&result);
}

static void answer_kept(struct box *box, struct kept *kept)
{
	while (kept->count > 0) {
		kept->count--;
		kept->answered++;
		if (str_has_prefix(kept->names[kept->count], "bad"))
			box_fail(box, kept->ids[kept->count], ERR_REMOTE, kept->names[kept->count]);
		else
			answer_text(box, kept->ids[kept->count], kept->names[kept->count]);
	}
}

/* Answers the newest first, as soon as so many wait as a call says; with 0 it is never answered. */
static void keep_call(struct box *box, uint32_t id, const char *method, const struct value *args)
{
	struct kept *kept = box->arg;
	int64_t flush = value_int(value_get(args, "path"), "flush", 1);

	(void)method;
	if (flush == 0)
		return;
	kept->ids[kept->count] = id;
	snprintf(kept->names[kept->count], sizeof(kept->names[0]), "%s",
		 value_text(args, "call", "?"));
	kept->count++;
	if (kept->count > kept->most_at_once)
		kept->most_at_once = kept->count;
	if (kept->count >= flush)
		answer_kept(box, kept);
}

static void run_kept(const char *script, struct kept *kept, struct box_outcome *outcome)
{
	struct box box;

	*kept = (struct kept){ 0 };
	box_start(&box, &(struct box_options){ 0 });
	box.call = keep_call;
	box.arg = kept;
	box_load(&box, script);
	box_run(&box, outcome);
	box_close(&box);
}

#define ASK                                                                                        \
	"local function ask(name, flush)\n"                                                        \
	"  return assert(host.http.request { call = name, path = { flush = flush } }).text\n"      \
	"end\n"                                                                                    \
	"local task = require 'muster.task'\n"

/* --- tasks --- */

static void test_map_runs_at_once_and_keeps_order(void **state)
{
	struct box_outcome outcome;
	struct kept kept;

	(void)state;
	run_kept(ASK "local got = task.map(3, { 'a', 'b', 'c', 'd', 'e', 'f' },\n"
		     "  function(name, i) return ask(name, 3) .. i end)\n"
		     "return table.concat(got, ' ')",
		 &kept, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_string_equal(outcome.result->bytes, "a1 b2 c3 d4 e5 f6");
	assert_int_equal(kept.most_at_once, 3);
	box_outcome_fini(&outcome);
}

static void test_map_of_nothing(void **state)
{
	struct box_outcome outcome;
	struct kept kept;

	(void)state;
	run_kept(ASK "return #task.map(3, {}, ask) .. #task.map(1, { 1 }, type)", &kept, &outcome);
	assert_string_equal(outcome.result->bytes, "01");
	box_outcome_fini(&outcome);
}

/* The first error ends the rest: what they wait for is answered to nobody, their <close> runs. */
static void test_map_first_error_cancels(void **state)
{
	struct box_outcome outcome;
	struct kept kept;

	(void)state;
	run_kept(ASK "local closed = 0\n"
		     "local ok, err = pcall(task.map, 3, { 'a', 'bad', 'c' },\n"
		     "  function(name)\n"
		     "    local guard <close> = setmetatable({}, { __close = function()\n"
		     "      closed = closed + 1 end })\n"
		     "    ask(name, 3)\n"
		     "    ask('never', 0)\n"
		     "  end)\n"
		     "return ask('after', 1) .. tostring(ok) .. err.message .. closed",
		 &kept, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_string_equal(outcome.result->bytes, "afterfalsebad3");
	box_outcome_fini(&outcome);
}

static void test_map_in_map(void **state)
{
	struct box_outcome outcome;
	struct kept kept;

	(void)state;
	run_kept(ASK "local ok, err = pcall(task.map, 2, { 'x', 'y' }, function(outer)\n"
		     "  return task.map(2, { 'a', outer == 'y' and 'bad' or 'b' }, function(name)\n"
		     "    return ask(name, 4) end)\n"
		     "end)\n"
		     "return tostring(ok) .. err.message .. ask('z', 1)",
		 &kept, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_string_equal(outcome.result->bytes, "falsebadz");
	box_outcome_fini(&outcome);
}

static void test_map_misuse(void **state)
{
	static const char *const scripts[][2] = {
		{ "task.map(0, {}, ask)", "1 to 64 at a time" },
		{ "task.map(65, {}, ask)", "1 to 64 at a time" },
		{ "task.map(1, {}, 1)", "function expected" },
		{ "task.map(1, 1, ask)", "attempt to get length" },
		{ "table.sort({ 1, 2 }, function() ask('x', 1) end)", "cannot wait for the host" },
		{ "task.map(1, { 1 }, error)", "an error object" },
		{ "local function deep(n) return task.map(64, ('x'):rep(64):gsub('x', '') and\n"
		  "  { 1, 2, 3, 4, 5, 6, 7, 8 }, function() return deep(n + 1) end) end deep(1)",
		  "more than 256 tasks at a time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct box_outcome outcome;
		struct kept kept;
		char script[1024];

		snprintf(script, sizeof(script), "%s%s", ASK, scripts[i][0]);
		run_kept(script, &kept, &outcome);
		if (outcome.how != BOX_ERROR || strstr(outcome.err.message, scripts[i][1]) == NULL)
			fail_msg("%s: %s", scripts[i][0], outcome.err.message);
		box_outcome_fini(&outcome);
	}
}

/* Several calls of the host are under way at once; a limit ends all of them by name. */
static void test_limit_answers_all_calls(void **state)
{
	struct box_outcome outcome;
	struct kept kept = { 0 };
	struct buf args = BUF_INIT;
	struct box box;
	uint32_t waiting;

	(void)state;
	box_start(&box, &(struct box_options){ 0 });
	box.call = keep_call;
	box.arg = &kept;
	box_load(&box, ASK "local args = ...\n"
			   "if args.loops then while true do end end\n"
			   "ask('x', 100)");
	value_put_map(&args, 0);
	waiting = box_send(&box, "read", &args);
	buf_clear(&args);
	value_put_map(&args, 1);
	value_put_str(&args, "loops");
	value_put_bool(&args, true);
	box_send(&box, "run", &args);
	box_await(&box, waiting, &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_int_equal(outcome.err.kind, ERR_OVER_LIMIT);
	assert_string_equal(outcome.err.message,
			    "limit of 500 million instructions without the host reached, "
			    "connector kandji, kandji.lua:6");
	box_outcome_fini(&outcome);
	buf_fini(&args);
	box_close(&box);
	assert_int_equal(WEXITSTATUS(box.wait_status), SANDBOX_EXIT_OVER_LIMIT);
}

/* --- HTTP --- */

/* Sends a body of args.path.mib MiB in chunks, then the result. */
static void send_body(struct box *box, uint32_t id, const char *method, const struct value *args)
{
	int64_t left = value_int(value_get(args, "path"), "mib", 0) * MIB;
	char *chunk = calloc(1, FRAME_PAYLOAD_MAX);
	struct buf result = BUF_INIT;

	(void)method;
	memset(chunk, 'x', FRAME_PAYLOAD_MAX);
	while (left > 0) {
		int64_t n = left < FRAME_PAYLOAD_MAX ? left : FRAME_PAYLOAD_MAX;

		box_put(box, FRAME_CHUNK, id, chunk, (size_t)n);
		left -= n;
	}
	free(chunk);
	value_put_map(&result, 1);
	value_put_str(&result, "status");
	value_put_int(&result, 200);
	box_answer(box, id, &result);
	buf_fini(&result);
}

static void run_bodies(const char *script, struct box *box, struct box_outcome *outcome)
{
	box_start(box, &(struct box_options){ 0 });
	box->call = send_body;
	box_load(box, script);
	box_run(box, outcome);
	box_close(box);
}

#define FETCH                                                                                      \
	"local function fetch(mib)\n"                                                              \
	"  return host.http.request { call = 'GET api:/x', path = { mib = mib } }\n"               \
	"end\n"

static void test_body_arrives(void **state)
{
	struct box_outcome outcome;
	struct box box;

	(void)state;
	run_bodies(FETCH "local r = assert(fetch(5))\n"
			 "local text = r.body:text()\n"
			 "r.body:close() r.body:close()\n"
			 "return r.status .. ' ' .. #text .. ' ' .. #r.body",
		   &box, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_string_equal(outcome.result->bytes, "200 5242880 0");
	/* All but what is left of the last MiB was granted anew. */
	assert_true(box.credit > 4 * MIB && box.credit <= 5 * MIB);
	box_outcome_fini(&outcome);
}

static void test_body_too_large(void **state)
{
	struct box_outcome outcome;
	struct box box;

	(void)state;
	run_bodies(FETCH "local r, err = fetch(33)\n"
			 "assert(not r)\n"
			 "return err.kind .. ': ' .. tostring(err) .. #assert(fetch(1)).body",
		   &box, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_string_equal(outcome.result->bytes,
			    "over_limit: an answer's body passes the limit of 32 MiB1048576");
	assert_true(box.credit > 33 * MIB);
	box_outcome_fini(&outcome);
}

/* Bodies nobody holds any more must not add up, although Lua sees only a few bytes of each. */
static void test_bodies_are_collected(void **state)
{
	struct box_outcome outcome;
	struct box box;

	(void)state;
	run_bodies(FETCH "for i = 1, 40 do assert(fetch(10)) end\n"
			 "local held = {}\n"
			 "for i = 1, 20 do\n"
			 "  local r, err = fetch(10)\n"
			 "  if not r then return tostring(err) .. ' ' .. i end\n"
			 "  held[i] = r\n"
			 "end",
		   &box, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_string_equal(outcome.result->bytes,
			    "the bodies a script holds at once pass the limit of 128 MiB 13");
	box_outcome_fini(&outcome);
}

static void test_http_misuse(void **state)
{
	static const char *const scripts[][2] = {
		{ "host.http.request { url = 'x', bdy = 1 }", "there is no field 'bdy'" },
		{ "host.http.request { [1] = 1 }", "there is no field '1'" },
		{ "host.http.request('x')", "table expected" },
		{ "host.http.request { body = print }", "body: a function cannot be sent" },
		{ "host.http.request { body = ('x'):rep(300000) }", "passes the limit of" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct box_outcome outcome;

		box_run_text(scripts[i][0], &outcome);
		if (outcome.how != BOX_ERROR || strstr(outcome.err.message, scripts[i][1]) == NULL)
			fail_msg("%s: %s", scripts[i][0], outcome.err.message);
		box_outcome_fini(&outcome);
	}
}

/* --- posted calls: no primitive posts, so the script gets functions of this test --- */

static int ended(lua_State *L, int status, lua_KContext ctx)
{
	(void)L;
	(void)status;
	(void)ctx;
	return 0;
}

/* post(name, flush) */
static int l_post(lua_State *L)
{
	struct buf *args = bind_buf(L);

	value_put_map(args, 2);
	value_put_str(args, "call");
	value_put_str(args, luaL_checkstring(L, 1));
	value_put_str(args, "path");
	value_put_map(args, 1);
	value_put_str(args, "flush");
	value_put_int(args, luaL_checkinteger(L, 2));
	return guest_post(L, "emit", args, 0, ended);
}

/* drain() */
static int l_drain(lua_State *L)
{
	return guest_drain(L, 0, ended);
}

static void serve_with_posts(int socket)
{
	struct err err;
	struct guest *guest = guest_new(socket, &err);

	vm_push_globals(guest->L);
	readonly_unwrap(guest->L, -1);
	lua_pushcfunction(guest->L, l_post);
	lua_setfield(guest->L, -2, "post");
	lua_pushcfunction(guest->L, l_drain);
	lua_setfield(guest->L, -2, "drain");
	lua_settop(guest->L, 0);
	guest_run(guest);
}

static void run_posts(const char *script, struct kept *kept, struct box_outcome *outcome)
{
	struct box box = { .call = keep_call, .arg = kept };
	int sockets[2];

	*kept = (struct kept){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	box.socket = sockets[0];
	box.pid = fork();
	if (box.pid == 0) {
		close(sockets[0]);
		serve_with_posts(sockets[1]);
	}
	close(sockets[1]);
	box_load(&box, script);
	box_run(&box, outcome);
	box_close(&box);
}

static void test_posts_wait_at_eight(void **state)
{
	struct box_outcome outcome;
	struct kept kept;

	(void)state;
	run_posts("for i = 1, 8 do post('p' .. i, 9) end\n"
		  "host.log.info('eight are out')\n"
		  "return 'went on'",
		  &kept, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_int_equal(kept.most_at_once, 8);
	box_outcome_fini(&outcome);
	/* The ninth waits; the eighth makes the host answer all. */
	run_posts("for i = 1, 20 do post('p' .. i, 8) end\n"
		  "post('last', 1) drain() return 'done'",
		  &kept, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_int_equal(kept.most_at_once, 8);
	assert_int_equal(kept.answered, 21);
	box_outcome_fini(&outcome);
}

static void test_posts_fail_later(void **state)
{
	struct box_outcome outcome;
	struct kept kept;

	(void)state;
	run_posts("post('bad', 1)\n"
		  "local ok, err = pcall(drain)\n"
		  "drain()\n"
		  "return tostring(ok) .. err.kind .. err.message",
		  &kept, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_string_equal(outcome.result->bytes, "falseremotebad");
	box_outcome_fini(&outcome);
	run_posts("for i = 1, 100 do post('bad', 1) end", &kept, &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_string_equal(outcome.err.message, "bad");
	assert_true(kept.answered <= 16);
	box_outcome_fini(&outcome);
}

/* --- bad ends --- */

static void expect_end(const void *bytes, size_t len, int exit_code)
{
	struct box_outcome outcome;
	struct box box;

	box_start(&box, &(struct box_options){ 0 });
	assert_int_equal(send(box.socket, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
	box_await(&box, 99, &outcome);
	assert_int_equal(outcome.how, BOX_DIED);
	box_close(&box);
	assert_true(WIFEXITED(box.wait_status));
	assert_int_equal(WEXITSTATUS(box.wait_status), exit_code);
}

static void test_host_speaks_nonsense(void **state)
{
	(void)state;
	expect_end("\xff\xff\xff\xff\x01", 5, SANDBOX_EXIT_PROTOCOL);
	expect_end("\x05\x00\x00\x00\x63\x00\x00\x00\x00", 9, SANDBOX_EXIT_PROTOCOL);
}

static void test_damaged_call(void **state)
{
	struct box_outcome outcome;
	struct box box;

	(void)state;
	box_start(&box, &(struct box_options){ 0 });
	box_put(&box, FRAME_CALL, 7, "\x06\x7f", 2);
	box_await(&box, 7, &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_non_null(strstr(outcome.err.message, "damaged"));
	box_close(&box);
}

/* Answers to calls that were never made, or are over, change nothing. */
static void test_stray_answers(void **state)
{
	struct box_outcome outcome;
	struct box box;

	(void)state;
	box_start(&box, &(struct box_options){ 0 });
	box_put(&box, FRAME_RESULT, 0, "\0", 1);
	box_put(&box, FRAME_RESULT, 12345, "\0", 1);
	box_put(&box, FRAME_ERROR, 1, "", 0);
	box_put(&box, FRAME_CHUNK, 77, "abc", 3);
	box_load(&box, "return 'fine'");
	box_run(&box, &outcome);
	assert_string_equal(outcome.result->bytes, "fine");
	box_outcome_fini(&outcome);
	box_close(&box);
}

/* A host that starts a sandbox, makes it busy inside one C function, tells its pid, and dies. */
static void be_short_lived_host(int told)
{
	struct buf args = BUF_INIT;
	struct box box;

	box_start(&box, &(struct box_options){ 0 });
	box_load(&box, "return string.find(('a'):rep(3000), '.-.-.-.-b')");
	value_put_map(&args, 0);
	box_send(&box, "run", &args);
	_exit(write(told, &box.pid, sizeof(box.pid)) == sizeof(box.pid) ? 0 : 1);
}

/* It takes its sandboxes with it, long before the CPU limit would. */
static void test_parent_dies(void **state)
{
	struct pollfd end = { .events = POLLIN };
	pid_t parent, box_pid = 0;
	int told[2];

	(void)state;
	assert_int_equal(pipe(told), 0);
	parent = fork();
	if (parent == 0)
		be_short_lived_host(told[1]);
	assert_int_equal(read(told[0], &box_pid, sizeof(box_pid)), sizeof(box_pid));
	end.fd = (int)syscall(SYS_pidfd_open, box_pid, 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	if (end.fd >= 0)
		assert_int_equal(poll(&end, 1, 15000), 1);
	close(end.fd);
	close(told[0]);
	close(told[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_runs_at_once_and_keeps_order),
		cmocka_unit_test(test_map_of_nothing),
		cmocka_unit_test(test_map_first_error_cancels),
		cmocka_unit_test(test_map_in_map),
		cmocka_unit_test(test_map_misuse),
		cmocka_unit_test(test_limit_answers_all_calls),
		cmocka_unit_test(test_body_arrives),
		cmocka_unit_test(test_body_too_large),
		cmocka_unit_test(test_bodies_are_collected),
		cmocka_unit_test(test_http_misuse),
		cmocka_unit_test(test_posts_wait_at_eight),
		cmocka_unit_test(test_posts_fail_later),
		cmocka_unit_test(test_host_speaks_nonsense),
		cmocka_unit_test(test_damaged_call),
		cmocka_unit_test(test_stray_answers),
		cmocka_unit_test(test_parent_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
