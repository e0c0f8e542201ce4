/* Randomness for keys, nonces and ids, from OpenSSL's generator (seeded by the kernel). */
#ifndef MUSTER_CRYPTO_RANDOM_H
#define MUSTER_CRYPTO_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* At most INT_MAX bytes. */
bool random_bytes(void *out, size_t len, struct err *err);

enum { RANDOM_ID_SIZE = 33 };

/* 128 random bits as 32 hex digits, NUL-terminated. */
bool random_id(char out[RANDOM_ID_SIZE], struct err *err);

#endif
