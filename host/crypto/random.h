/* Randomness for keys and nonces, from OpenSSL's generator (seeded by the kernel). */
#ifndef MUSTER_CRYPTO_RANDOM_H
#define MUSTER_CRYPTO_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* At most INT_MAX bytes. */
bool random_bytes(void *out, size_t len, struct err *err);

#endif
