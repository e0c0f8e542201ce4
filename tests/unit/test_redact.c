/* Secrets are found again in every usual encoding, wherever they stand, and nothing else is. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/redact.h"
#include "unit.h"

/* Has a quote, a slash, a plus, a space, non-ASCII: every encoding differs from the plain form. */
static const char SECRET[] = "s3cr\"t/+ \xc3\xa9~<x";
enum { SECRET_LEN = sizeof(SECRET) - 1 };

static struct redact *with_secret(const char *name, const char *secret)
{
	struct redact *redact = redact_new();
	struct err err = ERR_INIT;

	assert_non_null(redact);
	assert_true(redact_add(redact, name, secret, strlen(secret), &err));
	return redact;
}

static void expect_copy(const struct redact *redact, const char *text, size_t len,
			const char *expected, size_t count)
{
	struct buf out = BUF_INIT;

	assert_int_equal(redact_copy(redact, text, len, &out), count);
	assert_string_equal(buf_text(&out), expected);
	assert_int_equal(out.len, strlen(expected));
	assert_int_equal(redact_finds(redact, text, len), count > 0);
	buf_fini(&out);
}

static void expect_form_found(const char *form)
{
	struct redact *redact = with_secret("k", SECRET);
	struct buf text = BUF_INIT;

	buf_printf(&text, "before %s after", form);
	expect_copy(redact, text.data, text.len, "before <secret:k> after", 1);
	buf_fini(&text);
	redact_free(redact);
}

static void finds_the_plain_form(void **state)
{
	(void)state;
	expect_form_found(SECRET);
}

static void finds_json_forms(void **state)
{
	(void)state;
	expect_form_found("s3cr\\\"t/+ \xc3\xa9~<x");
	expect_form_found("s3cr\\\"t\\/+ \xc3\xa9~<x");
	expect_form_found("s3cr\\\"t/+ \\u00e9~\\u003cx");
}

/* A JSON text inside of a JSON text. */
static void finds_what_was_escaped_twice(void **state)
{
	(void)state;
	expect_form_found("s3cr\\\\\\\"t/+ \xc3\xa9~<x");
	expect_form_found("s3cr\\\\\\\"t\\\\/+ \xc3\xa9~<x");
	expect_form_found("s3cr\\\\\\\"t\\\\\\/+ \xc3\xa9~<x");
	expect_form_found("s3cr\\\\\\\"t/+ \\\\u00e9~\\\\u003cx");
}

static void finds_percent_forms(void **state)
{
	(void)state;
	expect_form_found("s3cr%22t%2F%2B%20%C3%A9~%3Cx");
	expect_form_found("s3cr%22t%2f%2b%20%c3%a9~%3cx");
	expect_form_found("s3cr%22t%2F%2B+%C3%A9~%3Cx");
}

static void finds_hex_in_both_cases(void **state)
{
	struct buf hex = BUF_INIT;

	(void)state;
	encode_hex(&hex, SECRET, SECRET_LEN);
	expect_form_found(hex.data);
	for (size_t i = 0; i < hex.len; i++)
		hex.data[i] = (char)(hex.data[i] >= 'a' ? hex.data[i] - 32 : hex.data[i]);
	expect_form_found(hex.data);
	buf_fini(&hex);
}

/* "user:SECRET tail" in base64, for user names of every length mod 3. */
static void finds_base64_in_every_alignment(void **state)
{
	struct redact *redact = with_secret("k", SECRET);

	(void)state;
	for (int url = 0; url < 2; url++) {
		for (int before = 0; before < 6; before++) {
			struct buf plain = BUF_INIT, coded = BUF_INIT, out = BUF_INIT;

			buf_append(&plain, "abcdef", (size_t)before);
			buf_printf(&plain, "%s and a tail", SECRET);
			(url ? encode_base64url : encode_base64)(&coded, plain.data, plain.len);
			assert_int_equal(redact_copy(redact, coded.data, coded.len, &out), 1);
			assert_non_null(strstr(out.data, "<secret:k>"));
			buf_fini(&plain);
			buf_fini(&coded);
			buf_fini(&out);
		}
	}
	redact_free(redact);
}

static void finds_a_secret_at_every_position(void **state)
{
	struct redact *redact = with_secret("k", "123456");
	struct err err = ERR_INIT;
	char text[65];

	(void)state;
	assert_true(redact_add(redact, "long", "a-much-longer-secret", 20, &err));
	for (size_t at = 0; at + 6 <= 64; at++) {
		memset(text, '.', 64);
		memcpy(text + at, "123456", 6);
		assert_true(redact_finds(redact, text, 64));
		assert_true(redact_finds(redact, text, at + 6));
		assert_false(redact_finds(redact, text, at + 5));
		text[at + 5] = '7';
		assert_false(redact_finds(redact, text, 64));
	}
	redact_free(redact);
}

static void replaces_neighbours_and_repeats(void **state)
{
	struct redact *redact = with_secret("a", "aaaaaa");
	struct err err = ERR_INIT;

	(void)state;
	assert_true(redact_add(redact, "b", "bbbbbbbb", 8, &err));
	expect_copy(redact, "aaaaaaaaaaaabbbbbbbbbbaaaaaa", 28,
		    "<secret:a><secret:a><secret:b>bb<secret:a>", 4);
	expect_copy(redact, "aaaaabbbbbbb", 12, "aaaaabbbbbbb", 0);
	expect_copy(redact, "", 0, "", 0);
	redact_free(redact);
}

static void prefers_the_longest_of_two(void **state)
{
	struct redact *redact = with_secret("short", "token-1");
	struct err err = ERR_INIT;

	(void)state;
	assert_true(redact_add(redact, "long", "token-1-and-more", 16, &err));
	expect_copy(redact, "token-1-and-more token-1-and", 28, "<secret:long> <secret:short>-and",
		    2);
	redact_free(redact);
}

/* A secret that is another one's hex is still a secret of its own. */
static void a_form_may_be_a_secret_itself(void **state)
{
	struct redact *redact = with_secret("raw", "abcdef");
	struct err err = ERR_INIT;

	(void)state;
	assert_true(redact_add(redact, "hex", "616263646566", 12, &err));
	assert_true(redact_add(redact, "hex", "616263646566", 12, &err));
	expect_copy(redact, "NjE2MjYzNjQ2NTY2", 16, "<secret:hex>", 1);
	redact_free(redact);
}

static void short_secrets_are_not_searched(void **state)
{
	struct redact *redact = with_secret("pin", "12345");

	(void)state;
	expect_copy(redact, "12345 123456", 12, "12345 123456", 0);
	redact_free(redact);
}

/* Against a search that cannot be wrong: random texts over a small alphabet. */
static void agrees_with_a_naive_search(void **state)
{
	static const char *const secrets[] = { "abcabcd", "bcabca", "aabbccaabb", "ccccccc" };
	struct redact *redact = redact_new();
	struct err err = ERR_INIT;
	unsigned seed = 7;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_true(redact_add(redact, "k", secrets[i], strlen(secrets[i]), &err));
	for (int round = 0; round < 20000; round++) {
		char text[41] = "";
		bool expected = false;

		for (size_t i = 0; i < 40; i++)
			text[i] = (char)('a' + rand_r(&seed) / 7 % 3);
		for (size_t i = 0; i < 4; i++)
			expected = expected || strstr(text, secrets[i]) != NULL;
		assert_int_equal(redact_finds(redact, text, 40), expected);
	}
	redact_free(redact);
}

static void many_secrets_are_all_found(void **state)
{
	struct redact *redact = redact_new();
	struct err err = ERR_INIT;
	char secret[32];

	(void)state;
	for (int i = 0; i < 400; i++) {
		int len = snprintf(secret, sizeof(secret), "tok-%d-%d-end", i * 7919, i);

		assert_true(redact_add(redact, "t", secret, (size_t)len, &err));
	}
	for (int i = 0; i < 400; i++) {
		int len = snprintf(secret, sizeof(secret), "tok-%d-%d-end", i * 7919, i);

		assert_true(redact_finds(redact, secret, (size_t)len));
		assert_false(redact_finds(redact, secret, (size_t)len - 1));
	}
	redact_free(redact);
}

static void *search_until_found(void *arg)
{
	while (!redact_finds(arg, "xx late-secret xx", 17))
		;
	return NULL;
}

static void adding_while_another_thread_searches_is_safe(void **state)
{
	struct redact *redact = with_secret("k", "early-secret");
	struct err err = ERR_INIT;
	char secret[32];
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, search_until_found, redact), 0);
	for (int i = 0; i < 50; i++) {
		int len = snprintf(secret, sizeof(secret), "secret-number-%d", i);

		assert_true(redact_add(redact, "n", secret, (size_t)len, &err));
	}
	assert_true(redact_add(redact, "late", "late-secret", 11, &err));
	assert_int_equal(pthread_join(thread, NULL), 0);
	redact_free(redact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_plain_form),
		cmocka_unit_test(finds_json_forms),
		cmocka_unit_test(finds_what_was_escaped_twice),
		cmocka_unit_test(finds_percent_forms),
		cmocka_unit_test(finds_hex_in_both_cases),
		cmocka_unit_test(finds_base64_in_every_alignment),
		cmocka_unit_test(finds_a_secret_at_every_position),
		cmocka_unit_test(replaces_neighbours_and_repeats),
		cmocka_unit_test(prefers_the_longest_of_two),
		cmocka_unit_test(a_form_may_be_a_secret_itself),
		cmocka_unit_test(short_secrets_are_not_searched),
		cmocka_unit_test(agrees_with_a_naive_search),
		cmocka_unit_test(many_secrets_are_all_found),
		cmocka_unit_test(adding_while_another_thread_searches_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
