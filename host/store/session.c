/* Sessions. */
#include "store/session.h"

#include <stddef.h>
#include <stdlib.h>

#include "store/db.h"
#include "store/row.h"

#define AT(field) offsetof(struct session, field)
#define COUNT_AT(field) offsetof(struct session_counts, field)

/* In the order of the columns below. */
static const size_t texts[] = {
	AT(account_id), AT(account_slug), AT(kind),  AT(outcome),     AT(started_at), AT(ended_at),
	AT(dropped),	AT(streams),	  AT(error), AT(fingerprint), AT(owner),
};

static const size_t counters[] = {
	COUNT_AT(seen),	   COUNT_AT(created),  COUNT_AT(updated), COUNT_AT(unchanged),
	COUNT_AT(removed), COUNT_AT(restored), COUNT_AT(dropped), COUNT_AT(quarantined),
	COUNT_AT(skipped), COUNT_AT(requests), COUNT_AT(retries), COUNT_AT(bytes),
};

enum {
	TEXTS = sizeof(texts) / sizeof(texts[0]),
	COUNTERS = sizeof(counters) / sizeof(counters[0]),
};

#define COLUMNS                                                                                    \
	"account_id, account_slug, kind, outcome, started_at, ended_at, dropped_by_rule, streams," \
	" error, fingerprint, owner, seen, created, updated, unchanged, removed, restored,"        \
	" dropped, quarantined, skipped, requests, retries, bytes, id, fence, seconds"

#define IS_REAL "kind <> 'dry-run'"
#define ENDED_WELL IS_REAL " AND outcome IN ('ok', 'degraded', 'partial', 'held')"

static int64_t *counter(struct session_counts *counts, size_t i)
{
	return (int64_t *)(void *)((char *)counts + counters[i]);
}

static void fini_session(void *item)
{
	row_free_texts(item, texts, TEXTS);
}

void session_fini(struct session *session)
{
	fini_session(session);
}

void session_list_fini(struct session *sessions, size_t count)
{
	row_free_list(sessions, count, sizeof(*sessions), fini_session);
}

static bool read_session(struct db_stmt *stmt, void *item, struct err *err)
{
	struct session *session = item;

	for (size_t i = 0; i < COUNTERS; i++)
		*counter(&session->counts, i) = db_column_int(stmt, TEXTS + (int)i);
	session->id = db_column_int(stmt, TEXTS + COUNTERS);
	session->fence = db_column_int(stmt, TEXTS + COUNTERS + 1);
	session->seconds = db_column_double(stmt, TEXTS + COUNTERS + 2);
	return row_read_texts(stmt, 0, session, texts, TEXTS, err);
}

/* --- beginning --- */

/* What a killed process left: its rows stay, its listing counts for nothing. */
static bool interrupt_running(struct store_tx *tx, const char *account_id, const char *now,
			      struct err *err)
{
	struct db_stmt *batches = db_prepare(tx,
					     "DELETE FROM session_batches WHERE session_id IN"
					     " (SELECT id FROM sessions WHERE account_id = $1)",
					     err);
	struct db_stmt *sessions =
		db_prepare(tx,
			   "UPDATE sessions SET outcome = 'interrupted', ended_at = $1"
			   " WHERE account_id = $2 AND outcome = 'running'",
			   err);

	if (batches == NULL || sessions == NULL)
		return false;
	db_bind_text(batches, 1, account_id);
	db_bind_text(sessions, 1, now);
	db_bind_text(sessions, 2, account_id);
	return db_exec(batches, NULL, err) && db_exec(sessions, NULL, err);
}

static bool is_first(struct store_tx *tx, const char *account_id, bool *first, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx, "SELECT 1 FROM sessions WHERE account_id = $1 AND " ENDED_WELL " LIMIT 1", err);
	bool has_earlier;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	if (!db_step(stmt, &has_earlier, err))
		return false;
	if (has_earlier)
		db_reset(stmt);
	*first = !has_earlier;
	return true;
}

static bool insert(struct store_tx *tx, const struct lease *lease, const char *kind,
		   const char *fingerprint, const char *now, int64_t *id, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"INSERT INTO sessions (account_id, account_slug, kind, outcome, started_at,"
		" fingerprint, owner, fence)"
		" SELECT id, vendor || '/' || name, $1, 'running', $2, $3, $4, $5"
		" FROM accounts WHERE id = $6",
		err);
	int64_t changed;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, kind);
	db_bind_text(stmt, 2, now);
	db_bind_text(stmt, 3, fingerprint);
	db_bind_text(stmt, 4, lease->owner);
	db_bind_int(stmt, 5, lease->fence);
	db_bind_text(stmt, 6, lease->account_id);
	if (!db_insert(stmt, id, &changed, err))
		return false;
	return changed == 1 ||
	       err_set(err, ERR_MISSING, "there is no account with the id %s", lease->account_id);
}

bool session_begin(struct store_tx *tx, const struct lease *lease, const char *kind,
		   const char *fingerprint, const char *now, int64_t *id, bool *first,
		   struct err *err)
{
	return lease_check(tx, lease, err) && interrupt_running(tx, lease->account_id, now, err) &&
	       is_first(tx, lease->account_id, first, err) &&
	       insert(tx, lease, kind, fingerprint, now, id, err);
}

/* --- going on, ending --- */

static bool exec_one(struct db_stmt *stmt, int64_t id, struct err *err)
{
	int64_t changed;

	if (!db_exec(stmt, &changed, err))
		return false;
	return changed == 1 || err_set(err, ERR_MISSING, "there is no session %lld", (long long)id);
}

bool session_update(struct store_tx *tx, int64_t id, const struct session_counts *counts,
		    const char *dropped, const char *streams, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"UPDATE sessions SET seen = $1, created = $2, updated = $3, unchanged = $4,"
		" removed = $5, restored = $6, dropped = $7, quarantined = $8, skipped = $9,"
		" requests = $10, retries = $11, bytes = $12,"
		" dropped_by_rule = coalesce($13, dropped_by_rule),"
		" streams = coalesce($14, streams) WHERE id = $15",
		err);
	struct session_counts copy = *counts;

	if (stmt == NULL)
		return false;
	for (size_t i = 0; i < COUNTERS; i++)
		db_bind_int(stmt, (int)i + 1, *counter(&copy, i));
	db_bind_text(stmt, COUNTERS + 1, dropped);
	db_bind_text(stmt, COUNTERS + 2, streams);
	db_bind_int(stmt, COUNTERS + 3, id);
	return exec_one(stmt, id, err);
}

static bool delete_batches(struct store_tx *tx, int64_t id, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "DELETE FROM session_batches WHERE session_id = $1", err);

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, id);
	return db_exec(stmt, NULL, err);
}

bool session_end(struct store_tx *tx, int64_t id, const char *outcome, const char *error,
		 const char *now, double seconds, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "UPDATE sessions SET outcome = $1, error = $2,"
					  " ended_at = $3, seconds = $4 WHERE id = $5",
					  err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, outcome);
	db_bind_text(stmt, 2, error);
	db_bind_text(stmt, 3, now);
	db_bind_double(stmt, 4, seconds);
	db_bind_int(stmt, 5, id);
	return exec_one(stmt, id, err) && delete_batches(tx, id, err);
}

/* --- expiry --- */

/* clang-format off */

#define NEWEST(which) "(SELECT max(id) FROM sessions WHERE " which " GROUP BY account_id)"
#define IN(table) "(SELECT 1 FROM " table " WHERE session_id = sessions.id)"

static const char expire_sql[] =
	"DELETE FROM sessions WHERE started_at < $1 AND outcome <> 'running'"
	" AND id NOT IN " NEWEST(IS_REAL)
	" AND id NOT IN " NEWEST(ENDED_WELL)
	" AND id NOT IN (SELECT last_session FROM accounts)"
	" AND id NOT IN (SELECT completed_session FROM stream_state)"
	" AND NOT EXISTS " IN("changes")
	" AND NOT EXISTS " IN("quarantine")
	" AND NOT EXISTS " IN("recordings")
	" AND NOT EXISTS " IN("held_removals");

/* clang-format on */

bool session_expire(struct store_tx *tx, const char *before, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, expire_sql, err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, before);
	return db_exec(stmt, NULL, err);
}

/* --- reading --- */

bool session_get(struct store_tx *tx, int64_t id, struct session *out, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT " COLUMNS " FROM sessions WHERE id = $1", err);
	bool found;

	*out = (struct session){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, id);
	if (!row_read_one(stmt, read_session, fini_session, out, sizeof(*out), &found, err))
		return false;
	if (found)
		return true;
	err_set(err, ERR_MISSING, "there is no session %lld", (long long)id);
	return err_hint(err, "muster sessions list");
}

bool session_list(struct store_tx *tx, const char *account_id, int64_t limit, struct session **out,
		  size_t *count, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "SELECT " COLUMNS " FROM sessions"
			   " WHERE $1 IS NULL OR account_id = $1 ORDER BY id DESC LIMIT $2",
			   err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_int(stmt, 2, limit);
	return row_read_list(stmt, read_session, fini_session, out, count, sizeof(**out), err);
}
