/* The lease on an account. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/sabotage.h"
#include "store/db.h"
#include "store/session.h"

/*
 * An expiry further ahead than any lease lasts was written before the clock was set back: it says
 * nothing, and waiting for it could take days. The fence keeps such a take-over safe.
 */
bool lease_is_live(const char *owner, int64_t expires_at_ms, int64_t length_ms, int64_t now_ms)
{
	return owner != NULL && expires_at_ms > now_ms && expires_at_ms <= now_ms + 2 * length_ms &&
	       !process_is_gone(owner);
}

/* Of the row of read_free. */
static bool is_held(struct db_stmt *stmt, int64_t now_ms)
{
	return lease_is_live(db_column_text(stmt, 0, NULL), db_column_int(stmt, 3), LEASE_MS,
			     now_ms);
}

static bool refuse_held(struct db_stmt *stmt, struct err *err)
{
	const char *owner = db_column_text(stmt, 0, NULL);
	char since[CLOCK_TEXT_SIZE];

	clock_format(db_column_int(stmt, 2), since);
	return err_set(err, ERR_BUSY, "another session runs: %.*s since %s",
		       (int)strcspn(owner, " "), owner, since);
}

/* *fence = the last one that was given; 0 = never. ERR_BUSY while somebody holds it. */
static bool read_free(struct store_tx *tx, const char *account_id, int64_t now_ms, int64_t *fence,
		      struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT owner, fence, taken_at_ms, expires_at_ms"
					  " FROM leases WHERE account_id = $1",
					  err);
	bool has_row, ok;

	*fence = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	*fence = db_column_int(stmt, 1);
	ok = !is_held(stmt, now_ms) || refuse_held(stmt, err);
	db_reset(stmt);
	return ok;
}

bool lease_take(struct store_tx *tx, const char *account_id, const char *owner, int64_t now_ms,
		struct lease *out, struct err *err)
{
	struct db_stmt *stmt;
	int64_t fence;

	if (!read_free(tx, account_id, now_ms, &fence, err))
		return false;
	stmt = db_prepare(
		tx,
		"INSERT INTO leases (account_id, owner, fence, taken_at_ms, expires_at_ms)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id) DO UPDATE SET"
		" owner = excluded.owner, fence = excluded.fence,"
		" taken_at_ms = excluded.taken_at_ms, expires_at_ms = excluded.expires_at_ms",
		err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_text(stmt, 2, owner);
	db_bind_int(stmt, 3, fence + 1);
	db_bind_int(stmt, 4, now_ms);
	db_bind_int(stmt, 5, now_ms + LEASE_MS);
	if (!db_exec(stmt, NULL, err))
		return false;
	*out = (struct lease){ .fence = fence + 1 };
	snprintf(out->account_id, sizeof(out->account_id), "%s", account_id);
	snprintf(out->owner, sizeof(out->owner), "%s", owner);
	return true;
}

static bool lost(const struct lease *lease, struct err *err)
{
	err_set(err, ERR_BUSY, "lease lost: account %s went to another session (fence %lld)",
		lease->account_id, (long long)lease->fence);
	return err_hint(err, "nothing of this session is written any more; the other one goes on");
}

bool lease_check(struct store_tx *tx, const struct lease *lease, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT 1 FROM leases WHERE account_id = $1"
					  " AND fence = $2 AND owner IS NOT NULL",
					  err);
	bool is_ours;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, lease->account_id);
	db_bind_int(stmt, 2, lease->fence);
	if (!db_step(stmt, &is_ours, err))
		return false;
	if (!is_ours)
		return sabotage_is(SABOTAGE_IGNORE_FENCE) || lost(lease, err);
	db_reset(stmt);
	return true;
}

bool lease_renew(struct store_tx *tx, const struct lease *lease, int64_t now_ms, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "UPDATE leases SET expires_at_ms = $1"
			   " WHERE account_id = $2 AND fence = $3 AND owner IS NOT NULL",
			   err);
	int64_t changed;

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, now_ms + LEASE_MS);
	db_bind_text(stmt, 2, lease->account_id);
	db_bind_int(stmt, 3, lease->fence);
	if (!db_exec(stmt, &changed, err))
		return false;
	return changed == 1 || sabotage_is(SABOTAGE_IGNORE_FENCE) || lost(lease, err);
}

/* The row stays: the next fence is counted from it. A lease that was lost needs no release. */
bool lease_release(struct store_tx *tx, const struct lease *lease, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "UPDATE leases SET owner = NULL, expires_at_ms = 0"
					  " WHERE account_id = $1 AND fence = $2",
					  err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, lease->account_id);
	db_bind_int(stmt, 2, lease->fence);
	return db_exec(stmt, NULL, err);
}

bool lease_count(struct store_tx *tx, int64_t now_ms, int64_t *held, int64_t *stale,
		 struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT owner, fence, taken_at_ms, expires_at_ms"
					  " FROM leases WHERE owner IS NOT NULL",
					  err);
	bool has_row, ok;

	*held = *stale = 0;
	if (stmt == NULL)
		return false;
	while ((ok = db_step(stmt, &has_row, err)) && has_row) {
		++*held;
		*stale += !is_held(stmt, now_ms);
	}
	return ok;
}
