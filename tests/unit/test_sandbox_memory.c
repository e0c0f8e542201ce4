/*
 * Lua's memory runs out at every possible point: no crash, no leak, an ordinary error. lua-cjson's
 * decode is left out: it is known to leak its text then, and a sandbox ends with its first such
 * error.
 */
#include "unit.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "sandbox/lib/body.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/vm.h"
#include "sandbox/lua/wire_lua.h"

struct torture {
	long grown;		/* allocations so far */
	long fail_at, fail_end; /* from the first of them that fails to the first that does not */
};

static void *allocate(void *arg, void *block, size_t old_size, size_t new_size)
{
	struct torture *torture = arg;

	if (new_size == 0) {
		free(block);
		return NULL;
	}
	if (block == NULL || new_size > old_size) {
		torture->grown++;
		if (torture->grown >= torture->fail_at && torture->grown < torture->fail_end)
			return NULL;
	}
	return realloc(block, new_size);
}

static const char script[] =
	"local value = { list = { 1, 2.5, 'x' }, empty = {}, text = ('y'):rep(100) }\n"
	"local text = host.json.canonical(value) .. host.json.pretty(value)\n"
	"text = text .. host.json.encode(value) .. require('cjson').encode(value)\n"
	"text = text .. host.crypto.hex(text) .. tostring(host.crypto.hex_decode('6'))\n"
	"text = text .. host.time.format(host.time.epoch_ms('2024-03-01T09:14:55Z'))\n"
	"text = text .. tostring(select(2, host.time.parse('never')))\n"
	"text = text .. tostring(select(2, pcall(string.rep, 'x', 1 << 40)))\n"
	"text = text .. tostring(select(2, pcall(setmetatable, string, {})))\n"
	"for name in pairs(string) do text = text .. name end\n"
	"print(text) host.log.warn('%d', 1) host.progress(1, 2, 'x')\n"
	"assert(load('return 1 + 1'))()\n"
	"return value\n";

/* Runs the script and sends its result through the wire and back. */
static int run(lua_State *L)
{
	struct value_cursor cursor;
	struct buf *out;
	struct err err;

	vm_open(L);
	body_push_copy(L, "abc", 3);
	if (vm_load_text(L, script, sizeof(script) - 1, "@script.lua") != LUA_OK)
		return lua_error(L);
	lua_call(L, 0, 1);
	out = bind_buf(L);
	if (!wire_from_lua(L, -2, out, &err))
		return bind_raise(L, &err);
	cursor = value_cursor(out->data, out->len);
	wire_push_lua(L, &cursor);
	lua_getfield(L, -1, "text");
	lua_pushboolean(L, lua_rawlen(L, -1) == 100);
	return 1;
}

/* true: it ran to its end. */
static bool survive(struct torture *torture)
{
	lua_State *L = lua_newstate(allocate, torture);
	bool is_done = false;
	struct err err;

	if (L == NULL)
		return false;
	lua_pushcfunction(L, run);
	if (lua_pcall(L, 0, 1, 0) == LUA_OK)
		is_done = lua_toboolean(L, -1);
	else
		bind_get_err(L, -1, &err);
	lua_close(L);
	return is_done;
}

/* `length` allocations in a row fail, from each on; how often it ran to its end all the same. */
static int sweep(long length)
{
	struct torture torture = { 0 };
	int survived = 0;

	assert_true(survive(&torture));
	assert_true(torture.grown > 500);
	for (long at = 1, total = torture.grown; at <= total; at++) {
		torture = (struct torture){ .fail_at = at, .fail_end = at + length };
		survived += survive(&torture);
	}
	return survived;
}

/* Lua collects and tries again, and that succeeds. */
static void test_one_failure_is_made_up_for(void **state)
{
	(void)state;
	assert_true(sweep(1) > 0);
}

/* The second attempt fails as well: a real error, or one that the script caught. */
static void test_failures_in_a_row(void **state)
{
	(void)state;
	sweep(2);
	sweep(5);
}

static void test_memory_never_comes_back(void **state)
{
	(void)state;
	assert_int_equal(sweep(1000000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_failure_is_made_up_for),
		cmocka_unit_test(test_failures_in_a_row),
		cmocka_unit_test(test_memory_never_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
