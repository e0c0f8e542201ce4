/*
 * The guard's thresholds, by themselves (design.md section 7.4; reliability.md DE4): may this many
 * rows of an entity go?
 */
#ifndef MUSTER_SYNC_GUARD_H
#define MUSTER_SYNC_GUARD_H

#include <stdint.h>

#include "base/buf.h"
#include "store/model.h"

struct guard_case {
	int64_t live;	 /* rows before, the missing ones included */
	int64_t seen;	 /* of them, listed now */
	int64_t missing; /* would become tombstones; relation rows that follow a parent not counted
			  */
};

/* NULL: they may. Else which rule holds them: "nothing-seen", "share", "count". */
const char *guard_blocks(enum model_guard guard, const struct guard_case *loss);

/*
 * A row's line in the text whose digest names a held set. It holds the id's length, since an id may
 * hold anything, line ends too: no two sets have the same text.
 */
void guard_put_line(struct buf *out, const char *entity, const char *source_id);

#endif
