/* Sessions as the verbs show them: one shape for `sessions`, `sync` and `status`. */
#ifndef MUSTER_CLI_SESSIONS_H
#define MUSTER_CLI_SESSIONS_H

#include <jansson.h>

#include "base/buf.h"
#include "store/session.h"

/*
 * {"session", "account", "kind", "outcome", "started_at", "ended_at", "seconds", "seen", "created",
 * "updated", "unchanged", "removed", "restored", "dropped", "dropped_by_rule", "quarantined",
 * "skipped", "requests", "retries", "bytes", "streams", "error"}. NULL = out of memory.
 */
json_t *session_json(const struct session *session);

/* "412 seen, 3 created, 1 updated, 408 unchanged" and what else is not zero. */
void session_put_counts(const struct session_counts *counts, struct buf *out);

/* The exit code of a session that ended without an error: 0 for ok, 3 for degraded, partial, held.
 */
int session_exit_code(const char *outcome);

#endif
