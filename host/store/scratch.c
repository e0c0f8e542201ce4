/* The tables of a dry run. */
#include "store/scratch.h"

#include <string.h>

#include "base/str.h"
#include "store/db.h"
#include "store/model.h"
#include "store/tx.h"

/* Tables beside the model's that a sync writes, and which of their rows the copy starts with. */
static const struct {
	const char *table, *where;
} shadowed[] = {
	{ "sessions", "account_id = $1" },
	{ "stream_state", "account_id = $1" },
	{ "event_marks", "account_id = $1" },
	{ "enrichments", "account_id = $1" },
	{ "held_removals", "account_id = $1" },
	{ "held_removal_items",
	  "held_id IN (SELECT id FROM main.held_removals WHERE account_id = $1)" },
	{ "script_keys", "owner = 'account:' || $1" },
	{ "session_batches", NULL }, /* of one session only: the next one starts empty */
	{ "quarantine", NULL },
	{ "recordings", NULL },
	{ "changes", NULL },
};

/* --- definitions --- */

static const char TABLE[] = "CREATE TABLE ", INDEX[] = "CREATE INDEX ",
		  UNIQUE[] = "CREATE UNIQUE INDEX ";

/* The table's own statement, made temporary. Foreign keys are off on this connection. */
static bool put_definition(const char *sql, struct buf *out)
{
	if (str_has_prefix(sql, TABLE))
		buf_printf(out, "CREATE TEMP TABLE %s;", sql + strlen(TABLE));
	else if (str_has_prefix(sql, UNIQUE))
		buf_printf(out, "%stemp.%s;", UNIQUE, sql + strlen(UNIQUE));
	else if (str_has_prefix(sql, INDEX))
		buf_printf(out, "%stemp.%s;", INDEX, sql + strlen(INDEX));
	else
		return false;
	return true;
}

static bool read_definitions(struct store_tx *tx, const char *table, struct buf *out,
			     struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT sql FROM main.sqlite_schema"
					  " WHERE tbl_name = $1 AND type IN ('table', 'index')"
					  " AND sql IS NOT NULL ORDER BY type DESC, name",
					  err);
	bool has_row, ok = true;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, table);
	while (ok && db_step(stmt, &has_row, err)) {
		if (!has_row)
			return buf_ok(out, err);
		ok = put_definition(db_column_text(stmt, 0, NULL), out) ||
		     err_set(err, ERR_BUG, "the table %s cannot be copied", table);
	}
	db_reset(stmt);
	return false;
}

/* --- one table --- */

static bool copy_rows(struct store_tx *tx, const char *table, const char *where,
		      const char *account_id, struct err *err)
{
	struct buf sql = BUF_INIT;
	struct db_stmt *stmt = NULL;

	buf_printf(&sql, "INSERT INTO temp.%s SELECT * FROM main.%s WHERE %s", table, table, where);
	if (buf_ok(&sql, err))
		stmt = db_prepare_text(tx, buf_text(&sql), err);
	buf_fini(&sql);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	return db_exec(stmt, NULL, err);
}

static bool shadow(struct store_tx *tx, const char *table, const char *where,
		   const char *account_id, struct err *err)
{
	struct buf sql = BUF_INIT;
	bool ok = read_definitions(tx, table, &sql, err) &&
		  tx->driver->script(tx->conn, buf_text(&sql), err);

	buf_fini(&sql);
	return ok && (where == NULL || copy_rows(tx, table, where, account_id, err));
}

static bool shadow_all(struct store_tx *tx, const char *account_id, struct err *err)
{
	size_t count;
	const struct model_entity *entities = model_entities(&count);

	for (size_t i = 0; i < count; i++) {
		if (!shadow(tx, entities[i].table, "account_id = $1", account_id, err))
			return false;
	}
	for (size_t i = 0; i < sizeof(shadowed) / sizeof(shadowed[0]); i++) {
		if (!shadow(tx, shadowed[i].table, shadowed[i].where, account_id, err))
			return false;
	}
	return true;
}

bool scratch_fill(struct store_tx *tx, const char *account_id, struct err *err)
{
	bool ok;

	if (!tx_begin(tx, STORE_READ, err))
		return false;
	ok = shadow_all(tx, account_id, err);
	if (ok)
		return tx_commit(tx, err);
	tx_rollback(tx);
	return err_context(err, "scratch of the dry run");
}
