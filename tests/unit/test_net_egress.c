/* Where a request may go: redirects, addresses, connect-to, proxies, the environment, secrets. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_net.h"
#include "unit.h"

static const char CANARY[] = "canary-7f3a9c";

/* What reached the second listener so far: "CONNECTIONS BYTES". */
static void assert_other_saw_nothing(struct fixture_client *client)
{
	struct fixture_outcome out;

	fixture_get(client, "/other-bytes", &out);
	assert_string_equal(out.body, "0 0");
}

/* --- redirects --- */

static void no_redirect_is_followed(void **state)
{
	static const int codes[] = { 300, 301, 302, 303, 304, 305, 307, 308 };
	static const char *const targets[] = {
		"https://127.0.0.1:%d/x",
		"http://127.0.0.1:%d/x",
		"//127.0.0.1:%d/x",
		"https://localhost:%d/",
		"https://api.vendor.test:%d/x",
		"https://api.vendor.test@127.0.0.1:%d/x",
		"/status/200",
		"?again",
	};
	static const struct net_header secrets[] = {
		{ "Authorization", "Bearer canary-7f3a9c" },
		{ "X-Api-Key", "canary-7f3a9c" },
		{ "aw-tenant-code", "canary-7f3a9c" },
	};
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;
	char target[128], url[256];

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	for (size_t c = 0; c < sizeof(codes) / sizeof(codes[0]); c++) {
		for (size_t t = 0; t < sizeof(targets) / sizeof(targets[0]); t++) {
			snprintf(target, sizeof(target), targets[t],
				 fixture_port(client.servers, "other"));
			snprintf(url, sizeof(url), "https://api.vendor.test/redirect/%d?to=%s",
				 codes[c], target);
			fixture_request_init(&request, "GET", url);
			request.request.credentials = secrets;
			request.request.credential_count = 3;
			fixture_send(&client, &request, &out);
			assert_int_equal(out.err.kind, ERR_REMOTE);
			assert_int_equal(out.err.status, codes[c]);
			assert_non_null(strstr(out.err.message, "redirect"));
			assert_int_equal(out.told, 1);
			assert_true(out.has_reply);
		}
	}
	assert_other_saw_nothing(&client);
	fixture_close(&client);
}

static void a_redirect_names_its_host(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_get(&client, "/redirect/302?to=https://login.evil.test/a?token=s3cret", &out);
	assert_non_null(strstr(out.err.message, "redirect to login.evil.test refused"));
	assert_null(strstr(out.err.message, "s3cret"));
	fixture_close(&client);
}

/* --- addresses --- */

static void loopback_is_forbidden_unless_named(void **state)
{
	static const char *const urls[] = { "https://localhost/x", "https://127.0.0.1/x",
					    "https://[::1]/x" };
	static const char *const hosts[] = { "localhost", "127.0.0.1", "[::1]" };
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	for (size_t i = 0; i < 3; i++) {
		fixture_request_init(&request, "GET", urls[i]);
		request.allow.hosts = &hosts[i];
		request.allow.host_count = 1;
		request.calls[0].base_url = urls[i];
		request.calls[0].path = "";
		fixture_send(&client, &request, &out);
		assert_int_equal(out.err.kind, ERR_REFUSED);
		assert_non_null(strstr(out.err.message, "address not allowed"));
		assert_int_equal(out.told, 0);
	}
	fixture_close(&client);
}

/* Answers 127.0.0.1 for whatever is asked. */
static bool resolve_to_loopback(struct loop *loop, const char *host, uint16_t port,
				loop_resolved_fn *done, void *arg, struct err *err)
{
	(void)host;
	return loop_resolve(loop, "127.0.0.1", port, done, arg, err);
}

static void a_name_that_leads_inwards_is_refused(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.connect_to_count = 0;
	client.options.tuning.resolve = resolve_to_loopback;
	fixture_open(&client);
	fixture_get(&client, "/x", &out);
	assert_int_equal(out.err.kind, ERR_REFUSED);
	assert_non_null(strstr(out.err.message, "api.vendor.test is 127.0.0.1, in 127.0.0.0/8"));
	assert_non_null(strstr(out.err.hint, "--allow-cidr 127.0.0.1"));
	fixture_close(&client);
}

static void an_allowed_range_lets_it_through(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;
	char base[64], url[80];
	const char *host = base + strlen("https://");

	fixture_client_init(&client, *state, "good");
	client.options.connect_to_count = 0;
	client.options.tuning.resolve = resolve_to_loopback;
	client.options.allow_cidrs = (const char *const[]){ "127.0.0.0/30" };
	client.options.allow_cidr_count = 1;
	fixture_open(&client);
	snprintf(base, sizeof(base), "https://api.vendor.test:%d",
		 fixture_port(client.servers, "good"));
	snprintf(url, sizeof(url), "%s/echo", base);
	fixture_request_init(&request, "GET", url);
	request.allow.hosts = &host;
	request.allow.host_count = 1;
	request.calls[0].base_url = base;
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.status, 200);
	fixture_close(&client);
}

static int flips;

/* A name server that changes its mind: a public address first, then loopback. */
static bool resolve_flipping(struct loop *loop, const char *host, uint16_t port,
			     loop_resolved_fn *done, void *arg, struct err *err)
{
	(void)host;
	return loop_resolve(loop, flips++ == 0 ? "192.0.2.1" : "127.0.0.1", port, done, arg, err);
}

static void a_name_that_changes_its_mind_is_judged_anew(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	flips = 0;
	fixture_client_init(&client, *state, "good");
	client.options.connect_to_count = 0;
	client.options.tuning.resolve = resolve_flipping;
	client.options.tuning.resolve_ttl_ms = 1;
	client.options.tuning.connect_ms = 300; /* nobody answers at 192.0.2.1 */
	fixture_open(&client);
	fixture_get(&client, "/x", &out);
	assert_int_equal(out.err.kind, ERR_REFUSED);
	assert_non_null(strstr(out.err.message, "is 127.0.0.1"));
	assert_true(out.told > 0); /* the attempt at the public address */
	fixture_close(&client);
}

static void connect_to_allows_its_address_and_no_other(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_get(&client, "/echo", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	/* Same host, a port without a route: resolved and judged as anything else. */
	fixture_request_init(&request, "GET", "https://api.vendor.test:8443/echo");
	for (size_t i = 0; i < 4; i++)
		request.calls[i].base_url = "https://api.vendor.test:8443";
	fixture_close(&client);
	client.options.tuning.resolve = resolve_to_loopback;
	fixture_open(&client);
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_REFUSED);
	fixture_close(&client);
}

/* "HOST:PORT::PORT2" names another port, no address: the host's own is judged as ever. */
static void connect_to_another_port_allows_no_address(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.tuning.resolve = resolve_to_loopback;
	snprintf(client.route, sizeof(client.route), "api.vendor.test:443::%d",
		 fixture_port(client.servers, "good"));
	fixture_open(&client);
	fixture_get(&client, "/echo", &out);
	assert_int_equal(out.err.kind, ERR_REFUSED);
	assert_non_null(strstr(out.err.message, "api.vendor.test is 127.0.0.1, in 127.0.0.0/8"));
	assert_int_equal(out.told, 0);
	fixture_close(&client);
}

static bool refuse_to_resolve(struct loop *loop, const char *host, uint16_t port,
			      loop_resolved_fn *done, void *arg, struct err *err)
{
	(void)port;
	(void)loop;
	(void)done;
	(void)arg;
	return err_set(err, ERR_NET, "cannot resolve %s: no such name", host);
}

static void an_unknown_name_is_named(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.connect_to_count = 0;
	client.options.tuning.resolve = refuse_to_resolve;
	fixture_open(&client);
	fixture_get(&client, "/x", &out);
	assert_int_equal(out.err.kind, ERR_NET);
	assert_non_null(strstr(out.err.message, "cannot resolve api.vendor.test"));
	fixture_close(&client);
}

/* --- proxies --- */

static void the_environment_is_not_asked(void **state)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					     "all_proxy",  "ALL_PROXY",	  "no_proxy",
					     "NO_PROXY" };
	struct fixture_client client;
	struct fixture_outcome out;
	char proxy[64];

	fixture_client_init(&client, *state, "good");
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d",
		 fixture_port(client.servers, "other"));
	for (size_t i = 0; i < 5; i++)
		setenv(names[i], proxy, 1);
	fixture_open(&client);
	fixture_get(&client, "/echo", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_other_saw_nothing(&client);
	fixture_close(&client);
	for (size_t i = 0; i < 7; i++)
		unsetenv(names[i]);
}

static void a_configured_proxy_is_used(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;
	char proxy[64];

	fixture_client_init(&client, *state, "good");
	client.options.connect_to_count = 0;
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d",
		 fixture_port(client.servers, "plain"));
	client.options.proxy = proxy;
	setenv("no_proxy", "*", 1); /* not asked either */
	fixture_open(&client);
	fixture_get(&client, "/echo", &out);
	/* It answers the CONNECT with 400. */
	assert_int_equal(out.err.kind, ERR_NET);
	assert_non_null(strstr(out.err.message, "refuses the connection: HTTP 400"));
	unsetenv("no_proxy");
	fixture_close(&client);
}

static void ask_through_proxy(struct fixture_client *client, const char *scheme, int port,
			      int status, struct fixture_outcome *out)
{
	char proxy[64];

	fixture_client_init(client, client->servers, "good");
	snprintf(proxy, sizeof(proxy), "%s://127.0.0.1:%d", scheme, port);
	client->options.proxy = proxy;
	snprintf(client->route, sizeof(client->route), "api.vendor.test:443:status-%d.test:443",
		 status);
	fixture_open(client);
	fixture_get(client, "/echo", out);
	assert_int_equal(out->err.kind, ERR_NET);
	if (strstr(out->err.message, proxy) == NULL)
		fail_msg("the proxy is not named: %s", out->err.message);
	fixture_close(client);
}

static void a_proxy_that_does_not_let_us_through_is_named(void **state)
{
	static const struct {
		int status, attempts;
		const char *says;
	} cases[] = { { 407, 1, "wants a password" },
		      { 403, 1, "refuses the connection" },
		      { 502, 6, "cannot reach the vendor" } };
	struct fixture_client client = { .servers = *state };
	struct fixture_outcome out;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask_through_proxy(&client, "http", fixture_port(client.servers, "plain"),
				  cases[i].status, &out);
		assert_non_null(strstr(out.err.message, cases[i].says));
		assert_non_null(strstr(err_way_out(&out.err), "--proxy"));
		assert_int_equal(out.told, cases[i].attempts);
	}
}

static void a_proxy_that_cannot_be_reached_is_named(void **state)
{
	struct fixture_client client = { .servers = *state };
	struct fixture_outcome out;

	ask_through_proxy(&client, "http", 1, 200, &out);
	assert_non_null(strstr(out.err.message, "cannot connect"));
	ask_through_proxy(&client, "https", fixture_port(client.servers, "plain"), 200, &out);
	assert_non_null(strstr(out.err.message, "TLS handshake"));
}

static void proxies_are_checked(void **state)
{
	static const char *const bad[] = { "",
					   "proxy.test:3128",
					   "ftp://proxy.test:3128",
					   "http://proxy.test",
					   "http://user:canary-7f3a9c@proxy.test:3128",
					   "http://proxy.test:3128/path",
					   "http://proxy.test:0",
					   "socks4://proxy.test:1080" };
	static const char *const good[] = { "http://proxy.test:3128", "https://proxy.test:3128/",
					    "socks5h://127.0.0.1:1080" };
	struct fixture_client client;
	struct err err = ERR_INIT;

	fixture_client_init(&client, *state, "good");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		client.options.proxy = bad[i];
		if (net_open(client.servers->loop, &client.options, &err) != NULL)
			fail_msg("\"%s\" passes", bad[i]);
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_null(strstr(err.message, CANARY));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		client.options.proxy = good[i];
		fixture_open(&client);
		fixture_close(&client);
	}
}

/* --- refusals before anything is sent --- */

static void what_is_not_declared_is_not_sent(void **state)
{
	static const struct {
		const char *method, *url, *why;
	} list[] = {
		{ "GET", "https://evil.test/", "host not allowed" },
		{ "GET", "http://api.vendor.test/x", "only absolute https" },
		{ "GET", "https://api.vendor.test/a/b/c/d/e", "call not declared" },
		{ "TRACE", "https://api.vendor.test/x", "method" },
		{ "GET\r\nX: y", "https://api.vendor.test/x", "method" },
	};
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		fixture_request_init(&request, list[i].method, list[i].url);
		fixture_send(&client, &request, &out);
		assert_int_equal(out.err.kind, ERR_REFUSED);
		assert_non_null(strstr(out.err.message, list[i].why));
		assert_int_equal(out.told, 0);
	}
	fixture_request_init(&request, "GET", "https://api.vendor.test/x");
	request.request.allow = NULL;
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_BUG);
	fixture_close(&client);
}

static void a_secret_that_breaks_the_line_is_not_shown(void **state)
{
	static const struct net_header secret = { "Authorization", "canary-7f3a9c\r\nX: y" };
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_request_init(&request, "GET", "https://api.vendor.test/x");
	request.request.credentials = &secret;
	request.request.credential_count = 1;
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_REFUSED);
	assert_null(strstr(out.err.message, CANARY));
	fixture_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_redirect_is_followed),
		cmocka_unit_test(a_redirect_names_its_host),
		cmocka_unit_test(loopback_is_forbidden_unless_named),
		cmocka_unit_test(a_name_that_leads_inwards_is_refused),
		cmocka_unit_test(an_allowed_range_lets_it_through),
		cmocka_unit_test(a_name_that_changes_its_mind_is_judged_anew),
		cmocka_unit_test(connect_to_allows_its_address_and_no_other),
		cmocka_unit_test(connect_to_another_port_allows_no_address),
		cmocka_unit_test(an_unknown_name_is_named),
		cmocka_unit_test(the_environment_is_not_asked),
		cmocka_unit_test(a_configured_proxy_is_used),
		cmocka_unit_test(a_proxy_that_does_not_let_us_through_is_named),
		cmocka_unit_test(a_proxy_that_cannot_be_reached_is_named),
		cmocka_unit_test(proxies_are_checked),
		cmocka_unit_test(what_is_not_declared_is_not_sent),
		cmocka_unit_test(a_secret_that_breaks_the_line_is_not_shown),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
