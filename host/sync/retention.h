/*
 * What is kept how long: tombstones, changes, quarantined records, recordings and sessions as the
 * project says (store/config.h), limits a week after their last use, stamps of events 120 days.
 */
#ifndef MUSTER_SYNC_RETENTION_H
#define MUSTER_SYNC_RETENTION_H

#include <stdbool.h>

#include "base/err.h"
#include "store/store.h"

enum {
	RETENTION_LIMITS_DAYS = 7,
	RETENTION_EVENTS_DAYS = 120, /* vendors tell events again for 90 days */
};

/* Inside a unit: once a day at most; else it only looks at the date. */
bool retention_apply(struct store_tx *tx, const char *recordings_dir, struct err *err);

#endif
