/* When an account is due: intervals, clocks that jump, and accounts that wait for a person. */
#include "base/clock.h"
#include "base/str.h"
#include "sync/schedule.h"
#include "unit.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

static const int64_t now_ms = INT64_C(1772442895120); /* 2026-03-02T09:14:55.120Z */

static void intervals_are_read_and_written_back(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
		const char *back;
	} cases[] = {
		{ "1m", MINUTE, "1m" },	       { "30m", 30 * MINUTE, "30m" },
		{ "90m", 90 * MINUTE, "90m" }, { "60m", HOUR, "1h" },
		{ "6h", 6 * HOUR, "6h" },      { "24h", DAY, "1d" },
		{ "366d", 366 * DAY, "366d" }, { "never", 0, "never" },
	};
	char text[SCHEDULE_TEXT_SIZE];
	struct err err = ERR_INIT;
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(schedule_parse(cases[i].text, &seconds, &err));
		assert_int_equal(seconds, cases[i].seconds);
		assert_string_equal(schedule_text(seconds, text), cases[i].back);
	}
}

static void what_is_no_interval_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",	  "6",	   "h",	   "0h",    "-1h",
		"+1h",	  " 1h",   "1h ",  "1.5h",  "1s",
		"6hours", "1w",	   "367d", "8785h", "99999999999999999999d",
		"Never",  "0x10m",
	};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = ERR_INIT;

		assert_false(schedule_parse(wrong[i], &seconds, &err));
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

static bool is_due(int64_t every_seconds, const char *last_started_at)
{
	const struct account account = { .every_seconds = every_seconds,
					 .last_started_at = (char *)last_started_at };

	return schedule_is_due(&account, now_ms);
}

static void an_interval_counts_from_the_start_of_the_last_session(void **state)
{
	(void)state;
	assert_false(is_due(0, NULL));
	assert_true(is_due(HOUR, NULL));
	assert_true(is_due(HOUR, "2026-03-02T08:14:55.120Z"));
	assert_false(is_due(HOUR, "2026-03-02T08:14:55.121Z"));
	/* Nobody called for years, or the clock jumped: once, and that is now. */
	assert_true(is_due(HOUR, "1999-03-02T08:14:55.121Z"));
}

static void a_clock_that_was_set_back_delays_nothing_for_long(void **state)
{
	(void)state;
	/* Another host's clock goes a little before ours. */
	assert_false(is_due(HOUR, "2026-03-02T09:14:56.000Z"));
	assert_false(is_due(HOUR, "2026-03-02T10:14:55.120Z"));
	/* Written by a clock that was wrong. */
	assert_true(is_due(HOUR, "2026-03-02T10:14:55.121Z"));
	assert_true(is_due(HOUR, "2038-01-01T00:00:00.000Z"));
	assert_true(is_due(HOUR, "nonsense"));
}

static void the_next_time_is_told(void **state)
{
	struct account account = { .every_seconds = 6 * HOUR,
				   .last_started_at = (char *)"2026-03-02T08:00:00.000Z" };
	char text[CLOCK_TEXT_SIZE];
	int64_t due_ms;

	(void)state;
	assert_true(schedule_next(&account, now_ms, &due_ms));
	assert_string_equal(clock_format(due_ms, text), "2026-03-02T14:00:00.000Z");
	account.is_paused = true;
	assert_false(schedule_next(&account, now_ms, &due_ms));
	assert_false(schedule_is_due(&account, now_ms));
}

static void who_waits_for_a_person_is_not_asked(void **state)
{
	struct account account = { .vendor = (char *)"kandji",
				   .name = (char *)"acme",
				   .state = (char *)"needs-auth",
				   .state_reason = (char *)"the token was refused",
				   .state_way_out =
					   (char *)"muster accounts reconnect kandji/acme" };
	struct err err = ERR_INIT;

	(void)state;
	assert_false(schedule_may_ask(&account, &err));
	assert_int_equal(err.kind, ERR_AUTH);
	assert_string_equal(err.hint, account.state_way_out);
	account.state = (char *)"needs-approval";
	assert_false(schedule_may_ask(&account, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	account.state = (char *)"failed";
	assert_true(schedule_may_ask(&account, &err));
}

static void a_time_is_read_as_it_was_written(void **state)
{
	static const char *const wrong[] = {
		"",
		"2026-03-02T09:14:55Z",
		"2026-03-02T09:14:55.120",
		"2026-03-02T09:14:55.120Zx",
		"2026-03-02T09:14:55.12Z",
		"2026-03-02T09:14:55.-12Z",
		"tomorrow",
	};
	char text[CLOCK_TEXT_SIZE];
	int64_t ms;

	(void)state;
	assert_true(clock_parse(clock_format(now_ms, text), &ms));
	assert_int_equal(ms, now_ms);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(clock_parse(wrong[i], &ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_are_read_and_written_back),
		cmocka_unit_test(what_is_no_interval_is_refused),
		cmocka_unit_test(an_interval_counts_from_the_start_of_the_last_session),
		cmocka_unit_test(a_clock_that_was_set_back_delays_nothing_for_long),
		cmocka_unit_test(the_next_time_is_told),
		cmocka_unit_test(who_waits_for_a_person_is_not_asked),
		cmocka_unit_test(a_time_is_read_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
