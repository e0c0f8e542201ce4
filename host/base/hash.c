/* Content hashes. */
#include "base/hash.h"

#include <string.h>
#include <sys/auxv.h>
#include <xxhash.h>

void hash128(const void *data, size_t len, uint8_t out[HASH128_SIZE])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, len));
	for (size_t i = 0; i < HASH128_SIZE; i++)
		out[i] = canonical.digest[i];
}

uint64_t hash64(const void *data, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, len, seed);
}

uint64_t hash_seed(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	uint64_t seed = 0;

	if (random != NULL)
		memcpy(&seed, random, sizeof(seed));
	return seed;
}
