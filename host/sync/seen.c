/* A growing set of 128-bit keys with open addressing. */
#include "sync/seen.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1024 };

static const uint8_t nothing[HASH128_SIZE];

void seen_fini(struct seen *seen)
{
	free(seen->slots);
	*seen = (struct seen){ 0 };
}

/* The slot where the key is, or belongs. */
static uint8_t *find(const struct seen *seen, const uint8_t key[HASH128_SIZE])
{
	size_t at;

	memcpy(&at, key, sizeof(at));
	for (at &= seen->size - 1;; at = (at + 1) & (seen->size - 1)) {
		if (memcmp(seen->slots[at], key, HASH128_SIZE) == 0 ||
		    memcmp(seen->slots[at], nothing, HASH128_SIZE) == 0)
			return seen->slots[at];
	}
}

static bool grow(struct seen *seen, struct err *err)
{
	struct seen bigger = { .size = seen->size == 0 ? FIRST_SIZE : seen->size * 2 };

	bigger.slots = calloc(bigger.size, HASH128_SIZE);
	if (bigger.slots == NULL)
		return err_oom(err);
	for (size_t i = 0; i < seen->size; i++) {
		if (memcmp(seen->slots[i], nothing, HASH128_SIZE) != 0)
			memcpy(find(&bigger, seen->slots[i]), seen->slots[i], HASH128_SIZE);
	}
	bigger.count = seen->count;
	free(seen->slots);
	*seen = bigger;
	return true;
}

static void make_key(const char *source_id, size_t len, uint8_t key[HASH128_SIZE])
{
	hash128(source_id, len, key);
	key[0] |= 1; /* never the free slot's value */
}

bool seen_has(const struct seen *seen, const char *source_id, size_t len)
{
	uint8_t key[HASH128_SIZE];

	make_key(source_id, len, key);
	return seen->count > 0 && memcmp(find(seen, key), key, HASH128_SIZE) == 0;
}

bool seen_add(struct seen *seen, const char *source_id, size_t len, bool *again, struct err *err)
{
	uint8_t key[HASH128_SIZE], *slot;

	if (seen->count >= seen->size / 2 && !grow(seen, err))
		return false;
	make_key(source_id, len, key);
	slot = find(seen, key);
	*again = memcmp(slot, key, HASH128_SIZE) == 0;
	if (!*again) {
		memcpy(slot, key, HASH128_SIZE);
		seen->count++;
	}
	return true;
}
