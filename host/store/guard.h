/*
 * Held removals and their approval. A held set changes nothing until exactly that set is approved:
 * the approval is bound to the SHA-256 of the sorted ids and expires after 24 hours.
 */
#ifndef MUSTER_STORE_GUARD_H
#define MUSTER_STORE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct held_set {
	int64_t id;
	char *account_id;
	int64_t session_id;
	char *stream;
	char *set_hash; /* hex SHA-256 over sorted "entity:length:source_id" lines */
	char *rule;	/* which threshold: "nothing-seen" "share" "count" */
	char *summary;	/* a sentence: "312 of 900 devices are missing (34.7 %)" */
	int64_t count;
	char *held_at;
	char *approved_at; /* NULL = not */
	char *approved_by;
	char *expires_at; /* of the approval */
	char *applied_at; /* NULL = not */
};

struct held_item {
	char *entity;
	char *source_id;
	char *label;
	char *reason; /* missing, filtered, parent, unread */
};

/* Replaces an earlier unapplied set of the same account and stream unless it has the same hash
   (then that one, its approval included, stays and *id is its id). */
bool held_save(struct store_tx *tx, const struct held_set *set, const struct held_item *items,
	       size_t count, int64_t *id, struct err *err);
/* Is this very set approved, not expired, not applied? */
bool held_is_approved(struct store_tx *tx, const char *account_id, const char *stream,
		      const char *set_hash, const char *now, bool *approved, struct err *err);
bool held_approve(struct store_tx *tx, int64_t id, const char *who, const char *now,
		  const char *expires_at, struct err *err);
bool held_mark_applied(struct store_tx *tx, const char *account_id, const char *stream,
		       const char *set_hash, const char *now, struct err *err);
/* A later listing found everything again, or less than the guard holds: nothing waits any more. */
bool held_drop(struct store_tx *tx, const char *account_id, const char *stream, struct err *err);

/* Waiting sets (not applied); account_id NULL = all. */
bool held_list(struct store_tx *tx, const char *account_id, struct held_set **out, size_t *count,
	       struct err *err);
bool held_items(struct store_tx *tx, int64_t id, struct held_item **out, size_t *count,
		struct err *err);
void held_list_fini(struct held_set *sets, size_t count);
void held_items_fini(struct held_item *items, size_t count);

#endif
