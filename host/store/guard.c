/* Held removals. */
#include "store/guard.h"

#include <stdlib.h>

#include "base/sabotage.h"
#include "base/str.h"
#include "store/db.h"
#include "store/row.h"

#define AT(field) offsetof(struct held_set, field)
#define ITEM_AT(field) offsetof(struct held_item, field)

static const size_t texts[] = {
	AT(account_id), AT(stream),	 AT(set_hash),	  AT(rule),	  AT(summary),
	AT(held_at),	AT(approved_at), AT(approved_by), AT(expires_at), AT(applied_at),
};
static const size_t item_texts[] = {
	ITEM_AT(entity),
	ITEM_AT(source_id),
	ITEM_AT(label),
	ITEM_AT(reason),
};

enum {
	TEXTS = sizeof(texts) / sizeof(texts[0]),
	ITEM_TEXTS = sizeof(item_texts) / sizeof(item_texts[0]),
};

#define COLUMNS                                                                                    \
	"account_id, stream, set_hash, rule, summary, held_at, approved_at, approved_by,"          \
	" expires_at, applied_at, session_id, item_count, id"

static void fini_set(void *item)
{
	row_free_texts(item, texts, TEXTS);
}

void held_list_fini(struct held_set *sets, size_t count)
{
	row_free_list(sets, count, sizeof(*sets), fini_set);
}

static void fini_item(void *item)
{
	row_free_texts(item, item_texts, ITEM_TEXTS);
}

void held_items_fini(struct held_item *items, size_t count)
{
	row_free_list(items, count, sizeof(*items), fini_item);
}

static bool read_set(struct db_stmt *stmt, void *item, struct err *err)
{
	struct held_set *set = item;

	set->session_id = db_column_int(stmt, TEXTS);
	set->count = db_column_int(stmt, TEXTS + 1);
	set->id = db_column_int(stmt, TEXTS + 2);
	return row_read_texts(stmt, 0, set, texts, TEXTS, err);
}

static bool read_item(struct db_stmt *stmt, void *item, struct err *err)
{
	return row_read_texts(stmt, 0, item, item_texts, ITEM_TEXTS, err);
}

/* --- saving --- */

static bool find_waiting(struct store_tx *tx, const struct held_set *set, int64_t *id,
			 struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT id FROM held_removals WHERE account_id = $1"
					  " AND stream = $2 AND set_hash = $3"
					  " AND applied_at IS NULL",
					  err);
	bool has_row;

	*id = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, set->account_id);
	db_bind_text(stmt, 2, set->stream);
	db_bind_text(stmt, 3, set->set_hash);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	*id = db_column_int(stmt, 0);
	db_reset(stmt);
	return true;
}

bool held_drop(struct store_tx *tx, const char *account_id, const char *stream, struct err *err)
{
	static const char *const steps[] = {
		"DELETE FROM held_removal_items WHERE held_id IN (SELECT id FROM held_removals"
		" WHERE account_id = $1 AND stream = $2 AND applied_at IS NULL)",
		"DELETE FROM held_removals WHERE account_id = $1 AND stream = $2"
		" AND applied_at IS NULL",
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct db_stmt *stmt = db_prepare(tx, steps[i], err);

		if (stmt == NULL)
			return false;
		db_bind_text(stmt, 1, account_id);
		db_bind_text(stmt, 2, stream);
		if (!db_exec(stmt, NULL, err))
			return false;
	}
	return true;
}

static bool add_set(struct store_tx *tx, const struct held_set *set, size_t count, int64_t *id,
		    struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"INSERT INTO held_removals (account_id, stream, set_hash, rule, summary, held_at,"
		" session_id, item_count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, set->account_id);
	db_bind_text(stmt, 2, set->stream);
	db_bind_text(stmt, 3, set->set_hash);
	db_bind_text(stmt, 4, set->rule);
	db_bind_text(stmt, 5, set->summary);
	db_bind_text(stmt, 6, set->held_at);
	db_bind_int(stmt, 7, set->session_id);
	db_bind_int(stmt, 8, (int64_t)count);
	return db_insert(stmt, id, NULL, err);
}

static bool add_item(struct store_tx *tx, int64_t held_id, const struct held_item *item,
		     struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"INSERT INTO held_removal_items (entity, source_id, label, reason, held_id)"
		" VALUES ($1, $2, $3, $4, $5)",
		err);

	if (stmt == NULL)
		return false;
	row_bind_texts(stmt, 1, item, item_texts, ITEM_TEXTS);
	db_bind_int(stmt, ITEM_TEXTS + 1, held_id);
	return db_exec(stmt, NULL, err);
}

bool held_save(struct store_tx *tx, const struct held_set *set, const struct held_item *items,
	       size_t count, int64_t *id, struct err *err)
{
	if (!find_waiting(tx, set, id, err))
		return false;
	if (*id != 0)
		return true;
	if (!held_drop(tx, set->account_id, set->stream, err) || !add_set(tx, set, count, id, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!add_item(tx, *id, &items[i], err))
			return false;
	}
	return true;
}

/* --- approving --- */

bool held_is_approved(struct store_tx *tx, const char *account_id, const char *stream,
		      const char *set_hash, const char *now, bool *approved, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "SELECT 1 FROM held_removals WHERE account_id = $1 AND stream = $2"
			   " AND set_hash = $3 AND approved_at IS NOT NULL AND expires_at > $4"
			   " AND applied_at IS NULL",
			   err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_text(stmt, 2, stream);
	db_bind_text(stmt, 3, set_hash);
	db_bind_text(stmt, 4, sabotage_is(SABOTAGE_ENDLESS_APPROVAL) ? "" : now);
	if (!db_step(stmt, approved, err))
		return false;
	if (*approved)
		db_reset(stmt);
	return true;
}

bool held_approve(struct store_tx *tx, int64_t id, const char *who, const char *now,
		  const char *expires_at, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "UPDATE held_removals SET approved_by = $1,"
					  " approved_at = $2, expires_at = $3"
					  " WHERE id = $4 AND applied_at IS NULL",
					  err);
	int64_t changed;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, who);
	db_bind_text(stmt, 2, now);
	db_bind_text(stmt, 3, expires_at);
	db_bind_int(stmt, 4, id);
	if (!db_exec(stmt, &changed, err))
		return false;
	if (changed == 1)
		return true;
	err_set(err, ERR_MISSING, "no set of held removals with the number %lld is waiting",
		(long long)id);
	return err_hint(err, "muster removals list");
}

bool held_mark_applied(struct store_tx *tx, const char *account_id, const char *stream,
		       const char *set_hash, const char *now, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "UPDATE held_removals SET applied_at = $1 WHERE account_id = $2"
			   " AND stream = $3 AND set_hash = $4 AND applied_at IS NULL",
			   err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, now);
	db_bind_text(stmt, 2, account_id);
	db_bind_text(stmt, 3, stream);
	db_bind_text(stmt, 4, set_hash);
	return db_exec(stmt, NULL, err);
}

/* --- reading --- */

bool held_list(struct store_tx *tx, const char *account_id, struct held_set **out, size_t *count,
	       struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT " COLUMNS " FROM held_removals"
					  " WHERE ($1 IS NULL OR account_id = $1)"
					  " AND applied_at IS NULL ORDER BY id",
					  err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	return row_read_list(stmt, read_set, fini_set, out, count, sizeof(**out), err);
}

bool held_items(struct store_tx *tx, int64_t id, struct held_item **out, size_t *count,
		struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "SELECT entity, source_id, label, reason FROM held_removal_items"
			   " WHERE held_id = $1 ORDER BY id",
			   err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, id);
	return row_read_list(stmt, read_item, fini_item, out, count, sizeof(**out), err);
}
