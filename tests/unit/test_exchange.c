/* The seam of all exchanges: what leaves it is clean. */
#include <stdio.h>
#include <string.h>

#include "fixture_net.h"
#include "record/exchange.h"
#include "unit.h"

static const char canary[] = "canary-7f3a9c";

struct heard {
	struct loop *loop;
	enum err_kind kind;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_in_a_header_is_replaced),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
