/*
 * Private keys and certificates in PEM form: signatures as JSON Web Signatures want them (RFC 7518,
 * 3), and whether a certificate belongs to a key. A key is read each time; nothing of it is kept.
 *
 * What is wrong with a key is ERR_AUTH, says what it is and the way out, and never shows it. It is
 * to be put behind the name of the setting that holds it: "key: no private key in PEM form".
 */
#ifndef MUSTER_CRYPTO_KEY_H
#define MUSTER_CRYPTO_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* RSA: PKCS #1 v1.5, 2048 bits at least. ES256: the curve P-256. HS256: the key's bytes as they
 * are. */
enum key_algorithm { KEY_RS256, KEY_RS384, KEY_RS512, KEY_ES256, KEY_HS256 };

enum { KEY_SIGNATURE_MAX = 2048 };

/* "RS256", "ES256" ...; ERR_USAGE names the ones there are. */
bool key_algorithm_by_name(const char *name, enum key_algorithm *out, struct err *err);
const char *key_algorithm_name(enum key_algorithm algorithm);

/* Can this algorithm sign with it? */
bool key_check(enum key_algorithm algorithm, const void *key, size_t len, struct err *err);

/* Appends the signature: of ES256 the two numbers of RFC 7518, 3.4, not their DER. */
bool key_sign(enum key_algorithm algorithm, const void *key, size_t key_len, const void *data,
	      size_t len, struct buf *out, struct err *err);

/* A private key of any kind that TLS can use. */
bool key_check_private(const void *key, size_t len, struct err *err);

/*
 * Does the first certificate of this text (others lead to its authority) belong to the key, which
 * is one, and is it still good at `now_ms` (since 1970)?
 */
bool key_check_certificate(const void *certificate, size_t certificate_len, const void *key,
			   size_t key_len, int64_t now_ms, struct err *err);

#endif
