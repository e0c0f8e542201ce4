/* Rows read back as cells. */
#include "store/stored_row.h"

#include <stdlib.h>

#include "store/db.h"

void stored_row_fini(struct stored_row *row)
{
	for (size_t i = 0; row->texts != NULL && i < row->count; i++)
		free(row->texts[i]);
	free(row->texts);
	free(row->cells);
	free(row->custom);
	free(row->source_id);
	*row = (struct stored_row){ 0 };
}

enum { SOURCE_ID, CUSTOM, FIRST_CELL };

static void build_row(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_str(sql, "SELECT source_id, custom");
	for (size_t i = 0; i < entity->column_count; i++)
		buf_printf(sql, ", %s", entity->columns[i].name);
	buf_printf(sql, " FROM %s WHERE id = $1 AND removed_at IS NULL", entity->table);
}

static bool read_cell(struct db_stmt *stmt, const struct model_entity *entity, size_t i,
		      struct stored_row *out, struct err *err)
{
	struct entity_cell *cell = &out->cells[i];
	int column = (int)i + FIRST_CELL;

	*cell = (struct entity_cell){ .flag = -1 };
	if (db_column_is_null(stmt, column))
		return true;
	if (entity->columns[i].type == MODEL_BOOL) {
		cell->flag = db_column_int(stmt, column) != 0;
		return true;
	}
	db_column_text(stmt, column, &cell->len);
	out->texts[i] = db_column_dup(stmt, column);
	cell->text = out->texts[i];
	return out->texts[i] != NULL || err_oom(err);
}

static bool read_cells(struct db_stmt *stmt, const struct model_entity *entity,
		       struct stored_row *out, struct err *err)
{
	out->cells = calloc(entity->column_count, sizeof(*out->cells));
	out->texts = calloc(entity->column_count, sizeof(*out->texts));
	out->count = entity->column_count;
	out->source_id = db_column_dup(stmt, SOURCE_ID);
	if (out->cells == NULL || out->texts == NULL || out->source_id == NULL)
		return err_oom(err);
	if (!db_column_is_null(stmt, CUSTOM)) {
		out->custom = db_column_dup(stmt, CUSTOM);
		if (out->custom == NULL)
			return err_oom(err);
	}
	for (size_t i = 0; i < out->count; i++) {
		if (!read_cell(stmt, entity, i, out, err))
			return false;
	}
	return true;
}

bool stored_row_read(struct store_tx *tx, const struct model_entity *entity, int64_t id,
		     struct stored_row *out, bool *is_live, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_row, err);
	bool ok;

	*out = (struct stored_row){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, id);
	if (!db_step(stmt, is_live, err))
		return false;
	if (!*is_live)
		return true;
	ok = read_cells(stmt, entity, out, err);
	db_reset(stmt);
	return ok;
}
