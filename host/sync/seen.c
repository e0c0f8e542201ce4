/* Which source ids a listing has shown already. */
#include "sync/seen.h"

void seen_fini(struct seen *seen)
{
	hash_set_fini(&seen->ids);
}

bool seen_has(const struct seen *seen, const char *source_id, size_t len)
{
	uint8_t hash[HASH128_SIZE];

	hash128(source_id, len, hash);
	return hash_set_has(&seen->ids, hash);
}

bool seen_add(struct seen *seen, const char *source_id, size_t len, bool *again, struct err *err)
{
	uint8_t hash[HASH128_SIZE];

	hash128(source_id, len, hash);
	return hash_set_add(&seen->ids, hash, again, err);
}
