/*
 * One open-addressing table for all open objects. Slots of objects that have ended count as free:
 * whoever inserts is the innermost object, and between two of its insertions only objects inside it
 * have come and gone, so a search meets the same occupied slots each time.
 */
#include "sandbox/json/json_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { FIRST_SIZE = 256 };

void json_keys_init(struct json_keys *keys)
{
	memset(keys, 0, sizeof(*keys));
	keys->seed = hash_seed();
}

void json_keys_fini(struct json_keys *keys)
{
	free(keys->slots);
	keys->slots = NULL;
}

void json_keys_open(struct json_keys *keys, unsigned level)
{
	keys->open[level] = ++keys->last_object;
	keys->counts[level] = 0;
}

void json_keys_close(struct json_keys *keys, unsigned level)
{
	keys->open[level] = 0;
	keys->used -= keys->counts[level];
}

static bool is_live(const struct json_keys *keys, const struct json_key_slot *slot)
{
	return slot->object != 0 && keys->open[slot->level] == slot->object;
}

/* The slot of this key, or the free one where it belongs. */
static struct json_key_slot *find(const struct json_keys *keys, uint32_t object, uint64_t hash)
{
	size_t mask = keys->size - 1;
	size_t i = (size_t)(hash ^ object * 0x9e3779b97f4a7c15u) & mask;

	for (;; i = (i + 1) & mask) {
		struct json_key_slot *slot = &keys->slots[i];

		if (!is_live(keys, slot) || (slot->object == object && slot->hash == hash))
			return slot;
	}
}

static bool grow(struct json_keys *keys)
{
	struct json_keys larger = *keys;

	larger.size = keys->size == 0 ? FIRST_SIZE : keys->size * 2;
	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return false;
	for (size_t i = 0; i < keys->size; i++) {
		const struct json_key_slot *old = &keys->slots[i];

		if (is_live(keys, old))
			*find(&larger, old->object, old->hash) = *old;
	}
	free(keys->slots);
	keys->slots = larger.slots;
	keys->size = larger.size;
	return true;
}

enum json_key_status json_keys_add(struct json_keys *keys, unsigned level, const void *key,
				   size_t len)
{
	uint64_t hash = hash64(key, len, keys->seed);
	struct json_key_slot *slot;

	if ((keys->used + 1) * 2 > keys->size && !grow(keys))
		return JSON_KEY_NO_MEMORY;
	slot = find(keys, keys->open[level], hash);
	if (is_live(keys, slot))
		return JSON_KEY_AGAIN;
	*slot = (struct json_key_slot){ .hash = hash, .object = keys->open[level], .level = level };
	keys->used++;
	keys->counts[level]++;
	return JSON_KEY_NEW;
}
