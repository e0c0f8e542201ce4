/* Which source ids a listing has shown already: one set per entity of a stream. */
#ifndef MUSTER_SYNC_SEEN_H
#define MUSTER_SYNC_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/hash_set.h"

struct seen {
	struct hash_set ids;
};

void seen_fini(struct seen *seen);

/* *again = the id was in the set before. */
bool seen_add(struct seen *seen, const char *source_id, size_t len, bool *again, struct err *err);
bool seen_has(const struct seen *seen, const char *source_id, size_t len);

#endif
