/* Keys and signatures: RFC 7515, appendix A; and the openssl program. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/key.h"
#include "unit.h"

/* RFC 7515, A.2.1 and A.3.1, written as PEM. */
static const char rsa_key[] = "-----BEGIN RSA PRIVATE KEY-----\n"
			      "MIIEowIBAAKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0\n"
			      "l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pC\n"
			      "gNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSX\n"
			      "ndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\n"
			      "Zlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8\n"
			      "q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABAoIBABKucaRpzQorw35S\n"
			      "bEUAVx8dYXUdZOlJcHtiWQ+dC6V8ljxAHj/PLyzTveyI5QO/xkObCyjIL303l2cf\n"
			      "UhPu2MFaJdjVzqACXuOrLot/eSFvxjvqVidTtAZExqFRJ9mylUVAoLvhowVWmC1O\n"
			      "n95fZCXxTUtxNEG1Xcc7m0rtzJKs45J+N/V9DP1edYH6USyPSWGp6wuA+KgHRnKK\n"
			      "Vf9GRx80JQY7nVNkL17eHoTWEwga+lwi0FEoW9Y7lDtWXYmKBWhUE+U8PGxlJf8f\n"
			      "40493HDw1WRQ/aSLoS4QTp3rn7gYgeHEvfJdkkf0UMhlknlo53M09EFPdadQ4TlU\n"
			      "bjqKc50CgYEA4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH/5IB3jw3bcxGn6QLvnE\n"
			      "tfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw/Py5PJdTJNPY8cQn7ouZ2KKDcmnPG\n"
			      "BY5t7yLc1QlQ5xHdwW1VhvKn+nXqhJTBgIPgtldC+KDV5z+y2XDwGUcCgYEAuQPE\n"
			      "fgmVtjL0Uyyx88GZFF1fOunH3+7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYs\n"
			      "p1ZSe7zFYHj7C6ul7TjeLQeZD/YwD66t62wDmpe/HlB+TnBA+njbglfIsRLtXlnD\n"
			      "zQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdcCgYAHAp9XcCSrn8wVkMVkKdb7\n"
			      "DOX4IKjzdahm+ctDAJN4O/y7OW5FKebvUjdAIt2GuoTZ71iTG+7F0F+lP88jtjP4\n"
			      "U4qe7VHoewl4MKOfXZKTe+YCS1XbNvfgwJ3Ltyl1OH9hWvu2yza7q+d5PCsDzqtm\n"
			      "27kxuvULVeya+TEdAB1ijQKBgQCH/3r6YrVH/uCWGy6bzV1nGNOdjKc9tmkfOJmN\n"
			      "54dxdixdpozCQ6U4OxZrsj3FcOhHBsqAHvX2uuYjagqvo3cOj1TRqNocX40omfCC\n"
			      "Mx3bD1yPPf/6TI2XECva/ggqEY2mYzmIiA5LVVmc5nrybr+lssFKneeyxN2Wq93S\n"
			      "0iJMdQKBgCGHewxzoa1r8ZMD0LETNrToK423K377UCYqXfg5XMclbrjPbEC3YI1Z\n"
			      "NqMtuhdBJqUnBi6tjKMF+34Xf0CUN8ncuXGO2CAYvO8PdyCixHX52ybaDjy1FtCE\n"
			      "6yUXjoKNXKvUm7MWGsAYH6f4IegOetN5NvmUMFStCSkh7ixZLkN1\n"
			      "-----END RSA PRIVATE KEY-----\n";
static const char ec_key[] = "-----BEGIN PRIVATE KEY-----\n"
			     "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
			     "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
			     "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
			     "-----END PRIVATE KEY-----\n";

/* What is signed in A.2 and A.3, and the signature of A.2. */
static const char rs256_input[] =
	"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char rs256_signature[] =
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2"
	"Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjt"
	"QBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6"
	"IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char es256_input[] =
	"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

static char *sign(enum key_algorithm algorithm, const char *key, size_t key_len, const char *input)
{
	struct buf signature = BUF_INIT, text = BUF_INIT;
	struct err err = ERR_INIT;

	if (!key_sign(algorithm, key, key_len, input, strlen(input), &signature, &err))
		fail_msg("%s", err.message);
	encode_base64url(&text, signature.data, signature.len);
	buf_fini(&signature);
	return buf_take(&text);
}

static void expect_signature(enum key_algorithm algorithm, const char *key, size_t key_len,
			     const char *input, const char *expected)
{
	char *text = sign(algorithm, key, key_len, input);

	assert_string_equal(text, expected);
	free(text);
}

/* --- published vectors --- */

static void hs256_is_that_of_the_rfc(void **state)
{
	static const char secret[] =
		"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9"
		"CAow";
	struct buf key = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(decode_base64url(secret, strlen(secret), &key, &err));
	expect_signature(KEY_HS256, key.data, key.len,
			 "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEz"
			 "MDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
			 "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
	buf_fini(&key);
}

static void rs256_is_that_of_the_rfc(void **state)
{
	(void)state;
	expect_signature(KEY_RS256, rsa_key, strlen(rsa_key), rs256_input, rs256_signature);
}

/* --- the openssl program checks the rest --- */

struct place {
	char folder[64];
};

static void place_make(struct place *place)
{
	snprintf(place->folder, sizeof(place->folder), "/tmp/muster-key-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
}

static void place_remove(const struct place *place)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", place->folder);
	assert_int_equal(system(command), 0);
}

static void place_write(const struct place *place, const char *name, const void *data, size_t len)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	fclose(file);
}

static struct buf place_read(const struct place *place, const char *name)
{
	struct buf out = BUF_INIT;
	char path[128];
	FILE *file;
	size_t got;

	snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	file = fopen(path, "re");
	assert_non_null(file);
	got = fread(buf_room(&out, 65536), 1, 65536, file);
	buf_grown(&out, got);
	fclose(file);
	return out;
}

/* Runs in the folder; what it says is thrown away. */
static int place_run(const struct place *place, const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd %s && (%s) >/dev/null 2>&1", place->folder, command);
	return system(line);
}

static bool has_openssl(void)
{
	return system("command -v openssl >/dev/null") == 0;
}

static void openssl_takes_the_signatures_of(enum key_algorithm algorithm, const char *digest)
{
	struct buf signature = BUF_INIT;
	struct err err = ERR_INIT;
	struct place place;
	char command[256];

	place_make(&place);
	assert_true(key_sign(algorithm, rsa_key, strlen(rsa_key), "muster", 6, &signature, &err));
	place_write(&place, "key.pem", rsa_key, strlen(rsa_key));
	place_write(&place, "input", "muster", 6);
	place_write(&place, "signature", signature.data, signature.len);
	snprintf(command, sizeof(command),
		 "openssl pkey -in key.pem -pubout -out public.pem && "
		 "openssl dgst -%s -verify public.pem -signature signature input",
		 digest);
	assert_int_equal(place_run(&place, command), 0);
	place_remove(&place);
	buf_fini(&signature);
}

static void longer_digests_are_those_of_openssl(void **state)
{
	(void)state;
	if (!has_openssl())
		skip();
	openssl_takes_the_signatures_of(KEY_RS384, "sha384");
	openssl_takes_the_signatures_of(KEY_RS512, "sha512");
}

/* An INTEGER of DER from 32 bytes, big-endian. */
static void put_der_number(struct buf *out, const char *bytes)
{
	size_t skipped = 0;
	bool is_high;

	while (skipped < 31 && bytes[skipped] == 0)
		skipped++;
	is_high = ((unsigned char)bytes[skipped] & 0x80) != 0;
	buf_char(out, 0x02);
	buf_char(out, (char)(32 - skipped + is_high));
	if (is_high)
		buf_char(out, 0);
	buf_append(out, bytes + skipped, 32 - skipped);
}

static void openssl_takes_es256(void **state)
{
	struct buf signature = BUF_INIT, numbers = BUF_INIT, der = BUF_INIT;
	struct err err = ERR_INIT;
	struct place place;

	(void)state;
	if (!has_openssl())
		skip();
	place_make(&place);
	assert_true(key_sign(KEY_ES256, ec_key, strlen(ec_key), es256_input, strlen(es256_input),
			     &signature, &err));
	assert_int_equal(signature.len, 64);
	put_der_number(&numbers, signature.data);
	put_der_number(&numbers, signature.data + 32);
	buf_char(&der, 0x30);
	buf_char(&der, (char)numbers.len);
	buf_append(&der, numbers.data, numbers.len);
	place_write(&place, "key.pem", ec_key, strlen(ec_key));
	place_write(&place, "input", es256_input, strlen(es256_input));
	place_write(&place, "signature", der.data, der.len);
	assert_int_equal(place_run(&place,
				   "openssl pkey -in key.pem -pubout -out public.pem && openssl "
				   "dgst -sha256 -verify public.pem -signature signature input"),
			 0);
	place_remove(&place);
	buf_fini(&signature);
	buf_fini(&numbers);
	buf_fini(&der);
}

/* --- what is no key --- */

static void refuse(enum key_algorithm algorithm, const char *key, const char *why)
{
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	assert_false(key_check(algorithm, key, strlen(key), &err));
	assert_int_equal(err.kind, ERR_AUTH);
	if (strstr(err.message, why) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", err.message, why);
	assert_false(key_sign(algorithm, key, strlen(key), "x", 1, &out, &err));
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

static void what_is_no_key_is_named(void **state)
{
	(void)state;
	refuse(KEY_RS256, "hunter2", "no private key in PEM form");
	refuse(KEY_RS256, "", "no private key in PEM form");
	refuse(KEY_HS256, "", "the key is empty");
	refuse(KEY_RS256, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	       "but a certificate");
	refuse(KEY_RS256, ec_key, "is of type EC: RS256 needs RSA");
	refuse(KEY_ES256, rsa_key, "is of type RSA: ES256 needs EC");
}

static void refuse_made(enum key_algorithm algorithm, const char *command, const char *why)
{
	struct place place;
	struct buf key;

	place_make(&place);
	assert_int_equal(place_run(&place, command), 0);
	key = place_read(&place, "key.pem");
	refuse(algorithm, buf_text(&key), why);
	buf_fini(&key);
	place_remove(&place);
}

static void weak_and_closed_keys_are_refused(void **state)
{
	(void)state;
	if (!has_openssl())
		skip();
	refuse_made(KEY_RS256, "openssl genrsa -out key.pem 1024", "has 1024 bits");
	refuse_made(KEY_ES256, "openssl ecparam -genkey -name secp384r1 -noout -out key.pem",
		    "needs P-256");
	refuse_made(KEY_ES256,
		    "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc "
		    "-pass pass:hunter2 -out key.pem",
		    "under a passphrase");
}

/* With the curve's name before it, as `openssl ecparam -genkey` writes it. */
static void a_key_with_its_parameters_is_read(void **state)
{
	struct err err = ERR_INIT;
	struct place place;
	struct buf key;

	(void)state;
	if (!has_openssl())
		skip();
	place_make(&place);
	assert_int_equal(place_run(&place, "openssl ecparam -genkey -name prime256v1 -out key.pem"),
			 0);
	key = place_read(&place, "key.pem");
	assert_non_null(strstr(buf_text(&key), "EC PARAMETERS"));
	assert_true(key_check(KEY_ES256, key.data, key.len, &err));
	buf_fini(&key);
	place_remove(&place);
}

static void names_are_known(void **state)
{
	enum key_algorithm algorithm;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(key_algorithm_by_name("ES256", &algorithm, &err));
	assert_string_equal(key_algorithm_name(algorithm), "ES256");
	assert_false(key_algorithm_by_name("none", &algorithm, &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

/* --- certificates --- */

static void a_certificate_belongs_to_its_key(void **state)
{
	const int64_t now = clock_wall_ms() + 600000, day = 24 * 3600 * (int64_t)1000;
	struct err err = ERR_INIT;
	struct buf certificate, key;
	struct place place;

	(void)state;
	if (!has_openssl())
		skip();
	place_make(&place);
	assert_int_equal(place_run(&place,
				   "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out "
				   "certificate.pem -days 2 -subj /CN=muster"),
			 0);
	certificate = place_read(&place, "certificate.pem");
	key = place_read(&place, "key.pem");
	assert_true(key_check_certificate(certificate.data, certificate.len, key.data, key.len, now,
					  &err));
	assert_false(key_check_certificate(certificate.data, certificate.len, key.data, key.len,
					   now + 3 * day, &err));
	assert_string_equal(err.message, "the certificate has ended");
	assert_false(key_check_certificate(certificate.data, certificate.len, key.data, key.len,
					   now - day, &err));
	assert_string_equal(err.message, "the certificate is not good yet");
	assert_false(key_check_certificate(certificate.data, certificate.len, rsa_key,
					   strlen(rsa_key), now, &err));
	assert_string_equal(err.message, "the certificate does not belong to the private key");
	assert_false(key_check_certificate(key.data, key.len, key.data, key.len, now, &err));
	assert_string_equal(err.message, "no certificate in PEM form");
	assert_false(key_check_certificate(certificate.data, certificate.len, "x", 1, now, &err));
	assert_true(key_check_private(key.data, key.len, &err));
	buf_fini(&certificate);
	buf_fini(&key);
	place_remove(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hs256_is_that_of_the_rfc),
		cmocka_unit_test(rs256_is_that_of_the_rfc),
		cmocka_unit_test(longer_digests_are_those_of_openssl),
		cmocka_unit_test(openssl_takes_es256),
		cmocka_unit_test(what_is_no_key_is_named),
		cmocka_unit_test(weak_and_closed_keys_are_refused),
		cmocka_unit_test(a_key_with_its_parameters_is_read),
		cmocka_unit_test(names_are_known),
		cmocka_unit_test(a_certificate_belongs_to_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
