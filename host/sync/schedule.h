/*
 * When an account is read by `muster sync --due`: so often, counted from the start of its newest
 * session (dry runs apart). One that was never synced is due at once; however many times passed
 * meanwhile, it is due once.
 *
 * A start that lies further ahead than one interval was written by a clock that has been set back
 * since: it does not count. So a clock that jumps, either way, costs one session at most.
 */
#ifndef MUSTER_SYNC_SCHEDULE_H
#define MUSTER_SYNC_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/account.h"

/* "30m", "6h", "1d": a minute to a year. "never" is 0. ERR_USAGE. */
bool schedule_parse(const char *text, int64_t *seconds, struct err *err);

/* The same in the largest unit that it is a whole number of; "never" for 0. Returns out. */
enum { SCHEDULE_TEXT_SIZE = 24 };
const char *schedule_text(int64_t seconds, char out[SCHEDULE_TEXT_SIZE]);

/* When the next session is due; what is overdue has a time that passed. False: it has no schedule,
   or is paused. */
bool schedule_next(const struct account *account, int64_t now_ms, int64_t *due_ms);

bool schedule_is_due(const struct account *account, int64_t now_ms);

/* Due for more than a whole interval: whoever should call `muster sync --due` does not. */
bool schedule_is_neglected(const struct account *account, int64_t now_ms);

/*
 * False: a session would only fail until a person did something; err is what that session would
 * fail with, its hint the way out.
 */
bool schedule_may_ask(const struct account *account, struct err *err);

#endif
