/*
 * What one map has given and the host has not heard yet, as the arguments of `emit` calls; for a
 * derived map also its rows until the stream ends.
 */
#ifndef MUSTER_SANDBOX_EMIT_OUTBOX_H
#define MUSTER_SANDBOX_EMIT_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash_set.h"
#include "sandbox/emit/fold.h"
#include "sandbox/map/map.h"

enum {
	OUTBOX_FOLDED_MAX = 256 * 1024,
	OUTBOX_FULL = 128 * 1024, /* what is sent at the latest; one row more still fits a frame */
};

struct outbox {
	const struct map *map;
	struct buf rows, dropped, bad; /* encoded items of the lists */
	size_t row_count, dropped_count, bad_count, skipped;
	struct buf raw;	    /* a hash for each of the rows; empty where none are told */
	struct buf same;    /* places of rows that the host has, 4 bytes each, the lowest first */
	struct buf context; /* further members of its calls, encoded: key, value, ... */
	size_t context_count;
	struct buf row; /* the one that is being mapped */
	struct fold fold;
	struct hash_set folded; /* inputs of rows that the fold has seen */
};

void outbox_init(struct outbox *outbox, const struct map *map);
void outbox_fini(struct outbox *outbox);

/*
 * Maps one row and keeps what comes of it. `input` is a hash of what the map looks at, or NULL: it
 * is remembered in `folded` when a derived row came of it, and told with any other row. `excerpt`
 * shows the row if it is bad. *is_refused tells whether a map before this one has reported the same
 * row as bad, and is set when this one does: one bad record is reported once. false and err:
 * memory, or the cap on derived rows.
 */
bool outbox_map(struct outbox *outbox, const struct map_run *run, const char *excerpt,
		const uint8_t *input, bool *is_refused, struct err *err);

/* Keeps a row that the host has. */
void outbox_same(struct outbox *outbox, uint32_t place);

/* Keeps a row that is mapped already: a winner of the fold. */
void outbox_add(struct outbox *outbox, const char *row, size_t len);

/* Keeps a row that was bad before it came to mapping. */
void outbox_refuse(struct outbox *outbox, const struct map_result *result, const char *reason,
		   const char *excerpt, bool *is_refused);

/* Is it time to send? */
bool outbox_is_full(const struct outbox *outbox);

/* Is there something to send? Skipped rows, and those that the host has, wait for company, */
bool outbox_has_content(const struct outbox *outbox);

/* or for the end: is there anything at all? */
bool outbox_has_anything(const struct outbox *outbox);

/* Forgets the derived rows: they are sent. */
void outbox_restart(struct outbox *outbox);

/* Appends the arguments of one `emit` call and starts anew. */
void outbox_put(struct outbox *outbox, const char *stream, struct buf *args);

#endif
