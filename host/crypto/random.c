/* Randomness on OpenSSL. */
#include "crypto/random.h"

#include <limits.h>
#include <openssl/rand.h>

bool random_bytes(void *out, size_t len, struct err *err)
{
	if (len <= INT_MAX && RAND_bytes(out, (int)len) == 1)
		return true;
	return err_set(err, ERR_BUG, "the random number generator failed");
}
