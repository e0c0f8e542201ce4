/* The change log. */
#include "store/change.h"

#include <string.h>

#include "store/db.h"
#include "store/json_out.h"

/* Columns of the whole row, as build_select has them: first these, then the model's, then these. */
enum { HEAD_COLUMNS = 1 };
enum {
	TAIL_CUSTOM,
	TAIL_STREAMS,
	TAIL_FIRST_SEEN_AT,
	TAIL_UPDATED_AT,
	TAIL_REMOVED_AT,
	TAIL_REMOVED_REASON,
	TAIL_COUNT
};

static const char *const tail[TAIL_COUNT] = { "custom",	    "streams",	  "first_seen_at",
					      "updated_at", "removed_at", "removed_reason" };

static void build_select(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_str(sql, "SELECT source_id");
	for (size_t i = 0; i < entity->column_count; i++)
		buf_printf(sql, ", %s", entity->columns[i].name);
	for (size_t i = 0; i < TAIL_COUNT; i++)
		buf_printf(sql, ", %s", tail[i]);
	buf_printf(sql, " FROM %s WHERE id = $1", entity->table);
}

/* --- JSON of stored and of new values --- */

static void put_column(struct buf *out, struct db_stmt *stmt, int column, enum model_type type)
{
	size_t len;
	const char *text;

	if (db_column_is_null(stmt, column)) {
		buf_str(out, "null");
	} else if (type == MODEL_BOOL) {
		buf_str(out, db_column_int(stmt, column) != 0 ? "true" : "false");
	} else {
		text = db_column_text(stmt, column, &len);
		if (type == MODEL_LIST)
			buf_append(out, text, len);
		else
			json_out_text(out, text, len);
	}
}

static void put_cell(struct buf *out, const struct entity_cell *cell, enum model_type type)
{
	if (entity_cell_is_absent(cell, type))
		buf_str(out, "null");
	else if (type == MODEL_BOOL)
		buf_str(out, cell->flag != 0 ? "true" : "false");
	else if (type == MODEL_LIST)
		buf_append(out, cell->text, cell->len);
	else
		json_out_text(out, cell->text, cell->len);
}

static void put_custom(struct buf *out, const struct entity_row *row)
{
	if (row->custom != NULL)
		buf_append(out, row->custom, row->custom_len);
	else
		buf_str(out, "null");
}

/* The row under the statement, whole. */
static void put_stored(struct buf *out, const struct model_entity *entity, struct db_stmt *stmt)
{
	int column = HEAD_COLUMNS;

	buf_char(out, '{');
	json_out_name(out, "source_id");
	put_column(out, stmt, 0, MODEL_TEXT);
	for (size_t i = 0; i < entity->column_count; i++) {
		json_out_name(out, entity->columns[i].name);
		put_column(out, stmt, column++, entity->columns[i].type);
	}
	for (size_t i = 0; i < TAIL_COUNT; i++) {
		json_out_name(out, tail[i]);
		/* custom and streams are JSON already */
		put_column(out, stmt, column++, i <= TAIL_STREAMS ? MODEL_LIST : MODEL_TEXT);
	}
	buf_char(out, '}');
}

static bool is_same_text(struct db_stmt *stmt, int column, const char *text, size_t len)
{
	size_t stored_len;
	const char *stored = db_column_text(stmt, column, &stored_len);

	if (stored == NULL || text == NULL)
		return stored == text;
	return stored_len == len && memcmp(stored, text, len) == 0;
}

static bool is_same_cell(struct db_stmt *stmt, int column, const struct entity_cell *cell,
			 enum model_type type)
{
	if (type != MODEL_BOOL)
		return is_same_text(stmt, column, cell->text, cell->len);
	if (cell->flag < 0 || db_column_is_null(stmt, column))
		return cell->flag < 0 && db_column_is_null(stmt, column);
	return (cell->flag != 0) == (db_column_int(stmt, column) != 0);
}

/* The fields of `row` that differ from the row under the statement; returns how many. */
static size_t put_differing(struct buf *out, const struct entity_row *row, struct db_stmt *stmt)
{
	const struct model_entity *entity = row->entity;
	int column = HEAD_COLUMNS;
	size_t count = 0;

	for (size_t i = 0; i < entity->column_count; i++, column++) {
		enum model_type type = entity->columns[i].type;

		if (is_same_cell(stmt, column, &row->cells[i], type))
			continue;
		json_out_name(out, entity->columns[i].name);
		put_cell(out, &row->cells[i], type);
		count++;
	}
	if (!is_same_text(stmt, column + TAIL_CUSTOM, row->custom, row->custom_len)) {
		json_out_name(out, "custom");
		put_custom(out, row);
		count++;
	}
	return count;
}

static void put_present(struct buf *out, const struct entity_row *row)
{
	const struct model_entity *entity = row->entity;

	buf_char(out, '{');
	for (size_t i = 0; i < entity->column_count; i++) {
		if (entity_cell_is_absent(&row->cells[i], entity->columns[i].type))
			continue;
		json_out_name(out, entity->columns[i].name);
		put_cell(out, &row->cells[i], entity->columns[i].type);
	}
	if (row->custom != NULL) {
		json_out_name(out, "custom");
		put_custom(out, row);
	}
	buf_char(out, '}');
}

/* --- appending --- */

struct change {
	const struct model_entity *entity;
	int64_t id;
	const char *source_id;
	size_t source_id_len;
	const char *kind;
	struct buf before, after; /* before empty = none */
};

static void change_fini(struct change *change)
{
	buf_fini(&change->before);
	buf_fini(&change->after);
}

static bool append(struct store_tx *tx, const struct entity_context *context,
		   const struct change *change, struct err *err)
{
	struct db_stmt *stmt;

	if (!buf_ok(&change->before, err) || !buf_ok(&change->after, err))
		return false;
	stmt = db_prepare(tx,
			  "INSERT INTO changes (account_id, session_id, entity, row_id, source_id,"
			  " kind, before, after, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			  err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_int(stmt, 2, context->session_id);
	db_bind_text(stmt, 3, change->entity->name);
	db_bind_int(stmt, 4, change->id);
	db_bind_text_len(stmt, 5, change->source_id, change->source_id_len);
	db_bind_text(stmt, 6, change->kind);
	if (change->before.len > 0)
		db_bind_text_len(stmt, 7, change->before.data, change->before.len);
	db_bind_text_len(stmt, 8, buf_text(&change->after), change->after.len);
	db_bind_text(stmt, 9, context->now);
	return db_exec(stmt, NULL, err);
}

static struct db_stmt *select_row(struct store_tx *tx, const struct model_entity *entity,
				  int64_t id, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_select, err);
	bool has_row;

	if (stmt == NULL)
		return NULL;
	db_bind_int(stmt, 1, id);
	if (!db_step(stmt, &has_row, err))
		return NULL;
	if (has_row)
		return stmt;
	err_set(err, ERR_MISSING, "there is no row %lld in %s", (long long)id, entity->table);
	return NULL;
}

bool change_log_created(struct store_tx *tx, const struct entity_context *context,
			const struct entity_row *row, int64_t id, struct err *err)
{
	struct change change = { .entity = row->entity,
				 .id = id,
				 .source_id = row->source_id,
				 .source_id_len = row->source_id_len,
				 .kind = "created" };
	bool ok;

	put_present(&change.after, row);
	ok = append(tx, context, &change, err);
	change_fini(&change);
	return ok;
}

bool change_log_written(struct store_tx *tx, const struct entity_context *context,
			const struct entity_row *row, int64_t id, const char *kind, bool *is_real,
			struct err *err)
{
	struct change change = { .entity = row->entity,
				 .id = id,
				 .source_id = row->source_id,
				 .source_id_len = row->source_id_len,
				 .kind = kind };
	struct db_stmt *stmt = select_row(tx, row->entity, id, err);
	int removed_at = HEAD_COLUMNS + (int)row->entity->column_count + TAIL_REMOVED_AT;
	bool was_removed, ok;

	if (stmt == NULL)
		return false;
	was_removed = !db_column_is_null(stmt, removed_at);
	put_stored(&change.before, row->entity, stmt);
	buf_str(&change.after, was_removed ? "{\"removed_at\":null,\"removed_reason\":null" : "{");
	*is_real = put_differing(&change.after, row, stmt) > 0 || was_removed;
	buf_char(&change.after, '}');
	db_reset(stmt);
	ok = *is_real ? append(tx, context, &change, err) : buf_ok(&change.after, err);
	change_fini(&change);
	return ok;
}

bool change_log_removed(struct store_tx *tx, const struct entity_context *context,
			const struct model_entity *entity, int64_t id, const char *reason,
			struct err *err)
{
	struct change change = { .entity = entity, .id = id, .kind = "removed" };
	struct db_stmt *stmt = select_row(tx, entity, id, err);
	bool ok;

	if (stmt == NULL)
		return false;
	put_stored(&change.before, entity, stmt);
	buf_char(&change.after, '{');
	json_out_name(&change.after, "removed_at");
	json_out_text(&change.after, context->now, strlen(context->now));
	json_out_name(&change.after, "removed_reason");
	json_out_text(&change.after, reason, strlen(reason));
	buf_char(&change.after, '}');
	/* The source id lives in the statement's row: append before it is reset. */
	change.source_id = db_column_text(stmt, 0, &change.source_id_len);
	ok = append(tx, context, &change, err);
	db_reset(stmt);
	change_fini(&change);
	return ok;
}

bool change_each(struct store_tx *tx, int64_t session_id, int64_t limit, change_fn *each, void *arg,
		 struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "SELECT kind, entity, source_id, before, after "
			   "FROM changes WHERE session_id = $1 ORDER BY seq LIMIT $2",
			   err);
	bool has_row;

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, session_id);
	db_bind_int(stmt, 2, limit > 0 ? limit : INT64_MAX);
	while (db_step(stmt, &has_row, err)) {
		struct change_entry entry;

		if (!has_row)
			return true;
		entry = (struct change_entry){
			.kind = db_column_text(stmt, 0, NULL),
			.entity = db_column_text(stmt, 1, NULL),
			.source_id = db_column_text(stmt, 2, NULL),
			.before = db_column_text(stmt, 3, NULL),
			.after = db_column_text(stmt, 4, NULL),
		};
		if (!each(arg, &entry, err)) {
			db_reset(stmt);
			return false;
		}
	}
	return false;
}
