/* Reading sound JSON by spans: values, lists, and the paths that maps want. */
#include <stdio.h>
#include <string.h>

#include "sandbox/json/json_read.h"
#include "sandbox/json/json_text.h"
#include "sandbox/map/text_search.h"
#include "unit.h"

static struct json_span of(const char *text)
{
	return json_span(text, strlen(text));
}

static void test_types(void **state)
{
	(void)state;
	assert_int_equal(json_type(json_span(NULL, 0)), JSON_ABSENT);
	assert_int_equal(json_type(of("null")), JSON_NULL);
	assert_int_equal(json_type(of("false")), JSON_BOOL);
	assert_int_equal(json_type(of("\"\"")), JSON_TEXT);
	assert_int_equal(json_type(of("[1]")), JSON_LIST);
	assert_int_equal(json_type(of("{}")), JSON_OBJECT);
	assert_int_equal(json_type(of("-5")), JSON_INT);
	assert_int_equal(json_type(of("5.0")), JSON_NUMBER);
	assert_int_equal(json_type(of("5e1")), JSON_NUMBER);
	assert_int_equal(json_type(of("9223372036854775807")), JSON_INT);
	assert_int_equal(json_type(of("9223372036854775808")), JSON_NUMBER);
	assert_int_equal(json_type(of("-9223372036854775808")), JSON_INT);
	assert_int_equal(json_type(of("-9223372036854775809")), JSON_NUMBER);
}

static void test_ints(void **state)
{
	(void)state;
	assert_true(json_int(of("-9223372036854775808")) == INT64_MIN);
	assert_true(json_int(of("9223372036854775807")) == INT64_MAX);
	assert_int_equal(json_int(of("-0")), 0);
}

static void test_skips_whole_values(void **state)
{
	static const char *const values[] = {
		"{\"a\":[\"]}\\\"\",{}]}", "\"a\\\\\"", "-1.5e3", "true", "[[],[[]],\"é\"]", "{ }"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[64];
		size_t len = strlen(values[i]);

		snprintf(text, sizeof(text), "%s,\"x\"", values[i]);
		assert_ptr_equal(json_skip(text, text + strlen(text)), text + len);
		assert_ptr_equal(json_skip(text, text + len), text + len);
	}
}

static void test_walks_lists(void **state)
{
	struct json_span list = of("[ 1 , \"a,b\" ,[2,3], {} ]"), item;
	static const char *const items[] = { "1", "\"a,b\"", "[2,3]", "{}" };
	const char *at = json_list_first(list);
	size_t count = 0;

	(void)state;
	for (; json_list_next(&at, list.at + list.len, &item); count++) {
		assert_int_equal(item.len, strlen(items[count]));
		assert_memory_equal(item.at, items[count], item.len);
	}
	assert_int_equal(count, 4);
	list = of("[]");
	at = json_list_first(list);
	assert_false(json_list_next(&at, list.at + list.len, &item));
}

static void test_unescapes(void **state)
{
	static const char text[] = "a\\n\\u00e9\\ud83d\\udcf1\\\"\\/\\\\";
	struct buf out = BUF_INIT;

	(void)state;
	json_unescape(text, strlen(text), &out);
	assert_string_equal(buf_text(&out), "a\né📱\"/\\");
	buf_clear(&out);
	json_unescape("x\\q\\u12\\", 8, &out); /* no escapes: kept as they stand */
	assert_string_equal(buf_text(&out), "x\\q\\u12\\");
	buf_fini(&out);
}

/* --- picking paths --- */

static const char *const paths[] = {
	"id", "user", "user.email", "user.id", "tags.2", "a.b.c", "x.y"
};

enum { ID, USER, EMAIL, USER_ID, TAG, ABC, XY, PATHS };

static void pick(const char *row, struct json_span slots[PATHS])
{
	struct json_pick *made = json_pick_new();

	assert_non_null(made);
	for (int i = 0; i < PATHS; i++)
		assert_int_equal(json_pick_add(made, paths[i]), i);
	assert_int_equal(json_pick_add(made, "user.email"), EMAIL);
	assert_int_equal(json_pick_count(made), PATHS);
	json_pick_run(made, of(row), slots);
	json_pick_free(made);
}

static void is(struct json_span span, const char *wanted)
{
	if (wanted == NULL) {
		assert_null(span.at);
		return;
	}
	assert_non_null(span.at);
	assert_int_equal(span.len, strlen(wanted));
	assert_memory_equal(span.at, wanted, span.len);
	assert_false(span.is_dead_end);
}

static void test_picks_paths(void **state)
{
	struct json_span slots[PATHS];

	(void)state;
	pick("{\"z\":{\"id\":9},\"user\":{\"email\":\"e\",\"x\":[1],\"id\":7} , \"tags\":[1,[2],3],"
	     "\"a\":{\"b\":{\"c\":null}},\"id\":\"i\"}",
	     slots);
	is(slots[ID], "\"i\"");
	is(slots[USER], "{\"email\":\"e\",\"x\":[1],\"id\":7}");
	is(slots[EMAIL], "\"e\"");
	is(slots[USER_ID], "7");
	is(slots[TAG], "[2]");
	is(slots[ABC], "null");
	is(slots[XY], NULL);
}

static void test_picks_keys_with_escapes(void **state)
{
	struct json_span slots[PATHS];

	(void)state;
	pick("{\"\\u0069d\":1,\"us\\u0065r\":{\"em\\u0061il\":2}}", slots);
	is(slots[ID], "1");
	is(slots[EMAIL], "2");
}

static void test_dead_ends(void **state)
{
	struct json_span slots[PATHS];

	(void)state;
	pick("{\"user\":17,\"a\":{\"b\":[1]},\"x\":\"\",\"tags\":[1]}", slots);
	is(slots[USER], "17");
	assert_true(slots[EMAIL].is_dead_end);
	assert_true(slots[USER_ID].is_dead_end);
	assert_true(slots[ABC].is_dead_end);
	is(slots[XY], NULL);
	is(slots[TAG], NULL);
	pick("{\"user\":null,\"a\":[],\"x\":{}}", slots);
	is(slots[EMAIL], NULL);
	is(slots[ABC], NULL);
}

static void test_too_many_steps(void **state)
{
	struct json_pick *made = json_pick_new();

	(void)state;
	assert_int_equal(json_pick_add(made, "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16"), 0);
	assert_int_equal(json_pick_add(made, "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17"), -1);
	json_pick_free(made);
}

static void test_searches(void **state)
{
	(void)state;
	assert_true(text_contains("FigmaHELPER", 11, "helper", 6));
	assert_false(text_contains("helpe", 5, "helper", 6));
	assert_true(text_matches("Mac mini", 8, "Mac *", 5));
	assert_false(text_matches("Machine", 7, "Mac *", 5));
	assert_true(text_matches("", 0, "**", 2));
	assert_false(text_matches("a", 1, "", 0));
	assert_true(text_matches("abcabd", 6, "*ab?", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_ints),
		cmocka_unit_test(test_skips_whole_values),
		cmocka_unit_test(test_walks_lists),
		cmocka_unit_test(test_unescapes),
		cmocka_unit_test(test_picks_paths),
		cmocka_unit_test(test_picks_keys_with_escapes),
		cmocka_unit_test(test_dead_ends),
		cmocka_unit_test(test_too_many_steps),
		cmocka_unit_test(test_searches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
