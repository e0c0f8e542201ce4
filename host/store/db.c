/* Statements and their cache, over the driver's functions. */
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "store/tx.h"

struct db_stmt {
	struct store_tx *tx;
	struct driver_stmt *handle;
	const void *key;    /* address of the literal or of the subject; NULL = by content */
	db_build_fn *build; /* NULL = the text itself was the key */
	char *text;	    /* the key by content; owned */
	bool is_in_use;	    /* returned a row and was not reset since */
	struct db_stmt *next;
};

/* --- connection and transaction --- */

struct store_tx *tx_open(const struct driver *driver, const char *path, enum driver_role role,
			 struct err *err)
{
	struct store_tx *tx = calloc(1, sizeof(*tx));

	if (tx == NULL) {
		err_oom(err);
		return NULL;
	}
	tx->driver = driver;
	tx->conn = driver->open(path, role, err);
	if (tx->conn != NULL)
		return tx;
	free(tx);
	return NULL;
}

static void free_stmt(struct db_stmt *stmt)
{
	stmt->tx->driver->finalize(stmt->handle);
	free(stmt->text);
	free(stmt);
}

void tx_forget(struct store_tx *tx)
{
	for (size_t i = 0; i < TX_BUCKETS; i++) {
		while (tx->buckets[i] != NULL) {
			struct db_stmt *stmt = tx->buckets[i];

			tx->buckets[i] = stmt->next;
			free_stmt(stmt);
		}
	}
}

void tx_close(struct store_tx *tx)
{
	if (tx == NULL)
		return;
	tx_forget(tx);
	tx->driver->close(tx->conn);
	free(tx);
}

/* No cursor crosses a unit. */
static void reset_all(struct store_tx *tx)
{
	for (size_t i = 0; i < TX_BUCKETS; i++) {
		for (struct db_stmt *stmt = tx->buckets[i]; stmt != NULL; stmt = stmt->next) {
			if (stmt->is_in_use)
				db_reset(stmt);
		}
	}
}

bool tx_begin(struct store_tx *tx, enum store_mode mode, struct err *err)
{
	tx->was_misread = false;
	return tx->driver->begin(tx->conn, mode, err);
}

bool tx_commit(struct store_tx *tx, struct err *err)
{
	reset_all(tx);
	return tx->was_misread ? err_oom(err) : tx->driver->commit(tx->conn, err);
}

bool tx_rollback(struct store_tx *tx)
{
	reset_all(tx);
	return tx->driver->rollback(tx->conn);
}

/* --- the cache --- */

struct wanted {
	const void *key;
	db_build_fn *build;
	const char *text; /* by content when key is NULL */
	size_t bucket;
};

static struct wanted wanted_by_address(const void *key, db_build_fn *build)
{
	uintptr_t mixed = ((uintptr_t)key >> 3) * 31 + ((uintptr_t)build >> 4);

	return (struct wanted){ .key = key,
				.build = build,
				.bucket = (mixed ^ (mixed >> 8)) % TX_BUCKETS };
}

static struct wanted wanted_by_content(const char *text)
{
	uint8_t digest[HASH128_SIZE];

	hash128(text, strlen(text), digest);
	return (struct wanted){ .text = text, .bucket = digest[0] % TX_BUCKETS };
}

static struct db_stmt *find(struct store_tx *tx, const struct wanted *wanted)
{
	struct db_stmt *stmt = tx->buckets[wanted->bucket];

	for (; stmt != NULL; stmt = stmt->next) {
		if (stmt->key != wanted->key || stmt->build != wanted->build)
			continue;
		if (wanted->key != NULL || str_eq(stmt->text, wanted->text))
			return stmt;
	}
	return NULL;
}

static struct db_stmt *add(struct store_tx *tx, const struct wanted *wanted, const char *sql,
			   struct err *err)
{
	struct db_stmt *stmt = calloc(1, sizeof(*stmt));

	if (stmt == NULL) {
		err_oom(err);
		return NULL;
	}
	stmt->tx = tx;
	stmt->key = wanted->key;
	stmt->build = wanted->build;
	if (!tx->driver->prepare(tx->conn, sql, &stmt->handle, NULL, err) ||
	    (wanted->key == NULL && (stmt->text = str_dup(sql)) == NULL && !err_oom(err))) {
		free_stmt(stmt);
		return NULL;
	}
	stmt->next = tx->buckets[wanted->bucket];
	tx->buckets[wanted->bucket] = stmt;
	return stmt;
}

static struct db_stmt *renew(struct db_stmt *stmt, struct err *err)
{
	if (stmt->is_in_use) {
		err_set(err, ERR_BUG, "a statement of the store is used within itself");
		return NULL;
	}
	stmt->tx->driver->unbind(stmt->handle);
	return stmt;
}

struct db_stmt *db_prepare(struct store_tx *tx, const char *sql, struct err *err)
{
	struct wanted wanted = wanted_by_address(sql, NULL);
	struct db_stmt *stmt = find(tx, &wanted);

	return stmt != NULL ? renew(stmt, err) : add(tx, &wanted, sql, err);
}

struct db_stmt *db_prepare_text(struct store_tx *tx, const char *sql, struct err *err)
{
	struct wanted wanted = wanted_by_content(sql);
	struct db_stmt *stmt = find(tx, &wanted);

	return stmt != NULL ? renew(stmt, err) : add(tx, &wanted, sql, err);
}

struct db_stmt *db_prepare_built(struct store_tx *tx, const void *subject, db_build_fn *build,
				 struct err *err)
{
	struct wanted wanted = wanted_by_address(subject, build);
	struct db_stmt *stmt = find(tx, &wanted);
	struct buf sql = BUF_INIT;

	if (stmt != NULL)
		return renew(stmt, err);
	build(subject, &sql);
	if (buf_ok(&sql, err))
		stmt = add(tx, &wanted, buf_text(&sql), err);
	buf_fini(&sql);
	return stmt;
}

/* --- binding --- */

void db_bind_text(struct db_stmt *stmt, int index, const char *text)
{
	db_bind_text_len(stmt, index, text, text != NULL ? strlen(text) : 0);
}

void db_bind_text_len(struct db_stmt *stmt, int index, const char *text, size_t len)
{
	if (text != NULL)
		stmt->tx->driver->bind_text(stmt->handle, index, text, len);
	else
		stmt->tx->driver->bind_null(stmt->handle, index);
}

void db_bind_blob(struct db_stmt *stmt, int index, const void *data, size_t len)
{
	stmt->tx->driver->bind_blob(stmt->handle, index, data, len);
}

void db_bind_int(struct db_stmt *stmt, int index, int64_t value)
{
	stmt->tx->driver->bind_int(stmt->handle, index, value);
}

void db_bind_double(struct db_stmt *stmt, int index, double value)
{
	stmt->tx->driver->bind_double(stmt->handle, index, value);
}

/* --- running --- */

bool db_step(struct db_stmt *stmt, bool *has_row, struct err *err)
{
	struct store_tx *tx = stmt->tx;

	*has_row = false;
	if (!tx->driver->step(tx->conn, stmt->handle, has_row, err)) {
		stmt->is_in_use = false;
		return false;
	}
	stmt->is_in_use = *has_row;
	return true;
}

bool db_exec(struct db_stmt *stmt, int64_t *changed, struct err *err)
{
	bool has_row;

	if (!db_step(stmt, &has_row, err))
		return false;
	if (has_row)
		db_reset(stmt);
	if (changed != NULL)
		*changed = stmt->tx->driver->changed(stmt->tx->conn);
	return true;
}

bool db_insert(struct db_stmt *stmt, int64_t *id, int64_t *changed, struct err *err)
{
	if (!db_exec(stmt, changed, err))
		return false;
	*id = stmt->tx->driver->insert_id(stmt->tx->conn);
	return true;
}

void db_reset(struct db_stmt *stmt)
{
	if (!stmt->tx->driver->reset(stmt->handle))
		stmt->tx->was_misread = true;
	stmt->is_in_use = false;
}

/* --- columns --- */

const char *db_column_text(struct db_stmt *stmt, int column, size_t *len)
{
	size_t ignored;

	return stmt->tx->driver->column_text(stmt->handle, column, len != NULL ? len : &ignored);
}

const void *db_column_blob(struct db_stmt *stmt, int column, size_t *len)
{
	return stmt->tx->driver->column_blob(stmt->handle, column, len);
}

int64_t db_column_int(struct db_stmt *stmt, int column)
{
	return stmt->tx->driver->column_int(stmt->handle, column);
}

double db_column_double(struct db_stmt *stmt, int column)
{
	return stmt->tx->driver->column_double(stmt->handle, column);
}

bool db_column_is_null(struct db_stmt *stmt, int column)
{
	return stmt->tx->driver->column_type(stmt->handle, column) == QUERY_NULL;
}

char *db_column_dup(struct db_stmt *stmt, int column)
{
	size_t len;
	const char *text = db_column_text(stmt, column, &len);

	return text != NULL ? str_dup_len(text, len) : NULL;
}
