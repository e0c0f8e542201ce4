/* Kept limits. */
#include "store/limit.h"

#include "store/db.h"

bool limit_state_get(struct store_tx *tx, const char *scope, char **state, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "SELECT state FROM limits WHERE scope = $1", err);
	bool has_row;

	*state = NULL;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, scope);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	*state = db_column_dup(stmt, 0);
	db_reset(stmt);
	return *state != NULL || err_oom(err);
}

static bool forget(struct store_tx *tx, const char *scope, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "DELETE FROM limits WHERE scope = $1", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, scope);
	return db_exec(stmt, NULL, err);
}

bool limit_state_set(struct store_tx *tx, const char *scope, const char *state, int64_t now_ms,
		     struct err *err)
{
	struct db_stmt *stmt;

	if (state == NULL)
		return forget(tx, scope, err);
	stmt = db_prepare(tx,
			  "INSERT INTO limits (scope, state, updated_at_ms) VALUES ($1, $2, $3)"
			  " ON CONFLICT (scope) DO UPDATE SET state = excluded.state,"
			  " updated_at_ms = excluded.updated_at_ms",
			  err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, scope);
	db_bind_text(stmt, 2, state);
	db_bind_int(stmt, 3, now_ms);
	return db_exec(stmt, NULL, err);
}

bool limit_expire(struct store_tx *tx, int64_t before_ms, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "DELETE FROM limits WHERE updated_at_ms < $1", err);

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, before_ms);
	return db_exec(stmt, NULL, err);
}
