/* Many calls at a time, and how they end: answered, cancelled, or with their client. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fixture_keeper.h"
#include "unit.h"

/* --- many at once, and the end --- */

struct crowd {
	struct loop *loop;
	int left;
	int done;
	int most; /* of what "/meet" answered */
};

static void count_done(void *arg, struct net_reply *reply, const struct err *err)
{
	struct crowd *crowd = arg;

	crowd->done++;
	if (reply != NULL && err->kind == ERR_NONE && atoi(buf_text(&reply->body)) > crowd->most)
		crowd->most = atoi(buf_text(&reply->body));
	if (--crowd->left == 0)
		loop_stop(crowd->loop);
}

static struct net_call *send_one(struct fixture_client *client, const char *path, net_done_fn *done,
				 void *arg)
{
	struct fixture_request request;
	struct net_call *call;
	struct err err = ERR_INIT;
	char url[128];

	snprintf(url, sizeof(url), "https://api.vendor.test%s", path);
	fixture_request_init(&request, "GET", url);
	request.request.attempted = NULL;
	call = net_send(client->net, &request.request, done, arg, &err);
	assert_non_null(call);
	return call;
}

static void so_many_at_a_time(void **state)
{
	static const char *const paths[] = { "/meet/3/three", "/meet/4/four" };
	static const int limits[] = { 3, 0 };
	struct fixture_client client;

	for (int i = 0; i < 2; i++) {
		struct crowd crowd = { .left = 12 };

		fixture_client_init(&client, *state, "good");
		client.options.concurrent = limits[i];
		fixture_open(&client);
		crowd.loop = client.servers->loop;
		for (int n = 0; n < 12; n++)
			send_one(&client, paths[i], count_done, &crowd);
		loop_run(client.servers->loop);
		assert_int_equal(crowd.done, 12);
		assert_int_equal(crowd.most, 3 + i); /* 4 is the default */
		fixture_close(&client);
	}
}

static void rates_hold(void **state)
{
	static const struct net_rate rate = { 3, 700 };
	struct fixture_client client;
	struct crowd crowd = { .left = 7 };

	fixture_client_init(&client, *state, "good");
	client.options.rates = &rate;
	client.options.rate_count = 1;
	client.options.concurrent = 7;
	fixture_open(&client);
	crowd.loop = client.servers->loop;
	for (int i = 0; i < 7; i++)
		send_one(&client, "/status/200", count_done, &crowd);
	loop_run(client.servers->loop);
	assert_int_equal(crowd.done, 7);
	assert_true(client.waits >= 4);
	assert_string_equal(client.last_wait, "rate limit");
	fixture_close(&client);
}

static void a_cancelled_call_says_nothing(void **state)
{
	struct fixture_client client;
	struct crowd never = { 0 };
	struct fixture_outcome out;
	struct net_call *calls[4];

	fixture_client_init(&client, *state, "good");
	client.options.concurrent = 2;
	fixture_open(&client);
	for (int i = 0; i < 4; i++)
		calls[i] = send_one(&client, "/hang", count_done, &never);
	net_cancel(calls[3]); /* still waiting for a place */
	net_cancel(calls[0]); /* just admitted */
	net_cancel(calls[2]);
	fixture_get(&client, "/status/200", &out); /* runs the loop with calls[1] under way */
	assert_int_equal(out.err.kind, ERR_NONE);
	net_cancel(calls[1]);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(never.done, 0);
	fixture_close(&client);
}

#if !defined(MUSTER_SANITIZE) /* the sanitizers have an allocator of their own */

void *__libc_malloc(size_t size);

static bool is_next_malloc_refused;

void *malloc(size_t size)
{
	if (!is_next_malloc_refused)
		return __libc_malloc(size);
	is_next_malloc_refused = false;
	return NULL;
}

/* A place becomes free, and there is no memory for the first that waits: the second gets it. */
static void a_call_that_cannot_begin_leaves_its_place(void **state)
{
	struct fixture_client client;
	struct crowd never = { 0 }, crowd = { .left = 2 };
	struct net_call *hanging;

	fixture_client_init(&client, *state, "good");
	client.options.concurrent = 1;
	fixture_open(&client);
	crowd.loop = client.servers->loop;
	hanging = send_one(&client, "/hang", count_done, &never);
	send_one(&client, "/status/200", count_done, &crowd);
	send_one(&client, "/status/200", count_done, &crowd);
	alarm(30);
	is_next_malloc_refused = true;
	net_cancel(hanging);
	assert_false(is_next_malloc_refused);
	assert_int_equal(crowd.done, 1);
	loop_run(crowd.loop);
	assert_int_equal(crowd.done, 2);
	alarm(0);
	fixture_close(&client);
}

#endif

static void close_client(void *arg, struct net_reply *reply, const struct err *err)
{
	struct fixture_client *client = arg;

	(void)reply;
	(void)err;
	fixture_close(client);
	loop_stop(client->servers->loop);
}

static void a_client_may_be_closed_from_within(void **state)
{
	static const char *const paths[] = { "/status/200", "/reset", "/status/404" };
	struct fixture_client client;
	struct crowd never = { 0 };

	for (int i = 0; i < 3; i++) {
		fixture_client_init(&client, *state, "good");
		fixture_open(&client);
		send_one(&client, paths[i], close_client, &client);
		for (int n = 0; n < 6; n++)
			send_one(&client, "/hang", count_done, &never);
		loop_run(client.servers->loop);
		assert_null(client.net);
	}
	assert_int_equal(never.done, 0);
}

static void an_answer_of_the_keeper_may_come_too_late(void **state)
{
	static const struct net_rate rate = { 3, 1000 };
	struct fixture_client client;
	struct fixture_outcome out;
	struct crowd never = { 0 };
	struct fixture_keeper keeper;

	fixture_client_init(&client, *state, "good");
	fixture_keeper_init(&keeper, &client);
	client.options.rates = &rate;
	client.options.rate_count = 1;
	for (int turns = 0; turns < 4; turns++) {
		fixture_open(&client);
		send_one(&client, "/hang", count_done, &never);
		for (int i = 0; i < turns; i++) {
			loop_timer_start(client.servers->loop, 0, (loop_timer_fn *)loop_stop,
					 client.servers->loop);
			loop_run(client.servers->loop);
		}
		fixture_close(&client);
	}
	client.options.keeper = (struct net_keeper){ 0 };
	fixture_open(&client);
	fixture_get(&client, "/status/200", &out); /* lets the late answers in */
	fixture_close(&client);
	assert_int_equal(never.done, 0);
	fixture_keeper_fini(&keeper);
}

static void get_six_times(struct fixture_client *client, struct fixture_outcome *out)
{
	fixture_open(client);
	for (int i = 0; i < 6; i++)
		fixture_get(client, "/reset", out);
	fixture_close(client);
}

static void a_test_is_not_kept_waiting_by_the_breaker(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	get_six_times(&client, &out);
	assert_non_null(strstr(out.err.message, "left alone"));
	client.options.is_test = true;
	get_six_times(&client, &out);
	assert_null(strstr(out.err.message, "left alone"));
	assert_non_null(strstr(out.err.message, "connection broken"));
}

static void a_test_asks_nobody_more_than_twice(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.is_test = true;
	fixture_open(&client);
	fixture_get(&client, "/reset", &out);
	assert_int_equal(out.told, 2);
	assert_non_null(strstr(out.err.message, "both attempts failed: connection broken"));
	fixture_get(&client, "/flaky/503/2/patience", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.attempts, 3);
	fixture_close(&client);
}

static void chaos_leaves_nothing_behind(void **state)
{
	static const char *const paths[] = { "/status/200", "/reset",	     "/cut",
					     "/hang",	    "/garbage",	     "/zipped",
					     "/endless",    "/silent-close", "/status/503",
					     "/cut-chunk",  "/many-headers" };
	enum { CALLS = 200, PATHS = sizeof(paths) / sizeof(paths[0]) };
	const char *given = getenv("MUSTER_TEST_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	struct fixture_client client;
	struct fixture_outcome out;
	struct crowd crowd = { .left = -1 };

	printf("MUSTER_TEST_SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < 5; round++) {
		struct net_call *hanging[CALLS];
		int count = 0;

		fixture_client_init(&client, *state, "good");
		client.options.concurrent = 16;
		client.options.tuning.breaker_ms = 1;
		client.options.tuning.total_ms = 50 + rand() % 200;
		fixture_open(&client);
		for (int i = 0; i < CALLS / 5; i++) {
			const char *path = paths[rand() % PATHS];
			struct net_call *call = send_one(&client, path, count_done, &crowd);

			if (rand() % 3 == 0)
				hanging[count++] = call;
		}
		while (count > 0 && rand() % 8 != 0)
			net_cancel(hanging[--count]);
		fixture_get(&client, "/status/200", &out);
		fixture_close(&client);
	}
	assert_true(crowd.done >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_at_a_time),
		cmocka_unit_test(rates_hold),
		cmocka_unit_test(a_cancelled_call_says_nothing),
#if !defined(MUSTER_SANITIZE)
		cmocka_unit_test(a_call_that_cannot_begin_leaves_its_place),
#endif
		cmocka_unit_test(a_client_may_be_closed_from_within),
		cmocka_unit_test(an_answer_of_the_keeper_may_come_too_late),
		cmocka_unit_test(a_test_is_not_kept_waiting_by_the_breaker),
		cmocka_unit_test(a_test_asks_nobody_more_than_twice),
		cmocka_unit_test(chaos_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
