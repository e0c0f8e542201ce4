/* Digests on OpenSSL's EVP. */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

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

bool digest_sha256_hex(const void *data, size_t len, char out[DIGEST_SHA256_HEX_SIZE],
		       struct err *err)
{
	static const char hex[] = "0123456789abcdef";
	struct digest digest;

	if (!digest_of(DIGEST_SHA256, data, len, &digest, err))
		return false;
	for (size_t i = 0; i < digest.len; i++) {
		out[2 * i] = hex[digest.bytes[i] >> 4];
		out[2 * i + 1] = hex[digest.bytes[i] & 15];
	}
	out[2 * digest.len] = '\0';
	return true;
}

bool digest_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}
