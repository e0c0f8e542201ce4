/* A growing set of 128-bit hashes (hash128), in memory. */
#ifndef MUSTER_BASE_HASH_SET_H
#define MUSTER_BASE_HASH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

/* Zeroed = empty; hash_set_fini releases. */
struct hash_set {
	uint8_t (*slots)[HASH128_SIZE]; /* all zero = free */
	size_t size, count;
};

void hash_set_fini(struct hash_set *set);

/* *again = the hash was in the set before. */
bool hash_set_add(struct hash_set *set, const uint8_t hash[HASH128_SIZE], bool *again,
		  struct err *err);
bool hash_set_has(const struct hash_set *set, const uint8_t hash[HASH128_SIZE]);

#endif
