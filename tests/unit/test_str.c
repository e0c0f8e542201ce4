/* Text helpers. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "unit.h"

static void prefixes_and_suffixes(void **state)
{
	(void)state;
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", "A"));
	assert_true(str_has_prefix("kandji/acme", "kandji/"));
	assert_true(str_has_prefix("x", ""));
	assert_false(str_has_prefix("kand", "kandji"));
	assert_true(str_has_suffix("a.lua", ".lua"));
	assert_false(str_has_suffix("lua", ".lua"));
}

static void copies_are_the_callers(void **state)
{
	char *copy = str_dup_len("abcdef", 3);
	char *empty = str_dup_len(NULL, 0);

	(void)state;
	assert_string_equal(copy, "abc");
	assert_string_equal(empty, "");
	assert_null(str_dup(NULL));
	free(copy);
	free(empty);
}

static void lower_case_is_ascii_only(void **state)
{
	char text[] = "Zo\xc3\x8b-@[`{AZ";

	(void)state;
	str_lower(text);
	assert_string_equal(text, "zo\xc3\x8b-@[`{az");
}

static void whole_numbers_only(void **state)
{
	static const char *const bad[] = {
		"",    " 1",
		"+1",  "1 ",
		"1x",  "0x10",
		"--",  "1.0",
		"1\n", "9223372036854775808",
		"-",   "-9223372036854775809",
	};
	int64_t value = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(str_to_int64(bad[i], &value));
		assert_true(value == 7);
	}
	assert_true(str_to_int64("-9223372036854775808", &value) && value == INT64_MIN);
	assert_true(str_to_int64("9223372036854775807", &value) && value == INT64_MAX);
	assert_true(str_to_int64("007", &value) && value == 7);
}

static void numbers_are_read_one_by_one(void **state)
{
	const char *text = "12 -3\n 4x 99999999999999999999";
	int64_t value;

	(void)state;
	assert_true(str_next_int64(&text, &value) && value == 12);
	assert_true(str_next_int64(&text, &value) && value == -3);
	assert_true(str_next_int64(&text, &value) && value == 4);
	assert_false(str_next_int64(&text, &value));
	assert_string_equal(text, "x 99999999999999999999");
	text++;
	assert_false(str_next_int64(&text, &value));
}

static void utf8_is_strict(void **state)
{
	static const char *const good[] = { "", "a", "\xc3\xab", "\xe2\x82\xac",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = {
		"\x80",		    /* continuation alone */
		"\xc3",		    /* cut */
		"\xc0\xaf",	    /* overlong */
		"\xe0\x80\xaf",	    /* overlong */
		"\xf0\x80\x80\x80", /* overlong */
		"\xed\xa0\x80",	    /* surrogate */
		"\xf4\x90\x80\x80", /* beyond U+10FFFF */
		"\xff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(str_is_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(str_is_utf8(bad[i], strlen(bad[i])));
	assert_false(str_is_utf8("a\0b", 3));
}

/* Eight bytes at a time, or one by one: the same is found wherever it stands. */
static void utf8_is_strict_everywhere(void **state)
{
	static const char wrong[] = { 0, '\x80', '\xff', '\xc3' };
	char text[24];

	(void)state;
	for (size_t at = 0; at < sizeof(text); at++) {
		memset(text, '~', sizeof(text));
		assert_true(str_is_utf8(text, sizeof(text)));
		for (size_t i = 0; i < sizeof(wrong); i++) {
			text[at] = wrong[i];
			assert_false(str_is_utf8(text, sizeof(text)));
			assert_true(str_is_utf8(text, at));
		}
	}
}

static void what_is_no_utf8_is_replaced(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	str_put_utf8(&out, "a\xc3\xab\xe2\x82\xac\xf0\x9f\x98\x80"
			   "\xff|\xe2\x82");
	assert_string_equal(buf_text(&out), "a\xc3\xab\xe2\x82\xac\xf0\x9f\x98\x80"
					    "\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd");
	buf_fini(&out);
}

static void the_nearest_word_is_suggested(void **state)
{
	static const char *const words[] = { "accounts", "connect", "sessions", "status", "sync" };
	const size_t count = sizeof(words) / sizeof(words[0]);
	char long_word[100];

	(void)state;
	assert_null(str_nearest("sync", words, 0));
	assert_string_equal(str_nearest("acounts", words, count), "accounts");
	assert_string_equal(str_nearest("statsu", words, count), "status");
	assert_string_equal(str_nearest("snyc", words, count), "sync");
	assert_string_equal(str_nearest("syn", words, count), "sync");
	assert_null(str_nearest("devices", words, count));
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(str_nearest(long_word, words, count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_and_suffixes),
		cmocka_unit_test(copies_are_the_callers),
		cmocka_unit_test(lower_case_is_ascii_only),
		cmocka_unit_test(whole_numbers_only),
		cmocka_unit_test(numbers_are_read_one_by_one),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(utf8_is_strict_everywhere),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(the_nearest_word_is_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
