/* Settings of the project. */
#include "store/setting.h"

#include "store/db.h"

bool setting_get(struct store_tx *tx, const char *key, char **value, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "SELECT value FROM settings WHERE key = $1", err);
	bool has_row;

	*value = NULL;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, key);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	*value = db_column_dup(stmt, 0);
	db_reset(stmt);
	return *value != NULL || err_oom(err);
}

static bool delete (struct store_tx *tx, const char *key, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "DELETE FROM settings WHERE key = $1", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, key);
	return db_exec(stmt, NULL, err);
}

bool setting_set(struct store_tx *tx, const char *key, const char *value, struct err *err)
{
	struct db_stmt *stmt;

	if (value == NULL)
		return delete (tx, key, err);
	stmt = db_prepare(tx,
			  "INSERT INTO settings (key, value) VALUES ($1, $2)"
			  " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
			  err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, key);
	db_bind_text(stmt, 2, value);
	return db_exec(stmt, NULL, err);
}
