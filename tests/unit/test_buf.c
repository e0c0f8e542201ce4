/* The growing buffer: contents, cap, sticky failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "unit.h"

static void what_is_appended_is_there(void **state)
{
	struct buf buf = BUF_INIT;
	char big[1000];

	(void)state;
	assert_string_equal(buf_text(&buf), "");
	memset(big, 'x', sizeof(big));
	buf_str(&buf, "a");
	buf_char(&buf, 'b');
	buf_printf(&buf, "%d", 42);
	buf_append(&buf, NULL, 0);
	assert_string_equal(buf_text(&buf), "ab42");
	buf_append(&buf, big, sizeof(big));
	assert_int_equal(buf.len, 4 + sizeof(big));
	assert_int_equal(buf.data[buf.len], '\0');
	assert_memory_equal(buf.data + 4, big, sizeof(big));
	buf_fini(&buf);
	assert_null(buf.data);
}

static void a_printed_text_may_be_longer_than_the_room(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	buf_printf(&buf, "%500d", 1);
	assert_int_equal(buf.len, 500);
	assert_int_equal(buf.data[499], '1');
	buf_fini(&buf);
}

static void bytes_go_from_either_end(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	buf_str(&buf, "abcdef");
	buf_consume(&buf, 2);
	assert_string_equal(buf.data, "cdef");
	buf_cut(&buf, 3);
	assert_string_equal(buf.data, "cde");
	buf_consume(&buf, 100);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf_text(&buf), "");
	buf_fini(&buf);
}

/* Nothing is half appended, and what comes after a failure is not appended at all. */
static void the_cap_holds_and_failure_sticks(void **state)
{
	struct buf buf = { .cap = 5 };
	struct err err = ERR_INIT;

	(void)state;
	buf_str(&buf, "12345");
	assert_true(buf_ok(&buf, &err));
	buf_char(&buf, '6');
	buf_clear(&buf);
	buf_str(&buf, "123");
	buf_str(&buf, "456");
	buf_str(&buf, "4");
	assert_string_equal(buf.data, "123");
	assert_false(buf_ok(&buf, &err));
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
	assert_string_equal(err.message, "more than 5 bytes");
	assert_null(buf_take(&buf));
	buf_fini(&buf);
}

static void an_impossible_size_is_a_failure(void **state)
{
	struct buf buf = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	buf_char(&buf, 'a');
	assert_null(buf_room(&buf, SIZE_MAX - 1));
	assert_false(buf_ok(&buf, &err));
	assert_string_equal(err.message, "out of memory");
	buf_fini(&buf);
}

static void what_is_taken_is_the_callers(void **state)
{
	struct buf buf = BUF_INIT;
	char *text;

	(void)state;
	buf_str(&buf, "text");
	text = buf_take(&buf);
	assert_string_equal(text, "text");
	assert_int_equal(buf.len, 0);
	assert_null(buf.data);
	free(text);
}

/* A frame that was lost for want of memory must not be forgotten because those before it went out.
 */
static void a_failure_outlives_what_is_consumed(void **state)
{
	struct buf buf = { .cap = 4 };
	struct err err = ERR_INIT;

	(void)state;
	buf_str(&buf, "abcd");
	buf_str(&buf, "e");
	buf_consume(&buf, 1);
	assert_false(buf_ok(&buf, &err));
	buf_consume(&buf, 3);
	assert_int_equal(buf.len, 0);
	assert_false(buf_ok(&buf, &err));
	buf_clear(&buf);
	assert_true(buf_ok(&buf, &err));
	buf_fini(&buf);
}

static void digits_are_printfs(void **state)
{
	static const size_t numbers[] = { 0, 7, 10, 4294967296, SIZE_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buf buf = BUF_INIT;
		char expected[32];

		buf_digits(&buf, numbers[i]);
		snprintf(expected, sizeof(expected), "%zu", numbers[i]);
		assert_string_equal(buf_text(&buf), expected);
		buf_fini(&buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_printfs),
		cmocka_unit_test(what_is_appended_is_there),
		cmocka_unit_test(a_printed_text_may_be_longer_than_the_room),
		cmocka_unit_test(bytes_go_from_either_end),
		cmocka_unit_test(the_cap_holds_and_failure_sticks),
		cmocka_unit_test(an_impossible_size_is_a_failure),
		cmocka_unit_test(what_is_taken_is_the_callers),
		cmocka_unit_test(a_failure_outlives_what_is_consumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
