/*
 * Derived rows: many sightings of one key, of which one row wins.
 *
 * The greater rank wins; of equal ranks (and in maps without one) the row whose encoding is
 * greater, byte by byte. So the winner does not depend on the order in which rows come. Nothing is
 * the lowest rank, whole numbers come before texts; numbers compare as such, texts by their bytes
 * (normalised times do so rightly).
 */
#ifndef MUSTER_SANDBOX_EMIT_FOLD_H
#define MUSTER_SANDBOX_EMIT_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "sandbox/emit/byte_table.h"
#include "sandbox/map/map.h"

enum { FOLD_BYTES_MAX = 64 * 1024 * 1024 };

struct fold {
	struct byte_table rows;
	struct buf candidate;
};

void fold_init(struct fold *fold);
void fold_fini(struct fold *fold);

/* Is the rank one that can be compared? false and err (ERR_DATA) for booleans, lists, fractions. */
bool fold_check_rank(const struct map_value *rank, struct err *err);

/* One sighting; `row` is its encoding. false and err (ERR_OVER_LIMIT): more than FOLD_BYTES_MAX. */
bool fold_add(struct fold *fold, const char *id, size_t id_len, const struct map_value *rank,
	      const void *row, size_t row_len, struct err *err);

/* The winner's encoding. */
const char *fold_row(const struct byte_entry *entry, size_t *len);

#endif
