/*
 * From which raw record a row was made: `raw_hash`, a hash of all that its map looked at (and of
 * the map). Written together with the content hash, so a row whose raw hash comes again has the
 * content that it would be given again. NULL: nobody knows.
 */
#ifndef MUSTER_STORE_ENTITY_RAW_H
#define MUSTER_STORE_ENTITY_RAW_H

#include "store/entity.h"

typedef bool entity_raw_fn(void *arg, int64_t id, const uint8_t raw[HASH128_SIZE], struct err *err);

/*
 * The live rows for which the stream of the context vouches and whose raw hash is known, in the
 * order of their ids. The callback returns false to stop with err.
 */
bool entity_each_raw(struct store_tx *tx, const struct entity_context *context,
		     const struct model_entity *entity, entity_raw_fn *each, void *arg,
		     struct err *err);

#endif
