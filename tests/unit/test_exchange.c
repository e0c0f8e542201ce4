/* The seam of all exchanges: what leaves it is clean. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture_net.h"
#include "record/exchange.h"
#include "unit.h"

static const char canary[] = "canary-7f3a9c";

struct heard {
	struct loop *loop;
	enum err_kind kind;
	bool caught_up;
	char after[128];
};

static void on_done(void *arg, struct net_reply *reply, const struct err *err)
{
	struct heard *heard = arg;
	const char *after = reply != NULL ? net_reply_header(reply, "Retry-After") : NULL;

	heard->kind = err->kind;
	snprintf(heard->after, sizeof(heard->after), "%s", after != NULL ? after : "");
	loop_stop(heard->loop);
}

static void on_finished(void *arg, const struct err *err)
{
	struct heard *heard = arg;

	assert_int_equal(err->kind, ERR_NONE);
	loop_stop(heard->loop);
}

static void a_secret_in_a_header_is_replaced(void **state)
{
	struct fixture_servers *servers = *state;
	struct redact *redact = redact_new();
	struct heard heard = { .loop = servers->loop };
	struct fixture_client client;
	struct fixture_request request;
	struct exchange *exchange;
	struct err err = ERR_INIT;

	assert_true(redact_add(redact, "api_token", canary, strlen(canary), &err));
	fixture_client_init(&client, servers, "good");
	exchange = exchange_open(servers->loop, &client.options, redact, NULL, &err);
	assert_non_null(exchange);
	fixture_request_init(&request, "GET",
			     "https://api.vendor.test/flaky/200/9/exchange?after=canary-7f3a9c");
	assert_true(exchange_send(exchange, &request.request, on_done, &heard, &err));
	loop_run(servers->loop);
	assert_int_equal(heard.kind, ERR_NONE);
	assert_string_equal(heard.after, "<secret:api_token>");
	exchange_finish(exchange, on_finished, &heard);
	loop_run(servers->loop);
	redact_free(redact);
}

static void on_incomplete(void *arg, const struct err *err)
{
	struct heard *heard = arg;

	heard->kind = err->kind;
	loop_stop(heard->loop);
}

static void get_once(struct exchange *exchange, struct heard *heard)
{
	struct fixture_request request;
	struct err err = ERR_INIT;

	fixture_request_init(&request, "GET", "https://api.vendor.test/echo");
	assert_true(exchange_send(exchange, &request.request, on_done, heard, &err));
	loop_run(heard->loop);
	assert_int_equal(heard->kind, ERR_NONE);
}

/* --- everything that was given to the pool before is done --- */

enum { POOL_THREADS = 4 }; /* libuv's */

struct meeting {
	pthread_barrier_t barrier;
	struct loop *loop;
	int left;
};

static void meet(void *arg)
{
	struct meeting *meeting = arg;

	pthread_barrier_wait(&meeting->barrier);
}

static void on_met(void *arg)
{
	struct meeting *meeting = arg;

	if (--meeting->left == 0)
		loop_stop(meeting->loop);
}

/* When all threads of the pool are in one place, none of them is writing. */
static void drain_pool(struct loop *loop)
{
	struct meeting meeting = { .loop = loop, .left = POOL_THREADS };
	struct err err = ERR_INIT;

	assert_int_equal(pthread_barrier_init(&meeting.barrier, NULL, POOL_THREADS), 0);
	for (int i = 0; i < POOL_THREADS; i++)
		assert_true(loop_work(loop, meet, on_met, &meeting, &err));
	loop_run(loop);
	pthread_barrier_destroy(&meeting.barrier);
}

/* What could not be written is told, and a recording with a gap is not ended like a whole one. */
static void a_recording_that_fails_is_told_and_has_no_end(void **state)
{
	static const uint8_t key[32] = "a key of thirty-two bytes, no:1";
	struct fixture_servers *servers = *state;
	char dir[] = "/tmp/muster-test-exchange-XXXXXX", path[80];
	struct redact *redact = redact_new();
	struct heard heard = { .loop = servers->loop };
	struct fixture_client client;
	struct recording *recording;
	struct exchange *exchange;
	struct rlimit before, narrow;
	struct stat info;
	struct err err = ERR_INIT;

	assert_non_null(mkdtemp(dir));
	assert_true(recording_start(&recording, dir, 1, key, &err));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	narrow = (struct rlimit){ 40, before.rlim_max };
	fixture_client_init(&client, servers, "good");
	exchange = exchange_open(servers->loop, &client.options, redact, recording, &err);
	assert_non_null(exchange);
	setrlimit(RLIMIT_FSIZE, &narrow);
	get_once(exchange, &heard);
	get_once(exchange, &heard);
	drain_pool(servers->loop); /* by now the first one was tried */
	setrlimit(RLIMIT_FSIZE, &before);
	get_once(exchange, &heard);
	assert_int_equal(exchange_counts(exchange).last, 3);
	exchange_finish(exchange, on_incomplete, &heard);
	loop_run(servers->loop);
	assert_int_equal(heard.kind, ERR_STORE);
	snprintf(path, sizeof(path), "%s/1.rec", dir);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, 32); /* the head */
	unlink(path);
	rmdir(dir);
	redact_free(redact);
}

/* --- a recording that is slower than the vendor --- */

enum { LARGE = 9 * 1024 * 1024 };

static void on_caught_up(void *arg)
{
	struct heard *heard = arg;

	heard->caught_up = true;
	loop_stop(heard->loop);
}

/* The answer is what was sent: so large that nothing more should be sent before it is recorded. */
static void post_large(struct exchange *exchange, struct heard *heard)
{
	struct fixture_request request;
	char *body = calloc(1, LARGE);
	struct err err = ERR_INIT;

	assert_non_null(body);
	fixture_request_init(&request, "POST", "https://api.vendor.test/echo-body");
	request.request.body = body;
	request.request.body_len = LARGE;
	assert_true(exchange_send(exchange, &request.request, on_done, heard, &err));
	loop_run(heard->loop);
	assert_int_equal(heard->kind, ERR_NONE);
	free(body);
}

static void a_recording_that_is_behind_says_so_until_it_has_caught_up(void **state)
{
	static const uint8_t key[32] = "a key of thirty-two bytes, no:1";
	struct fixture_servers *servers = *state;
	char dir[] = "/tmp/muster-test-exchange-XXXXXX", path[80];
	struct redact *redact = redact_new();
	struct heard heard = { .loop = servers->loop };
	struct fixture_client client;
	struct recording *recording;
	struct exchange *exchange;
	struct err err = ERR_INIT;

	assert_non_null(mkdtemp(dir));
	assert_true(recording_start(&recording, dir, 1, key, &err));
	fixture_client_init(&client, servers, "good");
	exchange = exchange_open(servers->loop, &client.options, redact, recording, &err);
	assert_non_null(exchange);
	exchange_watch(exchange, on_caught_up, &heard);
	assert_false(exchange_is_behind(exchange));
	post_large(exchange, &heard); /* the loop stands: nothing is heard of the writing yet */
	assert_true(exchange_is_behind(exchange));
	assert_false(heard.caught_up);
	loop_run(servers->loop);
	assert_true(heard.caught_up);
	assert_false(exchange_is_behind(exchange));
	exchange_finish(exchange, on_finished, &heard);
	loop_run(servers->loop);
	snprintf(path, sizeof(path), "%s/1.rec", dir);
	unlink(path);
	rmdir(dir);
	redact_free(redact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_in_a_header_is_replaced),
		cmocka_unit_test(a_recording_that_fails_is_told_and_has_no_end),
		cmocka_unit_test(a_recording_that_is_behind_says_so_until_it_has_caught_up),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
