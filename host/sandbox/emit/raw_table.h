/*
 * The raw hashes of rows that the host has, in its order (sync/raw_rows.h): a record whose hash is
 * among them is told as its place.
 */
#ifndef MUSTER_SANDBOX_EMIT_RAW_TABLE_H
#define MUSTER_SANDBOX_EMIT_RAW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

/* Zeroed = empty; raw_table_fini releases. */
struct raw_table {
	struct buf hashes;
	uint32_t *slots; /* 1 + place; 0 = free */
	size_t size, count;
	uint32_t next; /* the place after the one found last: listings keep their order */
};

void raw_table_fini(struct raw_table *table);

/* Appends whole hashes; false: no memory. */
bool raw_table_add(struct raw_table *table, const void *hashes, size_t len);

bool raw_table_find(struct raw_table *table, const uint8_t hash[HASH128_SIZE], uint32_t *place);

#endif
