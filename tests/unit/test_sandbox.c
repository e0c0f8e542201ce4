/* What a script sees: globals, modules, primitives and errors, in the real process. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/str.h"
#include "fixture_sandbox.h"
#include "wire/exit.h"

/* What a script must return, or raise: a text. */
struct expectation {
	const char *script, *text;
};

static void check_result(const char *script, const char *text)
{
	struct box_outcome outcome;

	box_run_text(script, &outcome);
	if (outcome.how != BOX_RESULT || outcome.result->type != VALUE_BYTES)
		fail_msg("%s\ngave no text but: %s", script, outcome.err.message);
	assert_string_equal(outcome.result->bytes, text);
	box_outcome_fini(&outcome);
}

static void check_error(const char *script, enum err_kind kind, const char *text)
{
	struct box_outcome outcome;

	box_run_text(script, &outcome);
	if (outcome.how != BOX_ERROR)
		fail_msg("%s\ndid not fail", script);
	if (strstr(outcome.err.message, text) == NULL)
		fail_msg("%s\nfailed with: %s", script, outcome.err.message);
	assert_string_equal(err_kind_info(outcome.err.kind)->name, err_kind_info(kind)->name);
	box_outcome_fini(&outcome);
}

/* --- the language --- */

/* Every name a script can use; a new one must be added here on purpose. */
static void test_globals(void **state)
{
	(void)state;
	check_result("local names = {}\n"
		     "for name in pairs(_ENV) do names[#names + 1] = name end\n"
		     "table.sort(names)\n"
		     "return table.concat(names, ' ')",
		     "_VERSION assert error getmetatable host ipairs load math next pairs pcall "
		     "print rawequal rawget rawlen rawset require select setmetatable string table "
		     "tonumber tostring type utf8 xpcall");
	check_result(
		"local names = {}\n"
		"for _, lib in ipairs { 'math', 'string', 'table', 'utf8' } do\n"
		"  for name in pairs(_ENV[lib]) do names[#names + 1] = lib .. '.' .. name end\n"
		"end\n"
		"table.sort(names)\n"
		"return tostring(#names) .. names[1] .. names[#names]",
		"43math.absutf8.offset");
	check_error("return os.time()", ERR_BUG, "kandji.lua:1: there is no global 'os'");
	for (size_t i = 0; i < 11; i++) {
		static const char *const absent[] = {
			"return io",
			"return os",
			"return debug",
			"return package",
			"return coroutine",
			"return dofile",
			"return loadfile",
			"return collectgarbage",
			"return math.random(1)",
			"return string.dump(print)",
			"return string.pack('b',1)",
		};

		check_error(absent[i], ERR_BUG, i < 8 ? "there is no global" : "a nil value");
	}
}

static void test_read_only(void **state)
{
	static const struct expectation refused[] = {
		{ "string.rep = 1", "'string' is read-only" },
		{ "x = 1", "'globals' is read-only: a script cannot change 'x'" },
		{ "print = nil", "'globals' is read-only" },
		{ "host.http = {}", "'host' is read-only" },
		{ "host.http.request = print", "'http' is read-only" },
		{ "require('muster.shared').answer = 1", "'muster.shared' is read-only" },
		{ "rawset(string, 'rep', 1)", "a read-only table" },
		{ "rawset(_ENV, 'x', 1)", "a read-only table" },
		{ "setmetatable(string, {})", "protected metatable" },
		{ "setmetatable(_ENV, {})", "protected metatable" },
		{ "table.insert(table, 1)", "without __len" },
		{ "getmetatable('').__index = nil", "attempt to index a boolean value" },
		{ "require('cjson').array_mt.__gc = print", "is read-only" },
		{ "setmetatable({}, { __gc = print })", "__gc: scripts cannot have finalizers" },
		{ "setmetatable({}, string)", "cannot be a metatable" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		check_error(refused[i].script, ERR_BUG, refused[i].text);
	/* Walking over a view must not hand out the table behind it. */
	check_error("local _, table = pairs(string) table.x = 1", ERR_BUG, "is read-only");
	check_error("string.rep.x = 1", ERR_BUG, "attempt to index a function value");
}

static void test_metatables(void **state)
{
	static const struct expectation results[] = {
		{ "return tostring(getmetatable(''))", "false" },
		{ "return ('x'):rep(3)", "xxx" },
		{ "local t = setmetatable({}, { __index = { a = 'b' } }) return t.a", "b" },
		{ "local mt = {} local t = setmetatable({}, mt) mt.__gc = error\n"
		  "for i = 1, 1e5 do local _ = {} end return 'never called'",
		  "never called" },
		{ "local c = require 'cjson'\n"
		  "local t = setmetatable({}, c.array_mt)\n"
		  "assert(getmetatable(t) == c.array_mt)\n"
		  "setmetatable(t, nil)\n"
		  "return c.encode(setmetatable(t, c.array_mt)) .. c.encode(setmetatable(t, nil))",
		  "[]{}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		check_result(results[i].script, results[i].text);
}

static void test_load(void **state)
{
	static const struct expectation results[] = {
		{ "return load('return 1 + 1')() .. ''", "2" },
		{ "return load('return x', 'c', 't', { x = 'own' })()", "own" },
		{ "return select(2, load('x ='))", "(load):1: unexpected symbol near <eof>" },
		{ "return select(2, load('\\27Lua'))",
		  "attempt to load a binary chunk (mode is 't')" },
		{ "return select(2, pcall(load, 'return 1', 'c', 'b'))",
		  "bad argument #3 to '?' (only text (\"t\") can be loaded)" },
		{ "return select(2, pcall(load, print))",
		  "bad argument #1 to '?' (string expected, got function)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		check_result(results[i].script, results[i].text);
	check_error("load('while true do end')()", ERR_OVER_LIMIT, "million instructions");
}

static void test_require(void **state)
{
	(void)state;
	check_result("local shared = require 'muster.shared'\n"
		     "return shared.answer .. tostring(shared == require 'muster.shared')",
		     "42true");
	check_error("require 'muster.none'", ERR_BUG, "there is no module 'muster.none'");
	check_error("require 'os'", ERR_BUG, "there is no module 'os'");
}

/* Garbage is no reason to end a job, nor are strings that are built beside it. */
static void test_garbage_is_collected_in_time(void **state)
{
	(void)state;
	check_result("local kept = ('k'):rep(15 << 20)\n"
		     "for i = 1, 12 do\n"
		     "  local parts = {}\n"
		     "  for j = 1, 12 do parts[j] = ('x'):rep(1 << 20) end\n"
		     "  local text = table.concat(parts, tostring(i))\n"
		     "  assert(#text > 12 << 20)\n"
		     "end\n"
		     "return tostring(#kept)",
		     "15728640");
}

/* --- errors --- */

static void test_errors(void **state)
{
	struct box_outcome outcome;

	(void)state;
	check_error("error('plain')", ERR_BUG, "kandji.lua:1: plain");
	check_error("local t = nil\nreturn t.x", ERR_BUG, "kandji.lua:2: attempt to index a nil");
	check_error("error({ kind = 'data', message = 'page 3' })", ERR_DATA, "page 3");
	check_error("error({ kind = 'no such kind', message = 'm' })", ERR_BUG, "m");
	check_error("error({})", ERR_BUG, "an error without a message");
	check_error("error(setmetatable({}, { __index = function() while true do end end }))",
		    ERR_BUG, "an error without a message");
	check_error("error(setmetatable({ message = 'm' }, { __tostring = error }))", ERR_BUG, "m");
	check_error("error(print)", ERR_BUG, "an error object that is a function");
	check_error("error()", ERR_BUG, "an error object that is a nil");
	check_error("local function f() return 1 + f() end return f()", ERR_BUG,
		    "kandji.lua:1: stack overflow");
	box_run_text("error({ kind = 'throttled', message = 'm', status = 429, stop = true,\n"
		     "  retry_after_ms = 5000, hint = 'wait' })",
		     &outcome);
	assert_int_equal(outcome.err.kind, ERR_THROTTLED);
	assert_int_equal(outcome.err.status, 429);
	assert_int_equal(outcome.err.retry_after_ms, 5000);
	assert_true(outcome.err.stop);
	assert_string_equal(outcome.err.hint, "wait");
	box_outcome_fini(&outcome);
}

static void test_results(void **state)
{
	struct box_outcome outcome;

	(void)state;
	box_run_text("return { 1, 2.5, 'x', false, require('cjson').null, {}, { a = { 1 } } }",
		     &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	assert_int_equal(value_count(outcome.result), 7);
	assert_int_equal(value_at(outcome.result, 1)->type, VALUE_DOUBLE);
	assert_int_equal(value_at(outcome.result, 4)->type, VALUE_NIL);
	assert_int_equal(value_at(outcome.result, 5)->type, VALUE_MAP);
	assert_int_equal(value_count(value_get(value_at(outcome.result, 6), "a")), 1);
	box_outcome_fini(&outcome);
	check_error("return { a = { print } }", ERR_BUG,
		    "the result of 'run': a: [1]: a function cannot be sent");
	check_error("return { 1, x = 2 }", ERR_BUG, "a key that is a number");
	check_error("local t = {} t.t = t return t", ERR_BUG, "nested deeper than 48 levels");
	check_error("return ('x'):rep(300000)", ERR_OVER_LIMIT, "passes the limit of 262139 bytes");
}

/* --- primitives --- */

static void test_json(void **state)
{
	static const struct expectation results[] = {
		{ "return host.json.encode(host.json.decode('[9007199254740993,[],{},1.5,null]'))",
		  "[9007199254740993,[],{},1.5,null]" },
		{ "return host.json.canonical { b = 1, a = { 1, {}, 'x/\\n\\1' }, c = 0.1 }",
		  "{\"a\":[1,{},\"x/\\n\\u0001\"],\"b\":1,\"c\":0.1}" },
		{ "return host.json.pretty { a = { 1, 2 }, b = {} }",
		  "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}" },
		{ "return select(2, host.json.decode('[1,')).kind", "data" },
		{ "return select(2, host.json.decode('\"\\xff\"')).message",
		  "JSON: the text is not UTF-8" },
		{ "return select(2, host.json.decode('[NaN]')).kind", "data" },
		{ "return select(2, host.json.decode(('['):rep(201) .. (']'):rep(201))).kind",
		  "data" },
		{ "return tostring(host.json.decode('null') == host.json.null)", "true" },
		{ "return require('cjson').encode { 123456789012345678 }", "[123456789012345678]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		check_result(results[i].script, results[i].text);
	check_error("return host.json.encode { print }", ERR_BUG, "Cannot serialise function");
	check_error("return host.json.canonical { 0 / 0 }", ERR_BUG, "JSON has no NaN");
	check_error("return host.json.canonical { [1] = 1, a = 2 }", ERR_BUG, "a key that is a");
	check_error("local t = {} t.t = t return host.json.canonical(t)", ERR_BUG,
		    "nested deeper than 200 levels");
}

static void test_time(void **state)
{
	static const struct expectation results[] = {
		{ "return host.time.parse '2024-03-01 09:14:55.1 +0100'",
		  "2024-03-01T08:14:55.100Z" },
		{ "return select(2, host.time.parse 'No value').message",
		  "'No value' is no time that can be read" },
		{ "return host.time.format(host.time.epoch_ms '2024-03-01' + 1)",
		  "2024-03-01T00:00:00.001Z" },
		{ "return host.time.format_http(0)", "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ "return host.time.now()", "2026-03-02T09:14:55.120Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		check_result(results[i].script, results[i].text);
	check_error("return host.time.format(math.maxinteger)", ERR_BUG, "years 1 to 9999");
}

static void test_crypto(void **state)
{
	static const struct expectation results[] = {
		{ "return host.crypto.hex('\\0\\255')", "00ff" },
		{ "return host.crypto.hex_decode('6869')", "hi" },
		{ "return select(2, host.crypto.hex_decode('6')).kind", "data" },
		{ "return host.crypto.base64_encode('\\251\\255')", "+/8=" },
		{ "return host.crypto.base64_decode('aGk=')", "hi" },
		{ "return host.crypto.base64url_encode('\\251\\255')", "-_8" },
		{ "return host.crypto.base64url_decode('aGk')", "hi" },
		{ "local r = host.crypto.digest('sha256', 'x')\n"
		  "return host.json.canonical(r)",
		  "{\"args\":{\"algorithm\":\"sha256\",\"data\":\"x\",\"op\":\"digest\"},"
		  "\"method\":\"crypto\"}" },
		{ "return host.json.canonical(host.crypto.hmac('sha256', 'k', 'x').args)",
		  "{\"algorithm\":\"sha256\",\"data\":\"x\",\"key\":\"k\",\"op\":\"hmac\"}" },
		{ "return tostring(host.crypto.secret 'key')", "<secret:key>" },
		{ "local key = host.crypto.secret 'key'\n"
		  "return host.json.canonical(host.crypto.hmac('sha256', key, 'x').args)",
		  "{\"algorithm\":\"sha256\",\"data\":\"x\",\"op\":\"hmac\",\"secret\":\"key\"}" },
		{ "local key = host.crypto.secret 'key'\n"
		  "return host.json.canonical(host.crypto.sign('RS256', key, 'x').args)",
		  "{\"algorithm\":\"RS256\",\"data\":\"x\",\"op\":\"sign\",\"secret\":\"key\"}" },
		{ "return host.json.canonical(host.crypto.random(8).args)",
		  "{\"count\":8,\"op\":\"random\"}" },
		{ "return host.json.canonical(host.crypto.equal('a', 'b').args)",
		  "{\"a\":\"a\",\"b\":\"b\",\"op\":\"equal\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		check_result(results[i].script, results[i].text);
	check_error("return host.crypto.secret 'key' .. ''", ERR_BUG, "concatenate");
	check_error("return #host.crypto.secret 'key'", ERR_BUG, "length");
	check_error("return host.crypto.secret 'a' < host.crypto.secret 'b'", ERR_BUG, "compare");
	check_error("return host.json.encode(host.crypto.secret 'key')", ERR_BUG, "");
	check_error("return host.crypto.sign('RS256', 'key', 'x')", ERR_BUG, "secret expected");
}

struct heard {
	int lines;
	size_t bytes;
	char last_level[16], last_text[1024];
};

static void hear_log(struct box *box, const char *name, const struct value *args)
{
	struct heard *heard = box->arg;

	if (!str_eq(name, "log"))
		return;
	heard->lines++;
	heard->bytes += value_get(args, "text")->len;
	snprintf(heard->last_level, sizeof(heard->last_level), "%s", value_text(args, "level", ""));
	snprintf(heard->last_text, sizeof(heard->last_text), "%s", value_text(args, "text", ""));
}

static void run_heard(const char *script, struct heard *heard)
{
	struct box_outcome outcome;
	struct box box;

	*heard = (struct heard){ 0 };
	box_start(&box, &(struct box_options){ 0 });
	box.event = hear_log;
	box.arg = heard;
	box_load(&box, script);
	box_run(&box, &outcome);
	assert_int_equal(outcome.how, BOX_RESULT);
	box_outcome_fini(&outcome);
	box_close(&box);
}

static void test_log(void **state)
{
	struct heard heard;

	(void)state;
	run_heard("host.log.warn('%d of %s', 3, 'x')", &heard);
	assert_string_equal(heard.last_level, "warn");
	assert_string_equal(heard.last_text, "3 of x");
	run_heard("host.log.error('100%')", &heard);
	assert_string_equal(heard.last_text, "100%");
	run_heard("print('a', 1, nil, true)", &heard);
	assert_string_equal(heard.last_level, "info");
	assert_string_equal(heard.last_text, "a\t1\tnil\ttrue");
	run_heard("host.log.info(('x'):rep(100000))", &heard);
	assert_int_equal(heard.bytes, 8192);
	/* Ten megabytes in well under a minute: nearly all of it is left out. */
	run_heard("for i = 1, 10000 do host.log.info(('x'):rep(1000)) end", &heard);
	assert_true(heard.bytes < 60 * 65536);
}

/* A mistake's way through the script is in the log, for its author. */
static void test_mistakes_leave_a_traceback(void **state)
{
	struct heard heard = { 0 };
	struct box_outcome outcome;
	struct box box;

	(void)state;
	box_start(&box, &(struct box_options){ 0 });
	box.event = hear_log;
	box.arg = &heard;
	box_load(&box, "local function inner() return nil .. '' end\n"
		       "local function outer() local x = inner() return x end\n"
		       "local y = outer() return y");
	box_run(&box, &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_string_equal(heard.last_level, "debug");
	assert_non_null(strstr(heard.last_text, "kandji.lua:1: attempt to concatenate"));
	assert_non_null(strstr(heard.last_text, "kandji.lua:2: in local 'outer'"));
	box_outcome_fini(&outcome);
	box_close(&box);
}

static void keep_keys(struct box *box, uint32_t id, const char *method, const struct value *args)
{
	struct buf result = BUF_INIT;
	char *kept = box->arg;

	value_put_map(&result, 1);
	value_put_str(&result, "value");
	if (str_eq(method, "key_set"))
		strcpy(kept, value_text(args, "value", "deleted"));
	value_put_str(&result, kept);
	box_answer(box, id, &result);
	buf_fini(&result);
}

static void test_store(void **state)
{
	struct box_outcome outcome;
	char kept[32] = "before";
	struct box box;

	(void)state;
	box_start(&box, &(struct box_options){ 0 });
	box.call = keep_keys;
	box.arg = kept;
	box_load(&box, "local was = host.store.get('k') host.store.set('k', 'after') return was");
	box_run(&box, &outcome);
	assert_string_equal(outcome.result->bytes, "before");
	assert_string_equal(kept, "after");
	box_outcome_fini(&outcome);
	box_load(&box, "host.store.set('k', nil)");
	box_run(&box, &outcome);
	assert_string_equal(kept, "deleted");
	box_outcome_fini(&outcome);
	box_close(&box);
}

/* --- loading --- */

static void test_no_effects_while_loading(void **state)
{
	struct box_outcome outcome;
	struct buf args = BUF_INIT;
	struct box box;

	(void)state;
	box_start(&box, &(struct box_options){ 0 });
	box_try_load(&box, "return = 1", &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_non_null(strstr(outcome.err.message, "kandji.lua:1:"));
	box_outcome_fini(&outcome);
	box_load(&box, "return host.store.get 'x'");
	value_put_map(&args, 0);
	box_await(&box, box_send(&box, "settings", &args), &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_non_null(strstr(outcome.err.message, "cannot wait for the host here"));
	box_outcome_fini(&outcome);
	box_await(&box, box_send(&box, "nonsense", &args), &outcome);
	assert_non_null(strstr(outcome.err.message, "does not handle 'nonsense'"));
	box_outcome_fini(&outcome);
	buf_fini(&args);
	box_close(&box);
	assert_int_equal(WEXITSTATUS(box.wait_status), SANDBOX_EXIT_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_metatables),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_require),
		cmocka_unit_test(test_garbage_is_collected_in_time),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_crypto),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_mistakes_leave_a_traceback),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_no_effects_while_loading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
