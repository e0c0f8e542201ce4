/*
 * Fields that a stream adds to rows which other streams own (out:enrich).
 *
 * What the owner says comes first: an addition fills a field only while the owner leaves it empty,
 * and fills it again when the owner falls silent. Additions are kept beside the rows, so that an
 * unchanged row stays unwritten however often its owner lists it: the content hash is the owner's.
 */
#ifndef MUSTER_STORE_ENRICH_H
#define MUSTER_STORE_ENRICH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/stored_row.h"

/*
 * The one live row whose `column` (source_id or a text of the model) holds this text; *id = 0 if
 * there is none, or more than one.
 */
bool enrich_find(struct store_tx *tx, const char *account_id, const struct model_entity *entity,
		 const char *column, const char *text, size_t len, int64_t *id, struct err *err);

/* The stream's additions to the row are now the cells and custom fields that `fields` has. */
bool enrich_set(struct store_tx *tx, const struct entity_context *context,
		const struct entity_row *fields, int64_t id, enum entity_outcome *outcome,
		struct err *err);

/* Takes the stream's additions from the rows that are not in `kept` (ascending ids); *count = rows
   that changed. */
bool enrich_withdraw(struct store_tx *tx, const struct entity_context *context,
		     const struct model_entity *entity, const int64_t *kept, size_t kept_count,
		     int64_t *count, struct err *err);

/* Forgets additions to rows that are no more. */
bool enrich_expire(struct store_tx *tx, struct err *err);

/* A row of an owner with what others add to it. `row` points into it and into the owner's cells. */
struct enriched_row {
	struct entity_row row;
	struct stored_row own;
	struct enrichment *additions;
	size_t addition_count;
	char **made; /* texts of lists */
	size_t made_count;
};

/*
 * For entity.c, before an owner's row is written over the stored one: out->row is what has to be
 * written. enriched_row_fini is due in any case.
 */
bool enrich_merge(struct store_tx *tx, const struct entity_context *context,
		  const struct entity_row *row, int64_t id, struct enriched_row *out,
		  struct err *err);
/* out->own is the stored row as its owner said it. *is_live = false: there is no such live row. */
bool enrich_read_own(struct store_tx *tx, const struct entity_context *context,
		     const struct model_entity *entity, int64_t id, struct enriched_row *out,
		     bool *is_live, struct err *err);
void enriched_row_fini(struct enriched_row *row);

#endif
