/*
 * What the rows of one batch do to the store, inside its transaction: upserts, quarantine, removals
 * and patches of events, and what was seen. Runs on a store thread.
 */
#ifndef MUSTER_SYNC_BATCH_ROWS_H
#define MUSTER_SYNC_BATCH_ROWS_H

#include <jansson.h>

#include "sync/rows.h"
#include "sync/run.h"

struct batch_ids {
	int64_t *items;
	size_t count, size;
};

/* Zeroed but for `run`, `tx` and `context`; batch_rows_fini releases what it found out. */
struct batch_rows {
	struct sync_run *run;
	struct store_tx *tx;
	struct entity_context context;

	struct session_counts counts;
	struct {
		const struct model_entity *entity;
		struct batch_ids ids; /* that were seen */
		struct batch_ids enriched;
	} seen[STREAM_ENTITIES_MAX];
	size_t seen_count;
	json_t *dropped;		 /* "map.rule" -> count */
	struct batch_ids no_id, doubled; /* an entry a record: the scope that it was listed in */
	int64_t quarantined;
	char first_bad[STREAM_BAD_MAX];

	struct buf scratch;
	const struct rows_origin *origin; /* of the payload being walked */
	struct listed *listed;
	struct raw_rows *raw; /* of the payload's entity; NULL = none were loaded */
	struct batch_ids *ids, *enriched;
	const char *event_problem; /* why its event cannot be used; NULL = it can, or is none */
	bool is_derived;
	bool is_told; /* the stream tells what happens: nothing is listed, nothing comes twice */
};

/* The arguments of one `emit` call. */
bool batch_rows_apply(struct batch_rows *rows, const void *payload, size_t len, struct err *err);

/* Notes in the session what was seen; after all payloads. */
bool batch_rows_end(struct batch_rows *rows, int64_t last_exchange, struct err *err);

void batch_rows_fini(struct batch_rows *rows);

/* Under which name a session notes the rows of the entity that a stream enriched. */
enum { ENRICHED_NAME_SIZE = 64 };
const char *batch_enriched_name(const struct model_entity *entity, char out[ENRICHED_NAME_SIZE]);

#endif
