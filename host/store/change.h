/*
 * The change log: one row in `changes` for each real change of an entity's row, in the transaction
 * of the change. For the entity files of the store.
 */
#ifndef MUSTER_STORE_CHANGE_H
#define MUSTER_STORE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/entity.h"

/* A new row; `after` holds the fields that are present. */
bool change_log_created(struct store_tx *tx, const struct entity_context *context,
			const struct entity_row *row, int64_t id, struct err *err);

/*
 * Before the row is written over: compares what is stored with `row`. kind is "updated" or
 * "restored". *is_real = false, and nothing is logged, if an update changes no field (the way of
 * hashing changed, not the data).
 */
bool change_log_written(struct store_tx *tx, const struct entity_context *context,
			const struct entity_row *row, int64_t id, const char *kind, bool *is_real,
			struct err *err);

/* Before the row becomes a tombstone. */
bool change_log_removed(struct store_tx *tx, const struct entity_context *context,
			const struct model_entity *entity, int64_t id, const char *reason,
			struct err *err);

/* One row of the log, for reading. Texts are valid during the call; before and after may be NULL.
 */
struct change_entry {
	const char *kind; /* created, updated, removed, restored */
	const char *entity, *source_id;
	const char *before; /* JSON: the whole row */
	const char *after;  /* JSON: the changed fields */
};

typedef bool change_fn(void *arg, const struct change_entry *entry, struct err *err);

/* The first `limit` changes of a session, oldest first; 0 = all. */
bool change_each(struct store_tx *tx, int64_t session_id, int64_t limit, change_fn *each, void *arg,
		 struct err *err);

#endif
