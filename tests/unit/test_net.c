/* Repetitions, rates, quotas and the breaker over real connections, kept and shared. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fixture_keeper.h"
#include "unit.h"

/* --- repetitions --- */

static void failures_are_repeated_until_they_end(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_get(&client, "/flaky/503/2/once", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.attempts, 3);
	assert_int_equal(out.told, 3);
	assert_string_equal(client.last_wait, "attempt 3 of 6 after HTTP 503");
	fixture_get(&client, "/flaky/500/99/never", &out);
	assert_int_equal(out.err.kind, ERR_REMOTE);
	assert_int_equal(out.err.status, 500);
	assert_true(out.has_reply);
	assert_int_equal(out.attempts, 6);
	assert_non_null(strstr(out.err.message, "all 6 attempts failed: HTTP 500: try later"));
	fixture_close(&client);
}

static void only_what_is_idempotent_is_repeated(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_request_init(&request, "POST", "https://api.vendor.test/flaky/503/1/posted");
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.status, 503);
	assert_int_equal(out.told, 1);
	fixture_request_init(&request, "POST", "https://api.vendor.test/flaky/503/1/declared");
	request.request.is_idempotent = true;
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.told, 2);
	fixture_close(&client);
}

static void retry_after_is_obeyed(void **state)
{
	static const char *const paths[] = {
		"/flaky/429/1/seconds?after=1",
		"/flaky/503/1/date?after=Wed,+01+May+2024+12:00:01+GMT&"
		"date=Wed,+01+May+2024+12:00:00+GMT",
	};
	struct fixture_client client;
	struct fixture_outcome out;

	for (size_t i = 0; i < 2; i++) {
		fixture_client_init(&client, *state, "good");
		fixture_open(&client);
		fixture_get(&client, paths[i], &out);
		assert_int_equal(out.err.kind, ERR_NONE);
		assert_int_equal(out.attempts, 2);
		assert_true(client.longest_wait_ms >= 1000);
		fixture_close(&client);
	}
}

static void useless_retry_after_is_ignored(void **state)
{
	static const char *const paths[] = {
		"/flaky/429/1/minus?after=-5", "/flaky/429/1/word?after=soon",
		"/flaky/429/1/past?after=Wed,+01+May+2024+12:00:01+GMT"
	};
	struct fixture_client client;
	struct fixture_outcome out;

	for (size_t i = 0; i < 3; i++) {
		fixture_client_init(&client, *state, "good");
		fixture_open(&client);
		fixture_get(&client, paths[i], &out);
		assert_int_equal(out.err.kind, ERR_NONE);
		assert_true(client.longest_wait_ms < 1000);
		fixture_close(&client);
	}
}

static void a_long_pause_is_kept_and_shared(void **state)
{
	struct fixture_client client, other;
	struct fixture_outcome out;
	struct fixture_keeper keeper;

	fixture_client_init(&client, *state, "good");
	fixture_keeper_init(&keeper, &client);
	fixture_open(&client);
	fixture_get(&client, "/flaky/429/9/long?after=7200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	assert_int_equal(out.err.retry_after_ms, 7200000);
	assert_int_equal(out.told, 1);
	/* Everything to this host waits now, in this process ... */
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	assert_int_equal(out.told, 0);
	assert_true(out.err.retry_after_ms > 7000000);
	fixture_close(&client);
	/* ... and in the next. */
	fixture_client_init(&other, *state, "good");
	other.options.keeper = client.options.keeper;
	fixture_open(&other);
	fixture_get(&other, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	assert_int_equal(out.told, 0);
	fixture_close(&other);
	/* Another account is not concerned. */
	other.options.account_id = "other";
	fixture_open(&other);
	fixture_get(&other, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	fixture_close(&other);
	fixture_keeper_fini(&keeper);
}

/* Who holds a lease does not wait until it has run out. */
static void a_pause_longer_than_the_client_waits_for_is_an_error(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.tuning.pause_max_ms = 1;
	fixture_open(&client);
	fixture_request_init(&request, "POST",
			     "https://api.vendor.test/flaky/503/1/patience?after=2");
	fixture_send(&client, &request, &out);
	assert_int_equal(out.status, 503);
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	assert_true(out.err.retry_after_ms > 1);
	assert_int_equal(out.told, 0);
	assert_int_equal(client.waits, 0);
	fixture_close(&client);
}

/* --- rates and quotas --- */

static void rates_are_shared_through_the_keeper(void **state)
{
	static const struct net_rate rate = { 3, 86400000 };
	struct fixture_client client;
	struct fixture_outcome out;
	struct fixture_keeper keeper;

	fixture_client_init(&client, *state, "good");
	fixture_keeper_init(&keeper, &client);
	client.options.rates = &rate;
	client.options.rate_count = 1;
	for (int i = 0; i < 3; i++) {
		keeper.is_immediate = i == 1; /* it may answer before it returns */
		fixture_open(&client);
		fixture_get(&client, "/status/200", &out);
		assert_int_equal(out.err.kind, ERR_NONE);
		fixture_close(&client);
	}
	fixture_open(&client);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	assert_non_null(strstr(out.err.message, "rate limit"));
	assert_true(out.err.retry_after_ms > 3600000);
	assert_int_equal(out.told, 0);
	fixture_close(&client);
	fixture_keeper_fini(&keeper);
}

/* Two accounts with one key: a request of one counts against the other, a pause is both's; a host
 * that failed for one is still asked for the other. */
static void accounts_can_share_a_budget(void **state)
{
	static const struct net_rate rate = { 2, 86400000 };
	struct fixture_client one, other;
	struct fixture_outcome out;
	struct fixture_keeper keeper;

	fixture_client_init(&one, *state, "good");
	fixture_keeper_init(&keeper, &one);
	one.options.budget_id = "key";
	one.options.rates = &rate;
	one.options.rate_count = 1;
	fixture_client_init(&other, *state, "good");
	other.options = one.options;
	other.options.account_id = "other";
	fixture_keep(&keeper, "acct api.vendor.test:443", "5 30000 9999999999999\n");
	fixture_open(&one);
	fixture_get(&one, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NET);
	fixture_close(&one);
	fixture_open(&other);
	fixture_get(&other, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	fixture_get(&other, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	fixture_close(&other);
	fixture_keep(&keeper, "acct api.vendor.test:443", "0 0 0\n");
	fixture_open(&one);
	fixture_get(&one, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	assert_non_null(strstr(out.err.message, "rate limit"));
	fixture_close(&one);
	fixture_keeper_fini(&keeper);
}

static void a_pause_is_that_of_the_budget(void **state)
{
	struct fixture_client one, other;
	struct fixture_outcome out;
	struct fixture_keeper keeper;

	fixture_client_init(&one, *state, "good");
	fixture_keeper_init(&keeper, &one);
	one.options.budget_id = "key";
	fixture_open(&one);
	fixture_get(&one, "/flaky/429/9/budget?after=7200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	fixture_close(&one);
	fixture_client_init(&other, *state, "good");
	other.options = one.options;
	other.options.account_id = "other";
	fixture_open(&other);
	fixture_get(&other, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	assert_int_equal(out.told, 0);
	fixture_close(&other);
	fixture_keeper_fini(&keeper);
}

static void endpoints_have_rates_of_their_own(void **state)
{
	static const struct net_endpoint_rate rates[] = {
		{ .call = { "GET", "https://api.vendor.test", "/status/{code}", NULL, 0 },
		  .rate = { 1, 86400000 } },
	};
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.endpoint_rates = rates;
	client.options.endpoint_rate_count = 1;
	fixture_open(&client);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	fixture_get(&client, "/echo", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	fixture_close(&client);
}

static void a_store_that_fails_fails_the_request(void **state)
{
	static const struct net_rate rate = { 3, 1000 };
	struct fixture_client client;
	struct fixture_outcome out;
	struct fixture_keeper keeper;

	fixture_client_init(&client, *state, "good");
	fixture_keeper_init(&keeper, &client);
	keeper.fails = true;
	client.options.rates = &rate;
	client.options.rate_count = 1;
	fixture_open(&client);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_STORE);
	assert_int_equal(out.told, 0);
	fixture_close(&client);
	fixture_keeper_fini(&keeper);
}

static void a_used_up_quota_pauses(void **state)
{
	static const struct net_quota quota = { .remaining = "ratelimit-remaining",
						.reset = "RateLimit-Reset" };
	struct fixture_client client;
	struct fixture_outcome out;
	char path[64];

	fixture_client_init(&client, *state, "good");
	client.options.quotas = &quota;
	client.options.quota_count = 1;
	fixture_open(&client);
	fixture_get(&client, "/quota/5/7200", &out);
	fixture_get(&client, "/quota/0/1", &out);
	assert_int_equal(client.waits, 0);
	fixture_get(&client, "/quota/0/7200", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_string_equal(client.last_wait, "the vendor asked to wait");
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	fixture_close(&client);
	/* As a point in time. */
	fixture_open(&client);
	snprintf(path, sizeof(path), "/quota/0/%" PRId64, clock_wall_ms() / 1000 + 7200);
	fixture_get(&client, path, &out);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_THROTTLED);
	assert_true(out.err.retry_after_ms > 7000000);
	fixture_close(&client);
}

static void nonsense_in_quota_headers_is_ignored(void **state)
{
	static const char *const paths[] = { "/quota/none/7200", "/quota/0/soon", "/quota/0/-5",
					     "/quota/0/99999999999999999", "/quota/0/500000" };
	static const struct net_quota quota = { .remaining = "RateLimit-Remaining",
						.reset = "RateLimit-Reset" };
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.quotas = &quota;
	client.options.quota_count = 1;
	fixture_open(&client);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		fixture_get(&client, paths[i], &out);
		assert_int_equal(out.err.kind, ERR_NONE);
	}
	assert_int_equal(client.waits, 0);
	fixture_close(&client);
}

/* --- the breaker --- */

static void a_host_that_always_fails_is_left_alone(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;
	struct fixture_keeper keeper;

	fixture_client_init(&client, *state, "good");
	fixture_keeper_init(&keeper, &client);
	fixture_open(&client);
	fixture_request_init(&request, "POST", "https://api.vendor.test/status/503");
	for (int i = 0; i < 5; i++) {
		fixture_send(&client, &request, &out);
		assert_int_equal(out.err.status, 503);
	}
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NET);
	assert_non_null(strstr(out.err.message, "left alone"));
	assert_int_equal(out.told, 0);
	assert_in_range(out.err.retry_after_ms, 1, 30000);
	fixture_close(&client);
	/* After a restart, too. */
	fixture_open(&client);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NET);
	assert_int_equal(out.told, 0);
	fixture_close(&client);
	fixture_keeper_fini(&keeper);
}

static void refusals_do_not_open_it(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	for (int i = 0; i < 30; i++)
		fixture_get(&client, i % 2 == 0 ? "/status/401" : "/status/404", &out);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	fixture_close(&client);
}

static const char gate_scope[] = "acct api.vendor.test:443";

static void one_probe_decides(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;
	struct fixture_keeper keeper;
	int64_t in_a_row, pause_ms;

	fixture_client_init(&client, *state, "good");
	fixture_keeper_init(&keeper, &client);
	fixture_keep(&keeper, gate_scope, "5 30000 1\n");
	fixture_open(&client);
	fixture_get(&client, "/flaky/503/9/probe", &out);
	assert_int_equal(out.err.status, 503);
	assert_int_equal(out.told, 1); /* a probe is not repeated */
	assert_int_equal(sscanf(fixture_kept(&keeper, gate_scope), "%" SCNd64 " %" SCNd64,
				&in_a_row, &pause_ms),
			 2);
	assert_int_equal(pause_ms, 60000);
	fixture_close(&client);
	fixture_keep(&keeper, gate_scope, "5 30000 1\n");
	fixture_open(&client);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_string_equal(fixture_kept(&keeper, gate_scope), "0 0 0\n");
	fixture_close(&client);
	fixture_keeper_fini(&keeper);
}

static void the_budget_outlives_the_process(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;
	struct fixture_keeper keeper;
	int told = 0;

	fixture_client_init(&client, *state, "good");
	fixture_keeper_init(&keeper, &client);
	for (int i = 0; i < 8; i++) {
		fixture_open(&client);
		/* One of the breaker's own making is not wanted here. */
		fixture_keep(&keeper, gate_scope, "0 0 0\n");
		fixture_get(&client, "/status/503", &out);
		told += out.told;
		fixture_close(&client);
	}
	assert_int_equal(told, 8 + 20);
	assert_non_null(strstr(out.err.message, "too many repetitions"));
	fixture_keeper_fini(&keeper);
}

static void damaged_state_is_no_obstacle(void **state)
{
	static const char *const texts[] = { "", "x", "5 5", "\n\n", "9999999999999999999 1 1\nz" };
	struct fixture_client client;
	struct fixture_outcome out;
	struct fixture_keeper keeper;

	fixture_client_init(&client, *state, "good");
	fixture_keeper_init(&keeper, &client);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fixture_keep(&keeper, gate_scope, texts[i]);
		fixture_keep(&keeper, "acct retries", texts[i]);
		fixture_open(&client);
		fixture_get(&client, "/status/200", &out);
		assert_int_equal(out.err.kind, ERR_NONE);
		fixture_close(&client);
	}
	fixture_keeper_fini(&keeper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_repeated_until_they_end),
		cmocka_unit_test(only_what_is_idempotent_is_repeated),
		cmocka_unit_test(retry_after_is_obeyed),
		cmocka_unit_test(useless_retry_after_is_ignored),
		cmocka_unit_test(a_long_pause_is_kept_and_shared),
		cmocka_unit_test(a_pause_longer_than_the_client_waits_for_is_an_error),
		cmocka_unit_test(rates_are_shared_through_the_keeper),
		cmocka_unit_test(accounts_can_share_a_budget),
		cmocka_unit_test(a_pause_is_that_of_the_budget),
		cmocka_unit_test(endpoints_have_rates_of_their_own),
		cmocka_unit_test(a_store_that_fails_fails_the_request),
		cmocka_unit_test(a_used_up_quota_pauses),
		cmocka_unit_test(nonsense_in_quota_headers_is_ignored),
		cmocka_unit_test(a_host_that_always_fails_is_left_alone),
		cmocka_unit_test(refusals_do_not_open_it),
		cmocka_unit_test(one_probe_decides),
		cmocka_unit_test(the_budget_outlives_the_process),
		cmocka_unit_test(damaged_state_is_no_obstacle),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
