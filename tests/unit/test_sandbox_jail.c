/*
 * What a process cannot do once it is in the jail. Each case runs in a child of its own that enters
 * the jail and then behaves as an attacker with machine code would.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "fixture_sandbox.h"
#include "sandbox/jail.h"
#include "wire/exit.h"

/* Exit codes of the children. */
enum { DONE = 0, REFUSED = 10, SUCCEEDED = 11, NO_JAIL = 12 };

typedef void attack_fn(void);

static void end_with(bool has_succeeded)
{
	_exit(has_succeeded ? SUCCEEDED : REFUSED);
}

/* Runs the attack inside; the wait status. */
static int run_inside(attack_fn *attack)
{
	struct err err = ERR_INIT;
	int sockets[2], status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	pid = fork();
	if (pid == 0) {
		if (!jail_enter(sockets[1], &err)) {
			if (write(STDERR_FILENO, err.message, strlen(err.message)) < 0)
				_exit(NO_JAIL);
			_exit(NO_JAIL);
		}
		attack();
		_exit(DONE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(sockets[0]);
	close(sockets[1]);
	return status;
}

static bool is_killed_by(int status, int signum)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == signum;
}

/* Refused, or killed for trying. */
static void check_stopped(const char *what, attack_fn *attack)
{
	int status = run_inside(attack);

	if (!is_killed_by(status, SIGSYS) && !(WIFEXITED(status) && WEXITSTATUS(status) == REFUSED))
		fail_msg("%s was not stopped: wait status %d", what, status);
}

/* --- attacks --- */

static void open_file(void)
{
	end_with(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static void open_raw(void)
{
	end_with(syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY) >= 0);
}

static void open_by_uring(void)
{
	end_with(syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno == EFAULT);
}

static void make_socket(void)
{
	end_with(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
}

static void fork_child(void)
{
	end_with(fork() >= 0);
}

static void exec_shell(void)
{
	char *argv[] = { NULL };

	execve("/bin/sh", argv, argv);
	end_with(false);
}

static void trace_parent(void)
{
	end_with(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0);
}

static void read_parent(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	end_with(syscall(SYS_process_vm_readv, getppid(), &here, 1, &there, 1, 0) == 1);
}

static void kill_parent(void)
{
	end_with(syscall(SYS_kill, getppid(), 0) == 0);
}

static void kill_parent_thread(void)
{
	end_with(syscall(SYS_tgkill, getppid(), getppid(), 0) == 0);
}

static void map_code(void)
{
	end_with(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0) != MAP_FAILED);
}

static void protect_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		_exit(NO_JAIL);
	end_with(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
}

static void map_file(void)
{
	end_with(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0) != MAP_FAILED);
}

static void raise_memory(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	end_with(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void become_root(void)
{
	end_with(setuid(0) == 0);
}

static void become_dumpable(void)
{
	end_with(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static void test_attacks(void **state)
{
	static const struct {
		const char *what;
		attack_fn *attack;
	} attacks[] = {
		{ "open", open_file },		{ "openat", open_raw },
		{ "io_uring", open_by_uring },	{ "socket", make_socket },
		{ "fork", fork_child },		{ "execve", exec_shell },
		{ "ptrace", trace_parent },	{ "process_vm_readv", read_parent },
		{ "kill", kill_parent },	{ "tgkill", kill_parent_thread },
		{ "mmap of code", map_code },	{ "mprotect to code", protect_code },
		{ "mmap of a file", map_file }, { "a higher limit", raise_memory },
		{ "setuid", become_root },	{ "prctl", become_dumpable },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		check_stopped(attacks[i].what, attacks[i].attack);
}

/* --- what must still work, or be so --- */

/* poll tells of each descriptor whether it is open, without any other system call. */
static void count_descriptors(void)
{
	struct pollfd fds[256];
	int is_open = 0;

	for (int i = 0; i < 256; i++)
		fds[i] = (struct pollfd){ .fd = i };
	for (int at = 0; at < 256; at += JAIL_FILES_MAX) {
		if (poll(fds + at, JAIL_FILES_MAX, 0) < 0)
			_exit(NO_JAIL);
	}
	for (int i = 0; i < 256; i++)
		is_open += (fds[i].revents & POLLNVAL) == 0;
	_exit(is_open);
}

static void test_only_its_descriptors_are_open(void **state)
{
	int spare[8], status;

	(void)state;
	for (int i = 0; i < 8; i++)
		spare[i] = dup(STDERR_FILENO);
	status = run_inside(count_descriptors);
	for (int i = 0; i < 8; i++)
		close(spare[i]);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
}

static void use_memory(void)
{
	void *page =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct err err;

	_exit(page != MAP_FAILED && jail_allow_cpu(1, &err) ? DONE : REFUSED);
}

static void test_memory_and_renewal_work(void **state)
{
	int status = run_inside(use_memory);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DONE);
}

static void spin(void)
{
	struct err err;

	if (!jail_allow_cpu(0, &err))
		_exit(NO_JAIL);
	for (;;) {
	}
}

static void test_cpu_limit_kills(void **state)
{
	(void)state;
	assert_true(is_killed_by(run_inside(spin), SIGXCPU));
}

#ifndef MUSTER_SANITIZE
static void take_too_much(void)
{
	end_with(mmap(NULL, JAIL_MEMORY_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0) != MAP_FAILED);
}

static void test_address_space_is_limited(void **state)
{
	(void)state;
	check_stopped("half a gigabyte", take_too_much);
}
#endif

/* Whoever is not the maker of the socket is not the host: that one has gone. */
static void test_orphan_is_refused(void **state)
{
	struct err err = ERR_INIT;
	int sockets[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	pid = fork();
	if (pid == 0) {
		if (fork() == 0)
			_exit(jail_enter(sockets[1], &err) ? SUCCEEDED : REFUSED);
		wait(&status);
		_exit(WEXITSTATUS(status));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), REFUSED);
	close(sockets[0]);
	close(sockets[1]);
}

/* Forbids what installs a filter, as an unusual kernel or container may. */
static void forbid_seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0);
	seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1,
			 SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
	if (seccomp_load(filter) != 0)
		_exit(NO_JAIL);
}

static void test_no_script_runs_without_seccomp(void **state)
{
	struct box_options options = { .prepare = forbid_seccomp };
	struct box_outcome outcome;
	struct box box;

	(void)state;
	box_start(&box, &options);
	box_try_load(&box, "return 1", &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_non_null(strstr(outcome.err.message,
			       "cannot confine the sandbox with seccomp, so no script is run"));
	box_outcome_fini(&outcome);
	box_close(&box);
	assert_int_equal(WEXITSTATUS(box.wait_status), SANDBOX_EXIT_JAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_only_its_descriptors_are_open),
		cmocka_unit_test(test_memory_and_renewal_work),
		cmocka_unit_test(test_cpu_limit_kills),
#ifndef MUSTER_SANITIZE
		cmocka_unit_test(test_address_space_is_limited),
#endif
		cmocka_unit_test(test_orphan_is_refused),
		cmocka_unit_test(test_no_script_runs_without_seccomp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
