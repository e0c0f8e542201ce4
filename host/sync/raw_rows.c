/* Rows that need not be told again. */
#include "sync/raw_rows.h"

#include <stdlib.h>

#include "store/entity_raw.h"
#include "wire/value.h"

enum { FIRST_ROOM = 1024 };

void raw_rows_fini(struct raw_rows *rows)
{
	free(rows->ids);
	buf_fini(&rows->hashes);
	free(rows->listed);
	*rows = (struct raw_rows){ 0 };
}

static bool grow(struct raw_rows *rows, struct err *err)
{
	size_t room = rows->room == 0 ? FIRST_ROOM : rows->room * 2;
	int64_t *ids = realloc(rows->ids, room * sizeof(*ids));

	if (ids == NULL)
		return err_oom(err);
	rows->ids = ids;
	rows->room = room;
	return true;
}

static bool add(void *arg, int64_t id, const uint8_t raw[HASH128_SIZE], struct err *err)
{
	struct raw_rows *rows = arg;

	if (rows->count == rows->max)
		return true;
	if (rows->count == rows->room && !grow(rows, err))
		return false;
	rows->ids[rows->count++] = id;
	buf_append(&rows->hashes, raw, HASH128_SIZE);
	return buf_ok(&rows->hashes, err);
}

bool raw_rows_load(struct raw_rows *rows, struct store_tx *tx, const struct entity_context *context,
		   struct err *err)
{
	if (!entity_each_raw(tx, context, rows->entity, add, rows, err))
		return false;
	rows->listed = calloc(rows->count / 8 + 1, 1);
	return rows->listed != NULL || err_oom(err);
}

void raw_rows_put_part(struct raw_rows *rows, int64_t from, struct buf *result)
{
	size_t count = rows->hashes.len / HASH128_SIZE;
	size_t start = from >= 0 && (uint64_t)from < count ? (size_t)from : count;
	size_t part = count - start < RAW_PART_ROWS ? count - start : RAW_PART_ROWS;

	value_put_map(result, 1);
	value_put_str(result, "hashes");
	value_put_bytes(result, buf_text(&rows->hashes) + start * HASH128_SIZE,
			part * HASH128_SIZE);
	if (start + part == count)
		buf_fini(&rows->hashes);
}

static bool list(struct raw_rows *rows, size_t place)
{
	uint8_t bit = (uint8_t)(1u << (place % 8));
	bool again = (rows->listed[place / 8] & bit) != 0;

	rows->listed[place / 8] |= bit;
	return again;
}

int64_t raw_rows_list_at(struct raw_rows *rows, uint32_t place, bool *again)
{
	if (place >= rows->count)
		return 0;
	*again = list(rows, place);
	return rows->ids[place];
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void raw_rows_list_id(struct raw_rows *rows, int64_t id, bool *again)
{
	const int64_t *found =
		rows->count > 0 ? bsearch(&id, rows->ids, rows->count, sizeof(id), by_id) : NULL;

	if (found != NULL)
		*again |= list(rows, (size_t)(found - rows->ids));
}
