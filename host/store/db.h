/*
 * Statements, for the subject files of the store. Portable SQL only: parameters are $1 .. $n in
 * order of first use, times and ids are text, booleans 0/1 integers. Prepared statements are cached
 * by their text's address (string literals) for the life of the connection.
 *
 * A statement that returned a row is in use until its last row was read or db_reset; preparing it
 * again before that is ERR_BUG (a nested use would cut off the outer one).
 */
#ifndef MUSTER_STORE_DB_H
#define MUSTER_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/store.h"

struct db_stmt;

/* `sql` must be a literal (it is the cache's key). The statement is reset and has no bindings. */
struct db_stmt *db_prepare(struct store_tx *tx, const char *sql, struct err *err);

/* Like db_prepare for text built at run time (table names from store/model only). Cached by
 * content. */
struct db_stmt *db_prepare_text(struct store_tx *tx, const char *sql, struct err *err);

/* Like db_prepare for text that `build` appends from a constant `subject` (an entity of the model).
 * Cached by the two addresses, so that the text is built once a connection. */
typedef void db_build_fn(const void *subject, struct buf *sql);
struct db_stmt *db_prepare_built(struct store_tx *tx, const void *subject, db_build_fn *build,
				 struct err *err);

/*
 * Binding cannot fail visibly; a failure shows at the next step. NULL text binds NULL. Texts and
 * blobs are borrowed until the statement has ended (db_exec, the last row, or db_reset).
 */
void db_bind_text(struct db_stmt *stmt, int index, const char *text);
void db_bind_text_len(struct db_stmt *stmt, int index, const char *text, size_t len);
void db_bind_blob(struct db_stmt *stmt, int index, const void *data, size_t len);
void db_bind_int(struct db_stmt *stmt, int index, int64_t value);
void db_bind_double(struct db_stmt *stmt, int index, double value);

/* Next row: *has_row says whether there is one. After the last one the statement is reset. */
bool db_step(struct db_stmt *stmt, bool *has_row, struct err *err);

/* For statements without rows: one step. *changed (may be NULL) = rows inserted, updated or
 * deleted. */
bool db_exec(struct db_stmt *stmt, int64_t *changed, struct err *err);

/* db_exec for an INSERT of at most one row: *id = its integer key. */
bool db_insert(struct db_stmt *stmt, int64_t *id, int64_t *changed, struct err *err);

/* Columns of the current row, from 0. Pointers are valid until the next step. NULL text for NULL.
 */
const char *db_column_text(struct db_stmt *stmt, int column, size_t *len);
const void *db_column_blob(struct db_stmt *stmt, int column, size_t *len);
int64_t db_column_int(struct db_stmt *stmt, int column);
double db_column_double(struct db_stmt *stmt, int column);
bool db_column_is_null(struct db_stmt *stmt, int column);

/* malloc'd copy of a text column; NULL for NULL. */
char *db_column_dup(struct db_stmt *stmt, int column);

/* Ends a statement before its last row. */
void db_reset(struct db_stmt *stmt);

#endif
