/* The evaluator as C sees it: compiled from a table, run over spans, encoded as wire values. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/lua/bind.h"
#include "sandbox/map/lua_map.h"
#include "unit.h"
#include "wire/value.h"

struct bench {
	lua_State *L;
	const struct map *map;
	struct scratch scratch;
	struct err err;
	struct buf row;
	struct map_result result;
	struct map_value rank;
	struct value_tree *tree;
};

static bool no_function(void *arg, int function, struct map_value *out, struct err *err)
{
	(void)arg;
	(void)function;
	(void)out;
	return err_set(err, ERR_BUG, "no function here");
}

static bool is_even(void *arg, const char *entity, const char *id, size_t len)
{
	(void)arg;
	assert_string_equal(entity, "user");
	return len > 0 && (id[len - 1] - '0') % 2 == 0;
}

static const struct map_host host = { .call = no_function, .is_known = is_even };

/* `spec` is a Lua expression; d(op, sources, more) stands for a descriptor. */
static void begin(struct bench *bench, const char *spec)
{
	struct buf chunk = BUF_INIT;

	*bench = (struct bench){ .L = luaL_newstate(), .err = ERR_INIT };
	luaL_openlibs(bench->L);
	bind_open(bench->L);
	lua_map_open(bench->L);
	buf_printf(&chunk,
		   "local function d(op, sources, more) more = more or {} more.op = op "
		   "more.sources = sources return more end "
		   "local s = %s s.name = 'thing' s.entity = 'device' s.id_text = 'id' "
		   "s.columns = s.columns or {} return s",
		   spec);
	if (luaL_dostring(bench->L, buf_text(&chunk)) != LUA_OK)
		fail_msg("%s", lua_tostring(bench->L, -1));
	buf_fini(&chunk);
	lua_pushcfunction(bench->L, lua_map_compile);
	lua_insert(bench->L, 1);
	if (lua_pcall(bench->L, 1, 1, 0) != LUA_OK)
		fail_msg("%s", luaL_tolstring(bench->L, -1, NULL));
	bench->map = lua_map_check(bench->L, 1);
}

static void end(struct bench *bench)
{
	value_tree_free(bench->tree);
	buf_fini(&bench->row);
	scratch_fini(&bench->scratch);
	lua_close(bench->L);
}

/* Runs one row; returns the wire row, NULL when there is none. */
static const struct value *run(struct bench *bench, const char *json)
{
	struct json_span slots[32];
	struct map_run at = { .map = bench->map,
			      .host = &host,
			      .slots = slots,
			      .scratch = &bench->scratch,
			      .err = &bench->err };

	value_tree_free(bench->tree);
	bench->tree = NULL;
	bench->err = ERR_INIT;
	buf_clear(&bench->row);
	scratch_reset(&bench->scratch);
	assert_in_range(json_pick_count(bench->map->row), 0, 32);
	json_pick_run(bench->map->row, json_span(json, strlen(json)), slots);
	bench->result = map_run_row(&at, &bench->row, &bench->rank);
	if (bench->result.outcome != MAP_ROW) {
		assert_int_equal(bench->row.len, 0);
		return NULL;
	}
	bench->tree = value_parse(bench->row.data, bench->row.len, &bench->err);
	assert_non_null(bench->tree);
	return value_root(bench->tree);
}

static void text_is(const struct value *row, size_t i, const char *wanted)
{
	const struct value *value = value_at(row, i);

	assert_non_null(value);
	if (wanted == NULL) {
		assert_int_equal(value->type, VALUE_NIL);
		return;
	}
	assert_int_equal(value->type, VALUE_BYTES);
	assert_string_equal(value->bytes, wanted);
}

static void test_columns_have_their_types(void **state)
{
	struct bench bench;
	const struct value *row;

	(void)state;
	begin(&bench, "{ source_id = 'id', columns = {"
		      " { name = 'name', type = 'text', source = 'n' },"
		      " { name = 'is_managed', type = 'bool', source = 'm' },"
		      " { name = 'last_seen_at', type = 'time', source = 't' },"
		      " { name = 'origins', type = 'list', source = 'l' },"
		      " { name = 'custom.a', type = 'any', source = 'a' },"
		      " { name = 'user_source_id', type = 'id', source = 'n' } } }");
	row = run(
		&bench,
		"{\"id\":12345678901234567890,\"n\":\" x \",\"m\":false,"
		"\"t\":\"2026-03-02 09:14:55.12+01:00\",\"l\":[\"a\",1],\"a\":[1.5,true,null,7]}");
	assert_int_equal(value_count(row), 7);
	text_is(row, 0, "12345678901234567890");
	text_is(row, 1, "x");
	assert_int_equal(value_at(row, 2)->type, VALUE_FALSE);
	text_is(row, 3, "2026-03-02T08:14:55.120Z");
	text_is(value_at(row, 4), 1, "1");
	assert_true(value_at(value_at(row, 5), 0)->d == 1.5);
	assert_int_equal(value_at(value_at(row, 5), 2)->type, VALUE_NIL);
	assert_int_equal(value_at(value_at(row, 5), 3)->i, 7);
	text_is(row, 6, " x ");
	row = run(&bench, "{\"id\":\"1\"}");
	for (size_t i = 1; i < 7; i++)
		text_is(row, i, NULL);
	end(&bench);
}

static void test_a_bad_column_leaves_nothing_behind(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench,
	      "{ source_id = 'id', columns = {"
	      " { name = 'name', type = 'text', source = 'n' },"
	      " { name = 'platform', type = 'text', source = 'p', one_of = { 'macos' } } } }");
	assert_null(run(&bench, "{\"id\":1,\"n\":\"x\",\"p\":\"beos\"}"));
	assert_int_equal(bench.result.outcome, MAP_BAD);
	assert_string_equal(bench.err.message,
			    "platform: \"beos\" is none of the values it can have");
	assert_int_equal(bench.result.id_len, 1);
	assert_non_null(run(&bench, "{\"id\":1,\"n\":\"x\",\"p\":\"macos\"}"));
	end(&bench);
}

static void test_rules_run_in_order(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench,
	      "{ source_id = 'id', derived = true,"
	      " leader_keep = { { name = 'l', source = 'lead' } },"
	      " keep = { { name = 'k', source = d('known', { 'u' }, { entity = 'user' }) } },"
	      " drop = { { name = 'd', source = d('contains', { 'n' }, { text = 'HELPER' }) } } }");
	assert_null(run(&bench, "{\"id\":1,\"u\":2}"));
	assert_int_equal(bench.result.outcome, MAP_DROPPED);
	assert_null(bench.result.rule);
	assert_null(run(&bench, "{\"id\":1,\"u\":3,\"lead\":1}"));
	assert_string_equal(bench.result.rule, "thing.k");
	assert_null(run(&bench, "{\"id\":1,\"u\":4,\"lead\":1,\"n\":\"a Helper\"}"));
	assert_string_equal(bench.result.rule, "thing.d");
	assert_non_null(run(&bench, "{\"id\":1,\"u\":4,\"lead\":1,\"n\":\"a\"}"));
	assert_null(run(&bench, "{\"u\":4,\"lead\":1}"));
	assert_int_equal(bench.result.outcome, MAP_SKIPPED);
	end(&bench);
}

static void test_keys_cannot_be_confused(void **state)
{
	static const char *const rows[] = { "{\"a\":\"1\",\"b\":\"23\"}",
					    "{\"a\":\"12\",\"b\":\"3\"}",
					    "{\"a\":\"1:1\",\"b\":\"2\"}",
					    "{\"a\":\"\",\"b\":\"x\"}" };
	static const char *const ids[] = { "1:12:23", "2:121:3", "3:1:11:2", NULL };
	struct bench bench;

	(void)state;
	begin(&bench, "{ key = { 'a', 'b' } }");
	for (size_t i = 0; i < 4; i++) {
		const struct value *row = run(&bench, rows[i]);

		if (ids[i] != NULL)
			text_is(row, 0, ids[i]);
		else
			assert_int_equal(bench.result.outcome, MAP_BAD);
	}
	end(&bench);
}

static void test_ranks(void **state)
{
	struct bench bench;

	(void)state;
	begin(&bench, "{ source_id = 'id', derived = true, rank = d('time', { 't' }) }");
	run(&bench, "{\"id\":1,\"t\":\"2026-01-01\"}");
	assert_int_equal(bench.rank.type, MAP_TEXT);
	run(&bench, "{\"id\":1}");
	assert_int_equal(bench.rank.type, MAP_NOTHING);
	assert_null(run(&bench, "{\"id\":1,\"t\":\"soon\"}"));
	assert_int_equal(bench.result.outcome, MAP_BAD);
	end(&bench);
}

static void test_limits_of_rows_and_ids(void **state)
{
	struct bench bench;
	struct buf json = BUF_INIT;

	(void)state;
	begin(&bench,
	      "{ source_id = 'id', columns = { { name = 'name', type = 'text', source = 'n' } } }");
	buf_str(&json, "{\"id\":1,\"n\":\"");
	while (json.len < MAP_ROW_MAX)
		buf_char(&json, 'x');
	buf_str(&json, "xxxxxxxxxxxxxxxxxxxx\"}");
	assert_null(run(&bench, json.data));
	assert_non_null(strstr(bench.err.message, "98304"));
	buf_clear(&json);
	buf_str(&json, "{\"id\":\"");
	while (json.len < MAP_ID_MAX + 8)
		buf_char(&json, 'x');
	buf_str(&json, "\"}");
	assert_null(run(&bench, json.data));
	assert_non_null(strstr(bench.err.message, "1024"));
	buf_fini(&json);
	end(&bench);
}

/* A spec that is none raises and leaks nothing (the sanitizer looks). */
static void test_specs_that_are_none(void **state)
{
	static const char *const specs[] = {
		"{}",
		"{ source_id = 5 }",
		"{ source_id = { op = 'nope', sources = { 'a' } } }",
		"{ source_id = { op = 'lower', sources = {} } }",
		"{ source_id = { op = 'lower' } }",
		"{ source_id = '^x' }",
		"{ source_id = 'a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q' }",
		"{ source_id = 'id', columns = 7 }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		lua_State *L = luaL_newstate();
		char chunk[256];

		bind_open(L);
		lua_map_open(L);
		snprintf(chunk, sizeof(chunk),
			 "local s = %s s.name, s.entity, s.id_text = 'a', 'b', 'c' return s",
			 specs[i]);
		assert_int_equal(luaL_dostring(L, chunk), LUA_OK);
		lua_pushcfunction(L, lua_map_compile);
		lua_insert(L, 1);
		if (lua_pcall(L, 1, 1, 0) == LUA_OK)
			fail_msg("taken: %s", specs[i]);
		lua_close(L);
	}
}

/* Helpers nested without end are refused, not followed. */
static void test_nesting_is_bounded(void **state)
{
	lua_State *L = luaL_newstate();

	(void)state;
	bind_open(L);
	lua_map_open(L);
	assert_int_equal(
		luaL_dostring(L,
			      "local d = { op = 'lower' } d.sources = { d } "
			      "return { name = 'a', entity = 'b', id_text = 'c', source_id = d }"),
		LUA_OK);
	lua_pushcfunction(L, lua_map_compile);
	lua_insert(L, 1);
	assert_int_equal(lua_pcall(L, 1, 1, 0), LUA_ERRRUN);
	assert_non_null(strstr(lua_tostring(L, -1), "nested too deeply"));
	lua_close(L);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_have_their_types),
		cmocka_unit_test(test_a_bad_column_leaves_nothing_behind),
		cmocka_unit_test(test_rules_run_in_order),
		cmocka_unit_test(test_keys_cannot_be_confused),
		cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_limits_of_rows_and_ids),
		cmocka_unit_test(test_specs_that_are_none),
		cmocka_unit_test(test_nesting_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
