/* Credentials and their sealed fields. */
#include "store/credential.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/account.h"
#include "store/db.h"
#include "store/random_id.h"
#include "store/row.h"

#define AT(field) offsetof(struct credential, field)
#define FIELD_AT(field) offsetof(struct credential_field, field)

static const size_t texts[] = {
	AT(id),	  AT(name),	  AT(provider),	    AT(vendor),	      AT(state),
	AT(note), AT(created_at), AT(last_used_at), AT(redirect_uri),
};
static const size_t field_texts[] = {
	FIELD_AT(credential_id),
	FIELD_AT(field),
	FIELD_AT(dek_id),
};

enum {
	TEXTS = sizeof(texts) / sizeof(texts[0]),
	FIELD_TEXTS = sizeof(field_texts) / sizeof(field_texts[0]),
};

#define COLUMNS "id, name, provider, vendor, state, note, created_at, last_used_at, redirect_uri"
#define PLACES "($1, $2, $3, $4, $5, $6, $7, $8, $9)"
#define FIELD_COLUMNS "credential_id, field, dek_id, generation, record"

static void fini_credential(void *item)
{
	row_free_texts(item, texts, TEXTS);
}

void credential_fini(struct credential *credential)
{
	fini_credential(credential);
}

void credential_list_fini(struct credential *credentials, size_t count)
{
	row_free_list(credentials, count, sizeof(*credentials), fini_credential);
}

static bool read_credential(struct db_stmt *stmt, void *item, struct err *err)
{
	return row_read_texts(stmt, 0, item, texts, TEXTS, err);
}

/* --- writing --- */

static bool check_name_free(struct store_tx *tx, const struct credential *credential,
			    struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT 1 FROM credentials WHERE name = $1 AND id <> $2", err);
	bool is_used;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, credential->name);
	db_bind_text(stmt, 2, credential->id);
	if (!db_step(stmt, &is_used, err))
		return false;
	if (!is_used)
		return true;
	db_reset(stmt);
	return err_set(err, ERR_CONFIG, "there is a credential named %s already", credential->name);
}

bool credential_add(struct store_tx *tx, struct credential *credential, struct err *err)
{
	struct db_stmt *stmt;

	if (!random_id_fill(&credential->id, err) || !check_name_free(tx, credential, err))
		return false;
	stmt = db_prepare(tx, "INSERT INTO credentials (" COLUMNS ") VALUES " PLACES, err);
	if (stmt == NULL)
		return false;
	row_bind_texts(stmt, 1, credential, texts, TEXTS);
	return db_exec(stmt, NULL, err);
}

/* Runs a statement that must hit the credential. */
static bool exec_one(struct db_stmt *stmt, const char *id, struct err *err)
{
	int64_t changed;

	if (!db_exec(stmt, &changed, err))
		return false;
	return changed == 1 ||
	       err_set(err, ERR_MISSING, "there is no credential with the id %s", id);
}

bool credential_save(struct store_tx *tx, const struct credential *credential, struct err *err)
{
	struct db_stmt *stmt;

	if (!check_name_free(tx, credential, err))
		return false;
	stmt = db_prepare(tx, "UPDATE credentials SET (" COLUMNS ") = " PLACES " WHERE id = $1",
			  err);
	if (stmt == NULL)
		return false;
	row_bind_texts(stmt, 1, credential, texts, TEXTS);
	return exec_one(stmt, credential->id, err);
}

static bool set_column(struct store_tx *tx, const char *sql, const char *value, const char *id,
		       struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, value);
	db_bind_text(stmt, 2, id);
	return exec_one(stmt, id, err);
}

bool credential_set_state(struct store_tx *tx, const char *id, const char *state, struct err *err)
{
	return set_column(tx, "UPDATE credentials SET state = $1 WHERE id = $2", state, id, err);
}

bool credential_set_redirect_uri(struct store_tx *tx, const char *id, const char *uri,
				 struct err *err)
{
	return set_column(tx, "UPDATE credentials SET redirect_uri = $1 WHERE id = $2", uri, id,
			  err);
}

bool credential_touch(struct store_tx *tx, const char *id, const char *now, struct err *err)
{
	return set_column(tx, "UPDATE credentials SET last_used_at = $1 WHERE id = $2", now, id,
			  err);
}

/* --- reading --- */

static bool get_by(struct store_tx *tx, const char *sql, const char *value, const char *what,
		   struct credential *out, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);
	bool found;

	*out = (struct credential){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, value);
	if (!row_read_one(stmt, read_credential, fini_credential, out, sizeof(*out), &found, err))
		return false;
	return found || err_set(err, ERR_MISSING, "there is no credential %s %s", what, value);
}

bool credential_get(struct store_tx *tx, const char *id, struct credential *out, struct err *err)
{
	return get_by(tx, "SELECT " COLUMNS " FROM credentials WHERE id = $1", id, "with the id",
		      out, err);
}

bool credential_find(struct store_tx *tx, const char *name, struct credential *out, struct err *err)
{
	return get_by(tx, "SELECT " COLUMNS " FROM credentials WHERE name = $1", name, "named", out,
		      err);
}

bool credential_list(struct store_tx *tx, struct credential **out, size_t *count, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT " COLUMNS " FROM credentials ORDER BY name", err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	return row_read_list(stmt, read_credential, fini_credential, out, count, sizeof(**out),
			     err);
}

/* --- deleting --- */

static bool fail_used(const struct account *accounts, size_t count, struct err *err)
{
	struct buf slugs = BUF_INIT;

	for (size_t i = 0; i < count; i++)
		buf_printf(&slugs, "%s%s/%s", i > 0 ? ", " : "", accounts[i].vendor,
			   accounts[i].name);
	err_set(err, ERR_CONFIG, "the credential is in use by %s", buf_text(&slugs));
	buf_fini(&slugs);
	return err_hint(err, "disconnect the account, or give it another credential first");
}

static bool check_unused(struct store_tx *tx, const char *id, struct err *err)
{
	struct account *accounts;
	size_t count;
	bool is_unused;

	if (!account_find_by_credential(tx, id, &accounts, &count, err))
		return false;
	is_unused = count == 0 || fail_used(accounts, count, err);
	account_list_fini(accounts, count);
	return is_unused;
}

static bool exec_with_id(struct store_tx *tx, const char *sql, const char *id, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, id);
	return db_exec(stmt, NULL, err);
}

bool credential_delete(struct store_tx *tx, const char *id, struct err *err)
{
	struct db_stmt *stmt;

	if (!check_unused(tx, id, err) ||
	    !exec_with_id(tx, "UPDATE accounts SET credential_id = NULL WHERE credential_id = $1",
			  id, err) ||
	    !exec_with_id(tx, "DELETE FROM credential_fields WHERE credential_id = $1", id, err) ||
	    !exec_with_id(tx, "DELETE FROM vault_deks WHERE owner = $1", id, err))
		return false;
	stmt = db_prepare(tx, "DELETE FROM credentials WHERE id = $1", err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, id);
	return exec_one(stmt, id, err);
}

/* --- fields --- */

static void fini_field(void *item)
{
	struct credential_field *field = item;

	row_free_texts(field, field_texts, FIELD_TEXTS);
	free(field->record);
	field->record = NULL;
}

void credential_field_fini(struct credential_field *field)
{
	fini_field(field);
}

void credential_field_list_fini(struct credential_field *fields, size_t count)
{
	row_free_list(fields, count, sizeof(*fields), fini_field);
}

static bool read_field(struct db_stmt *stmt, void *item, struct err *err)
{
	struct credential_field *field = item;

	field->generation = db_column_int(stmt, FIELD_TEXTS);
	return row_read_texts(stmt, 0, field, field_texts, FIELD_TEXTS, err) &&
	       row_read_blob(stmt, FIELD_TEXTS + 1, &field->record, &field->record_len, err);
}

bool credential_field_put(struct store_tx *tx, const struct credential_field *field,
			  struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "INSERT INTO credential_fields (" FIELD_COLUMNS ")"
			   " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (credential_id, field)"
			   " DO UPDATE SET dek_id = excluded.dek_id,"
			   " generation = excluded.generation, record = excluded.record",
			   err);

	if (stmt == NULL)
		return false;
	row_bind_texts(stmt, 1, field, field_texts, FIELD_TEXTS);
	db_bind_int(stmt, FIELD_TEXTS + 1, field->generation);
	db_bind_blob(stmt, FIELD_TEXTS + 2, field->record, field->record_len);
	return db_exec(stmt, NULL, err);
}

bool credential_field_get(struct store_tx *tx, const char *credential_id, const char *field,
			  struct credential_field *out, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT " FIELD_COLUMNS " FROM credential_fields"
					  " WHERE credential_id = $1 AND field = $2",
					  err);
	bool found;

	*out = (struct credential_field){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, credential_id);
	db_bind_text(stmt, 2, field);
	if (!row_read_one(stmt, read_field, fini_field, out, sizeof(*out), &found, err))
		return false;
	return found ||
	       err_set(err, ERR_MISSING, "the credential %s has no field %s", credential_id, field);
}

bool credential_field_delete(struct store_tx *tx, const char *credential_id, const char *field,
			     struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx, "DELETE FROM credential_fields WHERE credential_id = $1 AND field = $2", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, credential_id);
	db_bind_text(stmt, 2, field);
	return db_exec(stmt, NULL, err);
}

static bool list_fields(struct store_tx *tx, const char *sql, const char *value,
			struct credential_field **out, size_t *count, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, value);
	return row_read_list(stmt, read_field, fini_field, out, count, sizeof(**out), err);
}

bool credential_field_list(struct store_tx *tx, const char *credential_id,
			   struct credential_field **out, size_t *count, struct err *err)
{
	return list_fields(tx,
			   "SELECT " FIELD_COLUMNS " FROM credential_fields"
			   " WHERE credential_id = $1 ORDER BY field",
			   credential_id, out, count, err);
}

bool credential_field_list_under(struct store_tx *tx, const char *dek_id,
				 struct credential_field **out, size_t *count, struct err *err)
{
	return list_fields(tx,
			   "SELECT " FIELD_COLUMNS " FROM credential_fields"
			   " WHERE dek_id = $1 ORDER BY credential_id, field",
			   dek_id, out, count, err);
}

bool credential_field_count(struct store_tx *tx, int64_t *count, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "SELECT count(*) FROM credential_fields", err);
	bool has_row;

	if (stmt == NULL || !db_step(stmt, &has_row, err))
		return false;
	*count = has_row ? db_column_int(stmt, 0) : 0;
	db_reset(stmt);
	return true;
}
