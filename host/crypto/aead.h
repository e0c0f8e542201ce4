/*
 * Authenticated encryption: AES-256-GCM (NIST SP 800-38D) with additional data.
 *
 * A nonce must never be used twice under one key. GCM does not commit to its key: who stores keys
 * that an attacker could exchange keeps a commitment beside them (vault/vault.h).
 */
#ifndef MUSTER_CRYPTO_AEAD_H
#define MUSTER_CRYPTO_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { AEAD_KEY_SIZE = 32, AEAD_NONCE_SIZE = 12, AEAD_TAG_SIZE = 16 };

/* Bytes that are authenticated but not encrypted. */
struct aead_aad {
	const void *data;
	size_t len;
};

/*
 * Writes `len` bytes of ciphertext and the tag to `out` (len + AEAD_TAG_SIZE bytes); `out` may be
 * `plain` itself. At most INT_MAX bytes.
 */
bool aead_seal(const uint8_t key[AEAD_KEY_SIZE], const uint8_t nonce[AEAD_NONCE_SIZE],
	       struct aead_aad aad, const void *plain, size_t len, uint8_t *out, struct err *err);

/*
 * The reverse: `out` gets sealed_len - AEAD_TAG_SIZE bytes and may be `sealed` itself. Anything but
 * the very key, nonce, aad and bytes of aead_seal is refused with ERR_DATA, and `out` is wiped.
 */
bool aead_open(const uint8_t key[AEAD_KEY_SIZE], const uint8_t nonce[AEAD_NONCE_SIZE],
	       struct aead_aad aad, const void *sealed, size_t sealed_len, uint8_t *out,
	       struct err *err);

#endif
