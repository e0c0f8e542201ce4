/* Rows of which only some fields are told. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "store/enrich.h"
#include "store/json_in.h"

static bool merge_custom(const struct entity_row *patch, struct stored_row *row, struct err *err)
{
	const char *before = row->custom != NULL ? row->custom : "{}";
	json_t *stored, *told;
	char *merged = NULL;

	if (patch->custom == NULL)
		return true;
	stored = json_in(before, strlen(before), "custom fields", err);
	told = stored != NULL ? json_in(patch->custom, patch->custom_len, "custom fields", err)
			      : NULL;
	if (told != NULL && json_object_update(stored, told) == 0)
		merged = json_dumps(stored, JSON_COMPACT | JSON_SORT_KEYS);
	if (told != NULL && merged == NULL)
		err_oom(err);
	json_decref(stored);
	json_decref(told);
	free(row->custom);
	row->custom = merged;
	return merged != NULL;
}

/* What the patch tells replaces what is stored. */
static bool merge(const struct entity_row *patch, struct stored_row *row, struct err *err)
{
	for (size_t i = 0; i < row->count; i++) {
		if (!entity_cell_is_absent(&patch->cells[i], patch->entity->columns[i].type))
			row->cells[i] = patch->cells[i];
	}
	return merge_custom(patch, row, err);
}

/* Who tells a change of a row does not list it: the stream does not vouch for it from now on. */
static bool write_merged(struct store_tx *tx, const struct entity_context *context,
			 const struct entity_row *patch, const struct stored_row *merged,
			 enum entity_outcome *outcome, struct err *err)
{
	struct entity_context nobody = *context;
	struct entity_row row = *patch;
	struct buf scratch = BUF_INIT;
	uint8_t hash[HASH128_SIZE];
	int64_t id;
	bool ok;

	row.cells = merged->cells;
	row.custom = merged->custom;
	row.custom_len = merged->custom != NULL ? strlen(merged->custom) : 0;
	nobody.stream = NULL;
	entity_hash(&row, &scratch, hash);
	ok = buf_ok(&scratch, err) && entity_upsert(tx, &nobody, &row, hash, outcome, &id, err);
	buf_fini(&scratch);
	return ok;
}

bool entity_patch(struct store_tx *tx, const struct entity_context *context,
		  const struct entity_row *patch, bool *is_there, enum entity_outcome *outcome,
		  struct err *err)
{
	struct enriched_row row = { 0 };
	int64_t id;
	bool ok;

	*is_there = false;
	if (!entity_find(tx, context->account_id, patch->entity, patch->source_id,
			 patch->source_id_len, &id, err))
		return false;
	if (id == 0)
		return true;
	ok = enrich_read_own(tx, context, patch->entity, id, &row, is_there, err);
	if (ok && *is_there)
		ok = merge(patch, &row.own, err) &&
		     write_merged(tx, context, patch, &row.own, outcome, err);
	enriched_row_fini(&row);
	return ok;
}
