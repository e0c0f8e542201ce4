/* Answers of all kinds over real TLS connections: good ones, and every fault of the body's way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_net.h"
#include "unit.h"

static void a_request_is_answered(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_get(&client, "/status/200?body=hello", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.status, 200);
	assert_int_equal(out.attempts, 1);
	assert_int_equal(out.told, 1);
	assert_string_equal(out.body, "hello");
	assert_string_equal(out.ip, "127.0.0.1");
	fixture_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_answered),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
