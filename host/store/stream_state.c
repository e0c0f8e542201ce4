/* The state of streams between sessions, and the records that could not be mapped. */
#include <stddef.h>
#include <stdlib.h>

#include "store/db.h"
#include "store/row.h"
#include "store/session.h"

static const size_t texts[] = {
	offsetof(struct stream_state, cursor),
	offsetof(struct stream_state, baseline),
	offsetof(struct stream_state, completed_at),
};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

static void fini_state(void *item)
{
	row_free_texts(item, texts, TEXTS);
}

void stream_state_fini(struct stream_state *state)
{
	fini_state(state);
}

static bool read_state(struct db_stmt *stmt, void *item, struct err *err)
{
	struct stream_state *state = item;

	state->completed_session = db_column_int(stmt, TEXTS);
	return row_read_texts(stmt, 0, state, texts, TEXTS, err);
}

bool stream_state_get(struct store_tx *tx, const char *account_id, const char *stream,
		      struct stream_state *out, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"SELECT cursor, baseline, completed_at, completed_session FROM stream_state"
		" WHERE account_id = $1 AND stream = $2",
		err);
	bool found;

	*out = (struct stream_state){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_text(stmt, 2, stream);
	return row_read_one(stmt, read_state, fini_state, out, sizeof(*out), &found, err);
}

bool stream_state_set(struct store_tx *tx, const char *account_id, const char *stream,
		      const struct stream_state *state, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"INSERT INTO stream_state (cursor, baseline, completed_at, completed_session,"
		" account_id, stream) VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (account_id, stream) DO UPDATE SET cursor = excluded.cursor,"
		" baseline = excluded.baseline, completed_at = excluded.completed_at,"
		" completed_session = excluded.completed_session",
		err);

	if (stmt == NULL)
		return false;
	row_bind_texts(stmt, 1, state, texts, TEXTS);
	db_bind_int(stmt, TEXTS + 1, state->completed_session);
	db_bind_text(stmt, TEXTS + 2, account_id);
	db_bind_text(stmt, TEXTS + 3, stream);
	return db_exec(stmt, NULL, err);
}

bool stream_state_set_cursor(struct store_tx *tx, const char *account_id, const char *stream,
			     const char *cursor, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"INSERT INTO stream_state (account_id, stream, cursor, completed_session)"
		" VALUES ($1, $2, $3, 0)"
		" ON CONFLICT (account_id, stream) DO UPDATE SET cursor = excluded.cursor",
		err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_text(stmt, 2, stream);
	db_bind_text(stmt, 3, cursor);
	return db_exec(stmt, NULL, err);
}

/* --- which streams there are --- */

static bool exec_named(struct store_tx *tx, const char *sql, const char *account_id,
		       const char *stream, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	db_bind_text(stmt, 2, stream);
	return db_exec(stmt, NULL, err);
}

bool stream_state_add(struct store_tx *tx, const char *account_id, const char *stream,
		      struct err *err)
{
	return exec_named(tx,
			  "INSERT INTO stream_state (account_id, stream, completed_session)"
			  " VALUES ($1, $2, 0) ON CONFLICT (account_id, stream) DO NOTHING",
			  account_id, stream, err);
}

bool stream_state_drop(struct store_tx *tx, const char *account_id, const char *stream,
		       struct err *err)
{
	return exec_named(tx, "DELETE FROM stream_state WHERE account_id = $1 AND stream = $2",
			  account_id, stream, err);
}

static bool read_name(struct db_stmt *stmt, void *item, struct err *err)
{
	char **name = item;

	*name = db_column_dup(stmt, 0);
	return *name != NULL || err_oom(err);
}

static void fini_name(void *item)
{
	free(*(char **)item);
}

bool stream_state_names(struct store_tx *tx, const char *account_id, char ***names, size_t *count,
			struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT stream FROM stream_state"
					  " WHERE account_id = $1 ORDER BY stream",
					  err);

	*names = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account_id);
	return row_read_list(stmt, read_name, fini_name, names, count, sizeof(**names), err);
}

void stream_state_free_names(char **names, size_t count)
{
	row_free_list(names, count, sizeof(*names), fini_name);
}

bool quarantine_add(struct store_tx *tx, int64_t session_id, const char *stream, const char *entity,
		    const char *source_id, const char *reason, const char *excerpt, const char *now,
		    struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "INSERT INTO quarantine (session_id, stream, entity, "
					  "source_id, reason, excerpt, at)"
					  " VALUES ($1, $2, $3, $4, $5, $6, $7)",
					  err);

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, session_id);
	db_bind_text(stmt, 2, stream);
	db_bind_text(stmt, 3, entity);
	db_bind_text(stmt, 4, source_id);
	db_bind_text(stmt, 5, reason);
	db_bind_text(stmt, 6, excerpt);
	db_bind_text(stmt, 7, now);
	return db_exec(stmt, NULL, err);
}
