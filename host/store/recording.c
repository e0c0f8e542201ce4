/* The index of recordings. */
#include "store/recording.h"

#include "store/db.h"

bool recording_add(struct store_tx *tx, int64_t session_id, const char *account_id,
		   const char *file, const char *now, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "INSERT INTO recordings (session_id, account_id, file, started_at)"
			   " VALUES ($1, $2, $3, $4)",
			   err);

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, session_id);
	db_bind_text(stmt, 2, account_id);
	db_bind_text(stmt, 3, file);
	db_bind_text(stmt, 4, now);
	return db_exec(stmt, NULL, err);
}

bool recording_end(struct store_tx *tx, int64_t session_id, int64_t exchanges, int64_t bytes,
		   struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx, "UPDATE recordings SET exchanges = $1, bytes = $2 WHERE session_id = $3", err);
	int64_t changed;

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, exchanges);
	db_bind_int(stmt, 2, bytes);
	db_bind_int(stmt, 3, session_id);
	if (!db_exec(stmt, &changed, err))
		return false;
	return changed == 1 ||
	       err_set(err, ERR_MISSING, "session %lld has no recording", (long long)session_id);
}

bool recording_find(struct store_tx *tx, int64_t session_id, char **file, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT file FROM recordings WHERE session_id = $1", err);
	bool has_row;

	*file = NULL;
	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, session_id);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	*file = db_column_dup(stmt, 0);
	db_reset(stmt);
	return *file != NULL || err_oom(err);
}

bool recording_forget(struct store_tx *tx, const char *before, recording_file_fn *each, void *arg,
		      struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT file FROM recordings WHERE started_at < $1", err);
	bool has_row = true;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, before);
	while (has_row) {
		if (!db_step(stmt, &has_row, err))
			return false;
		if (has_row && !each(arg, db_column_text(stmt, 0, NULL), err)) {
			db_reset(stmt);
			return false;
		}
	}
	stmt = db_prepare(tx, "DELETE FROM recordings WHERE started_at < $1", err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, before);
	return db_exec(stmt, NULL, err);
}
