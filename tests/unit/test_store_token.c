/* The row of a credential's tokens: its lease, its window of calls, its states. */
#include "store/credential.h"
#include "store/token.h"
#include "store_fixture.h"

#define WORLD "w1"

static bool add_credential(struct store_tx *tx, void *arg, struct err *err)
{
	char id[] = "cred", provider[] = "zoho", state[] = "ok", note[] = "", now[] = NOW;
	struct credential credential = { .id = id,
					 .name = id,
					 .provider = provider,
					 .state = state,
					 .note = note,
					 .created_at = now };

	(void)arg;
	return credential_add(tx, &credential, err);
}

static int setup(void **state)
{
	if (fixture_setup(state) != 0)
		return -1;
	fixture_write(*state, add_credential, NULL);
	return 0;
}

/* --- units --- */

struct asked {
	const char *owner;
	int64_t now_ms;
	struct token_lease lease;
	const char *reason;
	bool is_unsure;
	int64_t until_ms;
};

static bool begin(struct store_tx *tx, void *arg, struct err *err)
{
	struct asked *asked = arg;

	return token_begin(tx, "cred", asked->owner, asked->now_ms, &asked->lease, err);
}

static bool put(struct store_tx *tx, void *arg, struct err *err)
{
	const struct asked *asked = arg;
	int64_t generation;
	const struct token_grant grant = {
		.made_of = WORLD,
		.scopes_wanted = "a b",
		.scopes_granted = "a",
		.obtained_at_ms = asked->now_ms,
		.refresh_at_ms = asked->now_ms + 800,
		.expires_at_ms = asked->now_ms + 1000,
	};

	return token_put(tx, &asked->lease, &grant, &generation, err);
}

static bool refuse(struct store_tx *tx, void *arg, struct err *err)
{
	const struct asked *asked = arg;

	return token_refuse(tx, &asked->lease, WORLD, "consent was withdrawn", err);
}

static bool pause_calls(struct store_tx *tx, void *arg, struct err *err)
{
	const struct asked *asked = arg;

	return token_pause(tx, &asked->lease, asked->until_ms, err);
}

static bool fail_call(struct store_tx *tx, void *arg, struct err *err)
{
	const struct asked *asked = arg;

	return token_fail(tx, &asked->lease, asked->is_unsure, err);
}

static bool read_token(struct store_tx *tx, void *arg, struct err *err)
{
	return token_get(tx, "cred", arg, err);
}

static void assert_refused(struct fixture *fixture, store_work_fn *work, struct asked *asked,
			   enum err_kind kind)
{
	assert_false(store_run(fixture->store, STORE_WRITE, work, asked, &fixture->err));
	assert_int_equal(fixture->err.kind, kind);
}

/* --- tests --- */

static void a_credential_without_a_row_has_no_token(void **state)
{
	struct token token;

	fixture_read(*state, read_token, &token);
	assert_int_equal(token_state(&token, WORLD, 1), TOKEN_NONE);
	assert_int_equal(token_state(&token, "", 1), TOKEN_NONE);
	assert_false(token_is_held(&token, 1));
	token_fini(&token);
}

static void a_token_ages(void **state)
{
	struct asked asked = { .owner = "host-1", .now_ms = 10000000 };
	struct token token;

	fixture_write(*state, begin, &asked);
	fixture_write(*state, put, &asked);
	fixture_read(*state, read_token, &token);
	assert_int_equal(token.generation, 1);
	assert_string_equal(token.scopes_granted, "a");
	assert_false(token_is_held(&token, asked.now_ms));
	assert_false(token.is_unsure);
	assert_int_equal(token_state(&token, WORLD, asked.now_ms), TOKEN_VALID);
	assert_int_equal(token_state(&token, WORLD, asked.now_ms + 800), TOKEN_EXPIRING);
	assert_int_equal(token_state(&token, WORLD, asked.now_ms + 1000), TOKEN_EXPIRED);
	assert_int_equal(token_state(&token, "other", asked.now_ms), TOKEN_NONE);
	/* Two hosts' clocks may differ; one that was obtained tomorrow says nothing. */
	assert_int_equal(token_state(&token, WORLD, asked.now_ms - TOKEN_CLOCK_SLACK_MS),
			 TOKEN_VALID);
	assert_int_equal(token_state(&token, WORLD, asked.now_ms - TOKEN_CLOCK_SLACK_MS - 1),
			 TOKEN_EXPIRED);
	token_fini(&token);
}

static void one_process_asks_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	struct asked one = { .owner = "host-1", .now_ms = 10000000 };
	struct asked two = { .owner = "host-2", .now_ms = one.now_ms + TOKEN_LEASE_MS - 1 };
	struct token token;

	fixture_write(fixture, begin, &one);
	assert_refused(fixture, begin, &two, ERR_BUSY);
	two.now_ms++;
	fixture_read(fixture, read_token, &token);
	assert_true(token.is_unsure);
	assert_true(token_is_held(&token, one.now_ms));
	token_fini(&token);
	fixture_write(fixture, begin, &two);
	assert_true(two.lease.fence > one.lease.fence);
	assert_refused(fixture, put, &one, ERR_BUSY);
	assert_refused(fixture, refuse, &one, ERR_BUSY);
	fixture_write(fixture, put, &two);
	fixture_write(fixture, put, &two); /* as after a COMMIT of which nobody knows */
	assert_query(fixture, "SELECT generation, state, owner IS NULL, fence FROM tokens",
		     "1|valid|1|2\n");
	two.now_ms++;
	assert_refused(fixture, put, &two, ERR_BUSY);
}

static void eight_calls_fill_ten_minutes(void **state)
{
	struct fixture *fixture = *state;
	struct asked asked = { .owner = "host-1", .now_ms = 10000000 };

	for (int i = 0; i < TOKEN_CALLS_MAX; i++, asked.now_ms += 1000) {
		fixture_write(fixture, begin, &asked);
		fixture_write(fixture, fail_call, &asked);
	}
	assert_refused(fixture, begin, &asked, ERR_THROTTLED);
	assert_int_equal(fixture->err.retry_after_ms, TOKEN_WINDOW_MS - TOKEN_CALLS_MAX * 1000);
	asked.now_ms = 10000000 + TOKEN_WINDOW_MS - 1;
	assert_refused(fixture, begin, &asked, ERR_THROTTLED);
	asked.now_ms++;
	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, fail_call, &asked);
	assert_refused(fixture, begin, &asked, ERR_THROTTLED);
	/* A clock that was set back must not silence the account for as long. */
	asked.now_ms -= 3600 * 1000;
	fixture_write(fixture, begin, &asked);
}

static void a_pause_is_kept(void **state)
{
	struct fixture *fixture = *state;
	struct asked asked = { .owner = "host-1", .now_ms = 10000000 };

	asked.until_ms = asked.now_ms + 600000;
	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, pause_calls, &asked);
	asked.now_ms += 599999;
	assert_refused(fixture, begin, &asked, ERR_THROTTLED);
	assert_int_equal(fixture->err.retry_after_ms, 1);
	asked.now_ms++;
	fixture_write(fixture, begin, &asked);
}

static void a_refusal_waits_for_a_person(void **state)
{
	struct fixture *fixture = *state;
	struct asked asked = { .owner = "host-1", .now_ms = 10000000 };
	struct token token;

	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, put, &asked);
	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, refuse, &asked);
	fixture_read(fixture, read_token, &token);
	assert_int_equal(token_state(&token, WORLD, asked.now_ms), TOKEN_NEEDS_REAUTH);
	assert_string_equal(token.reason, "consent was withdrawn");
	assert_int_equal(token_state(&token, "another secret", asked.now_ms), TOKEN_NONE);
	token_fini(&token);
	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, put, &asked);
	assert_query(fixture, "SELECT state, reason, generation FROM tokens", "valid||2\n");
}

static void an_unknown_outcome_is_remembered(void **state)
{
	struct fixture *fixture = *state;
	struct asked asked = { .owner = "host-1", .now_ms = 10000000, .is_unsure = true };

	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, fail_call, &asked);
	assert_query(fixture, "SELECT is_unsure, owner IS NULL FROM tokens", "1|1\n");
	asked.is_unsure = false;
	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, fail_call, &asked);
	assert_query(fixture, "SELECT is_unsure FROM tokens", "0\n");
}

static bool prove(struct store_tx *tx, void *arg, struct err *err)
{
	bool was_news;

	(void)arg;
	if (!token_prove(tx, "cred", 2, &was_news, err))
		return false;
	assert_false(was_news);
	if (!token_prove(tx, "cred", 1, &was_news, err))
		return false;
	assert_true(was_news);
	if (!token_prove(tx, "cred", 1, &was_news, err))
		return false;
	assert_false(was_news);
	return true;
}

static bool revoke_token(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return token_revoke(tx, "cred", err);
}

static bool delete_credential(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return credential_delete(tx, "cred", err);
}

static void a_token_is_proven_revoked_and_forgotten(void **state)
{
	struct fixture *fixture = *state;
	struct asked asked = { .owner = "host-1", .now_ms = 10000000 };

	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, put, &asked);
	fixture_write(fixture, prove, NULL);
	fixture_write(fixture, revoke_token, NULL);
	assert_query(fixture, "SELECT is_proven, state FROM tokens", "1|revoked\n");
	fixture_write(fixture, delete_credential, NULL);
	assert_query(fixture, "SELECT count(*) FROM tokens", "0\n");
}

static bool adopt(struct store_tx *tx, void *arg, struct err *err)
{
	const struct asked *asked = arg;
	const struct token_grant grant = {
		.made_of = WORLD,
		.scopes_wanted = "a b",
		.scopes_granted = "a",
		.obtained_at_ms = asked->now_ms,
		.refresh_at_ms = asked->now_ms + 800,
		.expires_at_ms = asked->now_ms + 1000,
	};

	return token_adopt(tx, "cred", &grant, err);
}

/* A renewal that is under way ends: its answer belongs to the consent before. */
static void a_new_consent_ends_what_was_before(void **state)
{
	struct fixture *fixture = *state;
	struct asked asked = { .owner = "host:1 2 x", .now_ms = 1000 };

	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, refuse, &asked);
	fixture_write(fixture, begin, &asked);
	fixture_write(fixture, adopt, &asked);
	assert_query(fixture,
		     "SELECT state, reason, scopes_wanted, scopes_granted, is_proven, is_unsure,"
		     " owner IS NULL, calls, generation FROM tokens",
		     "valid||a b|a|1|0|1|1000|1\n");
	assert_refused(fixture, refuse, &asked, ERR_BUSY);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(a_credential_without_a_row_has_no_token),
		T(a_token_ages),
		T(one_process_asks_at_a_time),
		T(eight_calls_fill_ten_minutes),
		T(a_pause_is_kept),
		T(a_refusal_waits_for_a_person),
		T(an_unknown_outcome_is_remembered),
		T(a_new_consent_ends_what_was_before),
		T(a_token_is_proven_revoked_and_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
