/* Why a sandbox ended, in words. */
#define _GNU_SOURCE
#include "connector/guest_exit.h"

#include <signal.h>
#include <string.h>

#include "wire/exit.h"

static void explain_signal(const char *name, int signum, struct err *err)
{
	switch (signum) {
	case SIGXCPU:
		err_set(err, ERR_OVER_LIMIT,
			"connector %s: CPU limit: more than %d s of computing without a pause",
			name, GUEST_CPU_SECONDS);
		return;
	case SIGSYS:
		err_set(err, ERR_BUG, "connector %s: the sandbox tried a forbidden system call",
			name);
		return;
	case SIGKILL:
		err_set(err, ERR_OVER_LIMIT,
			"connector %s: the sandbox was killed (CPU or memory limit)", name);
		return;
	default:
		err_set(err, ERR_BUG, "connector %s: the sandbox crashed (signal %d, %s)", name,
			signum, strsignal(signum));
	}
}

static void explain_code(const char *name, int64_t code, struct err *err)
{
	switch (code) {
	case SANDBOX_EXIT_DONE:
	case SANDBOX_EXIT_HOST_GONE:
		err_set(err, ERR_STORE, "connector %s: the connection to its sandbox broke", name);
		return;
	case SANDBOX_EXIT_OVER_LIMIT:
		err_set(err, ERR_OVER_LIMIT, "connector %s: the sandbox reached a limit", name);
		return;
	case SANDBOX_EXIT_MEMORY:
		err_set(err, ERR_OVER_LIMIT,
			"connector %s: memory limit: the sandbox got no more address space", name);
		return;
	case SANDBOX_EXIT_JAIL:
		err_set(err, ERR_BUG, "connector %s: the sandbox could not be confined", name);
		return;
	default:
		err_set(err, ERR_BUG, "connector %s: the sandbox ended with exit code %lld", name,
			(long long)code);
	}
}

void guest_explain_exit(const char *name, const struct err *broken, int64_t code, int signum,
			struct err *err)
{
	if (broken->kind != ERR_NONE)
		*err = *broken;
	else if (signum != 0)
		explain_signal(name, signum, err);
	else
		explain_code(name, code, err);
}
