/* Listings by parents. */
#include "sync/scopes.h"

#include <string.h>

bool scopes_open(struct scopes *scopes, const struct proof *proof, struct store_tx *tx,
		 const char *account_id, struct err *err)
{
	*scopes = (struct scopes){ .proof = proof, .tx = tx, .account_id = account_id };
	for (size_t i = 0; i < proof->scope_count; i++) {
		const struct proof_scope *scope = &proof->scopes[i];
		bool proven = proof_scope_end(scope) == SCOPE_PROVEN, again;

		if (!seen_add(proven ? &scopes->proven : &scopes->unproven, scope->parent,
			      strlen(scope->parent), &again, err))
			return false;
	}
	return true;
}

void scopes_fini(struct scopes *scopes)
{
	seen_fini(&scopes->proven);
	seen_fini(&scopes->unproven);
	seen_fini(&scopes->unread);
	seen_fini(&scopes->going);
}

/* In no scope: a parent that is gone, or goes now, was not to be read; one that is there was passed
 * over. */
static bool judge_unread(struct scopes *scopes, const char *parent_id, size_t len, bool *is_judged,
			 struct err *err)
{
	int64_t live;
	bool again;

	if (seen_has(&scopes->going, parent_id, len)) {
		*is_judged = true;
		return true;
	}
	if (!entity_find(scopes->tx, scopes->account_id, scopes->proof->parent, parent_id, len,
			 &live, err))
		return false;
	*is_judged = live == 0;
	return *is_judged || seen_add(&scopes->unread, parent_id, len, &again, err);
}

static bool judge(void *arg, const char *parent_id, size_t len, bool *is_judged, struct err *err)
{
	struct scopes *scopes = arg;

	*is_judged = false;
	if (seen_has(&scopes->unproven, parent_id, len))
		return true;
	if (!seen_has(&scopes->proven, parent_id, len))
		return judge_unread(scopes, parent_id, len, is_judged, err);
	*is_judged = true;
	return true;
}

/* What was found in a part that could not be read might have been the parent's own row. */
static bool judge_parent(void *arg, const char *id, size_t len, bool *is_judged, struct err *err)
{
	struct scopes *scopes = arg;

	(void)err;
	*is_judged = !seen_has(&scopes->unproven, id, len);
	return true;
}

struct entity_scope scopes_parents(struct scopes *scopes)
{
	return (struct entity_scope){ .parent = scopes->proof->parent,
				      .judge = judge_parent,
				      .arg = scopes };
}

bool scopes_note_going(struct scopes *scopes, const struct entity_missing_list *parents,
		       struct err *err)
{
	for (size_t i = 0; i < parents->count; i++) {
		const struct entity_missing *row = &parents->items[i];
		bool again;

		if (!row->has_other_voice &&
		    !seen_add(&scopes->going, row->source_id, strlen(row->source_id), &again, err))
			return false;
	}
	return true;
}

struct entity_scope scopes_entity(struct scopes *scopes)
{
	return (struct entity_scope){ .parent = scopes->proof->parent,
				      .judge = judge,
				      .arg = scopes };
}

bool scopes_are_whole(const struct scopes *scopes, struct buf *why)
{
	struct proof_scopes sum = proof_count_scopes(scopes->proof);

	if (sum.spoiled > 0)
		buf_printf(why, "%lld of %zu parts could not be read, the first: %s",
			   (long long)sum.spoiled, scopes->proof->scope_count,
			   scopes->proof->first_spoiled[0] != '\0' ? scopes->proof->first_spoiled
								   : "it was begun and not ended");
	else if (scopes->unread.ids.count > 0)
		buf_printf(why, "%zu %s were passed over whose rows are known",
			   scopes->unread.ids.count, scopes->proof->parent->table);
	return sum.spoiled == 0 && sum.kept == 0 && scopes->unread.ids.count == 0;
}
