/* The retry rules in virtual time, and Retry-After in all its forms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/retry.h"
#include "unit.h"

static struct retry_decision decide(int number, enum retry_class class, bool is_idempotent,
				    int64_t retry_after_ms, double chance)
{
	const struct retry_attempt attempt = { .number = number,
					       .class = class,
					       .is_idempotent = is_idempotent,
					       .retry_after_ms = retry_after_ms,
					       .base_ms = 1000 };
	struct retry_budget budget;

	retry_budget_init(&budget);
	return retry_decide(&attempt, &budget, 1700000000000, chance);
}

static void statuses_have_classes(void **state)
{
	static const int again[] = { 408, 500, 502, 503, 504 };
	static const int never[] = {
		200, 204, 301, 304, 400, 401, 403, 404, 409, 410, 422, 501, 505
	};

	(void)state;
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		assert_int_equal(retry_class_of_status(again[i]), RETRY_TRANSPORT);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_int_equal(retry_class_of_status(never[i]), RETRY_NONE);
	assert_int_equal(retry_class_of_status(429), RETRY_THROTTLED);
}

static void the_pause_is_full_jitter_up_to_a_cap(void **state)
{
	static const int64_t ceilings[] = { 1000, 2000, 4000, 8000, 16000 };

	(void)state;
	for (int n = 1; n <= 5; n++) {
		assert_int_equal(decide(n, RETRY_TRANSPORT, true, -1, 0.0).wait_ms, 0);
		assert_int_equal(decide(n, RETRY_TRANSPORT, true, -1, 0.5).wait_ms,
				 ceilings[n - 1] / 2);
		assert_true(decide(n, RETRY_TRANSPORT, true, -1, 0.999999).wait_ms <
			    ceilings[n - 1]);
	}
}

static void what_is_not_idempotent_is_never_repeated(void **state)
{
	(void)state;
	assert_int_equal(decide(1, RETRY_TRANSPORT, false, -1, 0).verdict, RETRY_GIVE_UP);
	assert_int_equal(decide(1, RETRY_TRUNCATED, false, -1, 0).verdict, RETRY_GIVE_UP);
	assert_int_equal(decide(1, RETRY_THROTTLED, false, 1000, 0).verdict, RETRY_GIVE_UP);
	assert_int_equal(decide(1, RETRY_NONE, true, 1000, 0).verdict, RETRY_GIVE_UP);
}

static void attempts_end(void **state)
{
	(void)state;
	assert_int_equal(decide(5, RETRY_TRANSPORT, true, -1, 0).verdict, RETRY_AGAIN);
	assert_int_equal(decide(6, RETRY_TRANSPORT, true, -1, 0).verdict, RETRY_GIVE_UP);
	assert_non_null(decide(6, RETRY_TRANSPORT, true, -1, 0).why);
	assert_int_equal(decide(2, RETRY_TRUNCATED, true, -1, 0).verdict, RETRY_AGAIN);
	assert_int_equal(decide(3, RETRY_TRUNCATED, true, -1, 0).verdict, RETRY_GIVE_UP);
}

static void a_person_waits_for_nobody_twice_at_most(void **state)
{
	struct retry_attempt attempt = { .number = 1,
					 .class = RETRY_TRANSPORT,
					 .is_idempotent = true,
					 .retry_after_ms = -1,
					 .base_ms = 1000,
					 .is_hopeless = true };
	struct retry_budget budget;

	(void)state;
	retry_budget_init(&budget);
	assert_int_equal(retry_attempts_max(&attempt), 2);
	assert_int_equal(retry_decide(&attempt, &budget, 0, 0).verdict, RETRY_AGAIN);
	attempt.number = 2;
	assert_int_equal(retry_decide(&attempt, &budget, 0, 0).verdict, RETRY_GIVE_UP);
	assert_string_equal(retry_decide(&attempt, &budget, 0, 0).why, "both attempts failed");
}

static void a_long_retry_after_reschedules(void **state)
{
	(void)state;
	assert_int_equal(decide(1, RETRY_THROTTLED, true, 3600000, 0).verdict, RETRY_AGAIN);
	assert_int_equal(decide(1, RETRY_THROTTLED, true, 3600000, 0).wait_ms, 3600000);
	assert_int_equal(decide(1, RETRY_THROTTLED, true, 3600001, 0).verdict, RETRY_RESCHEDULE);
	assert_int_equal(decide(1, RETRY_THROTTLED, true, 3600001, 0).wait_ms, 3600001);
	/* Also when no attempt is left: the wish to wait is what counts. */
	assert_int_equal(decide(6, RETRY_THROTTLED, true, 7200000, 0).verdict, RETRY_RESCHEDULE);
}

/* --- budget --- */

static int repeat_until_refused(struct retry_budget *budget, int64_t now)
{
	const struct retry_attempt attempt = {
		.number = 1, .class = RETRY_TRANSPORT, .is_idempotent = true, .base_ms = 1000
	};
	int count = 0;

	while (retry_decide(&attempt, budget, now, 0).verdict == RETRY_AGAIN)
		count++;
	return count;
}

static void the_budget_is_a_tenth_or_twenty(void **state)
{
	struct retry_budget budget;
	int64_t now = 1700000000000;

	(void)state;
	retry_budget_init(&budget);
	assert_int_equal(repeat_until_refused(&budget, now), 20);
	assert_int_equal(repeat_until_refused(&budget, now + 599000), 0);
	assert_int_equal(repeat_until_refused(&budget, now + 700000), 20);
	retry_budget_init(&budget);
	for (int i = 0; i < 1000; i++)
		limit_window_add(&budget.requests, now);
	assert_int_equal(repeat_until_refused(&budget, now), 100);
}

static void the_budget_survives_as_text(void **state)
{
	struct retry_budget budget, read;
	struct buf text = BUF_INIT;
	int64_t now = 1700000000000;

	(void)state;
	retry_budget_init(&budget);
	repeat_until_refused(&budget, now);
	retry_budget_print(&budget, &text);
	retry_budget_init(&read);
	retry_budget_parse(&read, text.data);
	assert_int_equal(repeat_until_refused(&read, now), 0);
	retry_budget_parse(&read, "damaged");
	assert_int_equal(repeat_until_refused(&read, now), 0);
	buf_fini(&text);
}

/* --- Retry-After --- */

static void retry_after_is_read(void **state)
{
	static const struct {
		const char *value, *date;
		int64_t expected_ms;
	} list[] = {
		{ NULL, NULL, -1 },
		{ "0", NULL, 0 },
		{ "7", NULL, 7000 },
		{ "007", NULL, 7000 },
		{ "3601", NULL, 3601000 },
		{ "99999999", NULL, 99999999000 },
		{ "2147483647", NULL, 2147483647000 },
		{ "99999999999999999999999", NULL, 2147483647000 },
		{ "-1", NULL, -1 },
		{ "+5", NULL, -1 },
		{ "1.5", NULL, -1 },
		{ "5s", NULL, -1 },
		{ "", NULL, -1 },
		{ "soon", NULL, -1 },
		{ "0x10", NULL, -1 },
		{ "1e3", NULL, -1 },
		{ "2024-05-01T12:00:00Z", NULL, -1 },
		{ "Mon", NULL, -1 },
		{ "Tomorrow", NULL, -1 },
		{ "Wed, 01 May 2024 12:01:30 GMT", "Wed, 01 May 2024 12:00:00 GMT", 90000 },
		{ "Wednesday, 01-May-24 12:01:30 GMT", "Wed, 01 May 2024 12:00:00 GMT", 90000 },
		{ "Wed May  1 12:01:30 2024", "Wed, 01 May 2024 12:00:00 GMT", 90000 },
		{ "Wed, 01 May 2024 12:00:00 GMT", "Wed, 01 May 2024 12:00:00 GMT", 0 },
		{ "Wed, 01 May 2024 11:00:00 GMT", "Wed, 01 May 2024 12:00:00 GMT", 0 },
		{ "Thu, 02 May 2024 12:00:00 GMT", "Wed, 01 May 2024 12:00:00 GMT", 86400000 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 01 May 2024 12:00:00 GMT", 0 },
		{ "Wed, 99 May 2024 12:01:30 GMT", NULL, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		int64_t ms = retry_after_parse(list[i].value, list[i].date, 1700000000000);

		if (ms != list[i].expected_ms)
			fail_msg("Retry-After \"%s\": %lld", list[i].value, (long long)ms);
	}
}

static void a_date_without_a_date_is_compared_with_now(void **state)
{
	/* 2024-05-01T12:00:00Z */
	int64_t now = 1714564800000;

	(void)state;
	assert_int_equal(retry_after_parse("Wed, 01 May 2024 12:01:30 GMT", NULL, now), 90000);
	assert_int_equal(retry_after_parse("Wed, 01 May 2024 12:01:30 GMT", "garbage", now), 90000);
}

/* --- ten thousand vendors --- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One request against a vendor that draws its failures; returns the attempts it took. */
static int one_request(struct retry_budget *budget, uint64_t *seed, int64_t *now)
{
	limit_window_add(&budget->requests, *now);
	for (int number = 1;; number++) {
		bool fails = next_random(seed) % 100 < *seed % 64;
		int64_t after =
			next_random(seed) % 3 == 0 ? (int64_t)(next_random(seed) % 90000) : -1;
		const struct retry_attempt attempt = {
			.number = number,
			.class = fails ? RETRY_TRANSPORT : RETRY_NONE,
			.is_idempotent = true,
			.retry_after_ms = after,
			.base_ms = 1000,
		};
		struct retry_decision decision = retry_decide(
			&attempt, budget, *now, (double)(next_random(seed) % 1000) / 1000);

		if (decision.verdict != RETRY_AGAIN)
			return number;
		assert_true(decision.wait_ms >= after);
		assert_true(decision.wait_ms <= (after > 0 ? after : 0) + 60000);
		*now += decision.wait_ms;
	}
}

static void ten_thousand_vendors_are_treated_decently(void **state)
{
	const char *given = getenv("MUSTER_TEST_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	(void)state;
	printf("MUSTER_TEST_SEED=%llu\n", (unsigned long long)seed);
	seed = seed * 2654435761 + 1;
	for (int vendor = 0; vendor < 10000; vendor++) {
		struct retry_budget budget;
		int64_t now = 1700000000000 + vendor;

		retry_budget_init(&budget);
		for (int i = 0; i < 30; i++) {
			assert_in_range(one_request(&budget, &seed, &now), 1, RETRY_ATTEMPTS_MAX);
			assert_true(limit_window_sum(&budget.retries, now) <= RETRY_BUDGET_MIN);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_have_classes),
		cmocka_unit_test(the_pause_is_full_jitter_up_to_a_cap),
		cmocka_unit_test(what_is_not_idempotent_is_never_repeated),
		cmocka_unit_test(attempts_end),
		cmocka_unit_test(a_person_waits_for_nobody_twice_at_most),
		cmocka_unit_test(a_long_retry_after_reschedules),
		cmocka_unit_test(the_budget_is_a_tenth_or_twenty),
		cmocka_unit_test(the_budget_survives_as_text),
		cmocka_unit_test(retry_after_is_read),
		cmocka_unit_test(a_date_without_a_date_is_compared_with_now),
		cmocka_unit_test(ten_thousand_vendors_are_treated_decently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
