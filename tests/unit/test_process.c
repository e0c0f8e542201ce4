/* A process is gone only when that is certain. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "base/str.h"
#include "unit.h"

/* A process that tells its name and then waits for its end. */
struct other {
	pid_t pid;
	char name[PROCESS_NAME_SIZE];
};

static void start(struct other *other)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	other->pid = fork();
	if (other->pid == 0) {
		process_name(other->name);
		if (write(pipes[1], other->name, sizeof(other->name)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pipes[0], other->name, sizeof(other->name)), sizeof(other->name));
	close(pipes[0]);
	close(pipes[1]);
}

static void wait_until(const struct other *other, int options)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)other->pid, &info, options), 0);
}

static void finish(const struct other *other)
{
	kill(other->pid, SIGKILL);
	wait_until(other, WEXITED);
}

static void a_name_begins_with_host_and_pid(void **state)
{
	char name[PROCESS_NAME_SIZE], pid[32];

	(void)state;
	snprintf(pid, sizeof(pid), ":%ld ", (long)getpid());
	assert_non_null(strstr(process_name(name), pid));
	assert_false(process_is_gone(name));
}

static void a_stopped_process_lives(void **state)
{
	struct other other;

	(void)state;
	start(&other);
	assert_false(process_is_gone(other.name));
	kill(other.pid, SIGSTOP);
	wait_until(&other, WSTOPPED);
	assert_false(process_is_gone(other.name));
	finish(&other);
}

static void a_killed_process_is_gone_even_before_it_is_buried(void **state)
{
	struct other other;

	(void)state;
	start(&other);
	kill(other.pid, SIGKILL);
	wait_until(&other, WEXITED | WNOWAIT);
	assert_true(process_is_gone(other.name));
	finish(&other);
	assert_true(process_is_gone(other.name));
}

/* This process's name with another start or place. */
static void change(const char *name, bool in_start, char out[PROCESS_NAME_SIZE])
{
	char *place;

	memcpy(out, name, PROCESS_NAME_SIZE);
	place = strrchr(out, ' ');
	if (in_start)
		place--;
	else
		place++;
	*place = *place == '1' ? '2' : '1';
}

static void a_pid_that_came_again_is_another_process(void **state)
{
	char name[PROCESS_NAME_SIZE], earlier[PROCESS_NAME_SIZE];

	(void)state;
	change(process_name(name), true, earlier);
	assert_true(process_is_gone(earlier));
}

static void processes_of_another_place_are_not_judged(void **state)
{
	char foreign[PROCESS_NAME_SIZE];
	struct other other;

	(void)state;
	start(&other);
	finish(&other);
	assert_true(process_is_gone(other.name));
	change(other.name, false, foreign);
	assert_false(process_is_gone(foreign));
}

static void what_is_no_name_is_not_judged(void **state)
{
	static const char *const texts[] = {
		"",	   "host-1",  "host:12:abcdef",	      ":", "host:1 2", "host:1 2 ",
		"h:1 2 -", "h:x 2 -", "h:99999999999999 1 -",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(process_is_gone(texts[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_begins_with_host_and_pid),
		cmocka_unit_test(a_stopped_process_lives),
		cmocka_unit_test(a_killed_process_is_gone_even_before_it_is_buried),
		cmocka_unit_test(a_pid_that_came_again_is_another_process),
		cmocka_unit_test(processes_of_another_place_are_not_judged),
		cmocka_unit_test(what_is_no_name_is_not_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
