/* A person's consent: the address, and everything that may come back. */
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "vault/oauth/attempt.h"

#define CALLBACK "http://127.0.0.1:8765/oauth/callback"

static const struct oauth_part params[] = { { "access_type", "offline", 7 } };
static struct oauth_elsewhere elsewhere[] = { { "https://accounts.zoho.in", "it lives in in" } };
static const struct oauth_expected expected[] = {
	{ "accounts-server", "https://accounts.zoho.eu", elsewhere, 1 },
	{ "location", "eu", NULL, 0 },
};

static const struct oauth_consent consent = {
	.address = "https://accounts.zoho.eu/oauth/v2/auth",
	.client_id = "1000.AB",
	.redirect_uri = CALLBACK,
	.scopes = "a.READ,b.READ",
	.params = params,
	.param_count = 1,
	.has_pkce = true,
	.expected = expected,
	.expected_count = 2,
};

struct attempting {
	struct oauth_attempt attempt;
	struct err err;
	struct secret code;
};

static int setup(void **state)
{
	static struct attempting attempting;

	attempting = (struct attempting){ .err = ERR_INIT };
	assert_true(oauth_attempt_begin(&attempting.attempt, 1000, &attempting.err));
	*state = &attempting;
	return 0;
}

static int teardown(void **state)
{
	struct attempting *a = *state;

	oauth_attempt_fini(&a->attempt);
	secret_fini(&a->code);
	return 0;
}

/* "%s" in the query is the attempt's state. */
static bool take_at(struct attempting *a, const char *query, int64_t now_ms)
{
	char text[1000];

	snprintf(text, sizeof(text), query, a->attempt.state.data);
	secret_fini(&a->code);
	a->err = ERR_INIT;
	return oauth_attempt_take(&a->attempt, &consent, text, strlen(text), now_ms, &a->code,
				  &a->err);
}

static void expect_refused(struct attempting *a, const char *query, enum err_kind kind,
			   const char *word)
{
	if (take_at(a, query, 1001))
		fail_msg("taken: %s", query);
	if (a->err.kind != kind || strstr(a->err.message, word) == NULL)
		fail_msg("%s: kind %d, %s", query, a->err.kind, a->err.message);
	assert_int_equal(a->code.len, 0);
}

/* --- the address --- */

static void the_address_holds_what_was_asked(void **state)
{
	struct attempting *a = *state;
	struct buf url = BUF_INIT;
	const char *rest;

	assert_true(oauth_attempt_url(&a->attempt, &consent, &url, &a->err));
	assert_non_null(strstr(buf_text(&url),
			       "https://accounts.zoho.eu/oauth/v2/auth?response_type=code"
			       "&client_id=1000.AB"
			       "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Foauth%2Fcallback"
			       "&scope=a.READ%2Cb.READ&state="));
	rest = strstr(buf_text(&url), "&access_type=offline&code_challenge=");
	assert_non_null(rest);
	assert_non_null(strstr(rest, "&code_challenge_method=S256"));
	assert_non_null(strstr(buf_text(&url), a->attempt.state.data));
	assert_null(strstr(buf_text(&url), a->attempt.verifier.data));
	buf_fini(&url);
}

/* RFC 7636, appendix B. */
static void the_challenge_is_that_of_the_standard(void **state)
{
	static const char verifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	struct attempting *a = *state;
	struct buf url = BUF_INIT;

	secret_fini(&a->attempt.verifier);
	assert_true(secret_from(&a->attempt.verifier, verifier, strlen(verifier), &a->err));
	assert_true(oauth_attempt_url(&a->attempt, &consent, &url, &a->err));
	assert_non_null(strstr(buf_text(&url),
			       "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"));
	buf_fini(&url);
}

static void each_attempt_is_another(void **state)
{
	struct attempting *a = *state;
	struct oauth_attempt other;

	assert_true(oauth_attempt_begin(&other, 0, &a->err));
	assert_int_equal(other.state.len, 43);
	assert_int_equal(other.verifier.len, 43);
	assert_string_not_equal(other.state.data, a->attempt.state.data);
	assert_string_not_equal(other.verifier.data, a->attempt.verifier.data);
	assert_string_not_equal(other.verifier.data, other.state.data);
	oauth_attempt_fini(&other);
}

/* --- the redirect --- */

static void a_code_is_taken_once(void **state)
{
	struct attempting *a = *state;

	assert_true(take_at(a,
			    "state=%s&code=1000.a%%2Fb+c&location=eu"
			    "&accounts-server=https%%3A%%2F%%2FAccounts.zoho.eu%%2F",
			    1001));
	assert_string_equal(a->code.data, "1000.a/b c");
	expect_refused(a, "state=%s&code=1000.a", ERR_REFUSED, "has had its answer");
}

static void what_is_not_ours_is_refused_and_changes_nothing(void **state)
{
	struct attempting *a = *state;

	expect_refused(a, "", ERR_REFUSED, "missing");
	expect_refused(a, "code=x", ERR_REFUSED, "missing");
	expect_refused(a, "code=x&state=", ERR_REFUSED, "another one");
	expect_refused(a, "code=x&state", ERR_REFUSED, "another one");
	expect_refused(a, "code=x&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ERR_REFUSED,
		       "another one");
	expect_refused(a, "code=x&state=%sA", ERR_REFUSED, "another one");
	expect_refused(a, "code=x&State=%s", ERR_REFUSED, "missing");
	expect_refused(a, "state=x&code=x&state=%s", ERR_REFUSED, "twice");
	expect_refused(a, "code=x&state=%%00%s", ERR_REFUSED, "");
	expect_refused(a, "code=x&state=%%zz", ERR_REFUSED, "");
	expect_refused(a, "%%=x&state=%s", ERR_REFUSED, "");
	expect_refused(a, "error=access_denied", ERR_REFUSED, "missing");
	assert_true(take_at(a, "&&state=%s&code=x&", 1001));
}

static void a_flood_is_refused(void **state)
{
	struct attempting *a = *state;
	static char query[OAUTH_REDIRECT_MAX + 2];

	memset(query, 'a', OAUTH_REDIRECT_MAX + 1);
	assert_false(oauth_attempt_take(&a->attempt, &consent, query, strlen(query), 1001, &a->code,
					&a->err));
	assert_int_equal(a->err.kind, ERR_REFUSED);
}

static void a_code_that_comes_twice_ends_the_attempt(void **state)
{
	struct attempting *a = *state;

	expect_refused(a, "state=%s&code=x&code=y", ERR_DATA, "twice");
	expect_refused(a, "state=%s&code=x", ERR_REFUSED, "has had its answer");
}

static void a_redirect_without_a_code_ends_the_attempt(void **state)
{
	expect_refused(*state, "state=%s&code=", ERR_DATA, "no code");
	expect_refused(*state, "state=%s&code=x", ERR_REFUSED, "has had its answer");
}

static void it_takes_five_minutes_at_the_most(void **state)
{
	struct attempting *a = *state;

	assert_false(take_at(a, "state=%s&code=x", 1000 + OAUTH_ATTEMPT_MS));
	assert_int_equal(a->err.kind, ERR_TIMEOUT);
	assert_true(take_at(a, "state=%s&code=x", 1000 + OAUTH_ATTEMPT_MS - 1));
}

static void a_refusal_is_told_in_one_line(void **state)
{
	struct attempting *a = *state;

	expect_refused(a,
		       "state=%s&error=access_denied&error_description=%%1b[2J<script>%%0anot+now",
		       ERR_AUTH, "access_denied:  [2J<script> not now");
	assert_null(strchr(a->err.message, '\n'));
	assert_null(strchr(a->err.message, '\x1b'));
}

/* reliability.md, threat 10: what the browser brings chooses no server. */
static void another_data_centre_ends_the_attempt(void **state)
{
	struct attempting *a = *state;

	expect_refused(a, "state=%s&code=x&accounts-server=https%%3A%%2F%%2Fevil.example",
		       ERR_CONFIG, "\"https://evil.example\", not \"https://accounts.zoho.eu\"");
	assert_int_equal(setup(state), 0);
	expect_refused(a, "state=%s&code=x&location=us", ERR_CONFIG, "location");
	assert_int_equal(setup(state), 0);
	expect_refused(a, "state=%s&code=x&accounts-server=https%%3A%%2F%%2Faccounts.zoho.eu.evil",
		       ERR_CONFIG, "");
	assert_int_equal(setup(state), 0);
	expect_refused(a, "state=%s&code=x&location=eu&location=us", ERR_DATA, "twice");
}

/* --- what was pasted --- */

static bool paste(struct attempting *a, const char *text, bool *is_bare)
{
	char filled[1000];
	struct secret pasted;
	bool taken;

	snprintf(filled, sizeof(filled), text, a->attempt.state.data);
	assert_true(secret_from(&pasted, filled, strlen(filled), &a->err));
	a->err = ERR_INIT;
	secret_fini(&a->code);
	taken = oauth_attempt_paste(&a->attempt, &consent, &pasted, 1001, &a->code, is_bare,
				    &a->err);
	secret_fini(&pasted);
	return taken;
}

static void an_address_or_a_code_can_be_pasted(void **state)
{
	struct attempting *a = *state;
	bool is_bare;

	assert_false(paste(a, " \n", &is_bare));
	assert_int_equal(a->err.kind, ERR_USAGE);
	assert_false(paste(a, CALLBACK "?code=x&state=other", &is_bare));
	assert_int_equal(a->err.kind, ERR_REFUSED);
	assert_true(paste(a, " " CALLBACK "?code=x&state=%s#_=_\n", &is_bare));
	assert_false(is_bare);
	assert_string_equal(a->code.data, "x");
	oauth_attempt_fini(&a->attempt);
	assert_int_equal(setup(state), 0);
	assert_true(paste(a, "1000.abc.def\n", &is_bare));
	assert_true(is_bare);
	assert_string_equal(a->code.data, "1000.abc.def");
	assert_false(paste(a, "1000.abc.def\n", &is_bare));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_address_holds_what_was_asked),
		T(the_challenge_is_that_of_the_standard),
		T(each_attempt_is_another),
		T(a_code_is_taken_once),
		T(what_is_not_ours_is_refused_and_changes_nothing),
		T(a_flood_is_refused),
		T(a_code_that_comes_twice_ends_the_attempt),
		T(a_redirect_without_a_code_ends_the_attempt),
		T(it_takes_five_minutes_at_the_most),
		T(a_refusal_is_told_in_one_line),
		T(another_data_centre_ends_the_attempt),
		T(an_address_or_a_code_can_be_pasted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
