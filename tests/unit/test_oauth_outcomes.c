/* Calls for a token that break, that are killed, that another process makes or takes over. */
#include <sys/wait.h>

#include "base/clock.h"
#include "base/process.h"
#include "renewer_world.h"
#include "store/token.h"

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

/* A process that lives, and asks for longer than anybody waits: this one, under no renewer. */
static void a_lease_that_does_not_end_is_busy(void **state)
{
	struct world *w = *state;
	char name[PROCESS_NAME_SIZE];

	consent(w, "refresh-1");
	fixture_write(&w->v.project, begin_as, (void *)process_name(name));
	expect_failure(w, add_renewer(w, "cred", true), 0, ERR_BUSY, 0);
	assert_query(&w->v.project, "SELECT fence, state FROM tokens", "1|none\n");
}

/* Its own answer is not stored, and what the other stored is as good. */
static void an_overtaken_call_takes_what_the_other_stored(void **state)
{
	struct world *w = *state;

	consent(w, "refresh-1");
	will_answer(w, 200, ROTATED("access-1", "refresh-2"));
	get(w, add_renewer(w, "cred", true), 0);
	w->server.stops = true;
	loop_run(w->loop);
	change(w, "UPDATE tokens SET fence = 9, owner = NULL, is_unsure = 0, generation = 7,"
		  " state = 'valid', made_of = 'w1', obtained_at_ms = taken_at_ms,"
		  " refresh_at_ms = taken_at_ms + 60000, expires_at_ms = taken_at_ms + 60000");
	vault_fixture_put(&w->v, "cred", TOKEN_FIELD_ACCESS, "access-9");
	run(w);
	assert_int_equal(w->failed, 0);
	assert_string_equal(w->token, "access-9");
	assert_int_equal(w->server.calls, 1);
	expect_field(&w->v, "cred", TOKEN_FIELD_REFRESH, "refresh-1");
	assert_query(&w->v.project, "SELECT fence, generation FROM tokens", "9|7\n");
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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_broken_connection_is_tried_once_more),
		T(two_broken_connections_are_an_error),
		T(a_refusal_after_an_unknown_outcome_needs_a_person),
		T(a_killed_process_is_taken_over),
		T(a_lease_that_does_not_end_is_busy),
		T(an_overtaken_call_takes_what_the_other_stored),
		T(an_answer_is_stored_when_nobody_waits_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
