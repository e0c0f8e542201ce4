/* Known answers: RFC 1321, 2202, 4231, 5869, 7914, FIPS 180, McGrew and Viega's GCM; and the
 * openssl program. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "crypto/random.h"
#include "unit.h"

static struct buf from_hex(const char *hex)
{
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	assert_true(decode_hex(hex, strlen(hex), &out, &err));
	return out;
}

static void expect_hex(const void *bytes, size_t len, const char *expected)
{
	struct buf hex = BUF_INIT;

	encode_hex(&hex, bytes, len);
	assert_string_equal(buf_text(&hex), expected);
	buf_fini(&hex);
}

/* --- AES-256-GCM --- */

struct gcm_case {
	const char *key, *nonce, *aad, *plain, *sealed;
};

/* Test cases 13, 14 and 16 of "The Galois/Counter Mode of Operation". */
static const struct gcm_case gcm_cases[] = {
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	  "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
	{ "0000000000000000000000000000000000000000000000000000000000000000",
	  "000000000000000000000000", "", "00000000000000000000000000000000",
	  "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
	{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece"
	  "0f4e1768cddf8853bb2d551b" },
};

static void gcm_known_answers_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(gcm_cases) / sizeof(gcm_cases[0]); i++) {
		const struct gcm_case *at = &gcm_cases[i];
		struct buf key = from_hex(at->key), nonce = from_hex(at->nonce);
		struct buf aad = from_hex(at->aad), plain = from_hex(at->plain);
		struct aead_aad bound = { aad.data, aad.len };
		struct err err = ERR_INIT;
		uint8_t out[128];

		assert_true(aead_seal((uint8_t *)key.data, (uint8_t *)nonce.data, bound, plain.data,
				      plain.len, out, &err));
		expect_hex(out, plain.len + AEAD_TAG_SIZE, at->sealed);
		assert_true(aead_open((uint8_t *)key.data, (uint8_t *)nonce.data, bound, out,
				      plain.len + AEAD_TAG_SIZE, out, &err));
		expect_hex(out, plain.len, at->plain);
		buf_fini(&key);
		buf_fini(&nonce);
		buf_fini(&aad);
		buf_fini(&plain);
	}
}

struct sealed {
	uint8_t key[AEAD_KEY_SIZE], nonce[AEAD_NONCE_SIZE], bytes[5 + AEAD_TAG_SIZE];
	char aad[4];
	size_t len;
};

static struct sealed seal_sample(void)
{
	struct sealed s = { .aad = "aad", .len = sizeof(s.bytes) };
	struct err err = ERR_INIT;

	assert_true(random_bytes(s.key, sizeof(s.key), &err));
	assert_true(random_bytes(s.nonce, sizeof(s.nonce), &err));
	assert_true(aead_seal(s.key, s.nonce, (struct aead_aad){ s.aad, 3 }, "plain", 5, s.bytes,
			      &err));
	return s;
}

static void expect_refused(const struct sealed *s)
{
	struct err err = ERR_INIT;
	uint8_t out[5];

	memset(out, 'x', sizeof(out));
	assert_false(aead_open(s->key, s->nonce, (struct aead_aad){ s->aad, 3 }, s->bytes, s->len,
			       out, &err));
	assert_int_equal(err.kind, ERR_DATA);
	for (size_t i = 0; s->len == sizeof(s->bytes) && i < sizeof(out); i++)
		assert_int_equal(out[i], 0);
}

static void a_flipped_bit_anywhere_is_refused(void **state)
{
	struct sealed whole = seal_sample();

	(void)state;
	for (size_t bit = 0; bit < offsetof(struct sealed, aad) * 8 + 24; bit++) {
		struct sealed damaged = whole;

		((uint8_t *)&damaged)[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		expect_refused(&damaged);
	}
	for (whole.len = 0; whole.len < sizeof(whole.bytes); whole.len++)
		expect_refused(&whole);
}

static void too_much_at_once_is_refused(void **state)
{
	struct sealed s = seal_sample();
	struct err err = ERR_INIT;

	(void)state;
	assert_false(aead_seal(s.key, s.nonce, (struct aead_aad){ NULL, 0 }, "", (size_t)1 << 31,
			       s.bytes, &err));
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
}

/* --- derivation --- */

static void hkdf_known_answers_hold(void **state)
{
	struct buf key = from_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	struct buf salt = from_hex("000102030405060708090a0b0c");
	struct buf info = from_hex("f0f1f2f3f4f5f6f7f8f9");
	struct err err = ERR_INIT;
	uint8_t out[42];

	(void)state;
	assert_true(kdf_hkdf(key.data, key.len, salt.data, salt.len, info.data, info.len, out, 42,
			     &err));
	expect_hex(out, 42,
		   "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		   "34007208d5b887185865");
	assert_true(kdf_hkdf(key.data, key.len, NULL, 0, NULL, 0, out, 42, &err));
	expect_hex(out, 42,
		   "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		   "9d201395faa4b61a96c8");
	buf_fini(&key);
	buf_fini(&salt);
	buf_fini(&info);
}

static void scrypt_known_answers_hold(void **state)
{
	const struct kdf_scrypt_cost small = { 4, 1, 1 }, middle = { 10, 8, 16 };
	struct err err = ERR_INIT;
	uint8_t out[64];

	(void)state;
	assert_true(kdf_scrypt("", 0, "", 0, small, out, 64, &err));
	expect_hex(out, 64,
		   "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
		   "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
	assert_true(kdf_scrypt("password", 8, "NaCl", 4, middle, out, 64, &err));
	expect_hex(out, 64,
		   "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
		   "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
}

static void scrypt_works_at_its_default_cost(void **state)
{
	struct err err = ERR_INIT;
	uint8_t out[32];

	(void)state;
	assert_int_equal(kdf_scrypt_default.log2_n, 17);
	assert_true(kdf_scrypt("password", 8, "salt", 4, kdf_scrypt_default, out, 32, &err));
}

static void incredible_scrypt_costs_are_refused(void **state)
{
	static const struct kdf_scrypt_cost costs[] = { { 0, 8, 1 },   { 64, 8, 1 }, { 23, 32, 1 },
							{ 17, 0, 1 },  { 17, 8, 0 }, { 17, 8, 17 },
							{ 17, 33, 1 }, { 24, 1, 1 } };
	struct err err = ERR_INIT;
	uint8_t out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		assert_false(kdf_scrypt("p", 1, "s", 1, costs[i], out, 32, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
	}
}

/* --- digests --- */

struct digest_case {
	const char *name, *abc, *hmac; /* hmac: key "Jefe", RFC 2202 and 4231 */
};

static const struct digest_case digest_cases[] = {
	{ "md5", "900150983cd24fb0d6963f7d28e17f72", "750c783e6ab0b503eaa86e310a5db738" },
	{ "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d",
	  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "sha512",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
	  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
};

static void digests_and_hmacs_hold(void **state)
{
	static const char question[] = "what do ya want for nothing?";
	struct err err = ERR_INIT;
	struct digest digest;
	enum digest_kind kind;

	(void)state;
	for (size_t i = 0; i < sizeof(digest_cases) / sizeof(digest_cases[0]); i++) {
		assert_true(digest_by_name(digest_cases[i].name, &kind, &err));
		assert_true(digest_of(kind, "abc", 3, &digest, &err));
		expect_hex(digest.bytes, digest.len, digest_cases[i].abc);
		assert_true(
			digest_hmac(kind, "Jefe", 4, question, strlen(question), &digest, &err));
		expect_hex(digest.bytes, digest.len, digest_cases[i].hmac);
	}
}

static void a_digest_in_pieces_is_that_of_the_whole(void **state)
{
	char whole[DIGEST_SHA256_HEX_SIZE], pieces[DIGEST_SHA256_HEX_SIZE];
	struct err err = ERR_INIT;
	struct digest_stream *stream = digest_stream_new(&err);

	(void)state;
	assert_non_null(stream);
	assert_true(digest_stream_add(stream, "mus", 3, &err));
	assert_true(digest_stream_add(stream, "", 0, &err));
	assert_true(digest_stream_add(stream, "ter", 3, &err));
	assert_true(digest_stream_end(stream, pieces, &err));
	assert_true(digest_sha256_hex("muster", 6, whole, &err));
	assert_string_equal(pieces, whole);
	/* Nobody has to ask for the end. */
	stream = digest_stream_new(&err);
	assert_true(digest_stream_add(stream, "x", 1, &err));
	assert_true(digest_stream_end(stream, NULL, &err));
}

static void an_unknown_digest_is_named(void **state)
{
	struct err err = ERR_INIT;
	enum digest_kind kind;

	(void)state;
	assert_false(digest_by_name("sha3", &kind, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.message, "\"sha3\""));
}

static void equality_needs_every_byte(void **state)
{
	(void)state;
	assert_true(digest_equal("abc", 3, "abc", 3));
	assert_true(digest_equal("", 0, "", 0));
	assert_false(digest_equal("abc", 3, "abd", 3));
	assert_false(digest_equal("abc", 3, "abc", 2));
}

/* --- against the openssl program --- */

static void read_command(const char *command, char *out, size_t size)
{
	FILE *pipe = popen(command, "re");
	size_t got;

	assert_non_null(pipe);
	got = fread(out, 1, size - 1, pipe);
	out[got] = '\0';
	while (got > 0 && (out[got - 1] == '\n' || out[got - 1] == '\r'))
		out[--got] = '\0';
	assert_int_equal(pclose(pipe), 0);
}

static void upper_with_colons(const uint8_t *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		out += sprintf(out, i == 0 ? "%02X" : ":%02X", bytes[i]);
}

static void the_openssl_program_agrees(void **state)
{
	char expected[256], ours[256], hex[DIGEST_SHA256_HEX_SIZE];
	struct err err = ERR_INIT;
	uint8_t key[32];

	(void)state;
	if (system("command -v openssl >/dev/null") != 0)
		skip();
	read_command("printf muster | openssl dgst -sha256 -r | cut -c1-64", expected, 256);
	assert_true(digest_sha256_hex("muster", 6, hex, &err));
	assert_string_equal(hex, expected);
	read_command("openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:secret "
		     "-kdfopt salt:salt -kdfopt info:label HKDF",
		     expected, 256);
	assert_true(kdf_hkdf("secret", 6, "salt", 4, "label", 5, key, 32, &err));
	upper_with_colons(key, 32, ours);
	assert_string_equal(ours, expected);
	read_command("openssl kdf -keylen 32 -kdfopt pass:secret -kdfopt salt:salt "
		     "-kdfopt n:131072 -kdfopt r:8 -kdfopt p:1 -kdfopt maxmem_bytes:300000000 "
		     "SCRYPT",
		     expected, 256);
	assert_true(kdf_scrypt("secret", 6, "salt", 4, kdf_scrypt_default, key, 32, &err));
	upper_with_colons(key, 32, ours);
	assert_string_equal(ours, expected);
}

/* --- randomness --- */

static int compare_nonces(const void *a, const void *b)
{
	return memcmp(a, b, AEAD_NONCE_SIZE);
}

static void a_million_nonces_are_unique(void **state)
{
	enum { COUNT = 1000000 };
	uint8_t(*nonces)[AEAD_NONCE_SIZE] = malloc((size_t)COUNT * AEAD_NONCE_SIZE);
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(nonces);
	for (size_t i = 0; i < COUNT; i++)
		assert_true(random_bytes(nonces[i], AEAD_NONCE_SIZE, &err));
	qsort(nonces, COUNT, AEAD_NONCE_SIZE, compare_nonces);
	for (size_t i = 1; i < COUNT; i++)
		assert_int_not_equal(compare_nonces(nonces[i - 1], nonces[i]), 0);
	free(nonces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gcm_known_answers_hold),
		cmocka_unit_test(a_flipped_bit_anywhere_is_refused),
		cmocka_unit_test(too_much_at_once_is_refused),
		cmocka_unit_test(hkdf_known_answers_hold),
		cmocka_unit_test(scrypt_known_answers_hold),
		cmocka_unit_test(scrypt_works_at_its_default_cost),
		cmocka_unit_test(incredible_scrypt_costs_are_refused),
		cmocka_unit_test(digests_and_hmacs_hold),
		cmocka_unit_test(a_digest_in_pieces_is_that_of_the_whole),
		cmocka_unit_test(an_unknown_digest_is_named),
		cmocka_unit_test(equality_needs_every_byte),
		cmocka_unit_test(the_openssl_program_agrees),
		cmocka_unit_test(a_million_nonces_are_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
