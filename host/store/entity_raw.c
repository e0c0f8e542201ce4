/* From which raw record a row was made. */
#include "store/entity_raw.h"

#include "store/db.h"
#include "store/voices.h"

static void build_each(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql,
		   "SELECT id, raw_hash, streams FROM %s"
		   " WHERE account_id = $1 AND removed_at IS NULL AND raw_hash IS NOT NULL"
		   " ORDER BY id",
		   entity->table);
}

static bool take(struct db_stmt *stmt, const struct entity_context *context, entity_raw_fn *each,
		 void *arg, struct err *err)
{
	size_t len;
	const void *raw = db_column_blob(stmt, 1, &len);

	return len != HASH128_SIZE || !voices_has(db_column_text(stmt, 2, NULL), context->stream) ||
	       each(arg, db_column_int(stmt, 0), raw, err);
}

bool entity_each_raw(struct store_tx *tx, const struct entity_context *context,
		     const struct model_entity *entity, entity_raw_fn *each, void *arg,
		     struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_each, err);
	bool has_row = true, ok = stmt != NULL;

	if (!ok)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	while (ok && (ok = db_step(stmt, &has_row, err)) && has_row)
		ok = take(stmt, context, each, arg, err);
	if (!ok)
		db_reset(stmt);
	return ok;
}
