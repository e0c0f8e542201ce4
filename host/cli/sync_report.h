/* What one session of `muster sync` leaves on stdout, and its part in the exit code. */
#ifndef MUSTER_CLI_SYNC_REPORT_H
#define MUSTER_CLI_SYNC_REPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "sync/sync.h"

struct cli;

/*
 * With --json one line: the session (cli/sessions.h) with "state", "state_reason", "state_way_out"
 * of the account, and after a dry run "changes". Otherwise a line with the counts, the reason and
 * the way out, and after a dry run a table of what would change.
 *
 * `failure` is the session's error, or ERR_NONE. result is NULL when no session began. false and
 * err only if stdout cannot be written.
 */
bool sync_report(struct cli *cli, const char *slug, const struct sync_result *result,
		 const struct err *failure, struct err *err);

#endif
