/* Keys from keys (HKDF-SHA256, RFC 5869) and from passphrases (scrypt, RFC 7914). */
#ifndef MUSTER_CRYPTO_KDF_H
#define MUSTER_CRYPTO_KDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* `info` says what the key is for; `salt` may be empty. At most 8160 bytes. */
bool kdf_hkdf(const void *key, size_t key_len, const void *salt, size_t salt_len, const void *info,
	      size_t info_len, uint8_t *out, size_t out_len, struct err *err);

/* Costs 128 * 2^log2_n * r bytes of memory. */
struct kdf_scrypt_cost {
	uint32_t log2_n, r, p;
};

/* N = 2^17, r = 8, p = 1: 128 MiB and a third of a second. */
extern const struct kdf_scrypt_cost kdf_scrypt_default;

/*
 * Blocks for the cost's time. Costs beyond 1 GiB are refused (ERR_CONFIG): they are read from
 * stored headers before these can be authenticated.
 */
bool kdf_scrypt(const void *passphrase, size_t len, const void *salt, size_t salt_len,
		struct kdf_scrypt_cost cost, uint8_t *out, size_t out_len, struct err *err);

#endif
