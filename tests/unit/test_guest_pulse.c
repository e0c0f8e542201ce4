/* What the host watches of a sandbox from outside: a child that computes, and one that is silent.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "connector/guest_pulse.h"

enum { TICK_MS = 20, SHORT_CPU_MS = 50, MUCH_CPU_MS = 1000000, FEW_TICKS = 8, ALL_TICKS = 40 };

struct watched {
	struct loop *loop;
	struct guest_pulse *pulse;
	struct err err;
	int ticks; /* of the test */
	bool is_its_turn, talks;
};

static pid_t start_child(bool computes)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	for (;;) {
		if (!computes)
			pause();
	}
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void on_over(void *arg, const struct err *err)
{
	struct watched *watched = arg;

	watched->err = *err;
	guest_pulse_close(watched->pulse);
	watched->pulse = NULL;
}

/* Plays the sandbox, and after enough ticks ends the test. */
static void on_test_tick(void *arg)
{
	struct watched *watched = arg;

	if (watched->pulse == NULL)
		return;
	if (watched->talks)
		guest_pulse_heard(watched->pulse);
	if (++watched->ticks < ALL_TICKS) {
		assert_non_null(loop_timer_start(watched->loop, TICK_MS, on_test_tick, watched));
		return;
	}
	guest_pulse_close(watched->pulse);
	watched->pulse = NULL;
}

static bool is_its_turn(void *arg)
{
	const struct watched *watched = arg;

	return watched->is_its_turn;
}

static void watch(struct watched *watched, pid_t pid, int64_t cpu_ms)
{
	struct guest_pulse_spec spec = {
		.pid = pid,
		.name = "kandji",
		.tick_ms = TICK_MS,
		.quiet_ticks = FEW_TICKS,
		.cpu_ms = cpu_ms,
		.is_its_turn = is_its_turn,
		.over = on_over,
		.arg = watched,
	};

	watched->err = ERR_INIT;
	watched->loop = loop_new(&watched->err);
	watched->pulse = guest_pulse_start(watched->loop, &spec, &watched->err);
	assert_non_null(watched->pulse);
	on_test_tick(watched);
	loop_run(watched->loop);
	loop_free(watched->loop);
	end_child(pid);
}

static void test_computing_without_a_pause_is_over(void **state)
{
	struct watched watched = { .is_its_turn = false };

	(void)state;
	watch(&watched, start_child(true), SHORT_CPU_MS);
	assert_int_equal(watched.err.kind, ERR_OVER_LIMIT);
	assert_non_null(strstr(watched.err.message, "connector kandji: CPU limit"));
}

static void test_silence_in_its_turn_is_over(void **state)
{
	struct watched watched = { .is_its_turn = true };

	(void)state;
	watch(&watched, start_child(false), MUCH_CPU_MS);
	assert_int_equal(watched.err.kind, ERR_OVER_LIMIT);
	assert_non_null(strstr(watched.err.message, "nothing was heard from the sandbox"));
}

static void test_who_waits_for_the_host_may_be_silent(void **state)
{
	struct watched watched = { .is_its_turn = false };

	(void)state;
	watch(&watched, start_child(false), MUCH_CPU_MS);
	assert_int_equal(watched.err.kind, ERR_NONE);
}

static void test_who_talks_may_take_its_time(void **state)
{
	struct watched watched = { .is_its_turn = true, .talks = true };

	(void)state;
	watch(&watched, start_child(false), MUCH_CPU_MS);
	assert_int_equal(watched.err.kind, ERR_NONE);
}

static void test_who_computes_need_not_talk(void **state)
{
	struct watched watched = { .is_its_turn = true };

	(void)state;
	watch(&watched, start_child(true), MUCH_CPU_MS);
	assert_int_equal(watched.err.kind, ERR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_computing_without_a_pause_is_over),
		cmocka_unit_test(test_silence_in_its_turn_is_over),
		cmocka_unit_test(test_who_waits_for_the_host_may_be_silent),
		cmocka_unit_test(test_who_talks_may_take_its_time),
		cmocka_unit_test(test_who_computes_need_not_talk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
