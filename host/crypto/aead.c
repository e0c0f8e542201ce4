/* AES-256-GCM on OpenSSL's EVP. */
#include "crypto/aead.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/secret.h"

static bool fits(struct aead_aad aad, size_t len, struct err *err)
{
	if (aad.len <= INT_MAX && len <= INT_MAX)
		return true;
	return err_set(err, ERR_OVER_LIMIT, "too much to encrypt at once: %zu bytes", len);
}

bool aead_seal(const uint8_t key[AEAD_KEY_SIZE], const uint8_t nonce[AEAD_NONCE_SIZE],
	       struct aead_aad aad, const void *plain, size_t len, uint8_t *out, struct err *err)
{
	EVP_CIPHER_CTX *ctx;
	int part;
	bool ok;

	if (!fits(aad, len, err))
		return false;
	ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL)
		return err_oom(err);
	ok = EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
	     EVP_EncryptUpdate(ctx, NULL, &part, aad.data, (int)aad.len) == 1 &&
	     EVP_EncryptUpdate(ctx, out, &part, plain, (int)len) == 1 &&
	     EVP_EncryptFinal_ex(ctx, out + len, &part) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, AEAD_TAG_SIZE, out + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok || err_set(err, ERR_BUG, "OpenSSL refuses AES-256-GCM");
}

bool aead_open(const uint8_t key[AEAD_KEY_SIZE], const uint8_t nonce[AEAD_NONCE_SIZE],
	       struct aead_aad aad, const void *sealed, size_t sealed_len, uint8_t *out,
	       struct err *err)
{
	uint8_t tag[AEAD_TAG_SIZE];
	EVP_CIPHER_CTX *ctx;
	size_t len;
	int part;
	bool ok;

	if (sealed_len < AEAD_TAG_SIZE)
		return err_set(err, ERR_DATA, "cut short");
	len = sealed_len - AEAD_TAG_SIZE;
	if (!fits(aad, len, err))
		return false;
	ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL)
		return err_oom(err);
	for (size_t i = 0; i < AEAD_TAG_SIZE; i++)
		tag[i] = ((const uint8_t *)sealed)[len + i];
	ok = EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
	     EVP_DecryptUpdate(ctx, NULL, &part, aad.data, (int)aad.len) == 1 &&
	     EVP_DecryptUpdate(ctx, out, &part, sealed, (int)len) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, AEAD_TAG_SIZE, tag) == 1 &&
	     EVP_DecryptFinal_ex(ctx, out + len, &part) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		secret_wipe(out, len);
	return ok || err_set(err, ERR_DATA, "does not authenticate");
}
