/*
 * Structs whose texts come from the columns of a row: `offsets` says where the `char *` of column
 * `first + i` lives in the object. Spares each subject twenty lines a struct.
 */
#ifndef MUSTER_STORE_ROW_H
#define MUSTER_STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

/* Copies; NULL stays NULL. On failure what was copied is the object's, to be freed as usual. */
bool row_read_texts(struct db_stmt *stmt, int first, void *object, const size_t *offsets,
		    size_t count, struct err *err);
/* Borrows. */
void row_bind_texts(struct db_stmt *stmt, int first, const void *object, const size_t *offsets,
		    size_t count);
void row_free_texts(void *object, const size_t *offsets, size_t count);

/* Copies a blob: *data malloc'd, never NULL on success. */
bool row_read_blob(struct db_stmt *stmt, int column, void **data, size_t *len, struct err *err);

/*
 * The blob in the first column of the first row, appended. *found = false leaves out untouched.
 * Ends the statement.
 */
bool row_read_bytes(struct db_stmt *stmt, bool *found, struct buf *out, struct err *err);

/* A growing array: the next item of `size` bytes, zeroed; *count grows by one. NULL = no memory. */
void *row_list_add(void **items, size_t *count, size_t size, struct err *err);

/* What becomes of a row, and how it is released (fields only; must do for a half-read item). */
typedef bool row_read_fn(struct db_stmt *stmt, void *item, struct err *err);
typedef void row_fini_fn(void *item);

/* The first row into *item (zeroed before). *found = false: there is none. Ends the statement. */
bool row_read_one(struct db_stmt *stmt, row_read_fn *read, row_fini_fn *fini, void *item,
		  size_t size, bool *found, struct err *err);

/* All rows into a new array: `out` points to the array's pointer. On failure it is NULL. */
bool row_read_list(struct db_stmt *stmt, row_read_fn *read, row_fini_fn *fini, void *out,
		   size_t *count, size_t size, struct err *err);
/* The numbers in the first column of all rows; *ids is for free(). */
bool row_read_ids(struct db_stmt *stmt, int64_t **ids, size_t *count, struct err *err);
void row_free_list(void *items, size_t count, size_t size, row_fini_fn *fini);

#endif
