/* What requests bear: tokens and signatures of the host's own, and the calls that go without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/str.h"
#include "connector/assertion.h"
#include "connector/bare.h"
#include "connector/json_value.h"
#include "connector/signature.h"
#include "crypto/digest.h"
#include "unit.h"

static struct value_tree *value_of(const char *json_text)
{
	json_t *json = json_loads(json_text, 0, NULL);
	struct buf bytes = BUF_INIT;
	struct err err = ERR_INIT;
	struct value_tree *tree;

	assert_non_null(json);
	value_put_json(&bytes, json);
	tree = value_parse(bytes.data, bytes.len, &err);
	assert_non_null(tree);
	buf_fini(&bytes);
	json_decref(json);
	return tree;
}

/* A credential of one secret, "key", and one plain setting, "user". */
struct person {
	struct secret key;
	struct auth_secret secret;
	json_t *settings;
	struct auth_parts parts;
};

static void person_init(struct person *person, const char *key)
{
	struct err err = ERR_INIT;

	assert_true(secret_from(&person->key, key, strlen(key), &err));
	person->secret = (struct auth_secret){ "key", &person->key };
	person->settings = json_pack("{s:s}", "user", "ro\"sa");
	person->parts = (struct auth_parts){ person->settings, &person->secret, 1 };
}

static void person_fini(struct person *person)
{
	secret_fini(&person->key);
	json_decref(person->settings);
}

/* --- tokens --- */

static const char hs256[] =
	"{\"kind\": \"jwt\", \"key\": \"key\", \"algorithm\": \"HS256\", \"lives_s\": 120,"
	" \"claims\": {\"iss\": \"{user}\", \"aud\": \"{token}\", \"n\": 7, \"is\": true},"
	" \"headers\": {\"kid\": \"k-{user}\"}}";

/* The part of a compact token as JSON. */
static json_t *part_of(const char *token, int number)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	json_t *json;

	for (; number > 0; number--)
		token = strchr(token, '.') + 1;
	assert_true(decode_base64url(token, strcspn(token, "."), &text, &err));
	json = json_loadb(text.data, text.len, 0, NULL);
	assert_non_null(json);
	buf_fini(&text);
	return json;
}

static void assert_signed(const char *token, const char *key)
{
	size_t input_len = (size_t)(strrchr(token, '.') - token);
	struct buf expected = BUF_INIT;
	struct digest digest;
	struct err err = ERR_INIT;

	assert_true(digest_hmac(DIGEST_SHA256, key, strlen(key), token, input_len, &digest, &err));
	encode_base64url(&expected, digest.bytes, digest.len);
	assert_string_equal(token + input_len + 1, buf_text(&expected));
	buf_fini(&expected);
}

static void a_token_says_what_is_declared(void **state)
{
	struct value_tree *auth = value_of(hs256);
	struct secret token = SECRET_INIT, other = SECRET_INIT;
	struct err err = ERR_INIT;
	struct person person;
	json_t *header, *claims;
	struct jwt jwt;

	(void)state;
	person_init(&person, "hunter2");
	assert_true(jwt_init(&jwt, value_root(auth), &person.parts, "https://x/t", &err));
	assert_true(jwt_make(&jwt, 1700000030000, &token, &err));
	header = part_of(token.data, 0);
	claims = part_of(token.data, 1);
	assert_string_equal(json_string_value(json_object_get(header, "alg")), "HS256");
	assert_string_equal(json_string_value(json_object_get(header, "typ")), "JWT");
	assert_string_equal(json_string_value(json_object_get(header, "kid")), "k-ro\"sa");
	assert_string_equal(json_string_value(json_object_get(claims, "iss")), "ro\"sa");
	assert_string_equal(json_string_value(json_object_get(claims, "aud")), "https://x/t");
	assert_int_equal(json_integer_value(json_object_get(claims, "n")), 7);
	assert_true(json_is_true(json_object_get(claims, "is")));
	assert_int_equal(json_integer_value(json_object_get(claims, "iat")), 1700000000);
	assert_int_equal(json_integer_value(json_object_get(claims, "exp")), 1700000120);
	assert_int_equal(strlen(json_string_value(json_object_get(claims, "jti"))), 32);
	assert_signed(token.data, "hunter2");
	assert_true(jwt_make(&jwt, 1700000030000, &other, &err));
	assert_string_not_equal(token.data, other.data);
	json_decref(header);
	json_decref(claims);
	secret_fini(&token);
	secret_fini(&other);
	jwt_fini(&jwt);
	person_fini(&person);
	value_tree_free(auth);
}

static char *description(const char *auth_text, const char *key)
{
	struct value_tree *auth = value_of(auth_text);
	struct secret text = SECRET_INIT;
	struct err err = ERR_INIT;
	struct buf hex = BUF_INIT;
	struct person person;
	struct jwt jwt;

	person_init(&person, key);
	assert_true(jwt_init(&jwt, value_root(auth), &person.parts, "https://x/t", &err));
	assert_true(jwt_describe(&jwt, &text, &err));
	encode_hex(&hex, text.data, text.len);
	secret_fini(&text);
	jwt_fini(&jwt);
	person_fini(&person);
	value_tree_free(auth);
	return buf_take(&hex);
}

static void a_mark_knows_key_and_claims(void **state)
{
	char *one = description(hs256, "hunter2"), *same = description(hs256, "hunter2");
	char *other_key = description(hs256, "hunter3");
	char *other_claim = description("{\"key\": \"key\", \"algorithm\": \"HS256\"}", "hunter2");

	(void)state;
	assert_string_equal(one, same);
	assert_string_not_equal(one, other_key);
	assert_string_not_equal(one, other_claim);
	free(one);
	free(same);
	free(other_key);
	free(other_claim);
}

static void what_cannot_sign_names_its_setting(void **state)
{
	struct value_tree *auth = value_of("{\"key\": \"key\", \"algorithm\": \"RS256\"}");
	struct err err = ERR_INIT;
	struct person person;
	struct jwt jwt;

	(void)state;
	person_init(&person, "hunter2");
	assert_false(jwt_init(&jwt, value_root(auth), &person.parts, NULL, &err));
	assert_int_equal(err.kind, ERR_AUTH);
	assert_string_equal(err.message, "key: no private key in PEM form");
	jwt_fini(&jwt);
	person_fini(&person);
	value_tree_free(auth);
}

static void a_token_is_made_anew_when_it_is_refused(void **state)
{
	struct value_tree *auth = value_of("{\"key\": \"key\", \"algorithm\": \"HS256\"}");
	struct err err = ERR_INIT;
	struct person person;
	struct assertion assertion;

	(void)state;
	person_init(&person, "hunter2");
	assert_true(assertion_init(&assertion, value_root(auth), &person.parts, NULL, &err));
	assert_true(assertion_get(&assertion, 0, &err));
	assert_true(assertion_get(&assertion, 0, &err));
	assert_int_equal(assertion.generation, 1);
	assert_false(assertion_may_replace(&assertion, 1));
	assertion_prove(&assertion, 1);
	assert_true(assertion_may_replace(&assertion, 1));
	assert_true(assertion_get(&assertion, 1, &err));
	assert_int_equal(assertion.generation, 2);
	assert_false(assertion_may_replace(&assertion, 2));
	assert_true(assertion_may_replace(&assertion, 1));
	assertion_fini(&assertion);
	person_fini(&person);
	value_tree_free(auth);
}

/* --- signatures --- */

static const struct net_sending sending = {
	.method = "POST",
	.host = "x.example:8443",
	.path = "/a%20b",
	.query = "q=1&r=",
	.body = "{}",
	.body_len = 2,
};

/* The value of the one header of this auth. */
static void expect_signature(const char *auth_text, const char *expected)
{
	struct value_tree *tree = value_of(auth_text);
	struct auth auth = { 0 };
	struct err err = ERR_INIT;
	struct person person;

	person_init(&person, "hunter2");
	assert_true(signature_check(value_root(tree), &person.parts, &err));
	assert_int_equal(signature_name_headers(value_root(tree), &auth), 1);
	assert_string_equal(auth.headers[0].name, "x-sig");
	assert_string_equal(auth.headers[0].value, "");
	if (!signature_write(value_root(tree), &person.parts, &sending, 1700000000123, &auth, &err))
		fail_msg("%s", err.message);
	assert_int_equal(auth.count, 1);
	assert_string_equal(auth.headers[0].value, expected);
	auth_fini(&auth);
	person_fini(&person);
	value_tree_free(tree);
}

static void hmac_in_hex(const char *text, char out[65])
{
	struct buf hex = BUF_INIT;
	struct err err = ERR_INIT;
	struct digest digest;

	assert_true(digest_hmac(DIGEST_SHA256, "hunter2", 7, text, strlen(text), &digest, &err));
	encode_hex(&hex, digest.bytes, digest.len);
	memcpy(out, hex.data, 65);
	buf_fini(&hex);
}

static void a_signature_covers_what_is_sent(void **state)
{
	char expected[65];

	(void)state;
	hmac_in_hex("POST|x.example:8443|/a%20b|q=1&r=|{}|1700000000|ro\"sa", expected);
	expect_signature("{\"key\": \"key\", \"algorithm\": \"sha256\", \"template\": "
			 "\"{method}|{host}|{path}|{query}|{body}|{timestamp}|{user}\", "
			 "\"headers\": {\"x-sig\": \"{signature}\"}}",
			 expected);
	/* The SHA-256 of "{}". */
	hmac_in_hex("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", expected);
	expect_signature("{\"key\": \"key\", \"algorithm\": \"sha256\", \"template\": "
			 "\"{body_sha256}\", \"headers\": {\"x-sig\": \"{signature}\"}}",
			 expected);
}

static void times_and_encodings_are_as_declared(void **state)
{
	static const struct {
		const char *form, *text;
	} times[] = {
		{ "seconds", "1700000000" },
		{ "milliseconds", "1700000000123" },
		{ "rfc3339", "2023-11-14T22:13:20.123Z" },
		{ "http", "Tue, 14 Nov 2023 22:13:20 GMT" },
	};
	char auth[256];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		snprintf(auth, sizeof(auth),
			 "{\"key\": \"key\", \"algorithm\": \"sha1\", \"template\": \"\", "
			 "\"timestamp\": \"%s\", \"headers\": {\"x-sig\": \"{timestamp}\"}}",
			 times[i].form);
		expect_signature(auth, times[i].text);
	}
	/* HMAC-SHA1 under "hunter2" of "x", by the openssl program. */
	expect_signature(
		"{\"key\": \"key\", \"algorithm\": \"sha1\", \"template\": \"x\", "
		"\"encoding\": \"base64\", \"headers\": {\"x-sig\": \"{user} {signature}\"}}",
		"ro\"sa q5z6VIwcwm7Mr0LcDkzxqVaBoe8=");
}

static void an_unknown_way_to_sign_is_refused(void **state)
{
	static const char *const auths[] = {
		"{\"key\": \"key\", \"algorithm\": \"sha3\", \"template\": \"x\"}",
		"{\"key\": \"key\", \"algorithm\": \"sha256\", \"encoding\": \"base32\"}",
		"{\"key\": \"key\", \"algorithm\": \"sha256\", \"timestamp\": \"stardate\"}",
		"{\"key\": \"lost\", \"algorithm\": \"sha256\", \"template\": \"x\"}",
		"{\"key\": \"key\", \"algorithm\": \"sha256\", \"template\": \"{lost}\"}",
	};
	struct person person;

	(void)state;
	person_init(&person, "hunter2");
	for (size_t i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
		struct value_tree *tree = value_of(auths[i]);
		struct err err = ERR_INIT;

		if (signature_check(value_root(tree), &person.parts, &err))
			fail_msg("%s", auths[i]);
		value_tree_free(tree);
	}
	person_fini(&person);
}

/* --- calls without the credential --- */

static const char connector[] =
	"{\"bases\": {\"api\": \"https://api.demo.example/v1\", \"cdn\": "
	"\"https://cdn.demo.example\"},"
	" \"settings\": [], \"check\": {\"calls\": [\"GET api:/ping\"]}, \"streams\": [{\"calls\": "
	"[\"GET api:/rows\", {\"call\": \"GET api:/rows/{id}\"}, \"GET cdn:/f/{name}\"]}]}";

static void expect_bare(const char *auth_text, const char *const urls[], size_t count)
{
	static const char *const all[] = {
		"https://api.demo.example/v1/ping",
		"https://api.demo.example/v1/rows",
		"https://api.demo.example/v1/rows/7",
		"https://cdn.demo.example/f/x",
	};
	struct value_tree *declaration = value_of(connector), *auth = value_of(auth_text);
	struct err err = ERR_INIT;
	struct endpoint *bare;
	size_t found = 0;

	if (!bare_open(&bare, value_root(declaration), value_root(auth), NULL, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!bare_has(bare, "GET", all[i]))
			continue;
		if (found == count || !str_eq(urls[found], all[i]))
			fail_msg("%s: %s goes without", auth_text, all[i]);
		found++;
	}
	assert_int_equal(found, count);
	endpoint_free(bare);
	value_tree_free(declaration);
	value_tree_free(auth);
}

static void only_what_is_declared_goes_without(void **state)
{
	static const char *const ping[] = { "https://api.demo.example/v1/ping" };
	static const char *const row[] = { "https://api.demo.example/v1/rows/7" };
	static const char *const file[] = { "https://cdn.demo.example/f/x" };
	static const char *const both[] = { "https://api.demo.example/v1/ping",
					    "https://cdn.demo.example/f/x" };

	(void)state;
	expect_bare("{}", NULL, 0);
	expect_bare("{\"bases\": [\"api\", \"cdn\"]}", NULL, 0);
	expect_bare("{\"except\": [\"GET api:/ping\"]}", ping, 1);
	expect_bare("{\"except\": [\"GET api:/rows/{id}\"]}", row, 1);
	expect_bare("{\"bases\": [\"api\"]}", file, 1);
	expect_bare("{\"bases\": [\"api\"], \"except\": [\"GET api:/ping\"]}", both, 2);
}

static void an_unknown_call_or_base_is_refused(void **state)
{
	static const char *const auths[] = {
		"{\"except\": [\"GET api:/pin\"]}",
		"{\"except\": [\"POST api:/ping\"]}",
		"{\"bases\": [\"ap\"]}",
	};
	struct value_tree *declaration = value_of(connector);

	(void)state;
	for (size_t i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
		struct value_tree *auth = value_of(auths[i]);
		struct err err = ERR_INIT;
		struct endpoint *bare;

		assert_false(
			bare_open(&bare, value_root(declaration), value_root(auth), NULL, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		value_tree_free(auth);
	}
	value_tree_free(declaration);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_says_what_is_declared),
		cmocka_unit_test(a_mark_knows_key_and_claims),
		cmocka_unit_test(what_cannot_sign_names_its_setting),
		cmocka_unit_test(a_token_is_made_anew_when_it_is_refused),
		cmocka_unit_test(a_signature_covers_what_is_sent),
		cmocka_unit_test(times_and_encodings_are_as_declared),
		cmocka_unit_test(an_unknown_way_to_sign_is_refused),
		cmocka_unit_test(only_what_is_declared_goes_without),
		cmocka_unit_test(an_unknown_call_or_base_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
