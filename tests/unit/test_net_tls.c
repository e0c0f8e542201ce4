/* Certificates and old protocols: refused with the reason, never retried, never switched off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_net.h"
#include "unit.h"

static void get_from(void **state, const char *listener, struct fixture_outcome *out)
{
	struct fixture_client client;

	fixture_client_init(&client, *state, listener);
	fixture_open(&client);
	fixture_get(&client, "/status/200", out);
	fixture_close(&client);
}

static void good_certificates_are_accepted(void **state)
{
	struct fixture_outcome out;

	get_from(state, "good", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	get_from(state, "wildcard", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
}

static void bad_certificates_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *listener, *why, *hint;
	} list[] = {
		{ "expired", "certificate refused: certificate has expired", "clock" },
		{ "future", "certificate refused: certificate is not yet valid", "clock" },
		{ "wrong-name", "api.vendor.test", "" },
		{ "wide-wildcard", "api.vendor.test", "" },
		{ "inner-wildcard", "api.vendor.test", "" },
		{ "no-name", "no alternative name", "" },
		{ "wrong-usage", "unsuitable certificate purpose", "" },
		{ "small-key", "key too weak", "" },
		{ "weak-digest", "digest", "" },
		{ "unknown-authority", "unable to get local issuer", "--ca-file" },
		{ "self-signed", "self-signed certificate", "--ca-file" },
		{ "constrained", "permitted subtree violation", "" },
		{ "nul-in-name", "api.vendor.test", "" },
		{ "old-tls", "TLS handshake refused", "TLS 1.2" },
		{ "plain", "TLS handshake refused", "TLS 1.2" },
	};
	struct fixture_outcome out;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		get_from(state, list[i].listener, &out);
		if (out.err.kind != ERR_NET || strstr(out.err.message, list[i].why) == NULL ||
		    strstr(out.err.hint, list[i].hint) == NULL)
			fail_msg("%s: %s (%s)", list[i].listener, out.err.message, out.err.hint);
		assert_int_equal(out.told, 1);
		assert_false(out.has_reply);
	}
}

static void without_the_ca_file_the_good_one_is_unknown(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.ca_file = NULL;
	fixture_open(&client);
	fixture_get(&client, "/status/200", &out);
	assert_int_equal(out.err.kind, ERR_NET);
	assert_non_null(strstr(out.err.hint, "--ca-file"));
	fixture_close(&client);
}

static void the_name_in_the_url_counts_not_the_address(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;
	struct fixture_servers *servers = *state;

	/* The certificate is for api.vendor.test; the route leads any name there. */
	fixture_client_init(&client, servers, "good");
	snprintf(client.route, sizeof(client.route), "::127.0.0.1:%d",
		 fixture_port(servers, "good"));
	fixture_open(&client);
	fixture_get(&client, "/echo", &out);
	assert_non_null(strstr(out.body, "Host: api.vendor.test\r\n"));
	fixture_request_init(&request, "GET", "https://api.vendor.test:8443/echo");
	for (size_t i = 0; i < 4; i++)
		request.calls[i].base_url = "https://api.vendor.test:8443";
	fixture_send(&client, &request, &out);
	assert_non_null(strstr(out.body, "Host: api.vendor.test:8443\r\n"));
	fixture_close(&client);
}

static void a_bad_ca_file_is_named_at_once(void **state)
{
	struct fixture_client client;
	struct err err = ERR_INIT;

	fixture_client_init(&client, *state, "good");
	client.options.ca_file = "/nonexistent/ca.pem";
	assert_null(net_open(client.servers->loop, &client.options, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.message, "/nonexistent/ca.pem"));
	client.options.ca_file = "CMakeLists.txt";
	assert_null(net_open(client.servers->loop, &client.options, &err));
	assert_non_null(strstr(err.message, "no certificate"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_certificates_are_accepted),
		cmocka_unit_test(bad_certificates_are_refused_with_the_reason),
		cmocka_unit_test(without_the_ca_file_the_good_one_is_unknown),
		cmocka_unit_test(the_name_in_the_url_counts_not_the_address),
		cmocka_unit_test(a_bad_ca_file_is_named_at_once),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
