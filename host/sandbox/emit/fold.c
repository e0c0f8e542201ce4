/*
 * Derived rows. An entry's value is: length of the rank (4 bytes), the rank in bytes that compare
 * as it does, the row.
 */
#include "sandbox/emit/fold.h"

#include <string.h>

enum { RANK_NOTHING, RANK_INT, RANK_TEXT };

void fold_init(struct fold *fold)
{
	*fold = (struct fold){ 0 };
	byte_table_init(&fold->rows, FOLD_BYTES_MAX);
}

void fold_fini(struct fold *fold)
{
	byte_table_fini(&fold->rows);
	buf_fini(&fold->candidate);
}

bool fold_check_rank(const struct map_value *rank, struct err *err)
{
	if (rank->type == MAP_NOTHING || rank->type == MAP_INT || rank->type == MAP_TEXT)
		return true;
	return err_set(err, ERR_DATA, "fold.rank must be a time, a text or a whole number");
}

static void put_rank(struct buf *out, const struct map_value *rank)
{
	uint64_t bits = (uint64_t)rank->i ^ (UINT64_C(1) << 63);

	switch (rank->type) {
	case MAP_INT:
		buf_char(out, RANK_INT);
		for (int shift = 56; shift >= 0; shift -= 8)
			buf_char(out, (char)(bits >> shift));
		break;
	case MAP_TEXT:
		buf_char(out, RANK_TEXT);
		buf_append(out, rank->text, rank->len);
		break;
	default:
		buf_char(out, RANK_NOTHING);
		break;
	}
}

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* Does a (rank and row) beat b? */
static bool beats(const char *a, size_t a_len, const char *b, size_t b_len)
{
	uint32_t a_rank, b_rank;
	int order;

	memcpy(&a_rank, a, sizeof(a_rank));
	memcpy(&b_rank, b, sizeof(b_rank));
	order = compare_bytes(a + sizeof(a_rank), a_rank, b + sizeof(b_rank), b_rank);
	if (order != 0)
		return order > 0;
	return compare_bytes(a + sizeof(a_rank) + a_rank, a_len - sizeof(a_rank) - a_rank,
			     b + sizeof(b_rank) + b_rank, b_len - sizeof(b_rank) - b_rank) > 0;
}

bool fold_add(struct fold *fold, const char *id, size_t id_len, const struct map_value *rank,
	      const void *row, size_t row_len, struct err *err)
{
	struct buf *candidate = &fold->candidate;
	const struct byte_entry *winner;
	uint32_t rank_len = 0;

	buf_clear(candidate);
	buf_append(candidate, &rank_len, sizeof(rank_len));
	put_rank(candidate, rank);
	buf_append(candidate, row, row_len);
	if (!buf_ok(candidate, err))
		return false;
	rank_len = (uint32_t)(candidate->len - sizeof(rank_len) - row_len);
	memcpy(candidate->data, &rank_len, sizeof(rank_len));
	winner = byte_table_find(&fold->rows, id, id_len);
	if (winner != NULL && !beats(candidate->data, candidate->len,
				     winner->data + winner->key_len, winner->value_len))
		return true;
	return byte_table_set(&fold->rows, id, id_len, candidate->data, candidate->len, err);
}

const char *fold_row(const struct byte_entry *entry, size_t *len)
{
	const char *value = entry->data + entry->key_len;
	uint32_t rank_len;

	memcpy(&rank_len, value, sizeof(rank_len));
	*len = entry->value_len - sizeof(rank_len) - rank_len;
	return value + sizeof(rank_len) + rank_len;
}
