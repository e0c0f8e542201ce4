/* The hashes as they came, and an open-addressing index of them, at most half full. */
#include "sandbox/emit/raw_table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1024 };

void raw_table_fini(struct raw_table *table)
{
	buf_fini(&table->hashes);
	free(table->slots);
	*table = (struct raw_table){ 0 };
}

static bool is_at(const struct raw_table *table, size_t place, const uint8_t *hash)
{
	return memcmp(table->hashes.data + place * HASH128_SIZE, hash, HASH128_SIZE) == 0;
}

/* The slot of the hash, or the free one where it belongs. */
static uint32_t *find(const struct raw_table *table, const uint8_t *hash)
{
	size_t at;

	memcpy(&at, hash, sizeof(at));
	for (;; at++) {
		uint32_t *slot = &table->slots[at & (table->size - 1)];

		if (*slot == 0 || is_at(table, *slot - 1, hash))
			return slot;
	}
}

/* Two rows may have come of equal records; the first counts. */
static void index_place(struct raw_table *table, size_t place)
{
	const char *hash = table->hashes.data + place * HASH128_SIZE;
	uint32_t *slot = find(table, (const uint8_t *)hash);

	if (*slot == 0)
		*slot = (uint32_t)place + 1;
}

static bool resize(struct raw_table *table, size_t count)
{
	size_t size = table->size == 0 ? FIRST_SIZE : table->size;
	uint32_t *slots;

	while (size < count * 2)
		size *= 2;
	if (size == table->size)
		return true;
	slots = calloc(size, sizeof(*slots));
	if (slots == NULL)
		return false;
	free(table->slots);
	table->slots = slots;
	table->size = size;
	for (size_t i = 0; i < table->count; i++)
		index_place(table, i);
	return true;
}

bool raw_table_add(struct raw_table *table, const void *hashes, size_t len)
{
	size_t count = table->count + len / HASH128_SIZE;

	buf_append(&table->hashes, hashes, len / HASH128_SIZE * HASH128_SIZE);
	if (table->hashes.failed || !resize(table, count))
		return false;
	for (; table->count < count; table->count++)
		index_place(table, table->count);
	return true;
}

bool raw_table_find(struct raw_table *table, const uint8_t hash[HASH128_SIZE], uint32_t *place)
{
	uint32_t slot;

	if (table->next < table->count && is_at(table, table->next, hash)) {
		*place = table->next++;
		return true;
	}
	slot = table->count > 0 ? *find(table, hash) : 0;
	if (slot == 0)
		return false;
	*place = slot - 1;
	table->next = slot;
	return true;
}
