/* Bytes as text: the vectors of RFC 4648, and texts that must be refused. */
#include <string.h>

#include "base/encode.h"
#include "unit.h"

struct pair {
	const char *plain, *coded;
};

static const struct pair base64_pairs[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xfe", "+//+" },
};

static const struct pair base64url_pairs[] = {
	{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" }, { "\xfb\xff\xfe", "-__-" },
};

static const struct pair hex_pairs[] = { { "", "" }, { "foobar", "666f6f626172" } };

typedef void encode_fn(struct buf *out, const void *data, size_t len);
typedef bool decode_fn(const char *text, size_t len, struct buf *out, struct err *err);

static void expect_pairs(const struct pair *pairs, size_t count, encode_fn *encode,
			 decode_fn *decode)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < count; i++) {
		struct buf coded = BUF_INIT, plain = BUF_INIT;

		encode(&coded, pairs[i].plain, strlen(pairs[i].plain));
		assert_string_equal(buf_text(&coded), pairs[i].coded);
		assert_true(decode(pairs[i].coded, strlen(pairs[i].coded), &plain, &err));
		assert_int_equal(plain.len, strlen(pairs[i].plain));
		assert_string_equal(buf_text(&plain), pairs[i].plain);
		buf_fini(&coded);
		buf_fini(&plain);
	}
}

static void rfc_vectors_hold(void **state)
{
	(void)state;
	expect_pairs(base64_pairs, 8, encode_base64, decode_base64);
	expect_pairs(base64url_pairs, 5, encode_base64url, decode_base64url);
	expect_pairs(hex_pairs, 2, encode_hex, decode_hex);
}

static void expect_refused(decode_fn *decode, const char *text)
{
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	buf_str(&out, "kept");
	assert_false(decode(text, strlen(text), &out, &err));
	assert_int_equal(err.kind, ERR_DATA);
	assert_string_equal(out.data, "kept");
	buf_fini(&out);
}

static void damaged_texts_are_refused(void **state)
{
	static const char *const base64[] = { "Zg",	  "Zg=",   "Zg===",  "Z===", "Zh==", "Zm9=",
					      "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm-v", "====", "=" };
	static const char *const base64url[] = { "Z", "Zg==", "Zh", "Zm9vY", "Zm+v", "Zm/v" };
	static const char *const hex[] = { "6", "6g", "66 6", "-1" };

	(void)state;
	for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++)
		expect_refused(decode_base64, base64[i]);
	for (size_t i = 0; i < sizeof(base64url) / sizeof(base64url[0]); i++)
		expect_refused(decode_base64url, base64url[i]);
	for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]); i++)
		expect_refused(decode_hex, hex[i]);
}

static void hex_takes_both_cases(void **state)
{
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	assert_true(decode_hex("4aF0", 4, &out, &err));
	assert_memory_equal(out.data, "\x4a\xf0", 2);
	buf_fini(&out);
}

static void percent_leaves_only_unreserved(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	encode_percent(&out, "aZ09-._~ /?&=%\xc3\xa9", 16);
	assert_string_equal(out.data, "aZ09-._~%20%2F%3F%26%3D%25%C3%A9");
	buf_fini(&out);
}

static void a_forms_text_is_decoded(void **state)
{
	static const char *const damaged[] = { "%", "a%4", "%4g", "%zz", "x%00y" };
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	assert_true(decode_form("a+b%20c%2B%c3%A9%41", 19, &out, &err));
	assert_string_equal(out.data, "a b c+\xc3\xa9"
				      "A");
	buf_fini(&out);
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
		expect_refused(decode_form, damaged[i]);
}

static void every_length_survives_a_round_trip(void **state)
{
	struct err err = ERR_INIT;
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct buf coded = BUF_INIT, plain = BUF_INIT;

		encode_base64url(&coded, bytes, len);
		assert_true(decode_base64url(buf_text(&coded), coded.len, &plain, &err));
		assert_int_equal(plain.len, len);
		assert_memory_equal(plain.data, bytes, len);
		buf_fini(&coded);
		buf_fini(&plain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_vectors_hold),
		cmocka_unit_test(damaged_texts_are_refused),
		cmocka_unit_test(hex_takes_both_cases),
		cmocka_unit_test(percent_leaves_only_unreserved),
		cmocka_unit_test(a_forms_text_is_decoded),
		cmocka_unit_test(every_length_survives_a_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
