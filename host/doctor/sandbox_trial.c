/*
 * What the kernel does for a sandbox, tried in a process of its own (host/sandbox/trial.h): the
 * program is started in its trial role as it is for a job, and tells over the same socket.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/str.h"
#include "doctor/doctor.h"

static const char AREA[] = "sandbox";

struct trial {
	struct loop *loop;
	bool has_ended;
	int64_t exit_code;
	int term_signal;
	char text[1024]; /* what it said */
	char *lines[24];
	size_t count;
};

static void on_exit(void *arg, int64_t exit_code, int term_signal)
{
	struct trial *trial = arg;

	trial->has_ended = true;
	trial->exit_code = exit_code;
	trial->term_signal = term_signal;
	loop_stop(trial->loop);
}

/* Everything it said is in the socket when it has ended. */
static void read_report(struct trial *trial, int socket)
{
	size_t len = 0;
	ssize_t got;

	while (len < sizeof(trial->text) - 1 &&
	       (got = read(socket, trial->text + len, sizeof(trial->text) - 1 - len)) > 0)
		len += (size_t)got;
	for (char *rest = trial->text, *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (*line != '\0' && trial->count < sizeof(trial->lines) / sizeof(trial->lines[0]))
			trial->lines[trial->count++] = line;
	}
}

static bool run(const struct doctor *doctor, struct trial *trial, struct err *err)
{
	const char *const argv[] = { doctor->host->program, "__trial", NULL };
	struct loop_child_spec spec = {
		.path = doctor->host->program, .argv = argv, .exited = on_exit, .arg = trial
	};
	struct loop_child *child;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set_errno(err, ERR_STORE, errno, "cannot make a socket");
	spec.socket = pair[1];
	child = loop_child_start(trial->loop, &spec, err);
	close(pair[1]);
	while (child != NULL && !trial->has_ended)
		loop_run(trial->loop);
	read_report(trial, pair[0]);
	close(pair[0]);
	if (child != NULL)
		loop_child_close(child);
	return child != NULL;
}

/* --- what it means --- */

static const char *said(const struct trial *trial, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < trial->count; i++) {
		if (str_has_prefix(trial->lines[i], name) && trial->lines[i][len] == ' ')
			return trial->lines[i] + len + 1;
	}
	return "";
}

static void say_refusal(const struct doctor *doctor, const struct trial *trial, const char *name,
			const char *what)
{
	const char *outcome = said(trial, name);

	if (str_eq(outcome, "refused"))
		doctor_say(doctor, DOCTOR_OK, AREA, what, "", "tried: refused");
	else if (str_eq(outcome, "untried"))
		doctor_say(doctor, DOCTOR_OK, AREA, what, "", "not tried in a sanitizer build");
	else
		doctor_say(doctor, DOCTOR_FAIL, AREA, what,
			   "this kernel or container does not keep the limit: use another one",
			   "tried: %s", outcome);
}

static void say_descriptors(const struct doctor *doctor, const struct trial *trial)
{
	const char *count = said(trial, "descriptors");

	if (str_eq(count, "unlimited") || count[0] == '\0')
		doctor_say(doctor, DOCTOR_FAIL, AREA, "descriptors",
			   "this kernel or container does not keep limits: use another one",
			   "there is no limit");
	else
		doctor_say(doctor, DOCTOR_OK, AREA, "descriptors", "",
			   "tried: %s more, then refused", count);
}

/* Seccomp alone holds; Landlock is the second wall. */
static void say_landlock(const struct doctor *doctor, const struct trial *trial)
{
	bool is_refused = str_eq(said(trial, "landlock-open"), "refused");

	if (is_refused && !str_eq(said(trial, "landlock"), "0"))
		doctor_say(doctor, DOCTOR_OK, AREA, "Landlock", "",
			   "ABI %s; opening a folder: refused", said(trial, "landlock"));
	else
		doctor_say(
			doctor, DOCTOR_WARN, AREA, "Landlock",
			"seccomp alone keeps scripts from files; a kernel with Landlock (5.13 or "
			"later, \"landlock\" in /sys/kernel/security/lsm) adds a second wall",
			"not in force");
}

static void say_seccomp(const struct doctor *doctor, const struct trial *trial)
{
	if (trial->term_signal == SIGSYS && str_eq(said(trial, "seccomp-open"), "refused"))
		doctor_say(doctor, DOCTOR_OK, AREA, "seccomp", "",
			   "opening a folder: refused; a call that is not on the list: killed");
	else
		doctor_say(doctor, DOCTOR_FAIL, AREA, "seccomp",
			   "allow seccomp filters in this container, or use a kernel that has them",
			   "does not hold: the trial ended with exit code %lld, signal %d",
			   (long long)trial->exit_code, trial->term_signal);
}

static void say_all(const struct doctor *doctor, const struct trial *trial)
{
	doctor_say(doctor, DOCTOR_OK, "libraries", "Lua", "", "%s", said(trial, "lua"));
	doctor_say(doctor, DOCTOR_OK, "libraries", "libseccomp", "", "%s",
		   said(trial, "libseccomp"));
	if (said(trial, "error")[0] != '\0') {
		doctor_say(doctor, DOCTOR_FAIL, AREA, "start",
			   "no script runs without it: use a kernel or container that allows it",
			   "%s", said(trial, "error"));
		return;
	}
	say_descriptors(doctor, trial);
	say_refusal(doctor, trial, "processes", "processes");
	say_refusal(doctor, trial, "memory", "memory");
	say_refusal(doctor, trial, "new-privileges", "new privileges");
	say_landlock(doctor, trial);
	say_seccomp(doctor, trial);
}

void doctor_sandbox(const struct doctor *doctor)
{
	struct trial trial = { .loop = doctor->host->loop };
	struct err err = ERR_INIT;

	if (run(doctor, &trial, &err))
		say_all(doctor, &trial);
	else
		doctor_say_err(doctor, DOCTOR_FAIL, AREA, "start", &err);
}
