/*
 * The rows of one `emit` call (host/README.md), decoded without a tree: from wire values to the
 * cells of the model, checked again whatever the sandbox promised. Runs on a store thread.
 */
#ifndef MUSTER_SYNC_ROWS_H
#define MUSTER_SYNC_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/entity.h"
#include "sync/rows_payload.h"

/* Texts are not NUL-terminated where a length stands beside them. All false returns end the walk.
 */
struct rows_sink {
	/* First: where these rows come from; valid until the walk ends. */
	void (*begin)(void *arg, const struct rows_origin *origin);
	/* `problem` NULL: fine. Else what is wrong with the row; its source_id may be empty. */
	bool (*row)(void *arg, const struct entity_row *row, const char *problem, struct err *err);
	/* `rule` NULL: a rule of another map, which counts it. */
	bool (*dropped)(void *arg, const struct model_entity *entity, const char *rule,
			const char *source_id, size_t len, struct err *err);
	/*
	 * A record that the sandbox could not map; source_id NULL = it has none, reason NULL = it
	 * was reported through another map already.
	 */
	bool (*bad)(void *arg, const struct model_entity *entity, const char *source_id, size_t len,
		    const char *reason, const char *excerpt, struct err *err);
	bool (*skipped)(void *arg, int64_t count, struct err *err);
	/*
	 * A row that is told as a place in the host's list alone (sync/raw_rows.h). Before those
	 * that are told whole: of one that a listing shows twice, differently, the stored one
	 * stands, or each session would write the other.
	 */
	bool (*same)(void *arg, uint32_t place, struct err *err);
	void *arg;
};

/* ERR_BUG for a payload that breaks the protocol. */
bool rows_walk(const void *payload, size_t len, const struct rows_sink *sink, struct err *err);

/* How many rows a payload announces; 0 if it cannot be told. Cheap. */
int64_t rows_count(const void *payload, size_t len);

#endif
