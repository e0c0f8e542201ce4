/* Canonical rows: hashing, writing, finding. */
#include "store/entity.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/change.h"
#include "store/db.h"
#include "store/enrich.h"
#include "store/voices.h"

bool entity_cell_is_absent(const struct entity_cell *cell, enum model_type type)
{
	return type == MODEL_BOOL ? cell->flag < 0 : cell->text == NULL;
}

/* --- the content hash --- */

static void put_number(struct buf *out, uint64_t value)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	buf_append(out, bytes, sizeof(bytes));
}

static void put_text(struct buf *out, size_t place, const char *text, size_t len)
{
	put_number(out, (uint64_t)place << 48 | len);
	buf_append(out, text, len);
}

/* Absent cells leave no trace: a column that is added at the end changes no hash. */
void entity_hash(const struct entity_row *row, struct buf *scratch, uint8_t out[HASH128_SIZE])
{
	const struct model_entity *entity = row->entity;

	buf_clear(scratch);
	for (size_t i = 0; i < entity->column_count; i++) {
		const struct entity_cell *cell = &row->cells[i];

		if (entity->columns[i].type != MODEL_BOOL) {
			if (cell->text != NULL)
				put_text(scratch, i, cell->text, cell->len);
		} else if (cell->flag >= 0) {
			put_text(scratch, i, cell->flag != 0 ? "1" : "0", 1);
		}
	}
	if (row->custom != NULL)
		put_text(scratch, UINT16_MAX, row->custom, row->custom_len);
	hash128(scratch->data, scratch->len, out);
}

/* --- statements of an entity --- */

static void build_find(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql,
		   "SELECT id, content_hash, removed_at, streams, raw_hash FROM %s"
		   " WHERE account_id = $1 AND source_id = $2",
		   entity->table);
}

enum { INSERT_FIRST_CELL = 7, UPDATE_FIRST_CELL = 5, WRITE_FIRST_CELL = 2 };

static void build_insert(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql,
		   "INSERT INTO %s (account_id, source_id, content_hash, streams,"
		   " first_seen_at, updated_at, raw_hash",
		   entity->table);
	for (size_t i = 0; i < entity->column_count; i++)
		buf_printf(sql, ", %s", entity->columns[i].name);
	buf_str(sql, ", custom) VALUES ($1, $2, $3, $4, $5, $5, $6");
	for (size_t i = 0; i <= entity->column_count; i++)
		buf_printf(sql, ", $%zu", INSERT_FIRST_CELL + i);
	buf_str(sql, ") ON CONFLICT (account_id, source_id) DO NOTHING");
}

static void build_update(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;
	size_t next = UPDATE_FIRST_CELL;

	buf_printf(sql,
		   "UPDATE %s SET content_hash = $1, streams = $2, updated_at = $3, raw_hash = $4,"
		   " removed_at = NULL, removed_reason = NULL",
		   entity->table);
	for (size_t i = 0; i < entity->column_count; i++)
		buf_printf(sql, ", %s = $%zu", entity->columns[i].name, next++);
	buf_printf(sql, ", custom = $%zu WHERE id = $%zu", next, next + 1);
}

static void build_write_cells(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;
	size_t next = WRITE_FIRST_CELL;

	buf_printf(sql, "UPDATE %s SET updated_at = $1", entity->table);
	for (size_t i = 0; i < entity->column_count; i++)
		buf_printf(sql, ", %s = $%zu", entity->columns[i].name, next++);
	buf_printf(sql, ", custom = $%zu WHERE id = $%zu", next, next + 1);
}

static void build_set_streams(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql, "UPDATE %s SET streams = $1 WHERE id = $2", entity->table);
}

static void build_set_hash(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql,
		   "UPDATE %s SET content_hash = $1, streams = $2, raw_hash = $3 WHERE id = $4",
		   entity->table);
}

static void build_set_raw(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql, "UPDATE %s SET raw_hash = $1 WHERE id = $2", entity->table);
}

static void bind_raw(struct db_stmt *stmt, int index, const struct entity_row *row)
{
	if (row->raw != NULL)
		db_bind_blob(stmt, index, row->raw, HASH128_SIZE);
	else
		db_bind_text(stmt, index, NULL);
}

/* Binds cells and custom from `index` on; returns the index after them. */
static int bind_cells(struct db_stmt *stmt, int index, const struct entity_row *row)
{
	const struct model_entity *entity = row->entity;

	for (size_t i = 0; i < entity->column_count; i++, index++) {
		const struct entity_cell *cell = &row->cells[i];

		if (entity->columns[i].type != MODEL_BOOL)
			db_bind_text_len(stmt, index, cell->text, cell->len);
		else if (cell->flag >= 0)
			db_bind_int(stmt, index, cell->flag != 0);
	}
	db_bind_text_len(stmt, index, row->custom, row->custom_len);
	return index + 1;
}

/* --- upsert --- */

struct stored {
	int64_t id; /* 0 = there is no such row */
	bool is_removed;
	bool is_same; /* content */
	bool has_voice;
	bool wants_raw;	    /* the raw hash is to be written, nothing else */
	struct buf streams; /* with this stream's voice; only where that is to be written */
};

static bool has_hash(struct db_stmt *stmt, int column, const uint8_t *hash)
{
	size_t len;
	const void *stored = db_column_blob(stmt, column, &len);

	return len == HASH128_SIZE && memcmp(stored, hash, len) == 0;
}

/* One read of one row; streams are rewritten only if this stream is not among them. NULL: they stay
 * as they are. */
static void read_stored(struct db_stmt *stmt, const char *stream, const struct entity_row *row,
			const uint8_t *hash, struct stored *out)
{
	const char *streams;

	out->id = db_column_int(stmt, 0);
	out->is_same = has_hash(stmt, 1, hash);
	out->is_removed = !db_column_is_null(stmt, 2);
	streams = db_column_text(stmt, 3, NULL);
	out->has_voice = stream == NULL || voices_has(streams, stream);
	if (stream == NULL)
		buf_str(&out->streams, streams);
	else if (out->is_removed || !out->has_voice || !out->is_same)
		voices_add(out->is_removed ? NULL : streams, stream, &out->streams);
	out->wants_raw = row->raw != NULL && stream != NULL && !has_hash(stmt, 4, row->raw) &&
			 voices_is_only(streams, stream);
}

static bool find_stored(struct store_tx *tx, const struct entity_context *context,
			const struct entity_row *row, const uint8_t *hash, struct stored *out,
			struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, row->entity, build_find, err);
	bool has_row;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text_len(stmt, 2, row->source_id, row->source_id_len);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	read_stored(stmt, context->stream, row, hash, out);
	db_reset(stmt);
	return buf_ok(&out->streams, err);
}

/* stored->id stays 0 if there is such a row. */
static bool create(struct store_tx *tx, const struct entity_context *context,
		   const struct entity_row *row, const uint8_t *hash, struct stored *stored,
		   struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, row->entity, build_insert, err);
	int64_t id, added;

	if (stmt == NULL)
		return false;
	buf_clear(&stored->streams);
	voices_add(NULL, context->stream, &stored->streams);
	if (!buf_ok(&stored->streams, err))
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text_len(stmt, 2, row->source_id, row->source_id_len);
	db_bind_blob(stmt, 3, hash, HASH128_SIZE);
	db_bind_text_len(stmt, 4, stored->streams.data, stored->streams.len);
	db_bind_text(stmt, 5, context->now);
	bind_raw(stmt, 6, row);
	bind_cells(stmt, INSERT_FIRST_CELL, row);
	if (!db_insert(stmt, &id, &added, err))
		return false;
	if (added == 0)
		return true;
	stored->id = id;
	return !context->log_created || change_log_created(tx, context, row, stored->id, err);
}

static bool set_streams(struct store_tx *tx, const struct model_entity *entity,
			const struct stored *stored, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_set_streams, err);

	if (stmt == NULL)
		return false;
	db_bind_text_len(stmt, 1, stored->streams.data, stored->streams.len);
	db_bind_int(stmt, 2, stored->id);
	return db_exec(stmt, NULL, err);
}

static bool set_hash(struct store_tx *tx, const struct entity_row *row, const uint8_t *hash,
		     const struct stored *stored, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, row->entity, build_set_hash, err);

	if (stmt == NULL)
		return false;
	db_bind_blob(stmt, 1, hash, HASH128_SIZE);
	db_bind_text_len(stmt, 2, stored->streams.data, stored->streams.len);
	bind_raw(stmt, 3, row);
	db_bind_int(stmt, 4, stored->id);
	return db_exec(stmt, NULL, err);
}

static bool set_raw(struct store_tx *tx, const struct entity_row *row, int64_t id, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, row->entity, build_set_raw, err);

	if (stmt == NULL)
		return false;
	bind_raw(stmt, 1, row);
	db_bind_int(stmt, 2, id);
	return db_exec(stmt, NULL, err);
}

static bool update(struct store_tx *tx, const struct entity_context *context,
		   const struct entity_row *row, const uint8_t *hash, const struct stored *stored,
		   struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, row->entity, build_update, err);
	int next;

	if (stmt == NULL)
		return false;
	db_bind_blob(stmt, 1, hash, HASH128_SIZE);
	db_bind_text_len(stmt, 2, stored->streams.data, stored->streams.len);
	db_bind_text(stmt, 3, context->now);
	bind_raw(stmt, 4, row);
	next = bind_cells(stmt, UPDATE_FIRST_CELL, row);
	db_bind_int(stmt, next, stored->id);
	return db_exec(stmt, NULL, err);
}

bool entity_write_cells(struct store_tx *tx, const struct entity_context *context,
			const struct entity_row *row, int64_t id, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, row->entity, build_write_cells, err);
	int next;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->now);
	next = bind_cells(stmt, WRITE_FIRST_CELL, row);
	db_bind_int(stmt, next, id);
	return db_exec(stmt, NULL, err);
}

/* `row` is what its owner says and what others add; `hash` is of the owner's part alone. */
static bool write_over(struct store_tx *tx, const struct entity_context *context,
		       const struct entity_row *row, const uint8_t *hash,
		       const struct stored *stored, enum entity_outcome *outcome, struct err *err)
{
	const char *kind = stored->is_removed ? "restored" : "updated";
	bool is_real;

	if (!change_log_written(tx, context, row, stored->id, kind, &is_real, err))
		return false;
	*outcome = stored->is_removed ? ENTITY_RESTORED
		   : is_real	      ? ENTITY_UPDATED
				      : ENTITY_UNCHANGED;
	return is_real ? update(tx, context, row, hash, stored, err)
		       : set_hash(tx, row, hash, stored, err);
}

/* Writes over a row whose content differs or which is a tombstone. */
static bool overwrite(struct store_tx *tx, const struct entity_context *context,
		      const struct entity_row *row, const uint8_t *hash,
		      const struct stored *stored, enum entity_outcome *outcome, struct err *err)
{
	struct enriched_row whole;
	bool ok = enrich_merge(tx, context, row, stored->id, &whole, err) &&
		  write_over(tx, context, &whole.row, hash, stored, outcome, err);

	enriched_row_fini(&whole);
	return ok;
}

static bool upsert(struct store_tx *tx, const struct entity_context *context,
		   const struct entity_row *row, const uint8_t *hash, struct stored *stored,
		   enum entity_outcome *outcome, struct err *err)
{
	*outcome = ENTITY_CREATED;
	if (context->expects_new && !create(tx, context, row, hash, stored, err))
		return false;
	if (context->expects_new && stored->id != 0)
		return true;
	buf_clear(&stored->streams);
	if (!find_stored(tx, context, row, hash, stored, err))
		return false;
	if (stored->id == 0)
		return create(tx, context, row, hash, stored, err);
	if (stored->is_removed || !stored->is_same)
		return overwrite(tx, context, row, hash, stored, outcome, err);
	*outcome = ENTITY_UNCHANGED;
	if (!stored->has_voice)
		return set_streams(tx, row->entity, stored, err);
	return !stored->wants_raw || set_raw(tx, row, stored->id, err);
}

bool entity_upsert(struct store_tx *tx, const struct entity_context *context,
		   const struct entity_row *row, const uint8_t hash[HASH128_SIZE],
		   enum entity_outcome *outcome, int64_t *id, struct err *err)
{
	struct stored stored = { 0 };
	bool ok = upsert(tx, context, row, hash, &stored, outcome, err);

	*id = stored.id;
	buf_fini(&stored.streams);
	return ok;
}

/* --- finding --- */

bool entity_find(struct store_tx *tx, const char *account_id, const struct model_entity *entity,
		 const char *source_id, size_t len, int64_t *id, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_find, err);
	bool has_row;

	*id = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_text_len(stmt, 2, source_id, len);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	if (db_column_is_null(stmt, 2))
		*id = db_column_int(stmt, 0);
	db_reset(stmt);
	return true;
}

static bool build_each(const struct model_entity *entity, const char *const *columns,
		       size_t column_count, struct buf *sql, struct err *err)
{
	buf_str(sql, "SELECT id");
	for (size_t i = 0; i < column_count; i++) {
		if (model_column(entity, columns[i]) < 0 && !str_eq(columns[i], "source_id"))
			return err_set(err, ERR_USAGE, "%s has no column %s", entity->table,
				       columns[i]);
		buf_printf(sql, ", %s", columns[i]);
	}
	buf_printf(sql,
		   " FROM %s WHERE account_id = $1 AND id > $2 AND removed_at IS NULL"
		   " ORDER BY id LIMIT $3",
		   entity->table);
	return buf_ok(sql, err);
}

static bool run_each(struct db_stmt *stmt, size_t column_count, entity_row_fn *each, void *arg,
		     struct err *err)
{
	const char **values = calloc(column_count + 1, sizeof(*values));
	bool has_row = true, ok = values != NULL || err_oom(err);

	while (ok && (ok = db_step(stmt, &has_row, err)) && has_row) {
		for (size_t i = 0; i < column_count; i++)
			values[i] = db_column_text(stmt, (int)i + 1, NULL);
		ok = each(arg, db_column_int(stmt, 0), values, err);
	}
	if (!ok)
		db_reset(stmt);
	free(values);
	return ok;
}

bool entity_each(struct store_tx *tx, const char *account_id, const struct model_entity *entity,
		 const char *const *columns, size_t column_count, int64_t after_id, int64_t limit,
		 entity_row_fn *each, void *arg, struct err *err)
{
	struct buf sql = BUF_INIT;
	struct db_stmt *stmt = NULL;

	if (build_each(entity, columns, column_count, &sql, err))
		stmt = db_prepare_text(tx, buf_text(&sql), err);
	buf_fini(&sql);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_int(stmt, 2, after_id);
	db_bind_int(stmt, 3, limit);
	return run_each(stmt, column_count, each, arg, err);
}
