/* The last event that touched a row. */
#include "store/event.h"

#include <string.h>

#include "store/db.h"

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t shorter = a_len < b_len ? a_len : b_len;
	int order = shorter > 0 ? memcmp(a, b, shorter) : 0;

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* Without its Z a time with a fraction sorts behind the same second without one. */
static size_t bare_len(const struct event_stamp *stamp)
{
	return stamp->at_len > 0 ? stamp->at_len - 1 : 0;
}

int event_compare(const struct event_stamp *a, const struct event_stamp *b)
{
	int order = compare_bytes(a->at, bare_len(a), b->at, bare_len(b));

	return order != 0 ? order : compare_bytes(a->id, a->id_len, b->id, b->id_len);
}

static bool is_later(struct store_tx *tx, const struct entity_context *context,
		     const struct model_entity *entity, const char *source_id, size_t len,
		     const struct event_stamp *stamp, bool *later, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "SELECT at, event_id FROM event_marks"
			   " WHERE account_id = $1 AND entity = $2 AND source_id = $3",
			   err);
	struct event_stamp last = { 0 };
	bool has_row;

	*later = true;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text(stmt, 2, entity->name);
	db_bind_text_len(stmt, 3, source_id, len);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	last.at = db_column_text(stmt, 0, &last.at_len);
	last.id = db_column_text(stmt, 1, &last.id_len);
	*later = event_compare(stamp, &last) > 0;
	db_reset(stmt);
	return true;
}

bool event_mark(struct store_tx *tx, const struct entity_context *context,
		const struct model_entity *entity, const char *source_id, size_t len,
		const struct event_stamp *stamp, bool *is_news, struct err *err)
{
	struct db_stmt *stmt;

	if (!is_later(tx, context, entity, source_id, len, stamp, is_news, err))
		return false;
	if (!*is_news)
		return true;
	stmt = db_prepare(tx,
			  "INSERT INTO event_marks (account_id, entity, source_id, at, event_id)"
			  " VALUES ($1, $2, $3, $4, $5)"
			  " ON CONFLICT (account_id, entity, source_id)"
			  " DO UPDATE SET at = excluded.at, event_id = excluded.event_id",
			  err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text(stmt, 2, entity->name);
	db_bind_text_len(stmt, 3, source_id, len);
	db_bind_text_len(stmt, 4, stamp->at, stamp->at_len);
	db_bind_text_len(stmt, 5, stamp->id, stamp->id_len);
	return db_exec(stmt, NULL, err);
}

bool event_forget(struct store_tx *tx, const char *account_id, const struct model_entity *entity,
		  const char *source_id, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "DELETE FROM event_marks WHERE account_id = $1"
					  " AND entity = $2 AND source_id = $3",
					  err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_text(stmt, 2, entity->name);
	db_bind_text(stmt, 3, source_id);
	return db_exec(stmt, NULL, err);
}

bool event_expire(struct store_tx *tx, const char *before, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "DELETE FROM event_marks WHERE at < $1", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, before);
	return db_exec(stmt, NULL, err);
}
