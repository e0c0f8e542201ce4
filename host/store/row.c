/* Structs and lists out of rows. */
#include "store/row.h"

#include <stdlib.h>
#include <string.h>

static char **slot(void *object, size_t offset)
{
	return (char **)(void *)((char *)object + offset);
}

bool row_read_texts(struct db_stmt *stmt, int first, void *object, const size_t *offsets,
		    size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int column = first + (int)i;
		char **text = slot(object, offsets[i]);

		*text = db_column_dup(stmt, column);
		if (*text == NULL && !db_column_is_null(stmt, column))
			return err_oom(err);
	}
	return true;
}

void row_bind_texts(struct db_stmt *stmt, int first, const void *object, const size_t *offsets,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text;

		memcpy(&text, (const char *)object + offsets[i], sizeof(text));
		db_bind_text(stmt, first + (int)i, text);
	}
}

void row_free_texts(void *object, const size_t *offsets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(*slot(object, offsets[i]));
		*slot(object, offsets[i]) = NULL;
	}
}

bool row_read_blob(struct db_stmt *stmt, int column, void **data, size_t *len, struct err *err)
{
	const void *blob = db_column_blob(stmt, column, len);

	*data = malloc(*len > 0 ? *len : 1);
	if (*data == NULL)
		return err_oom(err);
	if (*len > 0)
		memcpy(*data, blob, *len);
	return true;
}

bool row_read_bytes(struct db_stmt *stmt, bool *found, struct buf *out, struct err *err)
{
	const void *value;
	size_t len;

	if (!db_step(stmt, found, err))
		return false;
	if (!*found)
		return true;
	value = db_column_blob(stmt, 0, &len);
	buf_append(out, value, len);
	db_reset(stmt);
	return buf_ok(out, err);
}

/* Room doubles at each power of two, so no capacity need be kept. */
void *row_list_add(void **items, size_t *count, size_t size, struct err *err)
{
	char *grown = *items;

	if ((*count & (*count - 1)) == 0) {
		grown = realloc(grown, (*count > 0 ? 2 * *count : 1) * size);
		if (grown == NULL) {
			err_oom(err);
			return NULL;
		}
		*items = grown;
	}
	memset(grown + *count * size, 0, size);
	return grown + (*count)++ * size;
}

bool row_read_one(struct db_stmt *stmt, row_read_fn *read, row_fini_fn *fini, void *item,
		  size_t size, bool *found, struct err *err)
{
	bool ok;

	memset(item, 0, size);
	if (!db_step(stmt, found, err))
		return false;
	if (!*found)
		return true;
	ok = read(stmt, item, err);
	db_reset(stmt);
	if (!ok)
		fini(item);
	return ok;
}

void row_free_list(void *items, size_t count, size_t size, row_fini_fn *fini)
{
	for (size_t i = 0; i < count; i++)
		fini((char *)items + i * size);
	free(items);
}

static bool read_rows(struct db_stmt *stmt, row_read_fn *read, void **items, size_t *count,
		      size_t size, struct err *err)
{
	bool has_row, ok = true;

	while (ok && db_step(stmt, &has_row, err)) {
		void *item;

		if (!has_row)
			return true;
		item = row_list_add(items, count, size, err);
		ok = item != NULL && read(stmt, item, err);
	}
	db_reset(stmt);
	return false;
}

bool row_read_list(struct db_stmt *stmt, row_read_fn *read, row_fini_fn *fini, void *out,
		   size_t *count, size_t size, struct err *err)
{
	void *items = NULL;
	bool ok;

	*count = 0;
	ok = read_rows(stmt, read, &items, count, size, err);
	if (!ok) {
		row_free_list(items, *count, size, fini);
		items = NULL;
		*count = 0;
	}
	memcpy(out, &items, sizeof(items));
	return ok;
}

static bool read_id(struct db_stmt *stmt, void *item, struct err *err)
{
	(void)err;
	*(int64_t *)item = db_column_int(stmt, 0);
	return true;
}

static void fini_id(void *item)
{
	(void)item;
}

bool row_read_ids(struct db_stmt *stmt, int64_t **ids, size_t *count, struct err *err)
{
	return row_read_list(stmt, read_id, fini_id, ids, count, sizeof(**ids), err);
}
