/*
 * Rows that need not be told again. Before a listing is read the host loads the raw hashes
 * (store/entity_raw.h) of the rows that the stream vouches for; the sandbox fetches them. A record
 * that is one of them, seen through the same map, is then told as a number alone: its place in the
 * list. Nothing is decided by the sandbox: what it tells so is a live row of this account that this
 * stream lists, or it is refused.
 *
 * The loop's thread hands out the hashes and forgets them; the units of the stream do the rest, one
 * after the other.
 */
#ifndef MUSTER_SYNC_RAW_ROWS_H
#define MUSTER_SYNC_RAW_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/entity.h"

enum {
	RAW_ROWS_MAX = 2000000, /* of a stream, all entities together; others are told whole */
	RAW_PART_ROWS = 8000,	/* in one answer to the sandbox */
};

struct raw_rows {
	const struct model_entity *entity;
	int64_t *ids; /* ascending */
	struct buf hashes;
	size_t count, room;
	size_t max;	 /* so many at most are loaded */
	uint8_t *listed; /* a bit each: it was told in this listing */
};

void raw_rows_fini(struct raw_rows *rows);

/* A unit. `rows` is zeroed but for the entity and `max`; without any row it stays so. */
bool raw_rows_load(struct raw_rows *rows, struct store_tx *tx, const struct entity_context *context,
		   struct err *err);

/* Appends the result of the sandbox's call: the hashes from that place on, as many as fit. Those of
 * the last part are forgotten with it. */
void raw_rows_put_part(struct raw_rows *rows, int64_t from, struct buf *result);

/* The row at that place is listed. Its id; 0 = there is none. *again: it was listed before. */
int64_t raw_rows_list_at(struct raw_rows *rows, uint32_t place, bool *again);

/* The same for a row that is told whole. *again stays as it is for one that is not among them. */
void raw_rows_list_id(struct raw_rows *rows, int64_t id, bool *again);

#endif
