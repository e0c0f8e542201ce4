/* A table from bytes to bytes: open addressing, entries allocated one by one. */
#include "sandbox/emit/byte_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { FIRST_SIZE = 64 };

void byte_table_init(struct byte_table *table, size_t cap)
{
	*table = (struct byte_table){ .cap = cap, .seed = hash_seed() };
}

void byte_table_fini(struct byte_table *table)
{
	for (size_t i = 0; i < table->size; i++)
		free(table->slots[i]);
	free(table->slots);
	*table = (struct byte_table){ .cap = table->cap, .seed = table->seed };
}

/* The place of the key, or the free one where it belongs; `size` is not 0. */
static struct byte_entry **find_slot(const struct byte_table *table, uint64_t hash, const void *key,
				     size_t len)
{
	size_t mask = table->size - 1;

	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		struct byte_entry *entry = table->slots[i];

		if (entry == NULL || (entry->hash == hash && entry->key_len == len &&
				      memcmp(entry->data, key, len) == 0))
			return &table->slots[i];
	}
}

struct byte_entry *byte_table_find(const struct byte_table *table, const void *key, size_t len)
{
	if (table->size == 0)
		return NULL;
	return *find_slot(table, hash64(key, len, table->seed), key, len);
}

static bool grow(struct byte_table *table)
{
	struct byte_table larger = *table;

	larger.size = table->size == 0 ? FIRST_SIZE : table->size * 2;
	larger.slots = calloc(larger.size, sizeof(struct byte_entry *));
	if (larger.slots == NULL)
		return false;
	for (size_t i = 0; i < table->size; i++) {
		struct byte_entry *entry = table->slots[i];

		if (entry != NULL)
			*find_slot(&larger, entry->hash, entry->data, entry->key_len) = entry;
	}
	free(table->slots);
	*table = larger;
	return true;
}

bool byte_table_set(struct byte_table *table, const void *key, size_t key_len, const void *value,
		    size_t value_len, struct err *err)
{
	struct byte_entry **slot, *entry;
	uint64_t hash = hash64(key, key_len, table->seed);
	size_t before = 0, after = key_len + value_len;

	if ((table->count + 1) * 4 > table->size * 3 && !grow(table))
		return err_oom(err);
	slot = find_slot(table, hash, key, key_len);
	if (*slot != NULL)
		before = (*slot)->key_len + (*slot)->value_len;
	if (table->cap != 0 && table->bytes - before + after > table->cap)
		return err_set(err, ERR_OVER_LIMIT, "more than %zu bytes in memory", table->cap);
	entry = malloc(sizeof(*entry) + after);
	if (entry == NULL)
		return err_oom(err);
	*entry = (struct byte_entry){ .hash = hash,
				      .key_len = (uint32_t)key_len,
				      .value_len = (uint32_t)value_len };
	memcpy(entry->data, key, key_len);
	if (value_len > 0)
		memcpy(entry->data + key_len, value, value_len);
	table->count += *slot == NULL;
	table->bytes = table->bytes - before + after;
	free(*slot);
	*slot = entry;
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	const struct byte_entry *left = *(struct byte_entry *const *)a;
	const struct byte_entry *right = *(struct byte_entry *const *)b;
	size_t len = left->key_len < right->key_len ? left->key_len : right->key_len;
	int order = memcmp(left->data, right->data, len);

	if (order != 0)
		return order;
	return (left->key_len > right->key_len) - (left->key_len < right->key_len);
}

struct byte_entry **byte_table_sorted(const struct byte_table *table)
{
	struct byte_entry **entries = calloc(table->count + 1, sizeof(struct byte_entry *));
	size_t count = 0;

	if (entries == NULL)
		return NULL;
	for (size_t i = 0; i < table->size; i++) {
		if (table->slots[i] != NULL)
			entries[count++] = table->slots[i];
	}
	qsort(entries, count, sizeof(*entries), compare_keys);
	return entries;
}
