/* Rates as sliding windows: the promise is checked against a log of what was let through. */
#include <stdlib.h>
#include <string.h>

#include "net/limit.h"
#include "unit.h"

static void rates_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t count, window_ms;
	} good[] = { { "50/s", 50, 1000 },
		     { "10000/h", 10000, 3600000 },
		     { "300/5m", 300, 300000 },
		     { "1/d", 1, 86400000 },
		     { "100/10s", 100, 10000 } };
	static const char *const bad[] = { "",	     "50",     "50/",
					   "/s",     "0/s",    "-1/s",
					   "50/x",   "50/ss",  "50/s ",
					   "5.5/s",  "50/0s",  "50s",
					   "a/s",    "50/-1s", "99999999999999999999/s",
					   "1/9999d" };
	struct net_rate rate;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(net_rate_parse(good[i].text, &rate, &err));
		assert_int_equal(rate.count, good[i].count);
		assert_int_equal(rate.window_ms, good[i].window_ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (net_rate_parse(bad[i], &rate, &err))
			fail_msg("\"%s\" passes", bad[i]);
		assert_int_equal(err.kind, ERR_CONFIG);
	}
}

/* The kept text of a scope, as a keeper would hold it. */
struct kept {
	struct buf text;
};

static int64_t take(struct kept *kept, const struct net_rate *rates, size_t count, int64_t now)
{
	struct buf next = BUF_INIT;
	int64_t wait = limit_take(kept->text.data, rates, count, now, &next);

	buf_fini(&kept->text);
	kept->text = next;
	return wait;
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Requests as fast as they are let through, with pauses now and then. */
static size_t run(const struct net_rate *rates, size_t rate_count, int64_t *log, size_t max,
		  uint64_t seed)
{
	struct kept kept = { BUF_INIT };
	int64_t now = 1700000000123;
	size_t count = 0;

	while (count < max) {
		int64_t wait = take(&kept, rates, rate_count, now);

		if (wait == 0)
			log[count++] = now;
		now += wait > 0 ? wait : (int64_t)(next_random(&seed) % 8 == 0 ? 13 : 0);
	}
	buf_fini(&kept.text);
	return count;
}

static void no_span_of_time_sees_more_than_the_rate(void **state)
{
	static const struct net_rate rates[] = { { 50, 1000 }, { 400, 60000 }, { 3, 70 } };
	static int64_t log[3000];

	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		size_t count = run(rates, seed % 3 + 1, log, 3000, seed);

		for (size_t r = 0; r < seed % 3 + 1; r++) {
			size_t n = (size_t)rates[r].count;

			for (size_t i = n; i < count; i++)
				assert_true(log[i] - log[i - n] >= rates[r].window_ms);
		}
	}
}

static void the_rate_is_nearly_reached(void **state)
{
	static const struct net_rate rate = { 50, 1000 };
	static int64_t log[5000];

	(void)state;
	run(&rate, 1, log, 5000, 9);
	/* 5,000 at 50 a second are 100 s; a slot of 50 ms is lost with each second. */
	assert_true(log[4999] - log[0] <= 106000);
}

static void a_wait_is_exact(void **state)
{
	static const struct net_rate rate = { 2, 2000 };
	struct kept kept = { BUF_INIT };
	int64_t now = 1000000, wait;

	(void)state;
	assert_int_equal(take(&kept, &rate, 1, now), 0);
	assert_int_equal(take(&kept, &rate, 1, now + 500), 0);
	wait = take(&kept, &rate, 1, now + 600);
	assert_true(wait > 0);
	assert_int_not_equal(take(&kept, &rate, 1, now + 600 + wait - 1), 0);
	assert_int_equal(take(&kept, &rate, 1, now + 600 + wait), 0);
	buf_fini(&kept.text);
}

static void a_refused_take_takes_from_no_rate(void **state)
{
	static const struct net_rate both[] = { { 1, 1000 }, { 5, 60000 } };
	struct kept kept = { BUF_INIT };
	int64_t now = 5000000;

	(void)state;
	assert_int_equal(take(&kept, both, 2, now), 0);
	for (int i = 0; i < 10; i++)
		assert_int_not_equal(take(&kept, both, 2, now + i), 0);
	/* Had the refused ones counted, the minute would be used up. */
	for (int i = 1; i < 5; i++)
		assert_int_equal(take(&kept, both, 2, now + i * 2000), 0);
	assert_int_not_equal(take(&kept, both, 2, now + 10000), 0);
	buf_fini(&kept.text);
}

static void state_survives_a_changed_declaration(void **state)
{
	static const struct net_rate before = { 10, 60000 }, after = { 5, 60000 };
	struct kept kept = { BUF_INIT };

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(take(&kept, &before, 1, 9000000), 0);
	assert_int_not_equal(take(&kept, &after, 1, 9000001), 0);
	buf_fini(&kept.text);
}

static void others_of_the_same_budget_are_counted(void **state)
{
	static const struct net_rate mine = { 5, 1000 }, theirs[] = { { 5, 1000 }, { 4, 60000 } };
	struct kept kept = { BUF_INIT };

	(void)state;
	assert_int_equal(take(&kept, theirs, 2, 9000000), 0);
	for (int i = 1; i < 4; i++)
		assert_int_equal(take(&kept, &mine, 1, 9000000 + i), 0);
	assert_int_not_equal(take(&kept, theirs, 2, 9002000), 0);
	assert_int_equal(take(&kept, &mine, 1, 9002000), 0);
	buf_fini(&kept.text);
}

static void damaged_state_counts_as_none(void **state)
{
	static const char *const damaged[] = { "",	  "x",
					       "1000 5",  "1000 5 1,2,3\n",
					       "-1 0 \n", "1000 99999999999999999999 0,0\n",
					       "\n\n" };
	static const struct net_rate rate = { 1, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		struct buf next = BUF_INIT;

		assert_int_equal(limit_take(damaged[i], &rate, 1, 1700000000000, &next), 0);
		assert_true(next.len > 0);
		buf_fini(&next);
	}
}

static void a_clock_that_jumps_does_not_block(void **state)
{
	static const struct net_rate rate = { 3, 60000 };
	struct kept kept = { BUF_INIT };
	int64_t now = 1700000000000;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(&kept, &rate, 1, now), 0);
	/* Back by a year: the window starts anew instead of waiting for a year. */
	assert_int_equal(take(&kept, &rate, 1, now - 31536000000), 0);
	/* Back by a second: still the same minute. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(take(&kept, &rate, 1, now - 31536000000), 0);
	assert_true(take(&kept, &rate, 1, now - 31536001000) > 0);
	assert_true(take(&kept, &rate, 1, now - 31536001000) <= 70000);
	buf_fini(&kept.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_read),
		cmocka_unit_test(no_span_of_time_sees_more_than_the_rate),
		cmocka_unit_test(the_rate_is_nearly_reached),
		cmocka_unit_test(a_wait_is_exact),
		cmocka_unit_test(a_refused_take_takes_from_no_rate),
		cmocka_unit_test(state_survives_a_changed_declaration),
		cmocka_unit_test(others_of_the_same_budget_are_counted),
		cmocka_unit_test(damaged_state_counts_as_none),
		cmocka_unit_test(a_clock_that_jumps_does_not_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
