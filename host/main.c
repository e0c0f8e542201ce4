/*
 * Picks the role of the program: what a person calls, the sandbox that it starts for a job, or the
 * trial of what a sandbox stands on.
 */
#include <signal.h>
#include <stdio.h>

#include "base/custody.h"
#include "base/json.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "cli/cli.h"
#include "sandbox/sandbox.h"
#include "sandbox/trial.h"

enum { SANDBOX_SOCKET = 3, EXIT_FAILED = 1 };

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	if (!sabotage_check(&err)) {
		fprintf(stderr, "muster: %s\n", err.message);
		return EXIT_FAILED;
	}
	if (argc == 2 && str_eq(argv[1], "__sandbox"))
		return sandbox_main(SANDBOX_SOCKET);
	if (argc == 2 && str_eq(argv[1], "__trial"))
		return trial_main(SANDBOX_SOCKET);
	if (!custody_hold_standard(&err) || !custody_harden(&err)) {
		fprintf(stderr, "muster: %s\n", err.message);
		return EXIT_FAILED;
	}
	json_wipe_freed();
	/* A peer that goes away is an error of the write, not the end of the process. */
	signal(SIGPIPE, SIG_IGN);
	return cli_main(argc, argv);
}
