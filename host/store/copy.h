/*
 * Copies of a database: taken while others work on it, and told that they are copies before anybody
 * works on them.
 */
#ifndef MUSTER_STORE_COPY_H
#define MUSTER_STORE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/*
 * The whole database at one moment into the new file `target` (0600, in a folder of 0700), without
 * what was deleted. Holds no lock that a writer would notice; blocks.
 */
bool copy_database(const char *path, const char *target, struct err *err);

struct copy_settled {
	int64_t interrupted; /* sessions that ran when the copy was taken */
	int64_t paused;	     /* accounts that were not paused before */
};

/*
 * What was under way at the original is not under way here: leases and kept limits go, running
 * sessions are `interrupted`, and their accounts `stale`. With `pause` every account is paused,
 * because the original may still run. Recordings are forgotten unless `has_recordings`. Call inside
 * a STORE_WRITE unit; `who` and `source` go into the audit trail.
 */
bool copy_settle(struct store_tx *tx, const char *who, const char *source, bool pause,
		 bool has_recordings, struct copy_settled *out, struct err *err);

#endif
