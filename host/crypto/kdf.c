/* HKDF and scrypt on OpenSSL's EVP. */
#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

enum { SCRYPT_LOG2_MAX = 23, SCRYPT_R_MAX = 32, SCRYPT_P_MAX = 16 };

const struct kdf_scrypt_cost kdf_scrypt_default = { .log2_n = 17, .r = 8, .p = 1 };

static bool derive(const char *name, const OSSL_PARAM *params, uint8_t *out, size_t out_len,
		   struct err *err)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	bool ok = ctx != NULL && EVP_KDF_derive(ctx, out, out_len, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ||
	       err_set(err, ERR_OVER_LIMIT, "OpenSSL cannot compute %s (out of memory?)", name);
}

static OSSL_PARAM octets(const char *name, const void *data, size_t len)
{
	/* OSSL_PARAM is shared with setters, hence not const; a derivation only reads. It refuses
	 * NULL, even for no bytes. */
	return OSSL_PARAM_construct_octet_string(
		name, (void *)(uintptr_t)(data != NULL ? data : ""), len);
}

bool kdf_hkdf(const void *key, size_t key_len, const void *salt, size_t salt_len, const void *info,
	      size_t info_len, uint8_t *out, size_t out_len, struct err *err)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets(OSSL_KDF_PARAM_KEY, key, key_len),
		octets(OSSL_KDF_PARAM_SALT, salt, salt_len),
		octets(OSSL_KDF_PARAM_INFO, info, info_len),
		OSSL_PARAM_construct_end(),
	};

	return derive("HKDF", params, out, out_len, err);
}

static bool affordable(struct kdf_scrypt_cost cost)
{
	return cost.log2_n >= 1 && cost.log2_n <= SCRYPT_LOG2_MAX && cost.r >= 1 &&
	       cost.r <= SCRYPT_R_MAX && cost.p >= 1 && cost.p <= SCRYPT_P_MAX &&
	       ((uint64_t)128 << cost.log2_n) * cost.r <= (uint64_t)1 << 30;
}

bool kdf_scrypt(const void *passphrase, size_t len, const void *salt, size_t salt_len,
		struct kdf_scrypt_cost cost, uint8_t *out, size_t out_len, struct err *err)
{
	uint64_t n = (uint64_t)1 << (cost.log2_n & 63), max_bytes = (uint64_t)3 << 29;
	const OSSL_PARAM params[] = {
		octets(OSSL_KDF_PARAM_PASSWORD, passphrase, len),
		octets(OSSL_KDF_PARAM_SALT, salt, salt_len),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &cost.r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &cost.p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &max_bytes),
		OSSL_PARAM_construct_end(),
	};

	if (!affordable(cost))
		return err_set(err, ERR_CONFIG, "scrypt's cost (2^%u, %u, %u) is not credible",
			       cost.log2_n, cost.r, cost.p);
	return derive("SCRYPT", params, out, out_len, err);
}
