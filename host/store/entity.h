/*
 * Canonical rows: written by content hash, retired to tombstones, never lost silently.
 *
 * Every row carries `streams`, the JSON array of the streams of its account that vouch for it. A
 * row that loses its last voice becomes a tombstone (removed_at, removed_reason); a later sighting
 * restores it under the same internal id. Each real change appends one row to `changes` in the same
 * transaction.
 */
#ifndef MUSTER_STORE_ENTITY_H
#define MUSTER_STORE_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "store/model.h"
#include "store/store.h"

/* Who writes. All texts are borrowed. */
struct entity_context {
	const char *account_id;
	int64_t session_id;
	const char *stream;
	const char *now;  /* RFC 3339 UTC: first_seen_at, updated_at, removed_at */
	bool expects_new; /* rows are thought to be new: a guess, which only matters for speed */
	bool log_created; /* false in an account's first session: its creations are implied */
};

struct entity_cell {
	const char
		*text; /* NULL = absent; MODEL_LIST as JSON text; not necessarily NUL-terminated */
	size_t len;
	int8_t flag; /* MODEL_BOOL: 0, 1; -1 = absent */
};

/* Does the cell hold nothing? */
bool entity_cell_is_absent(const struct entity_cell *cell, enum model_type type);

struct entity_row {
	const struct model_entity *entity;
	const char *source_id; /* never empty */
	size_t source_id_len;
	const struct entity_cell *cells; /* entity->column_count, in the model's order */
	const char *custom;		 /* JSON object with sorted keys; NULL = none */
	size_t custom_len;
	const uint8_t *raw; /* HASH128_SIZE bytes (store/entity_raw.h); NULL = not known */
};

/* The content hash over cells and custom (not source_id). */
void entity_hash(const struct entity_row *row, struct buf *scratch, uint8_t out[HASH128_SIZE]);

enum entity_outcome {
	ENTITY_CREATED,
	ENTITY_UPDATED,
	ENTITY_UNCHANGED, /* nothing was written */
	ENTITY_RESTORED,
};

/*
 * Writes a row if its hash differs, it is a tombstone, or this stream does not vouch for it yet
 * (that alone counts as unchanged and logs nothing, as does another raw hash of the same content;
 * of a row that several streams vouch for that is not written, or they would do so in turns). *id
 * is its internal id. `hash` as from entity_hash. context->stream NULL: the row is there, and who
 * vouches for it stays as it is.
 */
bool entity_upsert(struct store_tx *tx, const struct entity_context *context,
		   const struct entity_row *row, const uint8_t hash[HASH128_SIZE],
		   enum entity_outcome *outcome, int64_t *id, struct err *err);

/*
 * Writes over the fields that are present in `patch`; the others, custom ones too, stay as they
 * are, and so do the streams that vouch for it. *is_there = false: there is no such live row,
 * nothing was written.
 */
bool entity_patch(struct store_tx *tx, const struct entity_context *context,
		  const struct entity_row *patch, bool *is_there, enum entity_outcome *outcome,
		  struct err *err);

/* Writes cells and custom fields of a live row, and nothing else of it but updated_at. */
bool entity_write_cells(struct store_tx *tx, const struct entity_context *context,
			const struct entity_row *row, int64_t id, struct err *err);

/* A live row for which a stream vouches but which it did not list. */
struct entity_missing {
	int64_t id;
	char *source_id; /* owned by the list */
	char *label;	 /* what a person recognises: e-mail, device name and serial, app name */
	bool has_other_voice;
	bool follows_parent; /* relation row whose parent is a tombstone or among the missing */
};

struct entity_missing_list {
	struct entity_missing *items;
	size_t count;
	int64_t live; /* live rows of this entity for which the stream vouches, missing ones
			 included */
};

/* A listing by parents: only what a proven parent's part does not show is missing. */
struct entity_scope {
	const struct model_entity *parent;
	/* *is_judged: does the absence of a row of this parent, or of its own row, mean anything?
	 */
	bool (*judge)(void *arg, const char *parent_id, size_t len, bool *is_judged,
		      struct err *err);
	void *arg;
};

/*
 * `seen` is sorted ascending, without duplicates. `scope` NULL: the listing is of all rows; else
 * the entity is its parent, or a child of it. Fills *out; entity_missing_fini releases it.
 */
bool entity_find_missing(struct store_tx *tx, const struct entity_context *context,
			 const struct model_entity *entity, const int64_t *seen, size_t seen_count,
			 const struct entity_scope *scope, struct entity_missing_list *out,
			 struct err *err);
void entity_missing_fini(struct entity_missing_list *list);

/*
 * Takes the stream's voice from a row; without any voice left it becomes a tombstone with `reason`
 * ("missing", "filtered", "parent", "unread", "deleted") and *removed is true.
 */
bool entity_retire(struct store_tx *tx, const struct entity_context *context,
		   const struct model_entity *entity, int64_t id, const char *reason, bool *removed,
		   struct err *err);

/* Retires every live relation row whose parent (entity, source_id) became a tombstone in this
   session, whatever stream vouches for it; reason "parent". *count = rows. */
bool entity_retire_children(struct store_tx *tx, const struct entity_context *context,
			    int64_t *count, struct err *err);

/* Internal id of a live row; *id = 0 if there is none. */
bool entity_find(struct store_tx *tx, const char *account_id, const struct model_entity *entity,
		 const char *source_id, size_t len, int64_t *id, struct err *err);

/* Removes what is older than these times: tombstones, changes, quarantined records. */
struct entity_expiry {
	const char *removed_before, *changed_before, *quarantined_before;
};
bool entity_expire(struct store_tx *tx, const struct entity_expiry *expiry, struct err *err);

/* Rows of one entity of an account, live ones, after `after_id`, up to limit: for api:parents. The
   callback gets the wanted columns' texts (NULL = NULL) and returns false to stop with err. */
typedef bool entity_row_fn(void *arg, int64_t id, const char *const *values, struct err *err);
bool entity_each(struct store_tx *tx, const char *account_id, const struct model_entity *entity,
		 const char *const *columns, size_t column_count, int64_t after_id, int64_t limit,
		 entity_row_fn *each, void *arg, struct err *err);

#endif
