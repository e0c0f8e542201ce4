/* What token addresses answer, and what is made of it. */
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "vault/oauth/answer.h"

static const struct oauth_field failure[] = { { "status", "failure" } };
static const struct oauth_field code_7[] = { { "data.code", "7" }, { "ok", "false" } };

/* Zoho's words (vendors/zoho-oauth.md, 5), and a made-up vendor's. */
static const struct oauth_rule rules[] = {
	{ .error = "access_denied",
	  .fields = failure,
	  .field_count = 1,
	  .verdict = OAUTH_THROTTLED,
	  .wait_ms = 700000 },
	{ .error = "invalid_code", .verdict = OAUTH_REFUSED, .hint = "consent again" },
	{ .error = "invalid_client_secret", .verdict = OAUTH_FORBIDDEN },
	{ .fields = code_7, .field_count = 2, .verdict = OAUTH_REFUSED },
};

static const struct oauth_reading usual = { .token_field = "access_token",
					    .seconds_field = "expires_in",
					    .rules = rules,
					    .rule_count = sizeof(rules) / sizeof(rules[0]) };

static void judge(struct oauth_answer *out, const struct oauth_reading *reading, int status,
		  const char *body, struct err *why)
{
	oauth_answer_judge(out, reading, status, body, strlen(body), why);
}

/* --- grants --- */

static void a_grant_is_taken(void **state)
{
	struct oauth_answer answer;
	struct err why;

	(void)state;
	judge(&answer, &usual, 200,
	      "{\"access_token\":\"1000.a\",\"refresh_token\":\"1000.r\",\"scope\":\"a b\","
	      "\"token_type\":\"Bearer\",\"expires_in\":3600}",
	      &why);
	assert_int_equal(answer.verdict, OAUTH_GRANTED);
	assert_int_equal(why.kind, ERR_NONE);
	assert_string_equal(answer.access_token.data, "1000.a");
	assert_string_equal(answer.refresh_token.data, "1000.r");
	assert_string_equal(answer.scopes, "a b");
	assert_int_equal(answer.lives_ms, 3600000);
	oauth_answer_fini(&answer);
}

static void a_grant_may_tell_no_more_than_the_token(void **state)
{
	struct oauth_answer answer;
	struct err why;

	(void)state;
	judge(&answer, &usual, 200, "{\"access_token\":\"a\",\"refresh_token\":\"\"}", &why);
	assert_int_equal(answer.verdict, OAUTH_GRANTED);
	assert_int_equal(answer.refresh_token.len, 0);
	assert_null(answer.scopes);
	assert_int_equal(answer.lives_ms, 0);
	oauth_answer_fini(&answer);
}

static int64_t life_of(const char *expires_in, int64_t lives_max_ms)
{
	struct oauth_reading reading = usual;
	struct oauth_answer answer;
	char body[200];
	struct err why;
	int64_t lives_ms;

	reading.lives_max_ms = lives_max_ms;
	snprintf(body, sizeof(body), "{\"access_token\":\"a\",\"expires_in\":%s}", expires_in);
	judge(&answer, &reading, 200, body, &why);
	assert_int_equal(answer.verdict, OAUTH_GRANTED);
	lives_ms = answer.lives_ms;
	oauth_answer_fini(&answer);
	return lives_ms;
}

static void expires_in_is_written_in_many_ways(void **state)
{
	(void)state;
	assert_int_equal(life_of("60", 0), 60000);
	assert_int_equal(life_of("\"60\"", 0), 60000);
	assert_int_equal(life_of("59.5", 0), 59500);
	assert_int_equal(life_of("\"soon\"", 0), 0);
	assert_int_equal(life_of("\"inf\"", 0), 0);
	assert_int_equal(life_of("null", 0), 0);
	assert_int_equal(life_of("0", 0), 0);
	assert_int_equal(life_of("-1", 0), 0);
	assert_int_equal(life_of("1e300", 0), INT64_C(315360000000));
	/* Milliseconds where seconds belong: the connector says what its tokens live at most. */
	assert_int_equal(life_of("3600000", 3600000), 3600000);
	assert_int_equal(life_of("-1", 3600000), 3600000);
	assert_int_equal(life_of("60", 3600000), 60000);
}

static void a_login_has_its_token_where_it_likes(void **state)
{
	const struct oauth_reading reading = { .token_field = "data.session.token",
					       .seconds_field = "data.ttl" };
	struct oauth_answer answer;
	struct err why;

	(void)state;
	judge(&answer, &reading, 201, "{\"data\":{\"session\":{\"token\":\"t\"},\"ttl\":5}}", &why);
	assert_int_equal(answer.verdict, OAUTH_GRANTED);
	assert_string_equal(answer.access_token.data, "t");
	assert_int_equal(answer.lives_ms, 5000);
	oauth_answer_fini(&answer);
}

/* --- failures --- */

static void assert_verdict(int status, const char *body, enum oauth_verdict verdict,
			   enum err_kind kind, const char *word)
{
	struct oauth_answer answer;
	struct err why;

	judge(&answer, &usual, status, body, &why);
	if (answer.verdict != verdict)
		fail_msg("%d %s: verdict %d", status, body, answer.verdict);
	assert_int_equal(why.kind, kind);
	assert_int_equal(answer.access_token.len, 0);
	if (strstr(why.message, word) == NULL)
		fail_msg("%s says nothing of %s", why.message, word);
	oauth_answer_fini(&answer);
}

static void failures_are_told_by_the_body(void **state)
{
	(void)state;
	assert_verdict(200, "{\"error\":\"invalid_code\"}", OAUTH_REFUSED, ERR_AUTH,
		       "invalid_code");
	assert_verdict(200, "{\"error\":\"invalid_client\"}", OAUTH_FORBIDDEN, ERR_AUTH,
		       "invalid_client");
	assert_verdict(200, "{\"error\":\"invalid_client_secret\"}", OAUTH_FORBIDDEN, ERR_AUTH, "");
	assert_verdict(400, "{\"error\":\"Invalid Grant\"}", OAUTH_REFUSED, ERR_AUTH, "");
	assert_verdict(401, "{\"error\":\"invalid_client\"}", OAUTH_FORBIDDEN, ERR_AUTH, "");
	assert_verdict(400, "{\"error\":\"access_denied\"}", OAUTH_REFUSED, ERR_AUTH, "");
	assert_verdict(400, "{\"error\":\"temporarily_unavailable\"}", OAUTH_FAILED, ERR_REMOTE,
		       "");
	assert_verdict(403, "{\"ok\":false,\"data\":{\"code\":7}}", OAUTH_REFUSED, ERR_AUTH,
		       "HTTP 403");
	assert_verdict(401, "{\"message\":\"no\"}", OAUTH_FORBIDDEN, ERR_AUTH, "HTTP 401");
	assert_verdict(500, "{}", OAUTH_FAILED, ERR_REMOTE, "HTTP 500");
	assert_verdict(200, "{\"access_token\":\"\"}", OAUTH_FAILED, ERR_REMOTE, "HTTP 200");
	assert_verdict(200, "{\"access_token\":17}", OAUTH_FAILED, ERR_REMOTE, "HTTP 200");
	assert_verdict(302, "{\"access_token\":\"a\"}", OAUTH_FAILED, ERR_REMOTE, "HTTP 302");
}

static void a_throttle_is_no_refusal(void **state)
{
	struct oauth_answer answer;
	struct err why;

	(void)state;
	judge(&answer, &usual, 200, "{\"error\":\"Access Denied\",\"status\":\"failure\"}", &why);
	assert_int_equal(answer.verdict, OAUTH_THROTTLED);
	assert_int_equal(answer.wait_ms, 700000);
	assert_int_equal(why.retry_after_ms, 700000);
	judge(&answer, &usual, 429, "{\"error\":\"invalid_grant\"}", &why);
	assert_int_equal(answer.verdict, OAUTH_THROTTLED);
	judge(&answer, &usual, 429, "slow down", &why);
	assert_int_equal(answer.verdict, OAUTH_THROTTLED);
	assert_int_equal(answer.wait_ms, OAUTH_THROTTLE_MS);
	assert_int_equal(why.kind, ERR_THROTTLED);
}

static void a_foreign_page_is_not_shown(void **state)
{
	static const char page[] = "<html><title>Sign in</title></html>";

	(void)state;
	assert_verdict(200, page, OAUTH_FAILED, ERR_DATA, "no JSON object");
	assert_verdict(404, page, OAUTH_FORBIDDEN, ERR_DATA, "HTTP 404");
	assert_verdict(502, page, OAUTH_FAILED, ERR_DATA, "HTTP 502");
	assert_verdict(200, "", OAUTH_FAILED, ERR_DATA, "HTTP 200");
	assert_verdict(200, "[1]", OAUTH_FAILED, ERR_DATA, "");
	assert_verdict(200, "{\"access_token\":\"a\",\"access_token\":\"b\"}", OAUTH_FAILED,
		       ERR_DATA, "");
}

static void a_description_is_short_and_on_one_line(void **state)
{
	struct oauth_answer answer;
	char body[2000];
	struct err why;

	(void)state;
	snprintf(body, sizeof(body),
		 "{\"error\":\"invalid_grant\",\"error_description\":\"a\\u001b[2J\\n%0800d\"}", 0);
	judge(&answer, &usual, 400, body, &why);
	assert_null(strchr(why.message, '\n'));
	assert_null(strchr(why.message, '\x1b'));
	assert_non_null(strstr(why.message, "000..."));
	assert_true(strlen(why.message) < 400);
	judge(&answer, &usual, 200, "{\"error\":\"invalid_code\"}", &why);
	assert_string_equal(why.hint, "consent again");
}

/* Also one that the cut would have left a part of. */
static void secrets_that_the_server_repeats_are_taken_out(void **state)
{
	static const char secret[] = "1000.c0ffee.c0ffee";
	struct oauth_reading reading = usual;
	struct redact *redact = redact_new();
	struct oauth_answer answer;
	char body[600];
	struct err why = ERR_INIT;

	(void)state;
	assert_non_null(redact);
	assert_true(redact_add(redact, "client_secret", secret, strlen(secret), &why));
	reading.redact = redact;
	snprintf(body, sizeof(body), "{\"error\":\"no %s\",\"error_description\":\"%0190d %s\"}",
		 secret, 0, secret);
	judge(&answer, &reading, 400, body, &why);
	assert_non_null(strstr(why.message, "<secret:client_secret>"));
	assert_null(strstr(why.message, "1000."));
	oauth_answer_fini(&answer);
	assert_false(oauth_answer_is_revoked(400, body, strlen(body), redact, &why));
	assert_non_null(strstr(why.message, "<secret:client_secret>"));
	assert_null(strstr(why.message, "1000."));
	redact_free(redact);
}

/* Zoho answers 200 or 400, with or without a body that says so (vendors/zoho-oauth.md, 8). */
static void a_token_is_revoked_when_the_server_does_not_know_it(void **state)
{
	static const struct {
		int status;
		const char *body;
		bool is_revoked;
	} cases[] = {
		{ 200, "", true },
		{ 200, "{\"status\":\"success\"}", true },
		{ 204, "", true },
		{ 400, "{\"error\":\"invalid_token\"}", true },
		{ 400, "{\"status\":\"failure\",\"error\":\"Invalid Token\"}", true },
		{ 200, "{\"status\":\"failure\"}", false },
		{ 200, "{\"error\":\"invalid_client\"}", false },
		{ 401, "{\"error\":\"invalid_client\"}", false },
		{ 503, "<html>", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		if (oauth_answer_is_revoked(cases[i].status, cases[i].body, strlen(cases[i].body),
					    NULL, &err) != cases[i].is_revoked)
			fail_msg("%d %s", cases[i].status, cases[i].body);
		assert_int_equal(err.kind, cases[i].is_revoked ? ERR_NONE : ERR_REMOTE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_is_taken),
		cmocka_unit_test(a_grant_may_tell_no_more_than_the_token),
		cmocka_unit_test(expires_in_is_written_in_many_ways),
		cmocka_unit_test(a_login_has_its_token_where_it_likes),
		cmocka_unit_test(failures_are_told_by_the_body),
		cmocka_unit_test(a_throttle_is_no_refusal),
		cmocka_unit_test(a_foreign_page_is_not_shown),
		cmocka_unit_test(a_description_is_short_and_on_one_line),
		cmocka_unit_test(a_token_is_revoked_when_the_server_does_not_know_it),
		cmocka_unit_test(secrets_that_the_server_repeats_are_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
