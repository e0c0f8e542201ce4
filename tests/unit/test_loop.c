/* The event loop: timers, posts from threads, descriptors, the pool, names, signals, children. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/str.h"
#include "unit.h"

/* What happened, in order: one letter a callback. */
struct trace {
	struct loop *loop;
	char text[64];
	struct loop_timer *other;
	struct loop_watch *watch;
	struct loop_child *child;
	struct loop_signal *sig;
	int fd;
	int64_t exit_code;
	int term_signal;
};

static void note(struct trace *trace, char letter)
{
	size_t len = strlen(trace->text);

	assert_true(len + 1 < sizeof(trace->text));
	trace->text[len] = letter;
}

static int open_loop(void **state)
{
	static struct trace trace;
	struct err err = ERR_INIT;

	trace = (struct trace){ .loop = loop_new(&err), .fd = -1 };
	*state = &trace;
	return trace.loop != NULL ? 0 : -1;
}

static int close_loop(void **state)
{
	struct trace *trace = *state;

	loop_free(trace->loop);
	return 0;
}

/* --- timers --- */

static void fire_a(void *arg)
{
	note(arg, 'a');
}

static void fire_b(void *arg)
{
	struct trace *trace = arg;

	note(trace, 'b');
	loop_timer_close(trace->other);
}

static void timers_fire_in_order_and_closed_ones_do_not(void **state)
{
	struct trace *trace = *state;

	assert_non_null(loop_timer_start(trace->loop, 20, fire_a, trace));
	assert_non_null(loop_timer_start(trace->loop, 1, fire_b, trace));
	trace->other = loop_timer_start(trace->loop, 60000, fire_a, trace);
	loop_timer_close(NULL);
	loop_run(trace->loop);
	assert_string_equal(trace->text, "ba");
}

static void stop(void *arg)
{
	struct trace *trace = arg;

	note(trace, 's');
	loop_stop(trace->loop);
}

static void a_stopped_loop_goes_on_later(void **state)
{
	struct trace *trace = *state;

	assert_non_null(loop_timer_start(trace->loop, 0, stop, trace));
	assert_non_null(loop_timer_start(trace->loop, 30, fire_a, trace));
	loop_run(trace->loop);
	assert_string_equal(trace->text, "s");
	loop_run(trace->loop);
	assert_string_equal(trace->text, "sa");
}

/* --- other threads --- */

static void posted(void *arg)
{
	note(arg, 'p');
}

static void posted_last(void *arg)
{
	struct trace *trace = arg;

	note(trace, 'l');
	loop_release(trace->loop);
}

static void *post_three(void *arg)
{
	static struct loop_post posts[4];
	struct trace *trace = arg;

	for (int i = 0; i < 4; i++) {
		posts[i] = (struct loop_post){ .fn = i < 3 ? posted : posted_last, .arg = trace };
		loop_post(trace->loop, &posts[i]);
	}
	return NULL;
}

static void posts_run_in_order_and_are_waited_for(void **state)
{
	struct trace *trace = *state;
	pthread_t thread;

	loop_retain(trace->loop);
	assert_int_equal(pthread_create(&thread, NULL, post_three, trace), 0);
	loop_run(trace->loop);
	pthread_join(thread, NULL);
	assert_string_equal(trace->text, "pppl");
}

static void work_on_pool(void *arg)
{
	((struct trace *)arg)->fd = 7;
}

static void work_done(void *arg)
{
	struct trace *trace = arg;

	assert_int_equal(trace->fd, 7);
	note(trace, 'd');
}

static void work_ends_on_the_loop(void **state)
{
	struct trace *trace = *state;
	struct err err = ERR_INIT;

	assert_true(loop_work(trace->loop, work_on_pool, work_done, trace, &err));
	loop_run(trace->loop);
	assert_string_equal(trace->text, "d");
}

/* --- descriptors --- */

static void readable(void *arg, int events)
{
	struct trace *trace = arg;
	char byte;

	assert_true(events & LOOP_READABLE);
	if (read(trace->fd, &byte, 1) == 1)
		note(trace, byte);
	else
		loop_watch_close(trace->watch);
}

static void a_watched_descriptor_tells_bytes_and_end(void **state)
{
	struct trace *trace = *state;
	struct err err = ERR_INIT;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	trace->fd = fds[0];
	trace->watch = loop_watch_start(trace->loop, fds[0], LOOP_READABLE, readable, trace, &err);
	assert_non_null(trace->watch);
	assert_int_equal(write(fds[1], "xy", 2), 2);
	close(fds[1]);
	loop_run(trace->loop);
	close(fds[0]);
	assert_string_equal(trace->text, "xy");
}

static void a_file_cannot_be_watched(void **state)
{
	struct trace *trace = *state;
	struct err err = ERR_INIT;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_null(loop_watch_start(trace->loop, fd, LOOP_READABLE, readable, trace, &err));
	assert_true(str_has_prefix(err.message, "watch a descriptor: "));
	close(fd);
}

/* --- names --- */

static void resolved(void *arg, const struct loop_addresses *addresses, const struct err *err)
{
	const struct sockaddr_in *first;

	(void)err;
	assert_non_null(addresses);
	first = (const struct sockaddr_in *)&addresses->at[0];
	assert_int_equal(first->sin_family, AF_INET);
	assert_int_equal(ntohs(first->sin_port), 8443);
	assert_int_equal(ntohl(first->sin_addr.s_addr), 0x7f000001);
	note(arg, 'r');
}

static void not_resolved(void *arg, const struct loop_addresses *addresses, const struct err *err)
{
	assert_null(addresses);
	assert_int_equal(err->kind, ERR_NET);
	assert_true(str_has_prefix(err->message, "cannot resolve no such name: "));
	note(arg, 'n');
}

static void names_become_addresses_with_the_port(void **state)
{
	struct trace *trace = *state;
	struct err err = ERR_INIT;

	assert_true(loop_resolve(trace->loop, "127.0.0.1", 8443, resolved, trace, &err));
	loop_run(trace->loop);
	assert_true(loop_resolve(trace->loop, "no such name", 443, not_resolved, trace, &err));
	loop_run(trace->loop);
	assert_string_equal(trace->text, "rn");
}

/* --- signals and children --- */

static void caught(void *arg)
{
	struct trace *trace = arg;

	note(trace, 'c');
	loop_signal_close(trace->sig);
	loop_stop(trace->loop);
}

static void a_signal_is_caught(void **state)
{
	struct trace *trace = *state;
	struct err err = ERR_INIT;

	trace->sig = loop_signal_start(trace->loop, SIGUSR1, caught, trace, &err);
	assert_non_null(trace->sig);
	loop_retain(trace->loop);
	raise(SIGUSR1);
	loop_run(trace->loop);
	loop_release(trace->loop);
	assert_string_equal(trace->text, "c");
}

static void exited(void *arg, int64_t exit_code, int term_signal)
{
	struct trace *trace = arg;

	note(trace, 'e');
	trace->exit_code = exit_code;
	trace->term_signal = term_signal;
	loop_child_close(trace->child);
}

static void start_shell(struct trace *trace, const char *script, int socket)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct loop_child_spec spec = {
		.path = "/bin/sh", .argv = argv, .socket = socket, .exited = exited, .arg = trace
	};
	struct err err = ERR_INIT;

	trace->child = loop_child_start(trace->loop, &spec, &err);
	assert_non_null(trace->child);
}

static void a_child_has_its_socket_and_no_environment(void **state)
{
	struct trace *trace = *state;
	char text[256] = "";
	int fds[2];

	setenv("MUSTER_TEST_SECRET", "canary", 1);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	start_shell(trace, "echo secret=$MUSTER_TEST_SECRET >&3; exit 3", fds[1]);
	close(fds[1]);
	loop_run(trace->loop);
	assert_string_equal(trace->text, "e");
	assert_int_equal(trace->exit_code, 3);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_string_equal(text, "secret=\n");
}

static void a_child_can_be_killed(void **state)
{
	struct trace *trace = *state;

	start_shell(trace, "exec sleep 60", 2);
	assert_true(loop_child_pid(trace->child) > 0);
	loop_child_kill(trace->child, SIGKILL);
	loop_run(trace->loop);
	assert_string_equal(trace->text, "e");
	assert_int_equal(trace->term_signal, SIGKILL);
}

/* Closing a running child kills and reaps it: nothing is left, and nobody is told. */
static void a_forgotten_child_is_killed_and_reaped(void **state)
{
	struct trace *trace = *state;
	pid_t pid;

	start_shell(trace, "exec sleep 60", 2);
	pid = loop_child_pid(trace->child);
	loop_child_close(trace->child);
	loop_run(trace->loop);
	assert_string_equal(trace->text, "");
	assert_int_equal(kill(pid, 0), -1);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
	struct trace *trace = *state;
	const char *const argv[] = { "none", NULL };
	struct loop_child_spec spec = { .path = "/nonexistent/none",
					.argv = argv,
					.socket = 2,
					.exited = exited,
					.arg = trace };
	struct err err = ERR_INIT;

	assert_null(loop_child_start(trace->loop, &spec, &err));
	assert_true(str_has_prefix(err.message, "start a process: "));
	loop_run(trace->loop);
	assert_string_equal(trace->text, "");
}

#define LOOP_TEST(function) cmocka_unit_test_setup_teardown(function, open_loop, close_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(timers_fire_in_order_and_closed_ones_do_not),
		LOOP_TEST(a_stopped_loop_goes_on_later),
		LOOP_TEST(posts_run_in_order_and_are_waited_for),
		LOOP_TEST(work_ends_on_the_loop),
		LOOP_TEST(a_watched_descriptor_tells_bytes_and_end),
		LOOP_TEST(a_file_cannot_be_watched),
		LOOP_TEST(names_become_addresses_with_the_port),
		LOOP_TEST(a_signal_is_caught),
		LOOP_TEST(a_child_has_its_socket_and_no_environment),
		LOOP_TEST(a_child_can_be_killed),
		LOOP_TEST(a_forgotten_child_is_killed_and_reaped),
		LOOP_TEST(a_program_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
