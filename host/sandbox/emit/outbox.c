/* What one map has given and the host has not heard yet. */
#include "sandbox/emit/outbox.h"

#include <string.h>

#include "base/str.h"
#include "wire/value.h"

void outbox_init(struct outbox *outbox, const struct map *map)
{
	*outbox = (struct outbox){ .map = map };
	fold_init(&outbox->fold);
}

void outbox_fini(struct outbox *outbox)
{
	buf_fini(&outbox->rows);
	buf_fini(&outbox->dropped);
	buf_fini(&outbox->bad);
	buf_fini(&outbox->raw);
	buf_fini(&outbox->same);
	buf_fini(&outbox->context);
	buf_fini(&outbox->row);
	fold_fini(&outbox->fold);
	hash_set_fini(&outbox->folded);
}

void outbox_restart(struct outbox *outbox)
{
	fold_fini(&outbox->fold);
	fold_init(&outbox->fold);
	hash_set_fini(&outbox->folded);
}

static void put_id(struct buf *out, const struct map_result *result)
{
	if (result->id != NULL)
		value_put_bytes(out, result->id, result->id_len);
	else
		value_put_nil(out);
}

void outbox_refuse(struct outbox *outbox, const struct map_result *result, const char *reason,
		   const char *excerpt, bool *is_refused)
{
	value_put_list(&outbox->bad, 3);
	put_id(&outbox->bad, result);
	if (*is_refused)
		value_put_nil(&outbox->bad);
	else
		value_put_bytes(&outbox->bad, reason,
				str_cut(reason, strlen(reason), MAP_REASON_MAX));
	value_put_str(&outbox->bad, *is_refused ? NULL : excerpt);
	outbox->bad_count++;
	*is_refused = true;
}

/* What the leader's rules drop is counted there; here the id tells why the row is gone. */
static void drop(struct outbox *outbox, const struct map_result *result)
{
	if (result->rule == NULL)
		outbox->skipped++;
	if (result->rule == NULL && result->id == NULL)
		return;
	value_put_list(&outbox->dropped, 2);
	value_put_str(&outbox->dropped, result->rule);
	put_id(&outbox->dropped, result);
	outbox->dropped_count++;
}

void outbox_add(struct outbox *outbox, const char *row, size_t len)
{
	buf_append(&outbox->rows, row, len);
	outbox->row_count++;
}

void outbox_same(struct outbox *outbox, uint32_t place)
{
	uint8_t bytes[4];

	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(place >> (8 * i));
	buf_append(&outbox->same, bytes, sizeof(bytes));
}

static bool fold(struct outbox *outbox, const struct map_result *result,
		 const struct map_value *rank, const uint8_t *input, struct err *err)
{
	bool again;

	if (!fold_add(&outbox->fold, result->id, result->id_len, rank, outbox->row.data,
		      outbox->row.len, err))
		return err_context(err, "map %s: derived rows", outbox->map->name);
	return input == NULL || outbox->folded.count == OUTBOX_FOLDED_MAX ||
	       hash_set_add(&outbox->folded, input, &again, err);
}

static bool keep(struct outbox *outbox, const struct map_result *result,
		 const struct map_value *rank, const uint8_t *input, struct err *err)
{
	if (outbox->map->is_derived)
		return fold(outbox, result, rank, input, err);
	outbox_add(outbox, outbox->row.data, outbox->row.len);
	if (input != NULL)
		buf_append(&outbox->raw, input, HASH128_SIZE);
	return buf_ok(&outbox->raw, err);
}

bool outbox_map(struct outbox *outbox, const struct map_run *run, const char *excerpt,
		const uint8_t *input, bool *is_refused, struct err *err)
{
	struct map_value rank;
	struct map_result result;
	bool ok = true;

	buf_clear(&outbox->row);
	result = map_run_row(run, &outbox->row, &rank);
	if (result.outcome == MAP_ROW && !fold_check_rank(&rank, run->err))
		result.outcome = MAP_BAD;
	switch (result.outcome) {
	case MAP_ROW:
		ok = keep(outbox, &result, &rank, input, err);
		break;
	case MAP_DROPPED:
		drop(outbox, &result);
		break;
	case MAP_SKIPPED:
		outbox->skipped++;
		break;
	case MAP_BAD:
		outbox_refuse(outbox, &result, run->err->message, excerpt, is_refused);
		break;
	case MAP_FAILED:
		*err = *run->err;
		return false;
	}
	return ok && buf_ok(&outbox->rows, err) && buf_ok(&outbox->dropped, err) &&
	       buf_ok(&outbox->bad, err);
}

bool outbox_is_full(const struct outbox *outbox)
{
	return outbox->rows.len + outbox->raw.len + outbox->same.len + outbox->dropped.len +
		       outbox->bad.len >
	       OUTBOX_FULL;
}

bool outbox_has_content(const struct outbox *outbox)
{
	return outbox->row_count + outbox->dropped_count + outbox->bad_count > 0;
}

bool outbox_has_anything(const struct outbox *outbox)
{
	return outbox_has_content(outbox) || outbox->skipped > 0 || outbox->same.len > 0;
}

static void put_columns(const struct map *map, struct buf *args)
{
	value_put_str(args, "columns");
	value_put_list(args, map->column_count + 1);
	value_put_str(args, "source_id");
	for (size_t i = 0; i < map->column_count; i++)
		value_put_str(args, map->columns[i].name);
}

static void put_items(const char *name, struct buf *items, size_t *count, struct buf *args)
{
	value_put_str(args, name);
	value_put_list(args, *count);
	buf_append(args, items->data, items->len);
	buf_clear(items);
	*count = 0;
}

static void put_bytes(const char *name, struct buf *bytes, struct buf *args)
{
	value_put_str(args, name);
	if (bytes->len > 0)
		value_put_bytes(args, bytes->data, bytes->len);
	else
		value_put_nil(args);
	buf_clear(bytes);
}

void outbox_put(struct outbox *outbox, const char *stream, struct buf *args)
{
	value_put_map(args, 10 + outbox->context_count);
	value_put_str(args, "map");
	value_put_str(args, outbox->map->name);
	value_put_str(args, "entity");
	value_put_str(args, outbox->map->entity);
	value_put_str(args, "stream");
	value_put_str(args, stream);
	put_columns(outbox->map, args);
	put_bytes("raw", &outbox->raw, args);
	put_bytes("same", &outbox->same, args);
	put_items("dropped", &outbox->dropped, &outbox->dropped_count, args);
	put_items("bad", &outbox->bad, &outbox->bad_count, args);
	value_put_str(args, "skipped");
	value_put_int(args, (int64_t)outbox->skipped);
	outbox->skipped = 0;
	buf_append(args, outbox->context.data, outbox->context.len);
	/* Last: whoever looks for a member need not walk the rows. */
	put_items("rows", &outbox->rows, &outbox->row_count, args);
}
