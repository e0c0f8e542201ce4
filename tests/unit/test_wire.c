/* Values and frames: round trips, canonical form, and damaged input. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "wire/frame.h"
#include "wire/value.h"

static void put_sample(struct buf *out)
{
	value_put_map(out, 5);
	value_put_str(out, "text");
	value_put_str(out, "Zo\xc3\xab");
	value_put_str(out, "int");
	value_put_int(out, INT64_MIN);
	value_put_str(out, "list");
	value_put_list(out, 3);
	value_put_nil(out);
	value_put_bool(out, true);
	value_put_double(out, -0.25);
	value_put_str(out, "big");
	value_put_int(out, INT64_MAX);
	value_put_str(out, "empty");
	value_put_map(out, 0);
}

static void values_survive_a_round_trip(void **state)
{
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;
	struct value_tree *tree;
	const struct value *root;

	(void)state;
	put_sample(&out);
	tree = value_parse(out.data, out.len, &err);
	assert_non_null(tree);
	root = value_root(tree);
	assert_string_equal(value_text(root, "text", NULL), "Zo\xc3\xab");
	assert_true(value_int(root, "int", 0) == INT64_MIN);
	assert_true(value_int(root, "big", 0) == INT64_MAX);
	/* Of times nothing is so large or small that they could not be reckoned with. */
	assert_true(value_seconds_ms(root, "int", 5) == 0);
	assert_true(value_seconds_ms(root, "big", 5) == INT64_C(315360000000));
	assert_true(value_seconds_ms(root, "none", 5) == 5000);
	assert_int_equal(value_count(value_get(root, "list")), 3);
	assert_int_equal(value_at(value_get(root, "list"), 0)->type, VALUE_NIL);
	assert_true(value_at(value_get(root, "list"), 2)->d == -0.25);
	assert_null(value_at(value_get(root, "list"), 3));
	assert_null(value_get(root, "absent"));
	value_tree_free(tree);
	buf_fini(&out);
}

static void equal_maps_have_one_encoding(void **state)
{
	struct err err = ERR_INIT;
	struct buf a = BUF_INIT, b = BUF_INIT, ca = BUF_INIT, cb = BUF_INIT;
	struct value_tree *ta, *tb;

	(void)state;
	value_put_map(&a, 2);
	value_put_str(&a, "x");
	value_put_int(&a, 1);
	value_put_str(&a, "a");
	value_put_int(&a, 2);
	value_put_map(&b, 2);
	value_put_str(&b, "a");
	value_put_int(&b, 2);
	value_put_str(&b, "x");
	value_put_int(&b, 1);
	ta = value_parse(a.data, a.len, &err);
	tb = value_parse(b.data, b.len, &err);
	value_put(&ca, value_root(ta));
	value_put(&cb, value_root(tb));
	assert_int_equal(ca.len, cb.len);
	assert_memory_equal(ca.data, cb.data, ca.len);
	value_tree_free(ta);
	value_tree_free(tb);
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&ca);
	buf_fini(&cb);
}

static void a_key_twice_has_no_encoding(void **state)
{
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT, again = BUF_INIT;
	struct value_tree *tree;

	(void)state;
	value_put_map(&out, 3);
	value_put_str(&out, "x");
	value_put_int(&out, 1);
	value_put_str(&out, "a");
	value_put_nil(&out);
	value_put_str(&out, "x");
	value_put_int(&out, 2);
	tree = value_parse(out.data, out.len, &err);
	assert_non_null(tree);
	value_put(&again, value_root(tree));
	assert_true(again.failed);
	value_tree_free(tree);
	buf_fini(&out);
	buf_fini(&again);
}

/* Cut at every byte, and every byte flipped: an error or another value, never a crash. */
static void damaged_values_are_refused(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	put_sample(&out);
	for (size_t cut = 0; cut < out.len; cut++) {
		struct err err = ERR_INIT;
		char *part = malloc(cut + 1);

		memcpy(part, out.data, cut);
		assert_null(value_parse(part, cut, &err));
		assert_int_equal(err.kind, ERR_DATA);
		free(part);
	}
	for (size_t i = 0; i < out.len; i++) {
		struct err err = ERR_INIT;

		out.data[i] = (char)(out.data[i] ^ 0xff);
		value_tree_free(value_parse(out.data, out.len, &err));
		out.data[i] = (char)(out.data[i] ^ 0xff);
	}
	buf_fini(&out);
}

static void deep_values_are_refused(void **state)
{
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct value_cursor cursor;

	(void)state;
	for (int i = 0; i < 100000; i++)
		value_put_list(&out, 1);
	value_put_nil(&out);
	assert_null(value_parse(out.data, out.len, &err));
	assert_non_null(strstr(err.message, "deeper"));
	cursor = value_cursor(out.data, out.len);
	assert_false(value_skip(&cursor, &err));
	buf_fini(&out);
}

static void frames_are_found_and_bounded(void **state)
{
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct frame frame;
	size_t used;

	(void)state;
	frame_put(&out, FRAME_CALL, 7, "abc", 3);
	for (size_t cut = 0; cut < out.len; cut++)
		assert_int_equal(frame_parse(out.data, cut, &frame, &used, &err), FRAME_MORE);
	assert_int_equal(frame_parse(out.data, out.len, &frame, &used, &err), FRAME_READY);
	assert_int_equal(frame.id, 7);
	assert_int_equal(frame.len, 3);
	assert_int_equal(used, out.len);
	out.data[4] = 99;
	assert_int_equal(frame_parse(out.data, out.len, &frame, &used, &err), FRAME_BROKEN);
	assert_int_equal(frame_parse("\xff\xff\xff\xff", 4, &frame, &used, &err), FRAME_BROKEN);
	buf_clear(&out);
	frame_put(&out, FRAME_CHUNK, 1, "", FRAME_PAYLOAD_MAX + (size_t)1);
	assert_true(out.failed);
	buf_fini(&out);
}

static void errors_cross_the_wire(void **state)
{
	struct err in = ERR_INIT, out = ERR_INIT;
	struct buf payload = BUF_INIT;

	(void)state;
	err_set(&in, ERR_THROTTLED, "slow down");
	in.status = 429;
	in.retry_after_ms = 1500;
	wire_put_err(&payload, &in);
	wire_get_err(payload.data, payload.len, &out);
	assert_int_equal(out.kind, ERR_THROTTLED);
	assert_int_equal(out.status, 429);
	assert_true(out.retry_after_ms == 1500);
	assert_string_equal(out.message, "slow down");
	wire_get_err("\x09", 1, &out);
	assert_int_equal(out.kind, ERR_BUG);
	buf_fini(&payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_survive_a_round_trip),
		cmocka_unit_test(equal_maps_have_one_encoding),
		cmocka_unit_test(a_key_twice_has_no_encoding),
		cmocka_unit_test(damaged_values_are_refused),
		cmocka_unit_test(deep_values_are_refused),
		cmocka_unit_test(frames_are_found_and_bounded),
		cmocka_unit_test(errors_cross_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
