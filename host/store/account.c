/* Accounts. */
#include "store/account.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/db.h"
#include "store/model.h"
#include "store/random_id.h"
#include "store/row.h"

#define AT(field) offsetof(struct account, field)

/* In the order of the columns in every statement of this file. */
static const size_t texts[] = {
	AT(id),		AT(vendor),	  AT(name),	     AT(label),
	AT(state),	AT(state_reason), AT(state_since),   AT(state_way_out),
	AT(tenant),	AT(settings),	  AT(credential_id), AT(ca_file),
	AT(connect_to), AT(proxy),	  AT(allow_cidrs),   AT(approved_hash),
	AT(approved),	AT(last_ok_at),	  AT(created_at),    AT(archived_at),
	AT(actions),
};

/* What is read with an account but is no column of it. */
static const size_t derived[] = { AT(last_started_at) };

enum { TEXTS = sizeof(texts) / sizeof(texts[0]), DERIVED = sizeof(derived) / sizeof(derived[0]) };

#define COLUMNS                                                                                    \
	"id, vendor, name, label, state, state_reason, state_since, state_way_out, tenant,"        \
	" settings, credential_id, ca_file, connect_to, proxy, allow_cidrs, approved_hash,"        \
	" approved, last_ok_at, created_at, archived_at, actions, is_paused, is_recording, "       \
	"last_session,"                                                                            \
	" every_seconds"

/* By number, not by time: a clock may have been set back. */
#define SELECT                                                                                     \
	"SELECT " COLUMNS ", (SELECT started_at FROM sessions WHERE account_id = accounts.id"      \
	" AND kind <> 'dry-run' ORDER BY sessions.id DESC LIMIT 1) FROM accounts"

static void fini_account(void *item)
{
	row_free_texts(item, texts, TEXTS);
	row_free_texts(item, derived, DERIVED);
}

void account_fini(struct account *account)
{
	fini_account(account);
}

void account_list_fini(struct account *accounts, size_t count)
{
	row_free_list(accounts, count, sizeof(*accounts), fini_account);
}

static bool read_account(struct db_stmt *stmt, void *item, struct err *err)
{
	struct account *account = item;

	account->is_paused = db_column_int(stmt, TEXTS) != 0;
	account->is_recording = db_column_int(stmt, TEXTS + 1) != 0;
	account->last_session = db_column_int(stmt, TEXTS + 2);
	account->every_seconds = db_column_int(stmt, TEXTS + 3);
	return row_read_texts(stmt, 0, account, texts, TEXTS, err) &&
	       row_read_texts(stmt, TEXTS + 4, account, derived, DERIVED, err);
}

static void bind_account(struct db_stmt *stmt, const struct account *account)
{
	row_bind_texts(stmt, 1, account, texts, TEXTS);
	db_bind_int(stmt, TEXTS + 1, account->is_paused);
	db_bind_int(stmt, TEXTS + 2, account->is_recording);
	db_bind_int(stmt, TEXTS + 3, account->last_session);
	db_bind_int(stmt, TEXTS + 4, account->every_seconds);
}

/* --- writing --- */

static bool check_slug_free(struct store_tx *tx, const struct account *account, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "SELECT 1 FROM accounts WHERE vendor = $1 AND name = $2 AND id <> $3"
			   " AND archived_at IS NULL",
			   err);
	bool is_used;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, account->vendor);
	db_bind_text(stmt, 2, account->name);
	db_bind_text(stmt, 3, account->id);
	if (!db_step(stmt, &is_used, err))
		return false;
	if (!is_used)
		return true;
	db_reset(stmt);
	err_set(err, ERR_CONFIG, "there is an account %s/%s already", account->vendor,
		account->name);
	return err_hint(err, "choose another name, or --replace to archive the old one first");
}

bool account_add(struct store_tx *tx, struct account *account, struct err *err)
{
	struct db_stmt *stmt;

	if (!random_id_fill(&account->id, err) || !check_slug_free(tx, account, err))
		return false;
	stmt = db_prepare(tx,
			  "INSERT INTO accounts (" COLUMNS ") VALUES"
			  " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
			  " $17, $18, $19, $20, $21, $22, $23, $24, $25)",
			  err);
	if (stmt == NULL)
		return false;
	bind_account(stmt, account);
	return db_exec(stmt, NULL, err);
}

static bool no_such_account(const char *id, struct err *err)
{
	err_set(err, ERR_MISSING, "there is no account with the id %s", id);
	return err_hint(err, "muster accounts list");
}

/* Runs a statement that must hit the account. */
static bool exec_one(struct db_stmt *stmt, const char *id, struct err *err)
{
	int64_t changed;

	if (!db_exec(stmt, &changed, err))
		return false;
	return changed == 1 || no_such_account(id, err);
}

bool account_save(struct store_tx *tx, const struct account *account, struct err *err)
{
	struct db_stmt *stmt;

	if (account->archived_at == NULL && !check_slug_free(tx, account, err))
		return false;
	stmt = db_prepare(tx,
			  "UPDATE accounts SET (" COLUMNS ") ="
			  " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
			  " $17, $18, $19, $20, $21, $22, $23, $24, $25) WHERE id = $1",
			  err);
	if (stmt == NULL)
		return false;
	bind_account(stmt, account);
	return exec_one(stmt, account->id, err);
}

bool account_set_state(struct store_tx *tx, const char *id, const char *state, const char *reason,
		       const char *way_out, const char *now, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"UPDATE accounts SET state = $1, state_reason = $2, state_way_out = $3,"
		" state_since = CASE WHEN state = $1 THEN state_since ELSE $4 END WHERE id = $5",
		err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, state);
	db_bind_text(stmt, 2, reason);
	db_bind_text(stmt, 3, way_out);
	db_bind_text(stmt, 4, now);
	db_bind_text(stmt, 5, id);
	return exec_one(stmt, id, err);
}

bool account_set_last_session(struct store_tx *tx, const char *id, int64_t session_id,
			      const char *ok_at, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "UPDATE accounts SET last_session = $1,"
					  " last_ok_at = coalesce($2, last_ok_at) WHERE id = $3",
					  err);

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, session_id);
	db_bind_text(stmt, 2, ok_at);
	db_bind_text(stmt, 3, id);
	return exec_one(stmt, id, err);
}

bool account_archive(struct store_tx *tx, const char *id, const char *now, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "UPDATE accounts SET archived_at = $1 WHERE id = $2", err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, now);
	db_bind_text(stmt, 2, id);
	return exec_one(stmt, id, err);
}

bool account_purge(struct store_tx *tx, const char *id, struct err *err)
{
	struct db_stmt *keys =
		db_prepare(tx, "DELETE FROM script_keys WHERE owner = 'account:' || $1", err);
	struct db_stmt *rest;

	if (keys == NULL)
		return false;
	db_bind_text(keys, 1, id);
	if (!db_exec(keys, NULL, err))
		return false;
	/* Everything else refers to the account and goes with it. */
	rest = db_prepare(tx, "DELETE FROM accounts WHERE id = $1", err);
	if (rest == NULL)
		return false;
	db_bind_text(rest, 1, id);
	return exec_one(rest, id, err);
}

/* --- reading --- */

bool account_get(struct store_tx *tx, const char *id, struct account *out, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, SELECT " WHERE id = $1", err);
	bool found;

	*out = (struct account){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, id);
	if (!row_read_one(stmt, read_account, fini_account, out, sizeof(*out), &found, err))
		return false;
	return found || no_such_account(id, err);
}

static bool list_by(struct store_tx *tx, const char *vendor, const char *name, struct account **out,
		    size_t *count, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   SELECT " WHERE archived_at IS NULL"
				  " AND ($1 IS NULL OR vendor = $1)"
				  " AND ($2 IS NULL OR name = $2) ORDER BY vendor, name",
			   err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, vendor);
	db_bind_text(stmt, 2, name);
	return row_read_list(stmt, read_account, fini_account, out, count, sizeof(**out), err);
}

bool account_find_by_credential(struct store_tx *tx, const char *credential_id,
				struct account **out, size_t *count, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  SELECT " WHERE credential_id = $1"
						 " AND archived_at IS NULL ORDER BY vendor, name",
					  err);

	*out = NULL;
	*count = 0;
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, credential_id);
	return row_read_list(stmt, read_account, fini_account, out, count, sizeof(**out), err);
}

bool account_find_archived(struct store_tx *tx, const char *credential_id, struct account *out,
			   struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   SELECT " WHERE credential_id = $1 AND archived_at IS NOT NULL"
				  " ORDER BY archived_at DESC, id LIMIT 1",
			   err);
	bool found;

	*out = (struct account){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, credential_id);
	if (!row_read_one(stmt, read_account, fini_account, out, sizeof(*out), &found, err))
		return false;
	return found || err_set(err, ERR_MISSING, "no account that is left had the credential");
}

/* Slugs, or vendors if the selector has no slash, to compare a mistyped selector with. */
static const char **candidates_of(const struct account *accounts, size_t count, bool with_name,
				  struct buf *text)
{
	const char **candidates = calloc(count + 1, sizeof(*candidates));
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		buf_str(text, accounts[i].vendor);
		if (with_name)
			buf_printf(text, "/%s", accounts[i].name);
		buf_char(text, '\0');
	}
	if (candidates == NULL || text->failed) {
		free(candidates);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		candidates[i] = text->data + at;
		at += strlen(candidates[i]) + 1;
	}
	return candidates;
}

static bool none_fits(struct store_tx *tx, const char *selector, struct err *err)
{
	struct buf text = BUF_INIT;
	struct account *all;
	const char **candidates, *nearest = NULL;
	size_t count;

	if (!list_by(tx, NULL, NULL, &all, &count, err))
		return false;
	candidates = candidates_of(all, count, strchr(selector, '/') != NULL, &text);
	if (candidates != NULL)
		nearest = str_nearest(selector, candidates, count);
	err_set(err, ERR_MISSING, "there is no account %s", selector);
	if (nearest != NULL)
		err_hint(err, "did you mean %s?", nearest);
	else
		err_hint(err, count > 0 ? "muster accounts list" : "muster connect VENDOR");
	free(candidates);
	buf_fini(&text);
	account_list_fini(all, count);
	return false;
}

bool account_find(struct store_tx *tx, const char *selector, struct account **out, size_t *count,
		  struct err *err)
{
	const char *slash = selector != NULL ? strchr(selector, '/') : NULL;
	char *vendor;
	bool ok;

	if (selector == NULL)
		return list_by(tx, NULL, NULL, out, count, err);
	vendor = str_dup_len(selector,
			     slash != NULL ? (size_t)(slash - selector) : strlen(selector));
	if (vendor == NULL)
		return err_oom(err);
	ok = list_by(tx, vendor, slash != NULL ? slash + 1 : NULL, out, count, err);
	free(vendor);
	if (!ok)
		return false;
	return *count > 0 || none_fits(tx, selector, err);
}

static void build_count(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql, "SELECT count(*) FROM %s WHERE account_id = $1 AND removed_at IS NULL",
		   entity->table);
}

static bool append_count(struct store_tx *tx, const char *id, const struct model_entity *entity,
			 struct buf *out, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_count, err);
	bool has_row;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, id);
	if (!db_step(stmt, &has_row, err))
		return false;
	buf_printf(out, "%s\"%s\":%lld", out->len > 1 ? "," : "", entity->table,
		   has_row ? (long long)db_column_int(stmt, 0) : 0);
	db_reset(stmt);
	return true;
}

bool account_row_counts(struct store_tx *tx, const char *id, char **json, struct err *err)
{
	struct buf out = BUF_INIT;
	size_t count;
	const struct model_entity *entities = model_entities(&count);
	bool ok = true;

	buf_char(&out, '{');
	for (size_t i = 0; ok && i < count; i++)
		ok = append_count(tx, id, &entities[i], &out, err);
	buf_char(&out, '}');
	ok = ok && buf_ok(&out, err);
	*json = ok ? buf_take(&out) : NULL;
	buf_fini(&out);
	return ok;
}
