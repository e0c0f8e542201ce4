/* The access token of a credential: one call for each expiry, nothing used that is not stored. */
#include "renewer_world.h"
#include "store/token.h"

enum { GETS_MAX = 64 };

/* --- one call for each expiry --- */

static void a_token_is_asked_for_once_and_shared(void **state)
{
	struct world *w = *state;

	will_answer(w, 200, TOKEN("access-1"));
	expect_token(w, add_renewer(w, "cred", false), 0, "access-1", 1);
	expect_token(w, w->renewers[0], 0, "access-1", 1);
	expect_token(w, add_renewer(w, "cred", false), 0, "access-1", 1);
	assert_string_equal(w->server.asked[0], "grant_type=client_credentials&client_id=me");
	assert_query(&w->v.project,
		     "SELECT generation, state, scopes_granted, is_unsure, owner IS NULL,"
		     " expires_at_ms - obtained_at_ms,"
		     " refresh_at_ms - obtained_at_ms BETWEEN 2700000 AND 3060000 FROM tokens",
		     "1|valid|a b|0|1|3600000|1\n");
	expect_field(&w->v, "cred", TOKEN_FIELD_ACCESS, "access-1");
	assert_true(redact_finds(w->v.redact, "access-1", 8));
}

static void many_coroutines_make_one_call(void **state)
{
	struct world *w = *state;
	struct renewer *one = add_renewer(w, "cred", false), *two = add_renewer(w, "cred", false);

	will_answer(w, 200, TOKEN("access-1"));
	for (size_t i = 0; i < GETS_MAX; i++)
		get(w, i % 2 == 0 ? one : two, 0);
	run(w);
	assert_int_equal(w->got, GETS_MAX);
	assert_int_equal(w->server.calls, 1);
}

/* Longer than whoever finds an unknown outcome would wait before asking again. */
static void a_slow_call_is_waited_for(void **state)
{
	struct world *w = *state;
	struct renewer *one = add_renewer(w, "cred", false), *two = add_renewer(w, "cred", false);

	w->server.delay_ms = 100;
	will_answer(w, 200, TOKEN("access-1"));
	get(w, one, 0);
	get(w, two, 0);
	run(w);
	assert_int_equal(w->got, 2);
	assert_int_equal(w->server.calls, 1);
}

static void an_expiry_is_one_call_for_all(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 200, ROTATED("access-1", "refresh-2"));
	expect_token(w, add_renewer(w, "cred", true), 0, "access-1", 1);
	expire(w);
	will_answer(w, 200, ROTATED("access-2", "refresh-3"));
	for (size_t i = 0; i < 6; i++)
		get(w, add_renewer(w, "cred", true), 0);
	run(w);
	assert_int_equal(w->failed, 0);
	assert_int_equal(w->server.calls, 2);
	assert_string_equal(w->server.asked[1],
			    "grant_type=refresh_token&refresh_token=refresh-2&client_id=me");
	expect_field(&w->v, "cred", TOKEN_FIELD_REFRESH, "refresh-3");
	expect_field(&w->v, "cred", TOKEN_FIELD_BEFORE, "refresh-2");
}

static void a_clock_that_jumped_costs_one_call(void **state)
{
	struct world *w = *state;

	will_answer(w, 200, TOKEN("access-1"));
	will_answer(w, 200, TOKEN("access-2"));
	expect_token(w, add_renewer(w, "cred", false), 0, "access-1", 1);
	change(w, "UPDATE tokens SET obtained_at_ms = obtained_at_ms + 86400000,"
		  " refresh_at_ms = refresh_at_ms + 86400000,"
		  " expires_at_ms = expires_at_ms + 86400000");
	expect_token(w, add_renewer(w, "cred", false), 0, "access-2", 2);
	expect_token(w, add_renewer(w, "cred", false), 0, "access-2", 2);
}

/* --- what the vendor refuses --- */

static void a_token_that_worked_is_renewed_on_a_refusal(void **state)
{
	struct world *w = *state;
	struct renewer *renewer = add_renewer(w, "cred", true);

	consent(w, "refresh-1");
	will_answer(w, 200, ROTATED("access-1", "refresh-2"));
	will_answer(w, 200, TOKEN("access-2"));
	expect_token(w, renewer, 0, "access-1", 1);
	renewer_prove(renewer, 1);
	expect_token(w, renewer, 1, "access-2", 2);
	/* The one before the last went when the new one had worked. */
	expect_no_field(w, TOKEN_FIELD_BEFORE);
	/* Another one's refusal of the first generation finds the second. */
	expect_token(w, add_renewer(w, "cred", true), 1, "access-2", 2);
}

static void a_token_that_never_worked_is_not(void **state)
{
	struct world *w = *state;
	struct renewer *renewer = add_renewer(w, "cred", false);

	will_answer(w, 200, TOKEN("access-1"));
	will_answer(w, 200, TOKEN("access-2"));
	expect_token(w, renewer, 0, "access-1", 1);
	expect_failure(w, renewer, 1, ERR_AUTH, 1);
	expect_failure(w, add_renewer(w, "cred", false), 1, ERR_AUTH, 1);
	/* One that lay unused for long may have been revoked meanwhile. */
	change(w, "UPDATE tokens SET obtained_at_ms = obtained_at_ms - 600000");
	expect_token(w, renewer, 1, "access-2", 2);
}

/* --- what the server refuses --- */

static void a_refusal_is_final(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 400, "{\"error\":\"invalid_grant\",\"error_description\":\"revoked\"}");
	expect_failure(w, add_renewer(w, "cred", true), 0, ERR_AUTH, 1);
	expect_failure(w, w->renewers[0], 0, ERR_AUTH, 1);
	expect_failure(w, add_renewer(w, "cred", true), 0, ERR_AUTH, 1);
	assert_non_null(strstr(w->err.message, "invalid_grant: revoked"));
	assert_query(&w->v.project, "SELECT state FROM tokens", "needs_reauth\n");
	expect_field(&w->v, "cred", TOKEN_FIELD_REFRESH, "refresh-1");
}

static void without_consent_nothing_is_sent(void **state)
{
	struct world *w = *state;

	expect_failure(w, add_renewer(w, "cred", true), 0, ERR_AUTH, 0);
	assert_non_null(strstr(w->err.message, "consented"));
	assert_query(&w->v.project, "SELECT count(*) FROM tokens", "0\n");
}

static void what_another_server_gave_is_not_sent(void **state)
{
	struct world *w = *state;
	struct renewer *renewer = add_renewer(w, "cred", true);

	consent(w, "refresh-1");
	will_answer(w, 200, TOKEN("access-1"));
	will_answer(w, 200, TOKEN("access-2"));
	expect_token(w, renewer, 0, "access-1", 1);
	expire(w);
	change(w, "UPDATE tokens SET address = 'https://login.example.eu/token'");
	expect_failure(w, add_renewer(w, "cred", true), 0, ERR_AUTH, 1);
	assert_non_null(strstr(w->err.message, "given at https://login.example.eu/token"));
	change(w, "UPDATE tokens SET address = 'https://login.example/token'");
	expect_token(w, add_renewer(w, "cred", true), 0, "access-2", 2);
}

static void the_token_before_is_tried_when_the_new_one_never_worked(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 200, ROTATED("access-1", "refresh-2"));
	expect_token(w, add_renewer(w, "cred", true), 0, "access-1", 1);
	expire(w);
	will_answer(w, 400, "{\"error\":\"invalid_grant\"}");
	will_answer(w, 200, TOKEN("access-2"));
	expect_token(w, add_renewer(w, "cred", true), 0, "access-2", 3);
	assert_non_null(strstr(w->server.asked[1], "refresh-2"));
	assert_non_null(strstr(w->server.asked[2], "refresh-1"));
	expect_field(&w->v, "cred", TOKEN_FIELD_REFRESH, "refresh-1");
}

static void a_throttle_lets_the_old_token_work_on(void **state)
{
	struct world *w = *state;

	will_answer(w, 200, TOKEN("access-1"));
	will_answer(w, 429, "{}");
	expect_token(w, add_renewer(w, "cred", false), 0, "access-1", 1);
	change(w, "UPDATE tokens SET refresh_at_ms = obtained_at_ms");
	expect_failure(w, add_renewer(w, "cred", false), 0, ERR_THROTTLED, 2);
	expect_token(w, add_renewer(w, "cred", false), 0, "access-1", 2);
	expire(w);
	expect_failure(w, add_renewer(w, "cred", false), 0, ERR_THROTTLED, 2);
	assert_true(w->err.retry_after_ms > 590000);
}

/* Nobody asks before it is over, in whichever process. */
static void a_pause_that_the_transport_knows_of_is_everybodys(void **state)
{
	struct world *w = *state;

	will_answer(w, 503, "");
	will_answer(w, PAUSED, NULL);
	expect_failure(w, add_renewer(w, "cred", false), 0, ERR_THROTTLED, 2);
	expect_failure(w, add_renewer(w, "cred", false), 0, ERR_THROTTLED, 2);
	assert_in_range(w->err.retry_after_ms, PAUSE_MS - 30000, PAUSE_MS);
	assert_query(&w->v.project, "SELECT owner IS NULL FROM tokens", "1\n");
}

static void eight_calls_are_all(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < TOKEN_CALLS_MAX; i++) {
		will_answer(w, 200, TOKEN("access-1"));
		expect_token(w, add_renewer(w, "cred", false), 0, "access-1", i + 1);
		finish_all(w);
		change(w, "UPDATE tokens SET state = 'none'");
	}
	expect_failure(w, add_renewer(w, "cred", false), 0, ERR_THROTTLED, TOKEN_CALLS_MAX);
}

static void a_consent_that_lacks_a_scope_is_used_as_it_is(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 200, "{\"access_token\":\"access-1\",\"scope\":\"a,c\",\"expires_in\":60}");
	expect_token(w, add_renewer(w, "cred", true), 0, "access-1", 1);
	assert_query(&w->v.project, "SELECT state, scopes_granted FROM tokens", "valid|a c\n");
}

/* --- a test of what is not stored --- */

static void a_test_keeps_nothing(void **state)
{
	struct world *w = *state;
	struct renewer *renewer = add_renewer(w, NULL, false);

	will_answer(w, 200, TOKEN("access-1"));
	expect_token(w, renewer, 0, "access-1", 1);
	expect_token(w, renewer, 0, "access-1", 1);
	expect_failure(w, renewer, 1, ERR_AUTH, 1);
	renewer_prove(renewer, 1);
	will_answer(w, 200, TOKEN("access-2"));
	expect_token(w, renewer, 1, "access-2", 2);
	assert_query(&w->v.project, "SELECT count(*) FROM tokens", "0\n");
	expect_no_field(w, TOKEN_FIELD_ACCESS);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_token_is_asked_for_once_and_shared),
		T(many_coroutines_make_one_call),
		T(a_slow_call_is_waited_for),
		T(an_expiry_is_one_call_for_all),
		T(a_clock_that_jumped_costs_one_call),
		T(a_token_that_worked_is_renewed_on_a_refusal),
		T(a_token_that_never_worked_is_not),
		T(a_refusal_is_final),
		T(without_consent_nothing_is_sent),
		T(what_another_server_gave_is_not_sent),
		T(the_token_before_is_tried_when_the_new_one_never_worked),
		T(a_throttle_lets_the_old_token_work_on),
		T(a_pause_that_the_transport_knows_of_is_everybodys),
		T(eight_calls_are_all),
		T(a_consent_that_lacks_a_scope_is_used_as_it_is),
		T(a_test_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
