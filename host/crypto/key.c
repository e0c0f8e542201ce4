/* Private keys on OpenSSL's EVP. */
#include "crypto/key.h"

#include <limits.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/str.h"
#include "crypto/digest.h"

enum { RSA_BITS_MIN = 2048, EC_BYTES = 32 };

static const struct algorithm {
	const char *name, *type, *digest;
} algorithms[] = {
	[KEY_RS256] = { "RS256", "RSA", "SHA256" }, [KEY_RS384] = { "RS384", "RSA", "SHA384" },
	[KEY_RS512] = { "RS512", "RSA", "SHA512" }, [KEY_ES256] = { "ES256", "EC", "SHA256" },
	[KEY_HS256] = { "HS256", NULL, "SHA256" },
};

bool key_algorithm_by_name(const char *name, enum key_algorithm *out, struct err *err)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (str_eq(algorithms[i].name, name)) {
			*out = (enum key_algorithm)i;
			return true;
		}
	}
	return err_set(err, ERR_USAGE,
		       "no signature is called \"%s\": RS256, RS384, RS512, ES256, HS256", name);
}

const char *key_algorithm_name(enum key_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

/* --- reading --- */

/* Called for a key under a passphrase; without this, OpenSSL would ask for it on the terminal. */
static int note_passphrase(char *passphrase, int size, int is_writing, void *arg)
{
	bool *is_asked = arg;

	(void)passphrase;
	(void)size;
	(void)is_writing;
	*is_asked = true;
	return -1;
}

static BIO *open_text(const void *text, size_t len, struct err *err)
{
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;

	if (bio == NULL)
		err_oom(err);
	return bio;
}

static void explain_key(const void *text, size_t len, bool is_asked, struct err *err)
{
	static const char certificate[] = "-----BEGIN CERTIFICATE";

	if (is_asked) {
		err_set(err, ERR_AUTH, "the private key is under a passphrase");
		err_hint(err, "give it without one: openssl pkey -in KEY -out PLAIN; the vault "
			      "seals it");
		return;
	}
	err_set(err, ERR_AUTH, "no private key in PEM form%s",
		len >= strlen(certificate) && memcmp(text, certificate, strlen(certificate)) == 0
			? ", but a certificate"
			: "");
	err_hint(err, "give the whole file, from -----BEGIN PRIVATE KEY----- on: "
		      "--secret-file SETTING=PATH");
}

/* What OpenSSL leaves in its queue of errors would be taken for the next connection's. */
static EVP_PKEY *read_key(const void *text, size_t len, struct err *err)
{
	BIO *bio = open_text(text, len, err);
	bool is_asked = false;
	EVP_PKEY *key;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, note_passphrase, &is_asked);
	BIO_free(bio);
	ERR_clear_error();
	if (key == NULL)
		explain_key(text, len, is_asked, err);
	return key;
}

static bool fits(const EVP_PKEY *key, const struct algorithm *algorithm, struct err *err)
{
	const char *type = EVP_PKEY_get0_type_name(key);
	char curve[32] = "";

	if (!EVP_PKEY_is_a(key, algorithm->type))
		return err_set(err, ERR_AUTH, "the private key is of type %s: %s needs %s",
			       type != NULL ? type : "unknown", algorithm->name, algorithm->type);
	if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
		return err_set(err, ERR_AUTH, "the private key has %d bits: %s needs %d or more",
			       EVP_PKEY_get_bits(key), algorithm->name, RSA_BITS_MIN);
	if (EVP_PKEY_is_a(key, "EC") &&
	    (EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) != 1 ||
	     !str_eq(curve, "prime256v1")))
		return err_set(err, ERR_AUTH,
			       "the private key is on the curve \"%s\": %s needs P-256", curve,
			       algorithm->name);
	return true;
}

static EVP_PKEY *read_for(enum key_algorithm algorithm, const void *text, size_t len,
			  struct err *err)
{
	EVP_PKEY *key = read_key(text, len, err);

	if (key == NULL || fits(key, &algorithms[algorithm], err))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

bool key_check(enum key_algorithm algorithm, const void *key, size_t len, struct err *err)
{
	EVP_PKEY *read;

	if (algorithm == KEY_HS256)
		return len > 0 || err_set(err, ERR_AUTH, "the key is empty");
	read = read_for(algorithm, key, len, err);
	EVP_PKEY_free(read);
	return read != NULL;
}

bool key_check_private(const void *key, size_t len, struct err *err)
{
	EVP_PKEY *read = read_key(key, len, err);

	EVP_PKEY_free(read);
	return read != NULL;
}

/* --- signing --- */

static bool sign(EVP_PKEY *key, const char *digest, const void *data, size_t len, uint8_t *out,
		 size_t *out_len, struct err *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context != NULL &&
		    EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, key, NULL) == 1 &&
		    EVP_DigestSign(context, out, out_len, data, len) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return done || err_set(err, ERR_AUTH, "OpenSSL does not sign with this key");
}

/* OpenSSL gives the two numbers as DER. */
static bool put_numbers(const uint8_t *der, size_t len, struct buf *out, struct err *err)
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t numbers[2 * EC_BYTES];
	bool done = pair != NULL &&
		    BN_bn2binpad(ECDSA_SIG_get0_r(pair), numbers, EC_BYTES) == EC_BYTES &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(pair), numbers + EC_BYTES, EC_BYTES) == EC_BYTES;

	ECDSA_SIG_free(pair);
	if (!done)
		return err_set(err, ERR_BUG, "OpenSSL gives a signature that is none of P-256");
	buf_append(out, numbers, sizeof(numbers));
	return buf_ok(out, err);
}

static bool sign_hs256(const void *key, size_t key_len, const void *data, size_t len,
		       struct buf *out, struct err *err)
{
	struct digest digest;

	if (!key_check(KEY_HS256, key, key_len, err) ||
	    !digest_hmac(DIGEST_SHA256, key, key_len, data, len, &digest, err))
		return false;
	buf_append(out, digest.bytes, digest.len);
	return buf_ok(out, err);
}

bool key_sign(enum key_algorithm algorithm, const void *key, size_t key_len, const void *data,
	      size_t len, struct buf *out, struct err *err)
{
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t signature_len = sizeof(signature);
	EVP_PKEY *read;
	bool done;

	if (algorithm == KEY_HS256)
		return sign_hs256(key, key_len, data, len, out, err);
	read = read_for(algorithm, key, key_len, err);
	if (read == NULL)
		return false;
	done = sign(read, algorithms[algorithm].digest, data, len, signature, &signature_len, err);
	EVP_PKEY_free(read);
	if (done && algorithm == KEY_ES256)
		return put_numbers(signature, signature_len, out, err);
	if (done)
		buf_append(out, signature, signature_len);
	return done && buf_ok(out, err);
}

/* --- certificates --- */

static X509 *read_certificate(const void *text, size_t len, struct err *err)
{
	BIO *bio = open_text(text, len, err);
	X509 *certificate;

	if (bio == NULL)
		return NULL;
	certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (certificate == NULL) {
		err_set(err, ERR_AUTH, "no certificate in PEM form");
		err_hint(err, "give the whole file, from -----BEGIN CERTIFICATE----- on: "
			      "--secret-file SETTING=PATH");
	}
	return certificate;
}

static bool is_good_now(const X509 *certificate, int64_t now_ms, struct err *err)
{
	time_t now = (time_t)(now_ms / 1000);

	if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) {
		err_set(err, ERR_AUTH, "the certificate has ended");
		return err_hint(err, "have the vendor issue another one, and store it: muster "
				     "accounts reconnect ACCOUNT");
	}
	if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0) {
		err_set(err, ERR_AUTH, "the certificate is not good yet");
		return err_hint(err, "check this machine's clock");
	}
	return true;
}

bool key_check_certificate(const void *certificate, size_t certificate_len, const void *key,
			   size_t key_len, int64_t now_ms, struct err *err)
{
	EVP_PKEY *private = read_key(key, key_len, err);
	X509 *x509 = private != NULL ? read_certificate(certificate, certificate_len, err) : NULL;
	bool fine = x509 != NULL;

	if (fine && X509_check_private_key(x509, private) != 1) {
		err_set(err, ERR_AUTH, "the certificate does not belong to the private key");
		fine = err_hint(err, "give the two that were made together");
	}
	ERR_clear_error();
	fine = fine && is_good_now(x509, now_ms, err);
	X509_free(x509);
	EVP_PKEY_free(private);
	return fine;
}
