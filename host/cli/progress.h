/*
 * Progress on stderr. On a terminal that can be redrawn: one line a running account, redrawn in
 * place at most ten times a second; lines of the log go above them. Elsewhere: what the running
 * accounts are doing every half minute, one plain line each. Nothing under --quiet and with --json.
 */
#ifndef MUSTER_CLI_PROGRESS_H
#define MUSTER_CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sync/sync.h"

struct cli;
struct progress;

enum { PROGRESS_LINES_MAX = 8, PROGRESS_PLAIN_MS = 30000 };

/* plain_ms: between plain lines, and before the first. NULL with err when memory ran out. */
struct progress *progress_new(struct cli *cli, int64_t plain_ms, struct err *err);
void progress_free(struct progress *progress);

/* What an account is doing; lines are told apart by the account. */
void progress_update(struct progress *progress, const struct sync_progress *now);

/* The account is done: its line goes. */
void progress_end(struct progress *progress, const char *account);

/* Takes the lines off the screen before something else is written; the next update draws them. */
void progress_clear(struct progress *progress);

#endif
