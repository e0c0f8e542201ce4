/* Rows that share the first one's keys: noted by the walk, and read the same as without that. */
#include <string.h>

#include "base/str.h"
#include "sandbox/json/json_read.h"
#include "sandbox/json/json_scan.h"
#include "unit.h"

enum { PATHS = 4 };

static struct json_pick *new_pick(void)
{
	static const char *const paths[PATHS] = { "a", "a.x", "c", "a.1" };
	struct json_pick *pick = json_pick_new();

	assert_non_null(pick);
	for (int i = 0; i < PATHS; i++)
		assert_int_equal(json_pick_add(pick, paths[i]), i);
	return pick;
}

static void is_same(const struct json_span *a, const struct json_span *b)
{
	assert_ptr_equal(a->at, b->at);
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->is_dead_end, b->is_dead_end);
}

static void check_row(const char *body, const struct json_list *list, size_t i)
{
	struct json_pick *pick = new_pick();
	struct json_span planned[PATHS], walked[PATHS];
	const struct json_row *row = &list->rows[i];
	struct json_plan plan;

	json_plan_make(&plan, pick, &list->shape, body);
	json_plan_run(&plan, pick, body, list->shape.members + row->members - 1, planned);
	json_pick_run(pick, json_span(body + row->at, row->len), walked);
	for (int k = 0; k < PATHS; k++)
		is_same(&planned[k], &walked[k]);
	json_pick_free(pick);
}

/* `follows` has an x for each row that has the list's shape; `defects` an x for a duplicate key. */
static void check_list(const char *body, const char *follows, const char *defects)
{
	static const struct json_place root = { .or_object = true };
	struct json_list list;
	struct err err = ERR_INIT;

	if (!json_scan(body, strlen(body), &root, &list, NULL, &err))
		fail_msg("%s: %s", body, err.message);
	assert_int_equal(list.count, strlen(follows));
	for (size_t i = 0; i < list.count; i++) {
		if ((list.rows[i].members != 0) != (follows[i] == 'x'))
			fail_msg("%s: row %zu", body, i);
		assert_int_equal(list.rows[i].defect,
				 defects[i] == 'x' ? JSON_DUPLICATE_KEY : JSON_SOUND);
		if (list.rows[i].members != 0)
			check_row(body, &list, i);
	}
	json_list_fini(&list);
}

static void test_rows_that_follow(void **state)
{
	(void)state;
	check_list(
		"[{\"a\":{\"x\":1},\"b\":\"2\",\"c\":[3,{\"a\":4}]},"
		" {\"a\" : \"\" , \"b\":{\"b\":1}, \"c\" :null }, {\"a\":[5],\"b\":0,\"c\":1.5}]",
		"xxx", "...");
	check_list("{\"c\":1,\"a\":{\"x\":{\"a\":2}}}", "x", ".");
	check_list("[{},{}]", "..", "..");
}

static void test_rows_that_leave(void **state)
{
	(void)state;
	check_list("[{\"a\":1,\"b\":2},{\"a\":1},{\"a\":1,\"b\":2,\"c\":3},{\"b\":2,\"a\":1},"
		   "{\"a\":4,\"b\":5},{},7,[{\"a\":1,\"b\":1}]]",
		   "x...x...", "........");
	check_list("[{},{\"a\":1},{}]", "...", "...");
	check_list("[3,{\"a\":1},{\"a\":2}]", ".xx", "...");
}

/* A key that comes again is found wherever the row has left the shape. */
static void test_duplicates(void **state)
{
	(void)state;
	check_list("[{\"a\":1,\"b\":2},{\"a\":1,\"a\":2},{\"a\":1,\"b\":2,\"a\":3},"
		   "{\"a\":1,\"b\":2,\"b\":3},{\"x\":1,\"x\":2},{\"a\":3,\"b\":3}]",
		   "x....x", ".xxxx.");
	check_list("[{\"a\":1,\"a\":2},{\"a\":1,\"a\":2},{\"a\":1}]", "...", "xx.");
	check_list("[{\"a\":{\"b\":1,\"b\":2},\"b\":1},{\"a\":{\"b\":1},\"b\":1}]", "xx", "x.");
}

static void test_escapes_make_no_shape(void **state)
{
	(void)state;
	check_list("[{\"a\":1,\"\\u0063\":2},{\"a\":1,\"\\u0063\":2}]", "..", "..");
	check_list("[{\"a\":1,\"c\":2},{\"a\":1,\"\\u0063\":2},{\"\\u0061\":1,\"a\":2}]", "x..",
		   "..x");
}

/* The body's members that are noted are bounded; so are a shape's keys. */
static void test_many_keys(void **state)
{
	struct buf body = BUF_INIT;

	(void)state;
	buf_char(&body, '[');
	for (int row = 0; row < 2; row++) {
		buf_str(&body, row == 0 ? "{" : ",{");
		for (int i = 0; i <= JSON_SHAPE_KEYS; i++)
			buf_printf(&body, "%s\"k%d\":%d", i == 0 ? "" : ",", i, i);
		buf_char(&body, '}');
	}
	buf_char(&body, ']');
	check_list(buf_text(&body), "..", "..");
	buf_fini(&body);
}

static void test_many_members(void **state)
{
	static const struct json_place root = { 0 };
	struct buf body = BUF_INIT;
	struct json_list list;
	struct err err = ERR_INIT;

	(void)state;
	buf_str(&body, "[{\"a\":1,\"c\":2}");
	for (int i = 1; i < JSON_MEMBERS_MAX / 2 + 2; i++)
		buf_str(&body, ",{\"a\":1,\"c\":2}");
	buf_char(&body, ']');
	assert_true(json_scan(buf_text(&body), body.len, &root, &list, NULL, &err));
	assert_int_not_equal(list.rows[JSON_MEMBERS_MAX / 2 - 1].members, 0);
	assert_int_equal(list.rows[JSON_MEMBERS_MAX / 2].members, 0);
	assert_int_equal(list.rows[list.count - 1].defect, JSON_SOUND);
	assert_int_equal(list.shape.member_count, JSON_MEMBERS_MAX);
	json_list_fini(&list);
	buf_fini(&body);
}

/* Where no member is noted any more, a key that comes again is found all the same. */
static void test_duplicates_behind_many_members(void **state)
{
	struct buf body = BUF_INIT, follows = BUF_INIT, defects = BUF_INIT;

	(void)state;
	buf_char(&body, '[');
	for (int row = 0; row <= JSON_MEMBERS_MAX / JSON_SHAPE_KEYS; row++) {
		buf_str(&body, row == 0 ? "{" : ",{");
		for (int i = 0; i < JSON_SHAPE_KEYS; i++)
			buf_printf(&body, "%s\"k%d\":0", i == 0 ? "" : ",", i);
		buf_char(&body, '}');
		buf_char(&follows, row < JSON_MEMBERS_MAX / JSON_SHAPE_KEYS ? 'x' : '.');
		buf_char(&defects, '.');
	}
	buf_str(&body, ",{\"k0\":1,\"k0\":2},{\"k0\":1,\"k1\":2,\"k0\":3}]");
	buf_str(&follows, "..");
	buf_str(&defects, "xx");
	check_list(buf_text(&body), buf_text(&follows), buf_text(&defects));
	buf_fini(&defects);
	buf_fini(&follows);
	buf_fini(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_that_follow),
		cmocka_unit_test(test_rows_that_leave),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_escapes_make_no_shape),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_many_members),
		cmocka_unit_test(test_duplicates_behind_many_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
