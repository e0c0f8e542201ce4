/* Keys and values of scripts. */
#include "store/script_key.h"

#include <string.h>

#include "store/db.h"
#include "store/row.h"

bool script_key_get(struct store_tx *tx, const char *owner, const char *key, bool *found,
		    struct buf *out, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT value FROM script_keys WHERE owner = $1 AND key = $2", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, owner);
	db_bind_text(stmt, 2, key);
	return row_read_bytes(stmt, found, out, err);
}

static bool over_limit(const char *what, const char *key, int limit, struct err *err)
{
	return err_set(err, ERR_OVER_LIMIT, "host.store: %s of %.40s passes the limit of %d", what,
		       key, limit);
}

/* Counted only up to the limit; a key that exists may always be written again. */
static bool check_count(struct store_tx *tx, const char *owner, const char *key, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"SELECT count(*) FROM (SELECT 1 FROM script_keys WHERE owner = $1 AND key <> $2"
		" LIMIT $3)",
		err);
	bool has_row, is_full;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, owner);
	db_bind_text(stmt, 2, key);
	db_bind_int(stmt, 3, SCRIPT_KEYS_PER_OWNER_MAX);
	if (!db_step(stmt, &has_row, err))
		return false;
	is_full = has_row && db_column_int(stmt, 0) >= SCRIPT_KEYS_PER_OWNER_MAX;
	db_reset(stmt);
	return !is_full || over_limit("the number of keys", owner, SCRIPT_KEYS_PER_OWNER_MAX, err);
}

static bool exists(struct store_tx *tx, const char *owner, const char *key, bool *found,
		   struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT 1 FROM script_keys WHERE owner = $1 AND key = $2", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, owner);
	db_bind_text(stmt, 2, key);
	if (!db_step(stmt, found, err))
		return false;
	if (*found)
		db_reset(stmt);
	return true;
}

static bool put(struct store_tx *tx, const char *owner, const char *key, const void *value,
		size_t len, struct err *err)
{
	struct db_stmt *stmt;
	bool found;

	if (!exists(tx, owner, key, &found, err) || (!found && !check_count(tx, owner, key, err)))
		return false;
	stmt = db_prepare(tx,
			  "INSERT INTO script_keys (owner, key, value) VALUES ($1, $2, $3)"
			  " ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value",
			  err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, owner);
	db_bind_text(stmt, 2, key);
	db_bind_blob(stmt, 3, value, len);
	return db_exec(stmt, NULL, err);
}

static bool delete (struct store_tx *tx, const char *owner, const char *key, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "DELETE FROM script_keys WHERE owner = $1 AND key = $2", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, owner);
	db_bind_text(stmt, 2, key);
	return db_exec(stmt, NULL, err);
}

bool script_key_set(struct store_tx *tx, const char *owner, const char *key, const void *value,
		    size_t len, struct err *err)
{
	if (strlen(key) > SCRIPT_KEY_MAX)
		return over_limit("the length of the key", key, SCRIPT_KEY_MAX, err);
	if (len > SCRIPT_VALUE_MAX)
		return over_limit("the size of the value", key, SCRIPT_VALUE_MAX, err);
	return value != NULL ? put(tx, owner, key, value, len, err) : delete (tx, owner, key, err);
}
