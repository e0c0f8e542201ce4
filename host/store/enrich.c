/* Fields that a stream adds to rows which other streams own. */
#include "store/enrich.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/change.h"
#include "store/db.h"
#include "store/json_in.h"
#include "store/row.h"

/* One stream's additions to one row. */
struct enrichment {
	char *stream;
	json_t *fields; /* column -> value; "custom" -> object. NULL = to be deleted */
	json_t *filled; /* names of those that the row shows: the owner leaves them empty */
	bool is_changed;
};

static const char CUSTOM[] = "custom", CUSTOM_PREFIX[] = "custom.";

/* --- reading --- */

static void fini_enrichment(void *item)
{
	struct enrichment *at = item;

	free(at->stream);
	json_decref(at->fields);
	json_decref(at->filled);
}

static bool read_json(struct db_stmt *stmt, int column, const char *stream, json_t **out,
		      struct err *err)
{
	size_t len;
	const char *text = db_column_text(stmt, column, &len);

	*out = json_in(text, len, "an enrichment", err);
	return *out != NULL || err_context(err, "stream %s", stream);
}

static bool read_enrichment(struct db_stmt *stmt, void *item, struct err *err)
{
	struct enrichment *at = item;

	at->stream = db_column_dup(stmt, 0);
	if (at->stream == NULL)
		return err_oom(err);
	return read_json(stmt, 1, at->stream, &at->fields, err) &&
	       read_json(stmt, 2, at->stream, &at->filled, err);
}

static bool read_additions(struct store_tx *tx, const struct entity_context *context,
			   const struct model_entity *entity, int64_t id, struct enriched_row *out,
			   struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "SELECT stream, fields, filled FROM enrichments"
			   " WHERE account_id = $1 AND entity = $2 AND row_id = $3 ORDER BY stream",
			   err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text(stmt, 2, entity->name);
	db_bind_int(stmt, 3, id);
	return row_read_list(stmt, read_enrichment, fini_enrichment, &out->additions,
			     &out->addition_count, sizeof(*out->additions), err);
}

void enriched_row_fini(struct enriched_row *row)
{
	stored_row_fini(&row->own);
	row_free_list(row->additions, row->addition_count, sizeof(*row->additions),
		      fini_enrichment);
	for (size_t i = 0; i < row->made_count; i++)
		free(row->made[i]);
	free(row->made);
	*row = (struct enriched_row){ 0 };
}

/* --- the owner's part of a stored row --- */

static const char *custom_name(const char *name)
{
	return str_has_prefix(name, CUSTOM_PREFIX) ? name + strlen(CUSTOM_PREFIX) : NULL;
}

/* NULL: no memory; what comes with a row was read before. */
static json_t *custom_of(const char *text, size_t len)
{
	return text != NULL ? json_loadb(text, len, 0, NULL) : json_object();
}

static bool set_custom(struct stored_row *row, json_t *custom, struct err *err)
{
	free(row->custom);
	row->custom = NULL;
	if (json_object_size(custom) == 0)
		return true;
	row->custom = json_dumps(custom, JSON_COMPACT | JSON_SORT_KEYS);
	return row->custom != NULL || err_oom(err);
}

/* Takes out what `addition` has filled in. */
static void strip(const struct model_entity *entity, const struct enrichment *addition,
		  struct stored_row *own, json_t *custom)
{
	size_t i;
	json_t *item;

	json_array_foreach(addition->filled, i, item)
	{
		const char *name = json_string_value(item);
		int column = model_column(entity, name);

		if (custom_name(name) != NULL)
			json_object_del(custom, custom_name(name));
		else if (column >= 0)
			own->cells[column] = (struct entity_cell){ .flag = -1 };
	}
}

static bool strip_all(const struct model_entity *entity, struct enriched_row *row, struct err *err)
{
	const char *before = row->own.custom != NULL ? row->own.custom : "{}";
	json_t *custom = json_in(before, strlen(before), "custom fields", err);
	bool ok = custom != NULL;

	for (size_t i = 0; ok && i < row->addition_count; i++)
		strip(entity, &row->additions[i], &row->own, custom);
	ok = ok && set_custom(&row->own, custom, err);
	json_decref(custom);
	return ok;
}

bool enrich_read_own(struct store_tx *tx, const struct entity_context *context,
		     const struct model_entity *entity, int64_t id, struct enriched_row *out,
		     bool *is_live, struct err *err)
{
	*out = (struct enriched_row){ 0 };
	if (!stored_row_read(tx, entity, id, &out->own, is_live, err))
		return false;
	return !*is_live ||
	       (read_additions(tx, context, entity, id, out, err) && strip_all(entity, out, err));
}

/* --- adding to the owner's part --- */

static bool keep_text(struct enriched_row *row, char *text, struct err *err)
{
	char **made = realloc(row->made, (row->made_count + 1) * sizeof(*made));

	if (text == NULL || made == NULL) {
		free(text);
		row->made = made != NULL ? made : row->made;
		return err_oom(err);
	}
	row->made = made;
	made[row->made_count++] = text;
	return true;
}

static bool fill_cell(struct enriched_row *row, struct entity_cell *cell, const json_t *value,
		      struct err *err)
{
	*cell = (struct entity_cell){ .flag = -1 };
	if (json_is_boolean(value)) {
		cell->flag = json_is_true(value);
		return true;
	}
	if (json_is_string(value)) {
		cell->text = json_string_value(value);
		cell->len = json_string_length(value);
		return true;
	}
	if (!keep_text(row, json_dumps(value, JSON_COMPACT), err))
		return false;
	cell->text = row->made[row->made_count - 1];
	cell->len = strlen(cell->text);
	return true;
}

static bool note_filled(json_t *filled, const char *prefix, const char *name, struct err *err)
{
	return json_array_append_new(filled, json_sprintf("%s%s", prefix, name)) == 0 ||
	       err_oom(err);
}

static bool fill_custom(json_t *custom, json_t *added, json_t *filled, struct err *err)
{
	const char *name;
	json_t *value;
	bool ok = true;

	json_object_foreach(added, name, value)
	{
		if (json_object_get(custom, name) == NULL)
			ok = ok && (json_object_set(custom, name, value) == 0 || err_oom(err)) &&
			     note_filled(filled, CUSTOM_PREFIX, name, err);
	}
	return ok;
}

static bool fill(struct enriched_row *row, struct enrichment *addition, struct entity_cell *cells,
		 json_t *custom, struct err *err)
{
	const struct model_entity *entity = row->row.entity;
	json_t *filled = json_array(), *value;
	const char *name;
	bool ok = filled != NULL || err_oom(err);

	json_object_foreach(addition->fields, name, value)
	{
		int column = model_column(entity, name);

		if (str_eq(name, CUSTOM))
			ok = ok && fill_custom(custom, value, filled, err);
		if (column < 0 ||
		    !entity_cell_is_absent(&cells[column], entity->columns[column].type))
			continue;
		ok = ok && fill_cell(row, &cells[column], value, err) &&
		     note_filled(filled, "", name, err);
	}
	addition->is_changed |= !json_equal(addition->filled, filled);
	json_decref(addition->filled);
	addition->filled = filled;
	return ok;
}

/* row->row: what `own` says, and where that says nothing what the additions say. */
static bool compose(struct enriched_row *row, const struct entity_row *own, struct err *err)
{
	size_t count = own->entity->column_count;
	struct entity_cell *cells = calloc(count, sizeof(*cells));
	json_t *custom = custom_of(own->custom, own->custom_len);
	bool ok = (cells != NULL && custom != NULL) || err_oom(err);

	row->row = *own;
	if (ok) {
		memcpy(cells, own->cells, count * sizeof(*cells));
		free(row->own.cells); /* the owner's are in `own`, or copied just now */
		row->own.cells = cells;
		row->row.cells = cells;
	} else {
		free(cells);
	}
	for (size_t i = 0; ok && i < row->addition_count; i++) {
		struct enrichment *at = &row->additions[i];

		ok = at->fields == NULL || fill(row, at, cells, custom, err);
	}
	ok = ok && set_custom(&row->own, custom, err);
	row->row.custom = row->own.custom;
	row->row.custom_len = row->own.custom != NULL ? strlen(row->own.custom) : 0;
	json_decref(custom);
	return ok;
}

/* --- writing additions --- */

static bool delete_addition(struct store_tx *tx, const struct entity_context *context,
			    const struct model_entity *entity, int64_t id, const char *stream,
			    struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "DELETE FROM enrichments WHERE account_id = $1"
					  " AND entity = $2 AND row_id = $3 AND stream = $4",
					  err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text(stmt, 2, entity->name);
	db_bind_int(stmt, 3, id);
	db_bind_text(stmt, 4, stream);
	return db_exec(stmt, NULL, err);
}

static bool put_addition(struct store_tx *tx, const struct entity_context *context,
			 const struct model_entity *entity, int64_t id,
			 const struct enrichment *addition, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"INSERT INTO enrichments (account_id, entity, row_id, stream, fields, filled)"
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, entity, row_id, stream)"
		" DO UPDATE SET fields = excluded.fields, filled = excluded.filled",
		err);
	char *fields = json_dumps(addition->fields, JSON_COMPACT | JSON_SORT_KEYS);
	char *filled = json_dumps(addition->filled, JSON_COMPACT);
	bool ok = stmt != NULL;

	if (ok && (fields == NULL || filled == NULL))
		ok = err_oom(err);
	if (ok) {
		db_bind_text(stmt, 1, context->account_id);
		db_bind_text(stmt, 2, entity->name);
		db_bind_int(stmt, 3, id);
		db_bind_text(stmt, 4, addition->stream);
		db_bind_text(stmt, 5, fields);
		db_bind_text(stmt, 6, filled);
		ok = db_exec(stmt, NULL, err);
	}
	free(fields);
	free(filled);
	return ok;
}

static bool save_additions(struct store_tx *tx, const struct entity_context *context,
			   const struct enriched_row *row, int64_t id, struct err *err)
{
	const struct model_entity *entity = row->row.entity;

	for (size_t i = 0; i < row->addition_count; i++) {
		const struct enrichment *at = &row->additions[i];
		bool ok = true;

		if (at->fields == NULL)
			ok = delete_addition(tx, context, entity, id, at->stream, err);
		else if (at->is_changed)
			ok = put_addition(tx, context, entity, id, at, err);
		if (!ok)
			return false;
	}
	return true;
}

bool enrich_merge(struct store_tx *tx, const struct entity_context *context,
		  const struct entity_row *row, int64_t id, struct enriched_row *out,
		  struct err *err)
{
	*out = (struct enriched_row){ .row = *row };
	if (!read_additions(tx, context, row->entity, id, out, err))
		return false;
	if (out->addition_count == 0)
		return true;
	return compose(out, row, err) && save_additions(tx, context, out, id, err);
}

/* --- what a stream adds --- */

static json_t *cell_json(const struct model_column *column, const struct entity_cell *cell)
{
	if (column->type == MODEL_BOOL)
		return json_boolean(cell->flag != 0);
	if (column->type == MODEL_LIST)
		return json_loadb(cell->text, cell->len, 0, NULL);
	return json_stringn(cell->text, cell->len);
}

/* NULL: no memory. */
static json_t *fields_json(const struct entity_row *row)
{
	json_t *fields = json_object();
	bool ok = fields != NULL;

	for (size_t i = 0; ok && i < row->entity->column_count; i++) {
		const struct model_column *column = &row->entity->columns[i];
		const struct entity_cell *cell = &row->cells[i];

		ok = entity_cell_is_absent(cell, column->type) ||
		     json_object_set_new(fields, column->name, cell_json(column, cell)) == 0;
	}
	if (ok && row->custom != NULL)
		ok = json_object_set_new(fields, CUSTOM, custom_of(row->custom, row->custom_len)) ==
		     0;
	if (ok)
		return fields;
	json_decref(fields);
	return NULL;
}

/* The stream's own among the additions; made when it is not there. The order by stream is that of
 * precedence. NULL: no memory. */
static struct enrichment *own_addition(struct enriched_row *row, const char *stream,
				       struct err *err)
{
	struct enrichment made = { 0 };
	void *items = row->additions;
	size_t at = 0;

	while (at < row->addition_count && strcmp(row->additions[at].stream, stream) < 0)
		at++;
	if (at < row->addition_count && str_eq(row->additions[at].stream, stream))
		return &row->additions[at];
	made.stream = str_dup(stream);
	made.filled = json_array();
	if (made.stream == NULL || made.filled == NULL ||
	    row_list_add(&items, &row->addition_count, sizeof(made), err) == NULL) {
		fini_enrichment(&made);
		err_oom(err);
		return NULL;
	}
	row->additions = items;
	memmove(&row->additions[at + 1], &row->additions[at],
		(row->addition_count - 1 - at) * sizeof(made));
	row->additions[at] = made;
	return &row->additions[at];
}

static bool write_row(struct store_tx *tx, const struct entity_context *context,
		      const struct enriched_row *row, int64_t id, bool *is_real, struct err *err)
{
	return change_log_written(tx, context, &row->row, id, "updated", is_real, err) &&
	       (!*is_real || entity_write_cells(tx, context, &row->row, id, err));
}

/* The stored row as its owner said it. */
static struct entity_row owners_row(const struct model_entity *entity, const struct stored_row *own)
{
	return (struct entity_row){ .entity = entity,
				    .source_id = own->source_id,
				    .source_id_len = strlen(own->source_id),
				    .cells = own->cells,
				    .custom = own->custom,
				    .custom_len = own->custom != NULL ? strlen(own->custom) : 0 };
}

static bool compose_stored(struct store_tx *tx, const struct entity_context *context,
			   const struct model_entity *entity, int64_t id, struct enriched_row *row,
			   bool *is_changed, struct err *err)
{
	struct entity_row own = owners_row(entity, &row->own);

	return compose(row, &own, err) && write_row(tx, context, row, id, is_changed, err) &&
	       save_additions(tx, context, row, id, err);
}

/* The stream's additions to the row are `fields` from now on; NULL = it adds nothing. */
static bool change_addition(struct store_tx *tx, const struct entity_context *context,
			    const struct model_entity *entity, int64_t id, json_t *fields,
			    struct enriched_row *row, bool *is_changed, struct err *err)
{
	struct enrichment *mine;
	bool is_live;

	if (!enrich_read_own(tx, context, entity, id, row, &is_live, err))
		return false;
	if (!is_live) /* a tombstone shows nothing to anybody */
		return fields != NULL ||
		       delete_addition(tx, context, entity, id, context->stream, err);
	mine = own_addition(row, context->stream, err);
	if (mine == NULL || (mine->fields != NULL && json_equal(mine->fields, fields)))
		return mine != NULL;
	json_decref(mine->fields);
	mine->fields = json_incref(fields);
	mine->is_changed = true;
	return compose_stored(tx, context, entity, id, row, is_changed, err);
}

static bool rewrite(struct store_tx *tx, const struct entity_context *context,
		    const struct model_entity *entity, int64_t id, json_t *fields, bool *is_changed,
		    struct err *err)
{
	struct enriched_row row = { 0 };
	bool ok;

	*is_changed = false;
	ok = change_addition(tx, context, entity, id, fields, &row, is_changed, err);
	enriched_row_fini(&row);
	return ok;
}

bool enrich_set(struct store_tx *tx, const struct entity_context *context,
		const struct entity_row *fields, int64_t id, enum entity_outcome *outcome,
		struct err *err)
{
	json_t *told = fields_json(fields);
	bool is_changed = false;
	bool ok = told != NULL || err_oom(err);

	ok = ok && rewrite(tx, context, fields->entity, id, told, &is_changed, err);
	*outcome = is_changed ? ENTITY_UPDATED : ENTITY_UNCHANGED;
	json_decref(told);
	return ok;
}

/* --- which row is meant --- */

/*
 * Columns that name somebody (e-mail, serial number) have indexes that do not begin with the
 * account, as those do that the planner prefers over them: it is not to see the account.
 */
static struct db_stmt *prepare_find(struct store_tx *tx, const struct model_entity *entity,
				    const char *column, struct err *err)
{
	bool is_id = str_eq(column, "source_id");
	struct buf sql = BUF_INIT;
	struct db_stmt *stmt = NULL;

	if (!is_id && model_column(entity, column) < 0) {
		err_set(err, ERR_BUG, "enrich: %s has no column \"%s\"", entity->name, column);
		return NULL;
	}
	buf_printf(&sql,
		   "SELECT id FROM %s WHERE account_id%s = $1 AND %s = $2"
		   " AND removed_at IS NULL LIMIT 2",
		   entity->table, is_id ? "" : " || ''", column);
	if (buf_ok(&sql, err))
		stmt = db_prepare_text(tx, buf_text(&sql), err);
	buf_fini(&sql);
	return stmt;
}

bool enrich_find(struct store_tx *tx, const char *account_id, const struct model_entity *entity,
		 const char *column, const char *text, size_t len, int64_t *id, struct err *err)
{
	struct db_stmt *stmt = prepare_find(tx, entity, column, err);
	bool has_row, has_second = false;

	*id = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_text_len(stmt, 2, text, len);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	*id = db_column_int(stmt, 0);
	if (!db_step(stmt, &has_second, err))
		return false;
	if (has_second) {
		*id = 0;
		db_reset(stmt);
	}
	return true;
}

/* --- what it does not add any more --- */

static bool enriched_ids(struct store_tx *tx, const struct entity_context *context,
			 const struct model_entity *entity, int64_t **ids, size_t *count,
			 struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "SELECT row_id FROM enrichments WHERE account_id = $1 AND entity = $2"
			   " AND stream = $3 ORDER BY row_id",
			   err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text(stmt, 2, entity->name);
	db_bind_text(stmt, 3, context->stream);
	return row_read_ids(stmt, ids, count, err);
}

bool enrich_withdraw(struct store_tx *tx, const struct entity_context *context,
		     const struct model_entity *entity, const int64_t *kept, size_t kept_count,
		     int64_t *count, struct err *err)
{
	int64_t *ids = NULL;
	size_t found = 0, next = 0;
	bool is_changed, ok;

	*count = 0;
	ok = enriched_ids(tx, context, entity, &ids, &found, err);
	for (size_t i = 0; ok && i < found; i++) {
		while (next < kept_count && kept[next] < ids[i])
			next++;
		if (next < kept_count && kept[next] == ids[i])
			continue;
		ok = rewrite(tx, context, entity, ids[i], NULL, &is_changed, err);
		*count += ok && is_changed;
	}
	free(ids);
	return ok;
}

static void build_expire(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql,
		   "DELETE FROM enrichments WHERE entity = '%s'"
		   " AND row_id NOT IN (SELECT id FROM %s)",
		   entity->name, entity->table);
}

bool enrich_expire(struct store_tx *tx, struct err *err)
{
	size_t count;
	const struct model_entity *entities = model_entities(&count);

	for (size_t i = 0; i < count; i++) {
		struct db_stmt *stmt = db_prepare_built(tx, &entities[i], build_expire, err);

		if (stmt == NULL || !db_exec(stmt, NULL, err))
			return false;
	}
	return true;
}
