/* The circuit breaker in virtual time. */
#include "net/breaker.h"
#include "unit.h"

static const int64_t START = 1700000000000;

static bool is_open(struct breaker *breaker, int64_t now)
{
	int64_t wait_ms;

	return !breaker_allows(breaker, now, &wait_ms);
}

static void fail_in_a_row(struct breaker *breaker, int count, int64_t now)
{
	for (int i = 0; i < count; i++)
		breaker_report(breaker, true, now);
}

static void five_in_a_row_open_it(void **state)
{
	struct breaker breaker;
	int64_t wait_ms;

	(void)state;
	breaker_init(&breaker, 30000);
	fail_in_a_row(&breaker, 4, START);
	breaker_report(&breaker, false, START);
	fail_in_a_row(&breaker, 4, START);
	assert_false(is_open(&breaker, START));
	fail_in_a_row(&breaker, 1, START);
	assert_false(breaker_allows(&breaker, START + 1000, &wait_ms));
	assert_int_equal(wait_ms, 29000);
}

static void half_of_twenty_in_a_minute_open_it(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 30000);
	for (int i = 0; i < 10; i++) {
		breaker_report(&breaker, true, START + i * 100);
		breaker_report(&breaker, false, START + i * 100);
	}
	assert_false(is_open(&breaker, START + 2000)); /* exactly half is not more than half */
	breaker_report(&breaker, true, START + 2000);
	assert_true(is_open(&breaker, START + 2000));
}

static void failures_of_long_ago_do_not_count(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 30000);
	for (int i = 0; i < 60; i++) {
		breaker_report(&breaker, true, START + i * 10000);
		breaker_report(&breaker, i % 4 != 0, START + i * 10000 + 1);
	}
	/* Two thirds failed, but never 20 in a minute, and never 5 in a row. */
	assert_false(is_open(&breaker, START + 600000));
}

static void one_probe_then_doubling(void **state)
{
	static const int64_t pauses[] = { 30000,  60000,  120000,  240000,
					  480000, 960000, 1800000, 1800000 };
	struct breaker breaker;
	int64_t now = START, wait_ms;

	(void)state;
	breaker_init(&breaker, 30000);
	fail_in_a_row(&breaker, 5, now);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		assert_true(is_open(&breaker, now + pauses[i] - 1));
		now += pauses[i];
		assert_true(breaker_allows(&breaker, now, &wait_ms));
		assert_false(breaker_allows(&breaker, now, &wait_ms)); /* the probe is out */
		assert_true(wait_ms > 0);
		breaker_report(&breaker, true, now);
	}
}

static void a_good_probe_closes_it(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 30000);
	fail_in_a_row(&breaker, 5, START);
	assert_false(is_open(&breaker, START + 30000));
	assert_true(breaker_report(&breaker, false, START + 30001));
	assert_false(is_open(&breaker, START + 30002));
	assert_false(is_open(&breaker, START + 30002));
	/* The next pause is the first again. */
	fail_in_a_row(&breaker, 5, START + 40000);
	assert_true(is_open(&breaker, START + 69999));
	assert_false(is_open(&breaker, START + 70000));
}

static void a_cancelled_probe_frees_its_place(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 30000);
	fail_in_a_row(&breaker, 5, START);
	assert_false(is_open(&breaker, START + 30000));
	breaker_forget(&breaker);
	assert_false(is_open(&breaker, START + 30000));
}

static void whoever_waits_for_a_test_may_probe_at_once(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 30000);
	fail_in_a_row(&breaker, 5, START);
	breaker_end_pause(&breaker, START + 1);
	assert_false(is_open(&breaker, START + 1));
	assert_true(is_open(&breaker, START + 1)); /* one probe, as ever */
	breaker_report(&breaker, false, START + 2);
	assert_false(is_open(&breaker, START + 2));
}

static void the_state_survives_as_text(void **state)
{
	static const char *const damaged[] = { "", "x y z", "1 2", "-1 0 0", "5 99999999999 0" };
	struct breaker breaker, read;
	struct buf text = BUF_INIT;

	(void)state;
	breaker_init(&breaker, 30000);
	fail_in_a_row(&breaker, 5, START);
	breaker_print(&breaker, &text);
	breaker_init(&read, 30000);
	breaker_parse(&read, text.data);
	assert_true(is_open(&read, START + 29999));
	assert_false(is_open(&read, START + 30000));
	breaker_init(&read, 30000);
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
		breaker_parse(&read, damaged[i]);
	assert_false(is_open(&read, START));
	buf_fini(&text);
}

static void a_clock_set_back_does_not_stretch_the_pause(void **state)
{
	struct breaker breaker;
	int64_t wait_ms;

	(void)state;
	breaker_init(&breaker, 30000);
	fail_in_a_row(&breaker, 5, START);
	assert_false(breaker_allows(&breaker, START - 86400000, &wait_ms));
	assert_true(wait_ms <= 30000);
	assert_true(breaker_allows(&breaker, START - 86400000 + 30000, &wait_ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_in_a_row_open_it),
		cmocka_unit_test(half_of_twenty_in_a_minute_open_it),
		cmocka_unit_test(failures_of_long_ago_do_not_count),
		cmocka_unit_test(one_probe_then_doubling),
		cmocka_unit_test(a_good_probe_closes_it),
		cmocka_unit_test(a_cancelled_probe_frees_its_place),
		cmocka_unit_test(whoever_waits_for_a_test_may_probe_at_once),
		cmocka_unit_test(the_state_survives_as_text),
		cmocka_unit_test(a_clock_set_back_does_not_stretch_the_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
