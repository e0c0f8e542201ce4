/*
 * The guard's thresholds, by themselves (design.md section 7.4; reliability.md DE4): may this many
 * rows of an entity go?
 */
#ifndef MUSTER_SYNC_GUARD_H
#define MUSTER_SYNC_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/model.h"
#include "store/store.h"

struct guard_case {
	int64_t live;	 /* rows before, the missing ones included */
	int64_t seen;	 /* of them, listed now */
	int64_t missing; /* would become tombstones; relation rows that follow a parent not counted
			  */
};

/* A project may set its own (store/config.h); that nothing was seen is always held. */
struct guard_limits {
	int64_t share_percent, share_from; /* more than both: "share" */
	int64_t count;			   /* of counted entities; more than it: "count" */
};

/* The project's, inside a unit. */
bool guard_read_limits(struct store_tx *tx, struct guard_limits *out, struct err *err);

/* NULL: they may. Else which rule holds them: "nothing-seen", "share", "count". */
const char *guard_blocks(enum model_guard guard, const struct guard_case *loss,
			 const struct guard_limits *limits);

/*
 * A row's line in the text whose digest names a held set. It holds the id's length, since an id may
 * hold anything, line ends too: no two sets have the same text.
 */
void guard_put_line(struct buf *out, const char *entity, const char *source_id);

#endif
