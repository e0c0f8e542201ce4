/* The vault's keys as rows. */
#include "store/keyring.h"

#include <stdlib.h>

#include "store/db.h"
#include "store/random_id.h"
#include "store/row.h"

#define DEK_AT(field) offsetof(struct dek, field)
#define SLOT_AT(field) offsetof(struct slot, field)

static const size_t dek_texts[] = { DEK_AT(id), DEK_AT(owner), DEK_AT(created_at) };
static const size_t slot_texts[] = { SLOT_AT(id), SLOT_AT(kind), SLOT_AT(params),
				     SLOT_AT(created_at) };

enum {
	DEK_TEXTS = sizeof(dek_texts) / sizeof(dek_texts[0]),
	SLOT_TEXTS = sizeof(slot_texts) / sizeof(slot_texts[0]),
};

#define DEK_COLUMNS "id, owner, created_at, uses, wrapped, commitment"
#define SLOT_COLUMNS "id, kind, params, created_at, record"

/* Runs a statement that must hit the data key. */
static bool exec_one(struct db_stmt *stmt, const char *id, struct err *err)
{
	int64_t changed;

	if (!db_exec(stmt, &changed, err))
		return false;
	return changed == 1 || err_set(err, ERR_MISSING, "there is no data key %s", id);
}

/* --- data keys --- */

static void fini_dek(void *item)
{
	struct dek *dek = item;

	row_free_texts(dek, dek_texts, DEK_TEXTS);
	free(dek->wrapped);
	free(dek->commitment);
	dek->wrapped = NULL;
	dek->commitment = NULL;
}

void dek_fini(struct dek *dek)
{
	fini_dek(dek);
}

void dek_list_fini(struct dek *deks, size_t count)
{
	row_free_list(deks, count, sizeof(*deks), fini_dek);
}

static bool read_dek(struct db_stmt *stmt, void *item, struct err *err)
{
	struct dek *dek = item;

	dek->uses = db_column_int(stmt, DEK_TEXTS);
	return row_read_texts(stmt, 0, dek, dek_texts, DEK_TEXTS, err) &&
	       row_read_blob(stmt, DEK_TEXTS + 1, &dek->wrapped, &dek->wrapped_len, err) &&
	       row_read_blob(stmt, DEK_TEXTS + 2, &dek->commitment, &dek->commitment_len, err);
}

bool dek_add(struct store_tx *tx, struct dek *dek, struct err *err)
{
	struct db_stmt *stmt;

	if (!random_id_fill(&dek->id, err))
		return false;
	stmt = db_prepare(
		tx, "INSERT INTO vault_deks (" DEK_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)",
		err);
	if (stmt == NULL)
		return false;
	row_bind_texts(stmt, 1, dek, dek_texts, DEK_TEXTS);
	db_bind_int(stmt, DEK_TEXTS + 1, dek->uses);
	db_bind_blob(stmt, DEK_TEXTS + 2, dek->wrapped, dek->wrapped_len);
	db_bind_blob(stmt, DEK_TEXTS + 3, dek->commitment, dek->commitment_len);
	return db_exec(stmt, NULL, err);
}

bool dek_get(struct store_tx *tx, const char *id, struct dek *out, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT " DEK_COLUMNS " FROM vault_deks WHERE id = $1", err);
	bool found;

	*out = (struct dek){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, id);
	if (!row_read_one(stmt, read_dek, fini_dek, out, sizeof(*out), &found, err))
		return false;
	return found || err_set(err, ERR_MISSING, "there is no data key %s", id);
}

bool dek_list(struct store_tx *tx, const char *owner, struct dek **out, size_t *count,
	      struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT " DEK_COLUMNS " FROM vault_deks"
					  " WHERE $1 IS NULL OR owner = $1"
					  " ORDER BY owner, created_at DESC, id",
					  err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, owner);
	return row_read_list(stmt, read_dek, fini_dek, out, count, sizeof(**out), err);
}

bool dek_count_uses(struct store_tx *tx, const char *id, int64_t more, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "UPDATE vault_deks SET uses = uses + $1 WHERE id = $2", err);

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, more);
	db_bind_text(stmt, 2, id);
	return exec_one(stmt, id, err);
}

bool dek_rewrap(struct store_tx *tx, const char *id, const void *wrapped, size_t len,
		struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "UPDATE vault_deks SET wrapped = $1 WHERE id = $2", err);

	if (stmt == NULL)
		return false;
	db_bind_blob(stmt, 1, wrapped, len);
	db_bind_text(stmt, 2, id);
	return exec_one(stmt, id, err);
}

bool dek_delete(struct store_tx *tx, const char *id, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "DELETE FROM vault_deks WHERE id = $1", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, id);
	return exec_one(stmt, id, err);
}

/* --- slots --- */

static void fini_slot(void *item)
{
	struct slot *slot = item;

	row_free_texts(slot, slot_texts, SLOT_TEXTS);
	free(slot->record);
	slot->record = NULL;
}

void slot_fini(struct slot *slot)
{
	fini_slot(slot);
}

void slot_list_fini(struct slot *slots, size_t count)
{
	row_free_list(slots, count, sizeof(*slots), fini_slot);
}

static bool read_slot(struct db_stmt *stmt, void *item, struct err *err)
{
	struct slot *slot = item;

	return row_read_texts(stmt, 0, slot, slot_texts, SLOT_TEXTS, err) &&
	       row_read_blob(stmt, SLOT_TEXTS, &slot->record, &slot->record_len, err);
}

bool slot_add(struct store_tx *tx, struct slot *slot, struct err *err)
{
	struct db_stmt *stmt;

	if (!random_id_fill(&slot->id, err))
		return false;
	stmt = db_prepare(
		tx, "INSERT INTO vault_slots (" SLOT_COLUMNS ") VALUES ($1, $2, $3, $4, $5)", err);
	if (stmt == NULL)
		return false;
	row_bind_texts(stmt, 1, slot, slot_texts, SLOT_TEXTS);
	db_bind_blob(stmt, SLOT_TEXTS + 1, slot->record, slot->record_len);
	return db_exec(stmt, NULL, err);
}

bool slot_list(struct store_tx *tx, struct slot **out, size_t *count, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx, "SELECT " SLOT_COLUMNS " FROM vault_slots ORDER BY created_at, id", err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	return row_read_list(stmt, read_slot, fini_slot, out, count, sizeof(**out), err);
}

/* Deleted content is overwritten by the database (secure_delete); the log by store_truncate_log. */
bool slot_delete_all(struct store_tx *tx, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "DELETE FROM vault_slots", err);

	return stmt != NULL && db_exec(stmt, NULL, err);
}

/* --- notes --- */

bool keyring_note_get(struct store_tx *tx, const char *key, bool *found, struct buf *out,
		      struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "SELECT value FROM vault_meta WHERE key = $1", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, key);
	return row_read_bytes(stmt, found, out, err);
}

static bool forget(struct store_tx *tx, const char *key, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "DELETE FROM vault_meta WHERE key = $1", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, key);
	return db_exec(stmt, NULL, err);
}

bool keyring_note_set(struct store_tx *tx, const char *key, const void *value, size_t len,
		      struct err *err)
{
	struct db_stmt *stmt;

	if (value == NULL)
		return forget(tx, key, err);
	stmt = db_prepare(tx,
			  "INSERT INTO vault_meta (key, value) VALUES ($1, $2)"
			  " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
			  err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, key);
	db_bind_blob(stmt, 2, value, len);
	return db_exec(stmt, NULL, err);
}
