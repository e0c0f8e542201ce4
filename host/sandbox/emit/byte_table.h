/*
 * A table from bytes to bytes outside Lua's heap, with a cap on what it holds. An entry stays where
 * it is until its key is set anew.
 */
#ifndef MUSTER_SANDBOX_EMIT_BYTE_TABLE_H
#define MUSTER_SANDBOX_EMIT_BYTE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct byte_entry {
	uint64_t hash;
	uint32_t key_len, value_len;
	char data[]; /* key, then value */
};

struct byte_table {
	struct byte_entry **slots;
	size_t size, count;
	size_t bytes; /* of keys and values */
	size_t cap;   /* on `bytes`; 0 = none */
	uint64_t seed;
};

void byte_table_init(struct byte_table *table, size_t cap);
void byte_table_fini(struct byte_table *table);

/* NULL when there is none. */
struct byte_entry *byte_table_find(const struct byte_table *table, const void *key, size_t len);

/* Sets or replaces. false and err (ERR_OVER_LIMIT): over the cap, or out of memory. */
bool byte_table_set(struct byte_table *table, const void *key, size_t key_len, const void *value,
		    size_t value_len, struct err *err);

/* All entries in the order of their keys: malloc'd, byte_table's `count` long; NULL: no memory. */
struct byte_entry **byte_table_sorted(const struct byte_table *table);

#endif
