/* A growing set of 128-bit keys: which source ids a listing has shown already. One per entity of a
 * stream. */
#ifndef MUSTER_SYNC_SEEN_H
#define MUSTER_SYNC_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

struct seen {
	uint8_t (*slots)[HASH128_SIZE]; /* all zero = free */
	size_t size, count;
};

void seen_fini(struct seen *seen);

/* *again = the id was in the set before. */
bool seen_add(struct seen *seen, const char *source_id, size_t len, bool *again, struct err *err);

bool seen_has(const struct seen *seen, const char *source_id, size_t len);

#endif
