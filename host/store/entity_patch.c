/* Rows of which only some fields are told. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/entity.h"

static void build_row(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_str(sql, "SELECT custom");
	for (size_t i = 0; i < entity->column_count; i++)
		buf_printf(sql, ", %s", entity->columns[i].name);
	buf_printf(sql, " FROM %s WHERE account_id = $1 AND source_id = $2 AND removed_at IS NULL",
		   entity->table);
}

/* The row as it would be: cells point into `texts` and into the patch. */
struct patched {
	struct entity_cell *cells;
	char **texts; /* of the stored cells */
	size_t count;
	char *custom;
};

static void patched_fini(struct patched *patched)
{
	for (size_t i = 0; patched->texts != NULL && i < patched->count; i++)
		free(patched->texts[i]);
	free(patched->texts);
	free(patched->cells);
	free(patched->custom);
}

/* What the patch says, else what is stored. */
static bool merge_cell(struct db_stmt *stmt, const struct entity_row *patch, size_t i,
		       struct patched *out, struct err *err)
{
	const struct entity_cell *told = &patch->cells[i];
	bool is_flag = patch->entity->columns[i].type == MODEL_BOOL;
	int column = (int)i + 1;

	out->cells[i] = *told;
	if (is_flag ? told->flag >= 0 : told->text != NULL)
		return true;
	if (db_column_is_null(stmt, column))
		return true;
	if (is_flag) {
		out->cells[i].flag = db_column_int(stmt, column) != 0;
		return true;
	}
	db_column_text(stmt, column, &out->cells[i].len);
	out->texts[i] = db_column_dup(stmt, column);
	out->cells[i].text = out->texts[i];
	return out->texts[i] != NULL || err_oom(err);
}

static bool merge_custom(struct db_stmt *stmt, const struct entity_row *patch, struct patched *out,
			 struct err *err)
{
	json_t *stored, *told;

	if (db_column_is_null(stmt, 0))
		return true;
	stored = json_loads(db_column_text(stmt, 0, NULL), 0, NULL);
	told = patch->custom != NULL ? json_loadb(patch->custom, patch->custom_len, 0, NULL)
				     : json_object();
	if (stored != NULL && told != NULL && json_object_update(stored, told) == 0)
		out->custom = json_dumps(stored, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(stored);
	json_decref(told);
	return out->custom != NULL || err_set(err, ERR_STORE, "custom fields cannot be merged");
}

static bool merge(struct db_stmt *stmt, const struct entity_row *patch, struct patched *out,
		  struct err *err)
{
	size_t count = patch->entity->column_count;

	out->cells = calloc(count, sizeof(*out->cells));
	out->texts = calloc(count, sizeof(*out->texts));
	out->count = count;
	if (out->cells == NULL || out->texts == NULL)
		return err_oom(err);
	for (size_t i = 0; i < count; i++) {
		if (!merge_cell(stmt, patch, i, out, err))
			return false;
	}
	return merge_custom(stmt, patch, out, err);
}

static bool read_and_merge(struct store_tx *tx, const struct entity_context *context,
			   const struct entity_row *patch, struct patched *out, bool *is_there,
			   struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, patch->entity, build_row, err);
	bool ok;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text_len(stmt, 2, patch->source_id, patch->source_id_len);
	if (!db_step(stmt, is_there, err))
		return false;
	if (!*is_there)
		return true;
	ok = merge(stmt, patch, out, err);
	db_reset(stmt);
	return ok;
}

static bool write_patched(struct store_tx *tx, const struct entity_context *context,
			  const struct entity_row *patch, const struct patched *patched,
			  enum entity_outcome *outcome, struct err *err)
{
	struct entity_row row = *patch;
	struct buf scratch = BUF_INIT;
	uint8_t hash[HASH128_SIZE];
	int64_t id;
	bool ok;

	row.cells = patched->cells;
	if (patched->custom != NULL) {
		row.custom = patched->custom;
		row.custom_len = strlen(patched->custom);
	}
	entity_hash(&row, &scratch, hash);
	ok = buf_ok(&scratch, err) && entity_upsert(tx, context, &row, hash, outcome, &id, err);
	buf_fini(&scratch);
	return ok;
}

bool entity_patch(struct store_tx *tx, const struct entity_context *context,
		  const struct entity_row *patch, bool *is_there, enum entity_outcome *outcome,
		  struct err *err)
{
	struct patched patched = { 0 };
	bool ok = read_and_merge(tx, context, patch, &patched, is_there, err);

	if (ok && *is_there)
		ok = write_patched(tx, context, patch, &patched, outcome, err);
	patched_fini(&patched);
	return ok;
}
