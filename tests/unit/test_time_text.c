/* Times as vendors write them. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "sandbox/map/time_text.h"

static const char *parsed(const char *text)
{
	static char out[TIME_TEXT_SIZE];

	return time_parse(text, strlen(text), out) ? out : "refused";
}

/* The four styles of one vendor, and their relatives. */
static void test_styles(void **state)
{
	(void)state;
	assert_string_equal(parsed("2024-03-01T09:14:55.120934Z"), "2024-03-01T09:14:55.120Z");
	assert_string_equal(parsed("2024-03-01T09:14:55.120934+00:00"), "2024-03-01T09:14:55.120Z");
	assert_string_equal(parsed("2024-03-01 09:14:55.120934+00:00"), "2024-03-01T09:14:55.120Z");
	assert_string_equal(parsed("2024-03-01 09:14:55 +0000"), "2024-03-01T09:14:55.000Z");
	assert_string_equal(parsed("2024-03-01T09:14:55Z"), "2024-03-01T09:14:55.000Z");
	assert_string_equal(parsed("2024-03-01t09:14:55z"), "2024-03-01T09:14:55.000Z");
	assert_string_equal(parsed("2024-03-01T09:14:55"), "2024-03-01T09:14:55.000Z");
	assert_string_equal(parsed("2024-03-01T09:14Z"), "2024-03-01T09:14:00.000Z");
	assert_string_equal(parsed("2024-03-01"), "2024-03-01T00:00:00.000Z");
	assert_string_equal(parsed("2024-03-01T09:14:55.1Z"), "2024-03-01T09:14:55.100Z");
	assert_string_equal(parsed("Fri, 01 Mar 2024 09:14:55 GMT"), "2024-03-01T09:14:55.000Z");
	assert_string_equal(parsed("Fri, 01 Mar 2024 09:14:55 +0100"), "2024-03-01T08:14:55.000Z");
}

static void test_offsets(void **state)
{
	(void)state;
	assert_string_equal(parsed("2024-03-01T00:30:00+05:30"), "2024-02-29T19:00:00.000Z");
	assert_string_equal(parsed("2023-12-31T20:00:00-0430"), "2024-01-01T00:30:00.000Z");
	assert_string_equal(parsed("2024-03-01T09:14:55+01"), "2024-03-01T08:14:55.000Z");
	assert_string_equal(parsed("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z");
	assert_string_equal(parsed("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000Z");
	assert_string_equal(parsed("9999-12-31T23:59:59.999Z"), "9999-12-31T23:59:59.999Z");
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {
		"",
		"No value",
		"0",
		"1709284495",
		"2024",
		"2024-03",
		"2024-3-1",
		"2024-02-30",
		"2023-02-29",
		"2024-13-01",
		"2024-00-10",
		"0000-01-01",
		" 2024-03-01",
		"2024-03-01 ",
		"2024-03-01T",
		"2024-03-01T24:00:00Z",
		"2024-03-01T09:60:00Z",
		"2024-03-01T09:14:61Z",
		"2024-03-01T09:14:55.Z",
		"2024-03-01T09:14:55+1",
		"2024-03-01T09:14:55+24:00",
		"2024-03-01T09:14:55+05:3",
		"2024-03-01T09:14:55Zulu",
		"2024-03-01T09:14:55 EST",
		"2024-03-01  09:14:55",
		"03/01/2024",
		"0001-01-01T00:00:00+01:00",
		"9999-12-31T23:59:59-01:00",
		"Fri, 01 Mar 2024",
		"Fri 01 Mar 2024 09:14:55 GMT",
		"-2024-03-01",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!str_eq(parsed(texts[i]), "refused"))
			fail_msg("'%s' was taken for %s", texts[i], parsed(texts[i]));
	}
	assert_false(time_parse("2024-03-01\0junk", 15, (char[TIME_TEXT_SIZE]){ 0 }));
}

/* Every day from 1899 to 2101, against the C library's calendar. */
static void test_against_libc(void **state)
{
	char ours[TIME_TEXT_SIZE], theirs[TIME_TEXT_SIZE];

	(void)state;
	for (int64_t day = -26000; day < 48000; day++) {
		time_t at = (time_t)(day * 86400 + (day * 7919 % 86400 + 86400) % 86400);
		int64_t back;
		struct tm tm;

		gmtime_r(&at, &tm);
		strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
		assert_true(time_format_ms((int64_t)at * 1000, ours));
		assert_string_equal(ours, theirs);
		strftime(theirs, sizeof(theirs), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		assert_true(time_format_http((int64_t)at * 1000, ours));
		assert_string_equal(ours, theirs);
		assert_true(time_parse_ms(ours, strlen(ours), &back));
		assert_int_equal(back, (int64_t)at * 1000);
	}
}

static void test_format_range(void **state)
{
	char out[TIME_TEXT_SIZE];

	(void)state;
	assert_true(time_format_ms(-1, out));
	assert_string_equal(out, "1969-12-31T23:59:59.999Z");
	assert_false(time_format_ms(INT64_MAX, out));
	assert_false(time_format_ms(INT64_MIN, out));
	assert_false(time_format_http(INT64_MAX, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_styles),	     cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_nonsense),     cmocka_unit_test(test_against_libc),
		cmocka_unit_test(test_format_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
