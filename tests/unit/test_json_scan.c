/* The strict walk: what is JSON, where the rows are, and which of them have which defect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "sandbox/json/json_scan.h"
#include "unit.h"

static const struct json_place root = { .depth = 0 };
static const struct json_place data_list = { .path = { "data" }, .depth = 1 };

static void check_rows_at(const char *text, const struct json_place *place, size_t count)
{
	struct json_list list;
	struct err err = ERR_INIT;

	if (!json_scan(text, strlen(text), place, &list, NULL, &err))
		fail_msg("%s: %s", text, err.message);
	assert_int_equal(list.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(list.rows[i].defect, JSON_SOUND);
	json_list_fini(&list);
}

/* The walk must fail with ERR_DATA and a message that holds `wanted`. */
static void check_refused(const char *text, size_t len, const struct json_place *place,
			  const char *wanted)
{
	struct json_list list;
	struct err err = ERR_INIT;
	char *copy = malloc(len + 1); /* exactly as long, for the sanitizer */

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (json_scan(copy, len, place, &list, NULL, &err))
		fail_msg("taken: %s", text);
	free(copy);
	assert_int_equal(err.kind, ERR_DATA);
	if (strstr(err.message, wanted) == NULL)
		fail_msg("\"%s\" for %s does not say \"%s\"", err.message, text, wanted);
}

static void refused(const char *text, const char *wanted)
{
	check_refused(text, strlen(text), &root, wanted);
}

static void test_finds_rows(void **state)
{
	(void)state;
	check_rows_at("[]", &root, 0);
	check_rows_at(" [ ] ", &root, 0);
	check_rows_at("[1]", &root, 1);
	check_rows_at("[{},[],\"x\",1,true,null]", &root, 6);
	check_rows_at("\r\n\t [ {\"a\" : [ 1 , 2 ] } , { } ]\n", &root, 2);
	check_rows_at("{\"data\":[1,2,3],\"cursor\":null}", &data_list, 3);
	check_rows_at("{\"n\":{\"data\":[9]},\"data\":[1]}", &data_list, 1);
	check_rows_at("{\"a\":[{\"data\":[9,9]}],\"data\":[]}", &data_list, 0);
	check_rows_at("{\"d\\u0061ta\":[1]}", &data_list, 1);
}

static void test_spans_are_exact(void **state)
{
	static const char text[] = "{\"x\":[0],\"data\" : [ {\"a\":\"]\"} ,\"b\", [ ] ],\"y\":1}";
	static const char *const rows[] = { "{\"a\":\"]\"}", "\"b\"", "[ ]" };
	struct json_list list;
	struct err err;

	(void)state;
	assert_true(json_scan(text, strlen(text), &data_list, &list, NULL, &err));
	assert_int_equal(list.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(list.rows[i].len, strlen(rows[i]));
		assert_memory_equal(text + list.rows[i].at, rows[i], strlen(rows[i]));
	}
	assert_int_equal(text[list.at], '[');
	assert_int_equal(text[list.end - 1], ']');
	assert_int_equal(text[list.end], ',');
	json_list_fini(&list);
}

static void test_paths_of_several_steps(void **state)
{
	static const struct json_place deep = { .path = { "a", "b" }, .depth = 2 };

	(void)state;
	check_rows_at("{\"a\":{\"b\":[1,2]}}", &deep, 2);
	check_rows_at("{\"b\":[1],\"a\":{\"c\":{\"b\":[7]},\"b\":[]}}", &deep, 0);
	check_refused("{\"a\":[{\"b\":[1]}]}", 17, &deep, "there is no list at \"a.b\"");
	check_refused("{\"a\":1,\"b\":[1]}", 15, &deep, "there is no list at \"a.b\"");
	check_refused("{\"a\":{\"b\":7}}", 13, &deep,
		      "\"a.b\" must be a list of rows but is a number");
}

static void test_object_for_a_list(void **state)
{
	static const struct json_place either = { .depth = 0, .or_object = true };
	struct json_list list;
	struct err err;

	(void)state;
	check_rows_at("{\"id\":1}", &either, 1);
	check_rows_at("[{\"id\":1},{}]", &either, 2);
	assert_true(json_scan(" {\"a\":[1,{}]} ", 14, &either, &list, NULL, &err));
	assert_int_equal(list.rows[0].at, 1);
	assert_int_equal(list.rows[0].len, 12);
	json_list_fini(&list);
	check_refused("7", 1, &either, "is a number");
}

static void test_lists_that_are_none(void **state)
{
	(void)state;
	refused("null", "the answer must be a list of rows but is null");
	refused("{}", "is an object");
	refused("\"x\"", "is a text");
	refused("false", "is a boolean");
	check_refused("{}", 2, &data_list, "there is no list at \"data\"");
	check_refused("{\"data\":null}", 13, &data_list,
		      "\"data\" must be a list of rows but is null");
	check_refused("{\"data\":{\"a\":1}}", 16, &data_list, "is an object");
	check_refused("[]", 2, &data_list, "there is no list at \"data\"");
}

static void test_content_that_is_no_json(void **state)
{
	(void)state;
	refused("", "the answer is empty");
	refused(" \n ", "the answer is empty");
	refused("<!DOCTYPE html><title>Sign in", "HTML or XML");
	refused("\xef\xbb\xbf[]", "unexpected content: something else");
	refused("\xff\xfe[", "unexpected content");
	refused("Bad Gateway", "(\"Bad Gateway\")");
	check_refused("\0[]", 3, &root, "unexpected content");
}

static void test_broken_structure(void **state)
{
	static const char *const texts[] = {
		"[1,]",	      "[,1]",	   "[1 2]",	 "[}",		"{\"a\"}", "{\"a\":}",
		"{\"a\":1,}", "{a:1}",	   "{1:2}",	 "[1]]",	"[1] x",   "[] []",
		"[01]",	      "[1.]",	   "[.5]",	 "[+1]",	"[1e]",	   "[-]",
		"[0x10]",     "[NaN]",	   "[Infinity]", "[-Infinity]", "[tru]",   "[nulL]",
		"[\"a\":1]",  "{\"a\" 1}", "[1}",	 "{\"a\":1]",	"['a']",   "[1e+]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_refused(texts[i], strlen(texts[i]),
			      strchr(texts[i], '[') == texts[i] ? &root : &data_list, "not JSON: ");
}

/* Every beginning of a sound body is refused as cut short, and none is read beyond its end. */
static void test_every_cut(void **state)
{
	static const char text[] = "[{\"a\":\"x\\u00e9\\n\",\"b\":[true,false,null,-12.5e+3]},{}]";

	(void)state;
	for (size_t len = 1; len + 1 < sizeof(text); len++)
		check_refused(text, len, &root, "the answer is cut short: it ends at byte");
	check_rows_at(text, &root, 2);
}

/* The defect of the middle row of three; the others are sound. */
static void check_defect(const char *row, size_t len, enum json_defect wanted)
{
	struct buf text = BUF_INIT;
	struct json_list list;
	struct err err = ERR_INIT;

	buf_str(&text, "[{\"id\":1},");
	buf_append(&text, row, len);
	buf_str(&text, ",{\"id\":3}]");
	if (!json_scan(text.data, text.len, &root, &list, NULL, &err))
		fail_msg("%.60s: %s", row, err.message);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.rows[0].defect, JSON_SOUND);
	assert_int_equal(list.rows[2].defect, JSON_SOUND);
	if (list.rows[1].defect != wanted)
		fail_msg("%.60s: %s", row, json_defect_text((enum json_defect)list.rows[1].defect));
	if (wanted != JSON_SOUND)
		assert_in_range(list.rows[1].defect_at, list.rows[1].at,
				list.rows[1].at + list.rows[1].len - 1);
	json_list_fini(&list);
	buf_fini(&text);
}

#define assert_defect(row, wanted) check_defect(row, sizeof(row) - 1, wanted)

static void test_texts_with_defects(void **state)
{
	(void)state;
	assert_defect("{\"a\":\"\xff\"}", JSON_BAD_UTF8);
	assert_defect("{\"a\":\"\xc0\xaf\"}", JSON_BAD_UTF8);	      /* overlong */
	assert_defect("{\"a\":\"\xed\xa0\x80\"}", JSON_BAD_UTF8);     /* a surrogate */
	assert_defect("{\"a\":\"\xf4\x90\x80\x80\"}", JSON_BAD_UTF8); /* beyond U+10FFFF */
	assert_defect("{\"a\":\"\xe2\x82\"}", JSON_BAD_UTF8);
	assert_defect("{\"\xff\":1}", JSON_BAD_UTF8);
	assert_defect("{\"a\":\"\\ud800\"}", JSON_LONE_SURROGATE);
	assert_defect("{\"a\":\"\\udc00\"}", JSON_LONE_SURROGATE);
	assert_defect("{\"a\":\"\\ud800\\ud800\"}", JSON_LONE_SURROGATE);
	assert_defect("{\"a\":\"\\ud800x\"}", JSON_LONE_SURROGATE);
	assert_defect("{\"a\":\"x\\u0000\"}", JSON_NUL);
	assert_defect("{\"a\":\"x\0y\"}", JSON_NUL);
	assert_defect("{\"a\":\"x\ny\"}", JSON_CONTROL);
	assert_defect("{\"a\":\"\\x\"}", JSON_BAD_ESCAPE);
	assert_defect("{\"a\":\"\\u12g4\"}", JSON_BAD_ESCAPE);
	assert_defect("{\"a\":\"\\u12\"}", JSON_BAD_ESCAPE);
	assert_defect("{\"a\":\"é 東京 📱 \\ud83d\\udcf1 \\u00e9 \\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
		      JSON_SOUND);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_defect("{\"a\":1e999}", JSON_NUMBER_RANGE);
	assert_defect("{\"a\":-1e309}", JSON_NUMBER_RANGE);
	assert_defect("{\"a\":1e-999}", JSON_SOUND);
	assert_defect("{\"a\":-0}", JSON_SOUND);
	assert_defect("{\"a\":1e99999999999999999999}", JSON_NUMBER_RANGE);
	assert_defect("{\"a\":0.10e-00000000000000000001}", JSON_SOUND);
	assert_defect("[0,-1,1.5,1E5,2e+3,123456789012345678901234567890]", JSON_SOUND);
}

static void test_integers_beyond_64_bits(void **state)
{
	static const char text[] = "[[9223372036854775807,-9223372036854775808],"
				   "[9223372036854775808],[-9223372036854775809],[1e19]]";
	struct json_list list;
	struct err err;
	bool has_big = false;

	(void)state;
	assert_true(json_scan(text, strlen(text), &root, &list, &has_big, &err));
	assert_true(has_big);
	assert_false(list.rows[0].has_big);
	assert_true(list.rows[1].has_big);
	assert_true(list.rows[2].has_big);
	assert_false(list.rows[3].has_big);
	json_list_fini(&list);
}

static void test_duplicate_keys(void **state)
{
	(void)state;
	assert_defect("{\"a\":1,\"a\":2}", JSON_DUPLICATE_KEY);
	assert_defect("{\"ab\":1,\"\\u0061b\":2}", JSON_DUPLICATE_KEY);
	assert_defect("{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", JSON_DUPLICATE_KEY);
	assert_defect("{\"\":1,\"\":2}", JSON_DUPLICATE_KEY);
	assert_defect("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}],\"A\":1}", JSON_SOUND);
	/* an inner object between the two */
	assert_defect("{\"a\":{\"b\":1,\"c\":2,\"d\":{\"e\":1}},\"f\":{\"b\":1},\"a\":1}",
		      JSON_DUPLICATE_KEY);
}

/* The table of keys grows while objects are open; nothing is forgotten and nothing invented. */
static void test_many_keys(void **state)
{
	struct buf row = BUF_INIT;

	(void)state;
	buf_str(&row, "{");
	for (int i = 0; i < 5000; i++)
		buf_printf(&row, "\"k%d\":{\"k%d\":%d},", i, i, i);
	buf_str(&row, "\"z\":0}");
	check_defect(row.data, row.len, JSON_SOUND);
	buf_cut(&row, row.len - 1);
	buf_str(&row, ",\"k17\":1}");
	check_defect(row.data, row.len, JSON_DUPLICATE_KEY);
	buf_clear(&row);
	buf_str(&row, "{");
	for (int i = 0; i <= JSON_KEYS_MAX; i++)
		buf_printf(&row, "%s\"k%d\":0", i > 0 ? "," : "", i);
	buf_str(&row, "}");
	check_defect(row.data, row.len, JSON_MANY_KEYS);
	buf_fini(&row);
}

static void put_nested(struct buf *row, int depth)
{
	for (int i = 0; i < depth; i++)
		buf_str(row, i % 2 == 0 ? "[" : "{\"a\":");
	buf_str(row, "1");
	for (int i = depth - 1; i >= 0; i--)
		buf_str(row, i % 2 == 0 ? "]" : "}");
}

static void test_depth(void **state)
{
	struct buf row = BUF_INIT;
	struct err err = ERR_INIT;
	struct json_list list;

	(void)state;
	put_nested(&row, JSON_DEPTH_MAX - 1); /* and the list around it */
	check_defect(row.data, row.len, JSON_SOUND);
	buf_clear(&row);
	put_nested(&row, JSON_DEPTH_MAX);
	check_defect(row.data, row.len, JSON_TOO_DEEP);
	buf_clear(&row);
	put_nested(&row, 900);
	check_defect(row.data, row.len, JSON_TOO_DEEP);
	buf_clear(&row);
	for (int i = 0; i < 1000000; i++)
		buf_char(&row, '[');
	assert_false(json_scan(row.data, row.len, &root, &list, NULL, &err));
	assert_string_equal(err.message, "the answer is nested deeper than 1024 levels");
	buf_fini(&row);
}

static void test_long_texts(void **state)
{
	struct buf row = BUF_INIT;

	(void)state;
	buf_str(&row, "{\"a\":\"");
	while (row.len < 6 + JSON_STRING_MAX - 2)
		buf_char(&row, 'x');
	buf_str(&row, "\"}");
	check_defect(row.data, row.len, JSON_SOUND);
	buf_cut(&row, row.len - 2);
	buf_str(&row, "y\"}");
	check_defect(row.data, row.len, JSON_LONG_STRING);
	buf_fini(&row);
}

static void test_too_many_rows(void **state)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	struct json_list list;

	(void)state;
	buf_char(&text, '[');
	for (int i = 0; i < JSON_ROWS_MAX; i++)
		buf_str(&text, "0,");
	buf_str(&text, "0]");
	assert_false(json_scan(text.data, text.len, &root, &list, NULL, &err));
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
	buf_fini(&text);
}

/* Outside of rows nobody can be set aside: the body as a whole is refused. */
static void test_defects_beside_the_rows(void **state)
{
	(void)state;
	check_refused("{\"data\":[],\"x\":\"\xff\"}", 19, &data_list,
		      "the answer holds invalid UTF-8 at byte 16");
	check_refused("{\"data\":[],\"data\":[1]}", 22, &data_list, "a duplicate key");
	check_refused("{\"x\":1e999,\"data\":[]}", 21, &data_list, "a number out of range");
	check_refused("{\"a\":\"\\u0000\"}", 14, NULL, "a NUL character");
}

static void test_whole_values(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_true(json_scan("{\"a\":[1]}", 9, NULL, NULL, NULL, &err));
	assert_true(json_scan("\"This device is already locked.\"", 32, NULL, NULL, NULL, &err));
	assert_true(json_scan("7", 1, NULL, NULL, NULL, &err));
}

/* Bytes of a plain text on every alignment: the fast path and the slow one agree. */
static void test_alignment(void **state)
{
	(void)state;
	for (size_t pad = 0; pad < 20; pad++) {
		for (size_t at = 0; at < 20; at++) {
			char row[64];
			int len = snprintf(row, sizeof(row), "{\"a\":\"%.*s%.*s\xff%.*s\"}",
					   (int)pad, "....................", (int)at,
					   "xxxxxxxxxxxxxxxxxxxx", 3, "yyy");

			check_defect(row, (size_t)len, JSON_BAD_UTF8);
			row[6 + pad + at] = '~';
			check_defect(row, (size_t)len, JSON_SOUND);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_rows),
		cmocka_unit_test(test_spans_are_exact),
		cmocka_unit_test(test_paths_of_several_steps),
		cmocka_unit_test(test_object_for_a_list),
		cmocka_unit_test(test_lists_that_are_none),
		cmocka_unit_test(test_content_that_is_no_json),
		cmocka_unit_test(test_broken_structure),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_texts_with_defects),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_integers_beyond_64_bits),
		cmocka_unit_test(test_duplicate_keys),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_too_many_rows),
		cmocka_unit_test(test_defects_beside_the_rows),
		cmocka_unit_test(test_whole_values),
		cmocka_unit_test(test_alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
