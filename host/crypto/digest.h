/*
 * Digests and HMAC (RFC 2104), and comparison that does not tell where two values differ. MD5 and
 * SHA-1 are here for vendors' signatures, not for anything of ours. Texts: base/encode.h.
 */
#ifndef MUSTER_CRYPTO_DIGEST_H
#define MUSTER_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };

enum { DIGEST_MAX = 64, DIGEST_SHA256_SIZE = 32, DIGEST_SHA256_HEX_SIZE = 65 };

struct digest {
	uint8_t bytes[DIGEST_MAX];
	size_t len;
};

/* "md5", "sha1", "sha256", "sha512"; ERR_USAGE names the ones there are. */
bool digest_by_name(const char *name, enum digest_kind *kind, struct err *err);

bool digest_of(enum digest_kind kind, const void *data, size_t len, struct digest *out,
	       struct err *err);
bool digest_hmac(enum digest_kind kind, const void *key, size_t key_len, const void *data,
		 size_t len, struct digest *out, struct err *err);

/* Lower-case hex of the SHA-256, NUL-terminated. */
bool digest_sha256_hex(const void *data, size_t len, char out[DIGEST_SHA256_HEX_SIZE],
		       struct err *err);

/* The same of bytes that come in pieces. */
struct digest_stream;
struct digest_stream *digest_stream_new(struct err *err); /* NULL with err */
bool digest_stream_add(struct digest_stream *stream, const void *data, size_t len, struct err *err);
/* Frees the stream; out NULL = nobody asks for it any more. NULL stream is fine then. */
bool digest_stream_end(struct digest_stream *stream, char out[DIGEST_SHA256_HEX_SIZE],
		       struct err *err);

/* In constant time for equal lengths; the lengths themselves are no secret. */
bool digest_equal(const void *a, size_t a_len, const void *b, size_t b_len);

#endif
