/* Digests on OpenSSL's EVP. */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/str.h"

static const char *const names[] = {
	[DIGEST_MD5] = "md5",
	[DIGEST_SHA1] = "sha1",
	[DIGEST_SHA256] = "sha256",
	[DIGEST_SHA512] = "sha512",
};

bool digest_by_name(const char *name, enum digest_kind *kind, struct err *err)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(name, names[i])) {
			*kind = (enum digest_kind)i;
			return true;
		}
	}
	return err_set(err, ERR_USAGE, "no digest is called \"%s\": md5, sha1, sha256, sha512",
		       name);
}

bool digest_of(enum digest_kind kind, const void *data, size_t len, struct digest *out,
	       struct err *err)
{
	if (EVP_Q_digest(NULL, names[kind], NULL, data, len, out->bytes, &out->len) == 1)
		return true;
	return err_set(err, ERR_BUG, "OpenSSL refuses %s", names[kind]);
}

bool digest_hmac(enum digest_kind kind, const void *key, size_t key_len, const void *data,
		 size_t len, struct digest *out, struct err *err)
{
	if (EVP_Q_mac(NULL, "HMAC", NULL, names[kind], NULL, key, key_len, data, len, out->bytes,
		      sizeof(out->bytes), &out->len) != NULL)
		return true;
	return err_set(err, ERR_BUG, "OpenSSL refuses HMAC with %s", names[kind]);
}

static void put_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

bool digest_sha256_hex(const void *data, size_t len, char out[DIGEST_SHA256_HEX_SIZE],
		       struct err *err)
{
	struct digest digest;

	if (!digest_of(DIGEST_SHA256, data, len, &digest, err))
		return false;
	put_hex(digest.bytes, digest.len, out);
	return true;
}

/* --- in pieces --- */

struct digest_stream {
	EVP_MD_CTX *context;
};

struct digest_stream *digest_stream_new(struct err *err)
{
	struct digest_stream *stream = calloc(1, sizeof(*stream));

	if (stream != NULL && (stream->context = EVP_MD_CTX_new()) != NULL &&
	    EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) == 1)
		return stream;
	digest_stream_end(stream, NULL, err);
	err_oom(err);
	return NULL;
}

bool digest_stream_add(struct digest_stream *stream, const void *data, size_t len, struct err *err)
{
	return EVP_DigestUpdate(stream->context, data, len) == 1 ||
	       err_set(err, ERR_BUG, "OpenSSL refuses sha256");
}

bool digest_stream_end(struct digest_stream *stream, char out[DIGEST_SHA256_HEX_SIZE],
		       struct err *err)
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool done = true;

	if (out != NULL) {
		done = EVP_DigestFinal_ex(stream->context, bytes, &len) == 1 ||
		       err_set(err, ERR_BUG, "OpenSSL refuses sha256");
		put_hex(bytes, len, out);
	}
	if (stream != NULL)
		EVP_MD_CTX_free(stream->context);
	free(stream);
	return done;
}

bool digest_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}
