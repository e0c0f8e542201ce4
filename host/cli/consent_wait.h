/*
 * Waits for a person's consent: prints the address to open, opens a browser where there is one, and
 * takes what comes first: the browser that comes back, what is typed, or what a flag gave.
 */
#ifndef MUSTER_CLI_CONSENT_WAIT_H
#define MUSTER_CLI_CONSENT_WAIT_H

#include <stdbool.h>

#include "connector/consent.h"

struct cli;

/* What the flags call the code or address: --secret-file code=PATH. */
#define CONSENT_CODE "code"

/* `done` and `arg` of the options are ours. ERR_CANCELLED on Ctrl-C and SIGTERM. */
bool consent_wait(struct cli *cli, const struct consent_options *options,
		  struct consent_grant *grant, struct err *err);

#endif
