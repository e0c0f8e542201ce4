/* Copies of a database. */
#include "store/copy.h"

#include "base/clock.h"
#include "store/audit.h"
#include "store/tx.h"

bool copy_database(const char *path, const char *target, struct err *err)
{
	const struct driver *driver = &driver_sqlite;
	struct driver_conn *conn = driver->open(path, DRIVER_WRITER, err);
	bool ok;

	if (conn == NULL)
		return false;
	ok = driver->backup(conn, target, err);
	driver->close(conn);
	return ok;
}

/* --- settling --- */

static bool run(struct store_tx *tx, const char *sql, int64_t *changed, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);

	return stmt != NULL && db_exec(stmt, changed, err);
}

/* The same with $1 = now. */
static bool run_now(struct store_tx *tx, const char *sql, const char *now, int64_t *changed,
		    struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, now);
	return db_exec(stmt, changed, err);
}

static bool end_work(struct store_tx *tx, const char *now, int64_t *interrupted, struct err *err)
{
	return run(tx, "UPDATE leases SET owner = NULL, expires_at_ms = 0", NULL, err) &&
	       run(tx, "DELETE FROM limits", NULL, err) &&
	       run(tx, "DELETE FROM session_batches", NULL, err) &&
	       run_now(tx,
		       "UPDATE sessions SET outcome = 'interrupted', ended_at = $1"
		       " WHERE outcome = 'running'",
		       now, interrupted, err) &&
	       run_now(tx,
		       "UPDATE accounts SET state = 'stale', state_since = $1,"
		       " state_reason = 'it was being synced when the backup was taken',"
		       " state_way_out = 'muster sync ' || vendor || '/' || name"
		       " WHERE state = 'syncing'",
		       now, NULL, err);
}

static bool pause_all(struct store_tx *tx, const char *now, int64_t *paused, struct err *err)
{
	return run_now(tx,
		       "UPDATE accounts SET is_paused = 1, state = 'paused', state_since = $1,"
		       " state_reason = 'restored from a backup in another place: the original may"
		       " still run',"
		       " state_way_out = 'muster accounts resume ' || vendor || '/' || name"
		       " WHERE is_paused = 0 AND archived_at IS NULL",
		       now, paused, err);
}

bool copy_settle(struct store_tx *tx, const char *who, const char *source, bool pause,
		 bool has_recordings, struct copy_settled *out, struct err *err)
{
	char now[CLOCK_TEXT_SIZE];

	*out = (struct copy_settled){ 0 };
	clock_now_text(now);
	return end_work(tx, now, &out->interrupted, err) &&
	       (!pause || pause_all(tx, now, &out->paused, err)) &&
	       (has_recordings || run(tx, "DELETE FROM recordings", NULL, err)) &&
	       audit_add(tx, who, "restore", source, NULL, now, err);
}
