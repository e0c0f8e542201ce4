/* Content hashes: 128-bit XXH3. Not for secrets; digests that must resist an attacker are in
 * crypto/. */
#ifndef MUSTER_BASE_HASH_H
#define MUSTER_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { HASH128_SIZE = 16 };

/* Canonical (big-endian) bytes of the XXH3-128 of data. */
void hash128(const void *data, size_t len, uint8_t out[HASH128_SIZE]);

/* For tables in memory: the XXH3-64 under a seed, so that nobody can choose colliding keys. */
uint64_t hash64(const void *data, size_t len, uint64_t seed);

/* A seed that differs from process to process (the kernel's, no system call). */
uint64_t hash_seed(void);

#endif
