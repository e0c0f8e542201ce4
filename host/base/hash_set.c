/* Open addressing, at most half full. */
#include "base/hash_set.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1024 };

struct key {
	uint64_t a, b;
};

void hash_set_fini(struct hash_set *set)
{
	free(set->slots);
	*set = (struct hash_set){ 0 };
}

static struct key load(const uint8_t *bytes)
{
	struct key key;

	memcpy(&key, bytes, sizeof(key));
	return key;
}

/* Never the free slot's value. */
static struct key key_of(const uint8_t hash[HASH128_SIZE])
{
	struct key key = load(hash);

	key.a |= 1;
	return key;
}

/* The slot where the key is, or belongs; *is_there tells which. */
static uint8_t *find(const struct hash_set *set, struct key key, bool *is_there)
{
	for (size_t at = (size_t)(key.a ^ key.b);; at++) {
		uint8_t *slot = set->slots[at & (set->size - 1)];
		struct key found = load(slot);

		*is_there = found.a == key.a && found.b == key.b;
		if (*is_there || found.a == 0)
			return slot;
	}
}

static bool grow(struct hash_set *set, struct err *err)
{
	struct hash_set larger = { .size = set->size == 0 ? FIRST_SIZE : set->size * 2,
				   .count = set->count };
	bool is_there;

	larger.slots = calloc(larger.size, HASH128_SIZE);
	if (larger.slots == NULL)
		return err_oom(err);
	for (size_t i = 0; i < set->size; i++) {
		struct key key = load(set->slots[i]);

		if (key.a != 0)
			memcpy(find(&larger, key, &is_there), &key, sizeof(key));
	}
	free(set->slots);
	*set = larger;
	return true;
}

bool hash_set_has(const struct hash_set *set, const uint8_t hash[HASH128_SIZE])
{
	bool is_there = false;

	if (set->count > 0)
		find(set, key_of(hash), &is_there);
	return is_there;
}

bool hash_set_add(struct hash_set *set, const uint8_t hash[HASH128_SIZE], bool *again,
		  struct err *err)
{
	struct key key = key_of(hash);
	uint8_t *slot;

	if (set->count >= set->size / 2 && !grow(set, err))
		return false;
	slot = find(set, key, again);
	if (!*again) {
		memcpy(slot, &key, sizeof(key));
		set->count++;
	}
	return true;
}
