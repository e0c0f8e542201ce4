/*
 * Sealed bytes as the vault stores them, and what they are bound to.
 *
 *   1 (version) | 1 (AES-256-GCM) | key id: length (1), bytes | nonce (12, random) | text | tag
 * (16)
 *
 * The key id tells under which key they lie; it is empty where that is plain from the place.
 */
#ifndef MUSTER_VAULT_SEAL_H
#define MUSTER_VAULT_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

enum { SEAL_KEY_SIZE = 32, SEAL_COMMITMENT_SIZE = 16 };

/*
 * Appends "muster1" and the parts, each with its length before it (4 bytes, big-endian): different
 * parts give different bytes. For additional data and for the info of a derivation.
 */
void seal_bind(struct buf *out, const char *const *parts, size_t count);

struct seal_key {
	const uint8_t *bytes; /* SEAL_KEY_SIZE */
	const char *id;	      /* "" = none */
};

/* Appends the sealed bytes to `out`. */
bool seal_put(struct seal_key key, const struct buf *binding, const void *plain, size_t len,
	      struct buf *out, struct err *err);

/*
 * The reverse. ERR_DATA for anything but what seal_put gave for this key and binding; the caller
 * says what it was.
 */
bool seal_open(struct seal_key key, const struct buf *binding, const void *sealed, size_t len,
	       struct secret *out, struct err *err);

/*
 * A value that no second key gives for the same id: kept beside a key that an attacker might
 * exchange, because a GCM ciphertext can be made to open under two keys.
 */
bool seal_commit(struct seal_key key, uint8_t out[SEAL_COMMITMENT_SIZE], struct err *err);

#endif
