/*
 * Structs whose texts come from the columns of a row: `offsets` says where the `char *` of column
 * `first + i` lives in the object. Spares each subject twenty lines a struct.
 */
#ifndef MUSTER_STORE_ROW_H
#define MUSTER_STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "store/db.h"

/* Copies; NULL stays NULL. On failure what was copied is the object's, to be freed as usual. */
bool row_read_texts(struct db_stmt *stmt, int first, void *object, const size_t *offsets,
		    size_t count, struct err *err);
/* Borrows. */
void row_bind_texts(struct db_stmt *stmt, int first, const void *object, const size_t *offsets,
		    size_t count);
void row_free_texts(void *object, const size_t *offsets, size_t count);

/* A growing array: the next item of `size` bytes, zeroed; *count grows by one. NULL = no memory. */
void *row_list_add(void **items, size_t *count, size_t size, struct err *err);

/*
 * Runs a statement and adds what `read` makes of each row to the list. On failure the list holds
 * what was read so far, a last incomplete item included.
 */
typedef bool row_read_fn(struct db_stmt *stmt, void *item, struct err *err);
bool row_list_read(struct db_stmt *stmt, row_read_fn *read, void **items, size_t *count,
		   size_t size, struct err *err);

#endif
