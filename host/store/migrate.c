/* Numbered migrations, one transaction each. */
#include "store/migrate.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sabotage.h"
#include "store/db.h"
#include "store/tx.h"

static const char TABLE_SQL[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
				"version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
				" applied_at TEXT NOT NULL)";

static bool read_version(struct store_tx *tx, int64_t *version, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT coalesce(max(version), 0) FROM schema_migrations", err);
	bool has_row;

	if (stmt == NULL || !db_step(stmt, &has_row, err))
		return false;
	*version = has_row ? db_column_int(stmt, 0) : 0;
	db_reset(stmt);
	return true;
}

static bool record(struct store_tx *tx, const struct migration *migration, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx, "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)",
		err);
	char now[CLOCK_TEXT_SIZE];

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, migration->version);
	db_bind_text(stmt, 2, migration->name);
	db_bind_text(stmt, 3, clock_now_text(now));
	return db_exec(stmt, NULL, err);
}

/* Another process may have been faster: the version is read again under the lock. */
static bool apply_locked(struct store_tx *tx, const struct migration *migration, struct err *err)
{
	int64_t version;

	if (!read_version(tx, &version, err))
		return false;
	if (version >= migration->version)
		return true;
	if (!tx->driver->script(tx->conn, migration->sql, err))
		return false;
	if (sabotage_is(SABOTAGE_SPLIT_MIGRATION) &&
	    !(tx_commit(tx, err) && tx_begin(tx, STORE_WRITE, err)))
		return false;
	return record(tx, migration, err);
}

static bool apply(struct store_tx *tx, const struct migration *migration, struct err *err)
{
	if (!tx_begin(tx, STORE_WRITE, err))
		return false;
	if (apply_locked(tx, migration, err))
		return tx_commit(tx, err);
	tx_rollback(tx);
	return err_context(err, "migration %lld (%s)", (long long)migration->version,
			   migration->name);
}

static bool back_up(struct store_tx *tx, const char *path, int64_t version, struct err *err)
{
	char unfinished[4096], target[4096];

	snprintf(target, sizeof(target), "%s.v%lld.backup", path, (long long)version);
	snprintf(unfinished, sizeof(unfinished), "%s.new", target);
	return tx->driver->backup(tx->conn, unfinished, err) &&
	       file_rename(unfinished, target, err);
}

static bool refuse_newer(const char *path, int64_t found, int64_t known, struct err *err)
{
	err_set(err, ERR_CONFIG, "%s has schema version %lld; this muster knows up to %lld", path,
		(long long)found, (long long)known);
	return err_hint(err, "use the muster that wrote it, or a newer one");
}

static bool refuse_shared(const char *path, struct err *err)
{
	err_set(err, ERR_BUSY, "%s needs a newer schema, but another process has it open", path);
	return err_hint(err, "end the other muster process (it is an older one), then try again");
}

bool migrate_version(struct store_tx *tx, const char *path, int64_t *version, struct err *err)
{
	if (read_version(tx, version, err))
		return true;
	if (err->kind != ERR_BUG)
		return false;
	err_context(err, "%s is not a database of muster", path);
	err->kind = ERR_CONFIG;
	return false;
}

int64_t migrate_newest(const struct migration *migrations)
{
	int64_t newest = 0;

	for (const struct migration *at = migrations; at->version != 0; at++)
		newest = at->version;
	return newest;
}

bool migrate_run(struct store_tx *tx, const char *path, const struct migration *migrations,
		 enum migrate_mode mode, struct err *err)
{
	int64_t version, newest = migrate_newest(migrations);

	if ((mode == MIGRATE_NEW && !tx->driver->script(tx->conn, TABLE_SQL, err)) ||
	    !migrate_version(tx, path, &version, err))
		return false;
	if (version > newest)
		return refuse_newer(path, version, newest, err);
	if (version == newest)
		return true;
	if (mode == MIGRATE_SHARED)
		return refuse_shared(path, err);
	if (version > 0 && !back_up(tx, path, version, err))
		return false;
	for (const struct migration *at = migrations + version; at->version != 0; at++) {
		if (!apply(tx, at, err))
			return false;
	}
	tx_forget(tx);
	return true;
}
