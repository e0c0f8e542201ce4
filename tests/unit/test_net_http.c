/* Answers of all kinds over real TLS connections: good ones, and what broken or hostile servers
 * send. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_net.h"
#include "unit.h"

/* One request with a client of its own. */
static void get_once(void **state, const char *path, struct fixture_outcome *out)
{
	struct fixture_client client;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_get(&client, path, out);
	fixture_close(&client);
}

static void assert_fails(void **state, const char *path, enum err_kind kind, const char *why)
{
	struct fixture_outcome out;

	get_once(state, path, &out);
	if (out.err.kind != kind || strstr(out.err.message, why) == NULL)
		fail_msg("%s: %s: %s", path, err_kind_info(out.err.kind)->name, out.err.message);
	assert_non_null(strstr(out.err.message, "GET https://api.vendor.test/"));
}

/* --- what works --- */

static void a_request_is_answered(void **state)
{
	struct fixture_outcome out;

	get_once(state, "/status/200?body=hello", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.status, 200);
	assert_int_equal(out.attempts, 1);
	assert_int_equal(out.told, 1);
	assert_string_equal(out.body, "hello");
	assert_string_equal(out.ip, "127.0.0.1");
}

static void the_request_is_sent_as_declared(void **state)
{
	static const struct net_header headers[] = { { "X-Plain", "yes" }, { "X-Empty", "" } };
	static const struct net_header secret[] = { { "Authorization", "Bearer s3cret" } };
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_request_init(&request, "GET", "https://API.vendor.test/echo?a=b%20c&d=%2f");
	request.request.headers = headers;
	request.request.header_count = 2;
	request.request.credentials = secret;
	request.request.credential_count = 1;
	fixture_send(&client, &request, &out);
	assert_ptr_equal(strstr(out.body, "GET /echo?a=b%20c&d=%2f HTTP/1.1\r\n"), out.body);
	assert_non_null(strstr(out.body, "\r\nHost: api.vendor.test\r\n"));
	assert_non_null(strstr(out.body, "\r\nX-Plain: yes"));
	assert_non_null(strstr(out.body, "\r\nX-Empty:"));
	assert_non_null(strstr(out.body, "\r\nAuthorization: Bearer s3cret"));
	assert_non_null(strstr(out.body, "\r\nAccept-Encoding: gzip\r\n"));
	assert_null(strstr(out.body, "Content-Type"));
	assert_null(strstr(out.body, "Cookie"));
	fixture_close(&client);
}

static void bodies_are_sent(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	for (size_t i = 0; i < 4; i++) {
		fixture_request_init(&request, methods[i], "https://api.vendor.test/echo-body");
		request.request.body = "{\"a\":\0 1}";
		request.request.body_len = 9;
		request.request.content_type = "application/json";
		fixture_send(&client, &request, &out);
		assert_int_equal(out.err.kind, ERR_NONE);
		assert_int_equal(out.body_len, 9);
		assert_memory_equal(out.body, "{\"a\":\0 1}", 9);
		request.request.url = "https://api.vendor.test/echo";
		fixture_send(&client, &request, &out);
		assert_non_null(strstr(out.body, "Content-Type: application/json"));
		assert_non_null(strstr(out.body, "Content-Length: 9"));
		assert_null(strstr(out.body, "Expect"));
	}
	fixture_close(&client);
}

static void an_empty_post_has_a_length(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_request_init(&request, "POST", "https://api.vendor.test/echo");
	fixture_send(&client, &request, &out);
	assert_ptr_equal(strstr(out.body, "POST /echo"), out.body);
	assert_non_null(strstr(out.body, "Content-Length: 0"));
	assert_null(strstr(out.body, "Content-Type"));
	fixture_close(&client);
}

static void connections_are_used_again(void **state)
{
	struct fixture_client client;
	struct fixture_outcome before, out;

	get_once(state, "/connections", &before);
	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	for (int i = 0; i < 10; i++)
		fixture_get(&client, "/connections", &out);
	assert_int_equal(atoi(out.body), atoi(before.body) + 1);
	fixture_close(&client);
}

static void compressed_bodies_are_unpacked(void **state)
{
	struct fixture_outcome out;

	get_once(state, "/zipped", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.body_len, 9000);
	assert_memory_equal(out.body, "unpacked unpacked ", 18);
	get_once(state, "/members", &out);
	/* What an unpacker makes of two members must not pass for a complete answer. */
	if (out.err.kind == ERR_NONE)
		assert_string_equal(out.body, "one two");
}

static void interim_answers_are_passed_over(void **state)
{
	struct fixture_outcome out;

	get_once(state, "/interim", &out);
	assert_int_equal(out.status, 200);
	assert_string_equal(out.body, "fine");
	assert_string_equal(out.header, "");
}

static void declared_absence_is_no_failure(void **state)
{
	static const int absent[] = { 404, 410 };
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_request_init(&request, "GET", "https://api.vendor.test/status/410");
	request.request.absent = absent;
	request.request.absent_count = 2;
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.status, 410);
	fixture_close(&client);
}

/* --- statuses --- */

static void statuses_become_kinds(void **state)
{
	static const struct {
		int status;
		enum err_kind kind;
	} list[] = { { 400, ERR_REMOTE },    { 401, ERR_AUTH },	  { 402, ERR_UNLICENSED },
		     { 403, ERR_FORBIDDEN }, { 404, ERR_REMOTE }, { 409, ERR_REMOTE },
		     { 410, ERR_REMOTE },    { 422, ERR_REMOTE }, { 501, ERR_REMOTE } };
	struct fixture_outcome out;
	char path[64];

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		snprintf(path, sizeof(path), "/status/%d?body=%%7B%%22x%%22:%%0A1%%7D",
			 list[i].status);
		get_once(state, path, &out);
		assert_int_equal(out.err.kind, list[i].kind);
		assert_int_equal(out.err.status, list[i].status);
		assert_true(out.has_reply);
		assert_int_equal(out.status, list[i].status);
		assert_string_equal(out.body, "{\"x\":\n1}");
		assert_non_null(strstr(out.err.message, "{\"x\": 1}"));
		assert_int_equal(out.attempts, 1);
	}
}

static void an_excerpt_is_short_and_printable(void **state)
{
	struct fixture_outcome out;
	char path[1000] = "/status/400?body=";

	for (int i = 0; i < 200; i++)
		strcat(path, i % 2 == 0 ? "a" : "%1B");
	for (int i = 0; i < 50; i++)
		strcat(path, "%C3%AB");
	get_once(state, path, &out);
	assert_null(strchr(out.err.message, 0x1b));
	assert_true(strlen(out.err.message) < 400);
}

static void an_excerpt_shows_no_secret(void **state)
{
	struct redact *redact = redact_new();
	struct fixture_client client;
	struct fixture_outcome out;
	struct err err = ERR_INIT;
	char path[1000] = "/status/400?body=";

	assert_true(redact_add(redact, "api_token", "canary-7f3a9c", 13, &err));
	/* The cut goes through the secret. */
	for (int i = 0; i < 293; i++)
		strcat(path, "a");
	strcat(path, "canary-7f3a9c");
	fixture_client_init(&client, *state, "good");
	client.options.redact = redact;
	fixture_open(&client);
	fixture_get(&client, path, &out);
	assert_null(strstr(out.err.message, "canary"));
	fixture_get(&client, "/status/400?body=token+canary-7f3a9c+unknown", &out);
	assert_non_null(strstr(out.err.message, "token <secret:api_token> unknown"));
	fixture_close(&client);
	redact_free(redact);
}

/* --- bodies --- */

static void bombs_are_stopped(void **state)
{
	assert_fails(state, "/bomb", ERR_OVER_LIMIT, "more than 200 times its size");
	assert_fails(state, "/double-bomb", ERR_OVER_LIMIT, "more than 200 times its size");
	assert_fails(state, "/endless", ERR_OVER_LIMIT, "more than 33554432 bytes");
	assert_fails(state, "/announced", ERR_OVER_LIMIT, "announces more");
}

static void a_request_may_lower_the_cap(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_request_init(&request, "GET", "https://api.vendor.test/zipped");
	request.request.max_body_bytes = 8999;
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_OVER_LIMIT);
	assert_false(out.has_reply);
	request.request.max_body_bytes = 9000;
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	fixture_close(&client);
}

static void cut_bodies_are_noticed(void **state)
{
	struct fixture_outcome out;

	assert_fails(state, "/cut", ERR_DATA, "cut short");
	assert_fails(state, "/cut-chunk", ERR_DATA, "cut short");
	get_once(state, "/cut", &out);
	assert_int_equal(out.told, 3);
	assert_false(out.has_reply);
	assert_non_null(strstr(out.err.message, "cut 3 times"));
	get_once(state, "/cut-once/cut-key", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.attempts, 2);
}

static void nothing_is_smuggled_behind_a_body(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_get(&client, "/too-long", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_string_equal(out.body, "fine");
	fixture_get(&client, "/status/200?body=own", &out);
	assert_string_equal(out.body, "own");
	fixture_close(&client);
}

static void encodings_that_are_not_known_are_errors(void **state)
{
	assert_fails(state, "/unknown-encoding", ERR_DATA, "encoding");
	assert_fails(state, "/broken-gzip", ERR_DATA, "encoding");
}

/* --- heads --- */

static void heads_are_bounded(void **state)
{
	assert_fails(state, "/huge-header", ERR_OVER_LIMIT, "256 KiB of headers");
	assert_fails(state, "/long-header", ERR_OVER_LIMIT, "a header of more than 100 KiB");
	assert_fails(state, "/many-headers", ERR_OVER_LIMIT, "more than 512 headers");
	assert_fails(state, "/endless-interim", ERR_OVER_LIMIT, "256 KiB of headers");
}

static void broken_heads_are_errors(void **state)
{
	assert_fails(state, "/header-control", ERR_DATA, "control byte");
	assert_fails(state, "/header-nul", ERR_DATA, "");
	assert_fails(state, "/garbage", ERR_DATA, "not a valid HTTP answer");
}

/* --- connections --- */

static void slow_bodies_end(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_request_init(&request, "POST", "https://api.vendor.test/slow");
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_TIMEOUT);
	assert_non_null(strstr(out.err.message, "too slow"));
	fixture_close(&client);
}

static void silence_ends(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	client.options.tuning.total_ms = 300;
	fixture_open(&client);
	fixture_request_init(&request, "POST", "https://api.vendor.test/hang");
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_TIMEOUT);
	assert_int_equal(out.told, 1);
	fixture_close(&client);
}

static void broken_connections_are_repeated(void **state)
{
	struct fixture_outcome out;

	get_once(state, "/reset-once/reset-key", &out);
	assert_int_equal(out.err.kind, ERR_NONE);
	assert_int_equal(out.attempts, 2);
	get_once(state, "/reset", &out);
	assert_int_equal(out.err.kind, ERR_NET);
	assert_int_equal(out.told, 6);
	assert_non_null(strstr(out.err.message, "all 6 attempts failed"));
	get_once(state, "/silent-close", &out);
	assert_int_equal(out.err.kind, ERR_NET);
	/* How much arrives before a reset does, differs; a reply never comes of it. */
	get_once(state, "/reset-in-body", &out);
	assert_true(out.err.kind == ERR_NET || out.err.kind == ERR_DATA);
	assert_true(out.told > 1);
	assert_false(out.has_reply);
}

static void a_refused_connection_is_named(void **state)
{
	struct fixture_client client;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	/* Nobody listens on the discard port. */
	snprintf(client.route, sizeof(client.route), "api.vendor.test:443:127.0.0.1:9");
	fixture_open(&client);
	fixture_get(&client, "/x", &out);
	assert_int_equal(out.err.kind, ERR_NET);
	assert_non_null(strstr(out.err.message, "cannot connect"));
	fixture_close(&client);
}

/*
 * A kept connection that turns out dead: libcurl would send the request again by itself, which
 * must not happen to what is not idempotent.
 */
static void a_post_is_sent_once(void **state)
{
	struct fixture_client client;
	struct fixture_request request;
	struct fixture_outcome out;

	fixture_client_init(&client, *state, "good");
	fixture_open(&client);
	fixture_get(&client, "/status/200", &out); /* leaves a connection to use again */
	fixture_request_init(&request, "POST", "https://api.vendor.test/silent-close/post-key");
	fixture_send(&client, &request, &out);
	assert_int_equal(out.err.kind, ERR_NET);
	assert_int_equal(out.told, 1);
	fixture_get(&client, "/count/post-key", &out);
	/* This question ends in the word, too. */
	assert_string_equal(out.body, "2");
	fixture_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_answered),
		cmocka_unit_test(the_request_is_sent_as_declared),
		cmocka_unit_test(bodies_are_sent),
		cmocka_unit_test(an_empty_post_has_a_length),
		cmocka_unit_test(connections_are_used_again),
		cmocka_unit_test(compressed_bodies_are_unpacked),
		cmocka_unit_test(interim_answers_are_passed_over),
		cmocka_unit_test(declared_absence_is_no_failure),
		cmocka_unit_test(statuses_become_kinds),
		cmocka_unit_test(an_excerpt_is_short_and_printable),
		cmocka_unit_test(an_excerpt_shows_no_secret),
		cmocka_unit_test(bombs_are_stopped),
		cmocka_unit_test(a_request_may_lower_the_cap),
		cmocka_unit_test(cut_bodies_are_noticed),
		cmocka_unit_test(nothing_is_smuggled_behind_a_body),
		cmocka_unit_test(encodings_that_are_not_known_are_errors),
		cmocka_unit_test(heads_are_bounded),
		cmocka_unit_test(broken_heads_are_errors),
		cmocka_unit_test(slow_bodies_end),
		cmocka_unit_test(silence_ends),
		cmocka_unit_test(broken_connections_are_repeated),
		cmocka_unit_test(a_refused_connection_is_named),
		cmocka_unit_test(a_post_is_sent_once),
	};

	return cmocka_run_group_tests(tests, fixture_servers_start, fixture_servers_stop);
}
