/* Randomness on OpenSSL. */
#include "crypto/random.h"

#include <limits.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>

bool random_bytes(void *out, size_t len, struct err *err)
{
	if (len <= INT_MAX && RAND_bytes(out, (int)len) == 1)
		return true;
	return err_set(err, ERR_BUG, "the random number generator failed");
}

bool random_id(char out[RANDOM_ID_SIZE], struct err *err)
{
	uint8_t bits[(RANDOM_ID_SIZE - 1) / 2];

	if (!random_bytes(bits, sizeof(bits), err))
		return false;
	for (size_t i = 0; i < sizeof(bits); i++)
		snprintf(out + 2 * i, 3, "%02x", bits[i]);
	return true;
}
