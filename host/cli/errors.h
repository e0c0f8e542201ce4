/*
 * Errors at the top: what the person sees, what a program reads, what the shell gets. The kinds and
 * their exit codes are in base/err; the order of seriousness, for several accounts at once, is
 * here.
 */
#ifndef MUSTER_CLI_ERRORS_H
#define MUSTER_CLI_ERRORS_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

struct cli;

/* Exit codes that are no error's. */
enum {
	EXIT_DONE = 0,
	EXIT_UNWELL = 1,      /* doctor found something to mend */
	EXIT_PARTIAL = 3,     /* some streams or rows failed or wait; the rest is stored */
	EXIT_PIPE_GONE = 141, /* the reader of stdout went away, as SIGPIPE would say */
};

struct exit_meaning {
	int code;
	const char *meaning;
};

/*
 * Every exit code, the most serious first: what stopped everything, then what only a person can
 * mend, then what mends itself. Ends with code 0.
 */
const struct exit_meaning *exit_meanings(void);

/* The more serious of two codes by that order; an unknown code counts as 1. */
int exit_more_serious(int a, int b);

/*
 * Says on stderr what went wrong and the way out; with --json as one line
 * {"error": {"kind", "message", "hint", "session"}}. Live secrets are taken out. Returns the exit
 * code.
 */
int errors_report(const struct cli *cli, const struct err *err);

/* The object under "error"; session 0 = none. NULL = out of memory. */
json_t *errors_object(const struct cli *cli, const struct err *err, int64_t session);

#endif
