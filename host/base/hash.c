/* Content hashes. */
#include "base/hash.h"

#include <xxhash.h>

void hash128(const void *data, size_t len, uint8_t out[HASH128_SIZE])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, len));
	for (size_t i = 0; i < HASH128_SIZE; i++)
		out[i] = canonical.digest[i];
}
