/*
 * Which rows of a listing by parents may be judged missing: those of the parents whose scope is
 * proven, and those whose parent is not there any more.
 */
#ifndef MUSTER_SYNC_SCOPES_H
#define MUSTER_SYNC_SCOPES_H

#include "store/entity.h"
#include "sync/proof.h"
#include "sync/seen.h"

/* Lives inside one unit; scopes_fini releases it, opened or not. */
struct scopes {
	const struct proof *proof;
	struct store_tx *tx;
	const char *account_id;
	struct seen proven,
		unproven;   /* parents; one with a proven and a spoiled scope is in both */
	struct seen unread; /* live parents of live rows that were in no scope */
	struct seen going;  /* parents that the stream lists itself, and no longer */
};

bool scopes_open(struct scopes *scopes, const struct proof *proof, struct store_tx *tx,
		 const char *account_id, struct err *err);
void scopes_fini(struct scopes *scopes);

/* For entity_find_missing of children; notes the unread. */
struct entity_scope scopes_entity(struct scopes *scopes);

/* The same for the parents, where the stream has a proven listing of them: first they, then
 * scopes_note_going of those that are missing, then the children. */
struct entity_scope scopes_parents(struct scopes *scopes);
bool scopes_note_going(struct scopes *scopes, const struct entity_missing_list *parents,
		       struct err *err);

/* Was every parent's part read anew and proven? If not, appends why, unless it was kept on purpose.
 */
bool scopes_are_whole(const struct scopes *scopes, struct buf *why);

#endif
