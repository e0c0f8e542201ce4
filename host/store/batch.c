/*
 * The rows that a stream listed, as one blob a batch: the ids ascending, each as the difference to
 * the one before it, in base-128 bytes (7 bits each, low ones first, high bit = more follow). Ids
 * of a listing lie close together, so most take one byte.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sabotage.h"
#include "store/db.h"
#include "store/session.h"
#include "store/tx.h"

enum { VARINT_MAX = 10 };

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Listings mostly come in the order of the ids already. */
static void sort_ids(int64_t *ids, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (ids[i - 1] > ids[i]) {
			qsort(ids, count, sizeof(*ids), compare_ids);
			return;
		}
	}
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}

static void encode(const int64_t *sorted, size_t count, struct buf *out)
{
	uint64_t before = 0;

	for (size_t i = 0; i < count; i++) {
		uint8_t *room = buf_room(out, VARINT_MAX);

		if (room == NULL)
			return;
		buf_grown(out, put_varint(room, (uint64_t)sorted[i] - before));
		before = (uint64_t)sorted[i];
	}
}

static bool encode_ids(const int64_t *ids, size_t count, struct buf *out, struct err *err)
{
	int64_t *sorted = malloc((count > 0 ? count : 1) * sizeof(*sorted));

	if (sorted == NULL)
		return err_oom(err);
	if (count > 0)
		memcpy(sorted, ids, count * sizeof(*ids));
	sort_ids(sorted, count);
	encode(sorted, count, out);
	free(sorted);
	return buf_ok(out, err);
}

bool session_add_batch(struct store_tx *tx, int64_t session_id, const char *stream,
		       const char *entity, const int64_t *ids, size_t count, int64_t first_exchange,
		       int64_t last_exchange, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx,
			   "INSERT INTO session_batches (session_id, stream, entity, ids, id_count,"
			   " first_exchange, last_exchange) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			   err);
	struct buf blob = BUF_INIT;
	bool ok;

	if (stmt == NULL)
		return false;
	if (sabotage_is(SABOTAGE_SPLIT_BATCH) &&
	    !(tx_commit(tx, err) && tx_begin(tx, STORE_WRITE, err)))
		return false;
	ok = encode_ids(ids, count, &blob, err);
	if (ok) {
		db_bind_int(stmt, 1, session_id);
		db_bind_text(stmt, 2, stream);
		db_bind_text(stmt, 3, entity);
		db_bind_blob(stmt, 4, blob.data, blob.len);
		db_bind_int(stmt, 5, (int64_t)count);
		db_bind_int(stmt, 6, first_exchange);
		db_bind_int(stmt, 7, last_exchange);
		ok = db_exec(stmt, NULL, err);
	}
	buf_fini(&blob);
	return ok;
}

/* --- reading back --- */

struct ids {
	int64_t *items;
	size_t count, size;
};

static bool make_room(struct ids *ids, size_t more, struct err *err)
{
	size_t size = ids->count + more;
	int64_t *items;

	if (size <= ids->size)
		return true;
	if (size < 2 * ids->size)
		size = 2 * ids->size;
	items = realloc(ids->items, size * sizeof(*items));
	if (items == NULL)
		return err_oom(err);
	ids->items = items;
	ids->size = size;
	return true;
}

static bool get_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return true;
	}
	return false;
}

/* `count` stands in the row beside the blob; the two must agree. */
static bool decode(const uint8_t *blob, size_t len, size_t count, struct ids *out, struct err *err)
{
	const uint8_t *at = blob, *end = blob + len;
	uint64_t value = 0, delta;

	if (count > len)
		return err_set(err, ERR_STORE, "a batch of the session is damaged");
	if (!make_room(out, count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!get_varint(&at, end, &delta))
			return err_set(err, ERR_STORE, "a batch of the session is damaged");
		value += delta;
		out->items[out->count++] = (int64_t)value;
	}
	return at == end || err_set(err, ERR_STORE, "a batch of the session is damaged");
}

static bool read_batches(struct db_stmt *stmt, struct ids *out, struct err *err)
{
	bool has_row, ok = true;

	while (ok && db_step(stmt, &has_row, err)) {
		const void *blob;
		size_t len;

		if (!has_row)
			return true;
		blob = db_column_blob(stmt, 0, &len);
		ok = decode(blob, len, (size_t)db_column_int(stmt, 1), out, err);
	}
	db_reset(stmt);
	return false;
}

/* Sorts and removes what stands twice; returns how many ids did. */
static size_t sort_unique(struct ids *ids)
{
	size_t kept = 0, duplicates = 0;
	bool is_counted = false;

	sort_ids(ids->items, ids->count);
	for (size_t i = 0; i < ids->count; i++) {
		if (kept > 0 && ids->items[i] == ids->items[kept - 1]) {
			duplicates += is_counted ? 0 : 1;
			is_counted = true;
			continue;
		}
		ids->items[kept++] = ids->items[i];
		is_counted = false;
	}
	ids->count = kept;
	return duplicates;
}

bool session_seen(struct store_tx *tx, int64_t session_id, const char *stream, const char *entity,
		  int64_t **ids, size_t *count, size_t *duplicates, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "SELECT ids, id_count FROM session_batches"
					  " WHERE session_id = $1 AND stream = $2 AND entity = $3"
					  " ORDER BY id",
					  err);
	struct ids seen = { 0 };

	*ids = NULL;
	*count = 0;
	*duplicates = 0;
	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, session_id);
	db_bind_text(stmt, 2, stream);
	db_bind_text(stmt, 3, entity);
	if (!read_batches(stmt, &seen, err)) {
		free(seen.items);
		return false;
	}
	*duplicates = sort_unique(&seen);
	*ids = seen.items;
	*count = seen.count;
	return true;
}
