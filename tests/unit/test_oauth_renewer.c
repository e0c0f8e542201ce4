/* The access token of a credential: one call for each expiry, nothing used that is not stored. */
#include <sys/wait.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/process.h"
#include "store/token.h"
#include "vault/oauth/renewer.h"
#include "vault_fixture.h"

enum { ANSWERS_MAX = 16, GETS_MAX = 64 };

/*
 * A server that answers what it was told to, in order, and remembers what it was asked. A call that
 * nobody expected finds the connection broken; the test sees it by their number.
 */
struct answer {
	int status; /* 0 = the connection breaks */
	const char *body;
};

struct server {
	struct loop *loop;
	struct answer answers[ANSWERS_MAX];
	size_t answer_count, calls;
	bool stops; /* the loop, when it is asked */
	int64_t delay_ms;
	char asked[ANSWERS_MAX][256];
	renewer_answer_fn *answer;
	void *ctx;
};

struct world {
	struct vault_fixture v;
	struct loop *loop;
	struct server server;
	struct renewer *renewers[8];
	size_t renewer_count;
	/* what was got */
	size_t got, failed, left; /* left: callbacks still to come */
	bool is_running;
	char token[64];
	int64_t generation;
	struct err err;
};

static const struct oauth_reading reading = { .token_field = "access_token",
					      .seconds_field = "expires_in" };

/* --- the server --- */

static void on_turn(void *arg)
{
	struct server *server = arg;
	const struct answer *answer = &server->answers[server->calls++];
	struct err err = ERR_INIT;

	if (answer->status == 0)
		err_set(&err, ERR_NET, "connection reset");
	server->answer(server->ctx, answer->status, answer->body,
		       answer->body != NULL ? strlen(answer->body) : 0, &err);
}

static bool serve(void *arg, const struct oauth_request *request, renewer_answer_fn *answer,
		  void *ctx, struct err *err)
{
	struct server *server = arg;

	(void)err;
	assert_true(server->calls < ANSWERS_MAX);
	snprintf(server->asked[server->calls], sizeof(server->asked[0]), "%s", request->body.data);
	server->answer = answer;
	server->ctx = ctx;
	assert_non_null(loop_timer_start(server->loop, server->delay_ms, on_turn, server));
	if (server->stops)
		loop_stop(server->loop);
	return true;
}

static void will_answer(struct world *w, int status, const char *body)
{
	assert_true(w->server.answer_count < ANSWERS_MAX);
	w->server.answers[w->server.answer_count++] = (struct answer){ status, body };
}

/* --- the world --- */

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *inner;

	assert_non_null(w);
	assert_int_equal(vault_fixture_setup(&inner), 0);
	w->v = *(struct vault_fixture *)inner;
	free(inner);
	w->loop = loop_new(&w->err);
	assert_non_null(w->loop);
	store_close(w->v.project.store);
	w->v.project.store = store_open(w->v.project.path, w->loop, &w->err);
	assert_non_null(w->v.project.store);
	w->server.loop = w->loop;
	vault_fixture_add_credential(&w->v, "cred");
	*state = w;
	return 0;
}

static void count_down(struct world *w)
{
	if (--w->left == 0 && w->is_running)
		loop_stop(w->loop);
}

/* Until all callbacks have come. */
static void run(struct world *w)
{
	w->is_running = true;
	while (w->left > 0)
		loop_run(w->loop);
	w->is_running = false;
}

static void on_finished(void *arg)
{
	count_down(arg);
}

static void finish_all(struct world *w)
{
	w->left = w->renewer_count;
	for (size_t i = 0; i < w->renewer_count; i++)
		renewer_finish(w->renewers[i], on_finished, w);
	w->renewer_count = 0;
	run(w);
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct vault_fixture *inner = malloc(sizeof(*inner));
	void *given = inner;

	finish_all(w);
	*inner = w->v;
	assert_int_equal(vault_fixture_teardown(&given), 0);
	loop_free(w->loop);
	free(w);
	return 0;
}

static bool write_refresh(void *arg, const struct secret *refresh_token, struct oauth_request *out,
			  struct err *err)
{
	const struct oauth_client client = { .id = "me", .scopes = "" };

	(void)arg;
	return refresh_token != NULL ? oauth_request_refresh(out, &client, refresh_token, err)
				     : oauth_request_client(out, &client, err);
}

static struct renewer *add_renewer(struct world *w, const char *credential_id, bool is_refresh)
{
	const struct renewer_options options = {
		.loop = w->loop,
		.store = w->v.project.store,
		.vault = w->v.vault,
		.redact = w->v.redact,
		.credential_id = credential_id,
		.provider = "kandji",
		.made_of = "w1",
		.scopes_wanted = "a b",
		.reading = &reading,
		.grant = { .has_refresh_token = is_refresh, .write = write_refresh },
		.transport = { &w->server, serve },
		.retry_ms = 20,
		.poll_ms = 5,
	};
	struct renewer *renewer = renewer_new(&options, &w->err);

	assert_non_null(renewer);
	w->renewers[w->renewer_count++] = renewer;
	return renewer;
}

static void on_token(void *ctx, const struct secret *token, int64_t generation,
		     const struct err *err)
{
	struct world *w = ctx;

	count_down(w);
	if (token == NULL) {
		w->failed++;
		w->err = *err;
		return;
	}
	w->got++;
	w->generation = generation;
	snprintf(w->token, sizeof(w->token), "%s", token->data);
}

static void get(struct world *w, struct renewer *renewer, int64_t refused)
{
	w->left++;
	assert_true(renewer_get(renewer, refused, on_token, w, &w->err));
}

static void expect_token(struct world *w, struct renewer *renewer, int64_t refused,
			 const char *token, size_t calls)
{
	w->got = w->failed = 0;
	get(w, renewer, refused);
	run(w);
	if (w->failed > 0)
		fail_msg("no %s: %s", token, w->err.message);
	assert_string_equal(w->token, token);
	assert_int_equal(w->server.calls, calls);
}

static void expect_failure(struct world *w, struct renewer *renewer, int64_t refused,
			   enum err_kind kind, size_t calls)
{
	w->got = w->failed = 0;
	get(w, renewer, refused);
	run(w);
	assert_int_equal(w->got, 0);
	assert_int_equal(w->err.kind, kind);
	assert_int_equal(w->server.calls, calls);
}

static void change(struct world *w, const char *sql)
{
	vault_fixture_tamper(&w->v, sql, NULL, 0);
}

static void expire(struct world *w)
{
	change(w,
	       "UPDATE tokens SET expires_at_ms = obtained_at_ms, refresh_at_ms = obtained_at_ms");
}

static void consent(struct world *w, const char *refresh_token)
{
	vault_fixture_put(&w->v, "cred", TOKEN_FIELD_REFRESH, refresh_token);
}

static void expect_no_field(struct world *w, const char *field)
{
	struct secret got;

	assert_refused(&w->v, vault_fixture_try_get(&w->v, "cred", field, &got), ERR_MISSING,
		       field);
}

#define TOKEN(name) "{\"access_token\":\"" name "\",\"expires_in\":3600}"
#define ROTATED(name, next)                                                                        \
	"{\"access_token\":\"" name "\",\"refresh_token\":\"" next "\",\"expires_in\":3600}"

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

/* --- outcomes that nobody knows --- */

static void a_broken_connection_is_tried_once_more(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 0, NULL);
	will_answer(w, 200, ROTATED("access-1", "refresh-2"));
	expect_token(w, add_renewer(w, "cred", true), 0, "access-1", 2);
	assert_string_equal(w->server.asked[0], w->server.asked[1]);
	assert_query(&w->v.project, "SELECT is_unsure FROM tokens", "0\n");
}

static void two_broken_connections_are_an_error(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 0, NULL);
	will_answer(w, 502, "<html>");
	expect_failure(w, add_renewer(w, "cred", true), 0, ERR_DATA, 2);
	assert_query(&w->v.project, "SELECT is_unsure, state FROM tokens", "1|none\n");
	expect_field(&w->v, "cred", TOKEN_FIELD_REFRESH, "refresh-1");
}

static void a_refusal_after_an_unknown_outcome_needs_a_person(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 0, NULL);
	will_answer(w, 400, "{\"error\":\"invalid_grant\"}");
	expect_failure(w, add_renewer(w, "cred", true), 0, ERR_AUTH, 2);
	assert_query(&w->v.project, "SELECT state FROM tokens", "needs_reauth\n");
}

/* The name of a process that has ended. */
static void name_of_the_dead(char name[PROCESS_NAME_SIZE])
{
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		char own[PROCESS_NAME_SIZE] = { 0 };

		process_name(own);
		_exit(write(ends[1], own, sizeof(own)) == sizeof(own) ? 0 : 1);
	}
	assert_int_equal(read(ends[0], name, PROCESS_NAME_SIZE), PROCESS_NAME_SIZE);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[0]);
	close(ends[1]);
}

static bool begin_as(struct store_tx *tx, void *arg, struct err *err)
{
	struct token_lease lease;

	return token_begin(tx, "cred", arg, clock_wall_ms(), &lease, err);
}

static void a_killed_process_is_taken_over(void **state)
{
	struct world *w = *state;
	char dead[PROCESS_NAME_SIZE];

	consent(w, "refresh-1");
	name_of_the_dead(dead);
	fixture_write(&w->v.project, begin_as, dead);
	will_answer(w, 200, ROTATED("access-1", "refresh-2"));
	expect_token(w, add_renewer(w, "cred", true), 0, "access-1", 1);
	assert_query(&w->v.project, "SELECT fence, is_unsure FROM tokens", "2|0\n");
}

static void an_answer_is_stored_when_nobody_waits_any_more(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 200, ROTATED("access-1", "refresh-2"));
	assert_true(renewer_get(add_renewer(w, "cred", true), 0, on_token, w, &w->err));
	w->server.stops = true;
	loop_run(w->loop);
	assert_non_null(w->server.answer);
	finish_all(w);
	assert_int_equal(w->got + w->failed, 0);
	expect_field(&w->v, "cred", TOKEN_FIELD_REFRESH, "refresh-2");
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
		T(the_token_before_is_tried_when_the_new_one_never_worked),
		T(a_throttle_lets_the_old_token_work_on),
		T(eight_calls_are_all),
		T(a_consent_that_lacks_a_scope_is_used_as_it_is),
		T(a_broken_connection_is_tried_once_more),
		T(two_broken_connections_are_an_error),
		T(a_refusal_after_an_unknown_outcome_needs_a_person),
		T(a_killed_process_is_taken_over),
		T(an_answer_is_stored_when_nobody_waits_any_more),
		T(a_test_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
