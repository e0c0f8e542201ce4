/* Rows as tables, JSON, NDJSON and CSV, and text on its way to a terminal. */
#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/text.h"

/* --- text --- */

static void assert_escaped(const char *text, size_t len, const char *expected)
{
	struct buf out = BUF_INIT;

	text_escape(&out, text, len);
	assert_string_equal(buf_text(&out), expected);
	buf_fini(&out);
}

static void test_escape(void **state)
{
	(void)state;
	assert_escaped("plain \xc3\xa4", 8, "plain \xc3\xa4");
	assert_escaped("a\nb\tc\r", 6, "a\\nb\\tc\\r");
	assert_escaped("\x1b[31mred", 8, "\\x1b[31mred");
	assert_escaped("a\0b", 3, "a\\x00b");
	assert_escaped("\xff\xc3", 2, "\\xff\\xc3");
	assert_escaped("\xe2\x80\xae"
		       "evil",
		       7, "\\u{202e}evil");
	assert_escaped("\xc2\x9b"
		       "31m",
		       5, "\\u{9b}31m");
	assert_true(text_is_harmless("\xc3\xa4 b", 4));
	assert_false(text_is_harmless("a\x7f", 2));
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(text_width("abc", 3), 3);
	assert_int_equal(text_width("\xc3\xa4", 2), 1);
	assert_int_equal(text_width("e\xcc\x81", 3), 1);	/* combining accent */
	assert_int_equal(text_width("\xe6\x97\xa5", 3), 2);	/* a wide one */
	assert_int_equal(text_width("\xf0\x9f\x98\x80", 4), 2); /* emoji */
}

static void assert_fit(const char *text, size_t width, enum text_fill fill, const char *expected)
{
	struct buf out = BUF_INIT;

	text_fit(&out, text, strlen(text), width, fill);
	assert_string_equal(buf_text(&out), expected);
	buf_fini(&out);
}

static void test_fit(void **state)
{
	(void)state;
	assert_fit("abc", 5, TEXT_FILL_RIGHT, "abc  ");
	assert_fit("abc", 5, TEXT_FILL_LEFT, "  abc");
	assert_fit("abc", 5, TEXT_FILL_NONE, "abc");
	assert_fit("abcdef", 4, TEXT_FILL_RIGHT, "abc\xe2\x80\xa6");
	/* A wide character that would stick out is left out whole. */
	assert_fit("\xe6\x97\xa5\xe6\x9c\xac", 3, TEXT_FILL_RIGHT, "\xe6\x97\xa5\xe2\x80\xa6");
	assert_fit("abc", 0, TEXT_FILL_RIGHT, "");
}

static void test_wrap(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	text_wrap(&out, "one two three four five six seven\neight", 24, "  ");
	assert_string_equal(buf_text(&out), "  one two three four\n  five six seven\n  eight\n");
	buf_fini(&out);
}

/* --- rows --- */

static const struct output_column COLUMNS[] = {
	{ .name = "id" },
	{ .name = "device_name" },
	{ .name = "is_managed", .kind = OUTPUT_BOOL },
	{ .name = "origins", .kind = OUTPUT_VALUE },
	{ .name = "last_seen_at", .kind = OUTPUT_TIME },
	{ .name = "hidden", .is_hidden = true },
};

enum { COLUMN_COUNT = sizeof(COLUMNS) / sizeof(COLUMNS[0]), ROW_COUNT = 2 };

static void fill_rows(struct query_value rows[ROW_COUNT][COLUMN_COUNT])
{
	rows[0][0] = output_int(7);
	rows[0][1] = output_text("Ada's \"Mac\", new");
	rows[0][2] = output_int(1);
	rows[0][3] = output_text("[\"managed\",\"discovered\"]");
	rows[0][4] = output_text("2026-03-02T09:14:55.120Z");
	rows[0][5] = output_real(0.1);
	rows[1][0] = output_int(1234);
	rows[1][1] = output_text("=HYPERLINK(1)");
	rows[1][2] = output_int(0);
	rows[1][3] = output_text(NULL);
	rows[1][4] = output_text("not a time");
	rows[1][5] = output_int(INT64_MIN);
}

/* Everything that the rows become in a format, as one text. */
static char *printed(const struct output_options *base, size_t rows_wanted)
{
	struct query_value rows[ROW_COUNT][COLUMN_COUNT];
	struct output_options options = *base;
	struct err err = ERR_INIT;
	struct output *output;
	static char text[4096];
	ssize_t len;

	options.fd = memfd_create("output", MFD_CLOEXEC);
	assert_true(options.fd >= 0);
	fill_rows(rows);
	output = output_new(&options, COLUMNS, COLUMN_COUNT, &err);
	assert_non_null(output);
	for (size_t i = 0; i < rows_wanted; i++)
		assert_true(output_row(output, rows[i], &err));
	assert_true(output_end(output, &err));
	assert_int_equal(output_rows(output), rows_wanted);
	output_free(output);
	len = pread(options.fd, text, sizeof(text) - 1, 0);
	assert_true(len >= 0);
	text[len] = '\0';
	close(options.fd);
	return text;
}

static void test_table(void **state)
{
	struct output_options options = { .format = OUTPUT_TABLE };

	(void)state;
	assert_string_equal(
		printed(&options, 2),
		"  ID  DEVICE NAME       IS MANAGED  ORIGINS              LAST SEEN AT\n"
		"   7  Ada's \"Mac\", new  yes         managed, discovered  2026-03-02 09:14Z\n"
		"1234  =HYPERLINK(1)     no                               not a time\n");
	assert_string_equal(printed(&options, 0), "");
}

static void test_table_fits_the_terminal(void **state)
{
	struct output_options options = { .format = OUTPUT_TABLE, .width = 50 };
	char *text = printed(&options, 2);

	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(text_width(line, strlen(line)) <= 50);
}

/* Texts give way before a time is cut. */
static void test_times_hold_out(void **state)
{
	struct output_options options = { .format = OUTPUT_TABLE, .width = 64 };

	(void)state;
	assert_non_null(strstr(printed(&options, 2), "2026-03-02 09:14Z"));
}

static void test_fit_widths(void **state)
{
	const bool soft[] = { false, false, false }, firm[] = { true, false, false };
	size_t widths[] = { 4, 30, 10 }, kept[] = { 20, 30, 15 }, narrow[] = { 8, 8 };
	size_t tight[] = { 17, 30, 15 }, hopeless[] = { 17, 30, 15 }, named[] = { 11, 17, 17 };
	const bool times[] = { false, true, true };

	(void)state;
	table_fit_widths(widths, soft, 3, 30);
	assert_int_equal(widths[0], 4);
	assert_int_equal(widths[1], 16);
	assert_int_equal(widths[2], 10);
	table_fit_widths(kept, firm, 3, 45);
	assert_int_equal(kept[0], 20);
	assert_int_equal(kept[1] + kept[2], 25);
	table_fit_widths(tight, firm, 3, 31);
	assert_int_equal(tight[0], 17);
	assert_int_equal(tight[1] + tight[2], 14);
	table_fit_widths(hopeless, firm, 3, 20);
	assert_int_equal(hopeless[0], 8);
	assert_int_equal(hopeless[1] + hopeless[2], 2 * TABLE_HARD_MIN);
	table_fit_widths(named, times, 3, 35);
	assert_int_equal(named[0], 11);
	table_fit_widths(narrow, soft, 2, 3);
	assert_int_equal(narrow[0], TABLE_HARD_MIN);
}

static void test_json(void **state)
{
	struct output_options options = { .format = OUTPUT_JSON };

	(void)state;
	assert_string_equal(
		printed(&options, 2),
		"[\n{\"id\":7,\"device_name\":\"Ada's \\\"Mac\\\", new\",\"is_managed\":true,"
		"\"origins\":[\"managed\",\"discovered\"],"
		"\"last_seen_at\":\"2026-03-02T09:14:55.120Z\",\"hidden\":0.1},\n"
		"{\"id\":1234,\"device_name\":\"=HYPERLINK(1)\",\"is_managed\":false,"
		"\"origins\":null,\"last_seen_at\":\"not a "
		"time\",\"hidden\":-9223372036854775808}\n]\n");
	assert_string_equal(printed(&options, 0), "[]\n");
	options.format = OUTPUT_NDJSON;
	assert_string_equal(printed(&options, 0), "");
}

static void test_csv(void **state)
{
	struct output_options options = { .format = OUTPUT_CSV };

	(void)state;
	assert_string_equal(
		printed(&options, 2),
		"id,device_name,is_managed,origins,last_seen_at,hidden\r\n"
		"7,\"Ada's \"\"Mac\"\", new\",true,"
		"\"[\"\"managed\"\",\"\"discovered\"\"]\",2026-03-02T09:14:55.120Z,0.1\r\n"
		"1234,'=HYPERLINK(1),false,,not a time,-9223372036854775808\r\n");
}

/* One text as a CSV field, without header and line end. */
static void assert_csv(const char *text, bool is_terminal, const char *expected)
{
	static const struct output_column column = { .name = "c" };
	struct output_options options = { .format = OUTPUT_CSV, .is_terminal = is_terminal };
	struct query_value value = output_text(text);
	struct err err = ERR_INIT;
	struct output *output;
	char read_back[128];
	ssize_t len;

	options.fd = memfd_create("csv", MFD_CLOEXEC);
	output = output_new(&options, &column, 1, &err);
	assert_non_null(output);
	assert_true(output_row(output, &value, &err) && output_end(output, &err));
	output_free(output);
	len = pread(options.fd, read_back, sizeof(read_back) - 1, 3);
	assert_true(len >= 2);
	read_back[len - 2] = '\0';
	assert_string_equal(read_back, expected);
	close(options.fd);
}

static void test_csv_guards_against_formulas(void **state)
{
	(void)state;
	assert_csv("=1+1", false, "'=1+1");
	assert_csv("+49 30", false, "'+49 30");
	assert_csv("-2", false, "'-2");
	assert_csv("@SUM(A1)", false, "'@SUM(A1)");
	assert_csv("\tx", false, "'\tx");
	assert_csv("\rx", false, "\"'\rx\"");
	assert_csv("a=b", false, "a=b");
	assert_csv("", false, "");
	assert_csv("two\nlines", false, "\"two\nlines\"");
	assert_csv("\x1b]0;x\x07", true, "\\x1b]0;x\\x07");
}

static void test_json_keeps_a_terminal_safe(void **state)
{
	static const struct output_column column = { .name = "c" };
	struct output_options options = { .format = OUTPUT_NDJSON, .is_terminal = true };
	struct query_value value = output_text("\xc2\x9b\xff");
	struct err err = ERR_INIT;
	struct output *output;
	char text[128] = "";

	(void)state;
	options.fd = memfd_create("json", MFD_CLOEXEC);
	output = output_new(&options, &column, 1, &err);
	assert_true(output_row(output, &value, &err) && output_end(output, &err));
	output_free(output);
	assert_true(pread(options.fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "{\"c\":\"\\u009B\\uFFFD\"}\n");
	close(options.fd);
}

static void test_a_document_keeps_a_terminal_safe(void **state)
{
	json_t *json = json_pack("{s:s, s:s}", "plain", "Zo\xc3\xab", "hostile",
				 "\xc2\x9b"
				 "31m");
	char *text = cli_json_text(json, JSON_SORT_KEYS | JSON_COMPACT, false);

	(void)state;
	assert_string_equal(text, "{\"hostile\":\"\xc2\x9b"
				  "31m\",\"plain\":\"Zo\xc3\xab\"}");
	free(text);
	text = cli_json_text(json, JSON_SORT_KEYS | JSON_COMPACT, true);
	assert_string_equal(text, "{\"hostile\":\"\\u009B31m\",\"plain\":\"Zo\\u00EB\"}");
	free(text);
	json_object_del(json, "hostile");
	text = cli_json_text(json, JSON_INDENT(2), true);
	assert_string_equal(text, "{\n  \"plain\": \"Zo\xc3\xab\"\n}");
	free(text);
	json_decref(json);
}

/* Names of what a connector or a query named are data, too. */
static void test_names_keep_a_terminal_safe(void **state)
{
	static const struct output_column column = { .name = "a\x1b[31m" };
	struct output_options options = { .format = OUTPUT_TABLE };
	struct query_value value = output_int(1);
	struct err err = ERR_INIT;
	struct output *output;
	char text[64] = "";

	(void)state;
	options.fd = memfd_create("names", MFD_CLOEXEC);
	output = output_new(&options, &column, 1, &err);
	assert_true(output_row(output, &value, &err) && output_end(output, &err));
	output_free(output);
	assert_true(pread(options.fd, text, sizeof(text) - 1, 0) > 0);
	assert_null(strchr(text, '\x1b'));
	close(options.fd);
}

/* More rows than widths are chosen from: the rest streams through. */
static void test_table_streams(void **state)
{
	static const struct output_column column = { .name = "n" };
	struct output_options options = { .format = OUTPUT_TABLE };
	struct err err = ERR_INIT;
	struct output *output;
	char text[16] = "";
	off_t size;

	(void)state;
	options.fd = memfd_create("table", MFD_CLOEXEC);
	output = output_new(&options, &column, 1, &err);
	for (int64_t i = 0; i < 3 * OUTPUT_FIT_ROWS; i++) {
		struct query_value value = output_int(i);

		assert_true(output_row(output, &value, &err));
	}
	assert_true(output_end(output, &err));
	output_free(output);
	size = lseek(options.fd, 0, SEEK_END);
	assert_true(pread(options.fd, text, 5, size - 5) == 5);
	assert_string_equal(text, "2999\n");
	close(options.fd);
}

static void test_full_disk_is_an_error(void **state)
{
	static const struct output_column column = { .name = "n" };
	struct output_options options = { .format = OUTPUT_CSV };
	struct query_value value = output_int(1);
	struct err err = ERR_INIT;
	struct output *output;

	(void)state;
	options.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	output = output_new(&options, &column, 1, &err);
	assert_true(output_row(output, &value, &err));
	assert_false(output_end(output, &err));
	assert_int_equal(err.kind, ERR_STORE);
	output_free(output);
	close(options.fd);
}

static int begin(void **state)
{
	*state = (void *)text_begin_utf8();
	return 0;
}

static int end(void **state)
{
	text_end_utf8((locale_t)*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_fits_the_terminal),
		cmocka_unit_test(test_times_hold_out),
		cmocka_unit_test(test_fit_widths),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_guards_against_formulas),
		cmocka_unit_test(test_json_keeps_a_terminal_safe),
		cmocka_unit_test(test_a_document_keeps_a_terminal_safe),
		cmocka_unit_test(test_names_keep_a_terminal_safe),
		cmocka_unit_test(test_table_streams),
		cmocka_unit_test(test_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
