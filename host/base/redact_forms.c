/* The encodings in which a secret may turn up (reliability.md VA7). */
#include "base/redact_forms.h"

#include <string.h>

#include "base/encode.h"

enum form {
	FORM_PLAIN,
	FORM_JSON,	 /* what must be escaped */
	FORM_JSON_SLASH, /* also "/" as "\/": PHP, lua-cjson */
	FORM_JSON_ASCII, /* also non-ASCII and < > & ' as \u....: Python, Go */
	FORM_PERCENT_UPPER,
	FORM_PERCENT_LOWER,
	FORM_QUERY, /* percent with "+" for a space */
	FORM_HEX_LOWER,
	FORM_HEX_UPPER,
	FORM_BASE64, /* three alignments each */
	FORM_BASE64URL = FORM_BASE64 + 3,
	FORM_JSON_TWICE = FORM_BASE64URL + 3, /* each of JSON's forms as a text of JSON, "/" as it
						 is and escaped */
	FORM_END = FORM_JSON_TWICE + 6,
};

_Static_assert((int)FORM_END == (int)REDACT_FORM_COUNT,
	       "redact_forms.h says how many forms there are");

/* The code point at `at`; *len its bytes. What is no UTF-8 counts as one byte. */
static uint32_t code_point(const uint8_t *at, size_t left, size_t *len)
{
	static const uint8_t lead_mask[] = { 0, 0, 0x1f, 0x0f, 0x07 };
	size_t n = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : *at >= 0xc2 ? 2 : 1;
	uint32_t point;

	*len = 1;
	if (n == 1 || n > left || *at > 0xf4)
		return *at;
	point = *at & lead_mask[n];
	for (size_t i = 1; i < n; i++)
		point = point << 6 | (at[i] & 0x3f);
	*len = n;
	return point;
}

static void put_unicode_escape(struct buf *out, uint32_t point)
{
	if (point < 0x10000) {
		buf_printf(out, "\\u%04x", point);
		return;
	}
	point -= 0x10000;
	buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff));
}

static void put_json(struct buf *out, const uint8_t *secret, size_t len, enum form form)
{
	static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	size_t step;

	for (size_t i = 0; i < len; i += step) {
		uint32_t point = code_point(secret + i, len - i, &step);
		const char *name = point < 0x80 && point != 0 ? strchr(named, (int)point) : NULL;

		if (name != NULL)
			buf_printf(out, "\\%c", names[name - named]);
		else if (point == '/' && form == FORM_JSON_SLASH)
			buf_str(out, "\\/");
		else if (point < 0x20 || (form == FORM_JSON_ASCII &&
					  (point >= 0x7f || strchr("<>&'", (int)point) != NULL)))
			put_unicode_escape(out, point);
		else
			buf_append(out, secret + i, step);
	}
}

/* What was put since `start`, which is JSON, escaped once more where it stands. */
static void escape_again(struct buf *out, size_t start, bool with_slash)
{
	size_t from = out->len, to;
	const char *escaped = with_slash ? "\"\\/" : "\"\\";

	for (size_t i = start; i < from; i++) {
		if (strchr(escaped, out->data[i]) != NULL)
			buf_char(out, '\\');
	}
	to = out->len;
	while (!out->failed && from > start) {
		char c = out->data[--from];

		out->data[--to] = c;
		if (strchr(escaped, c) != NULL)
			out->data[--to] = '\\';
	}
}

static void put_json_twice(struct buf *out, const uint8_t *secret, size_t len, int which)
{
	size_t start = out->len;

	put_json(out, secret, len, (enum form)(FORM_JSON + which / 2));
	escape_again(out, start, which % 2 != 0);
}

static void put_percent(struct buf *out, const uint8_t *secret, size_t len, enum form form)
{
	size_t start = out->len;

	encode_percent(out, secret, len);
	for (size_t i = start; i + 2 < out->len; i++) {
		char *at = out->data + i;

		if (form == FORM_PERCENT_LOWER && *at == '%') {
			at[1] = (char)(at[1] >= 'A' ? at[1] | 0x20 : at[1]);
			at[2] = (char)(at[2] >= 'A' ? at[2] | 0x20 : at[2]);
		} else if (form == FORM_QUERY && memcmp(at, "%20", 3) == 0) {
			*at = '+';
			memmove(at + 1, at + 3, out->len - i - 3);
			out->len -= 2;
		}
	}
}

static void put_hex(struct buf *out, const uint8_t *secret, size_t len, enum form form)
{
	size_t start = out->len;

	encode_hex(out, secret, len);
	for (size_t i = start; form == FORM_HEX_UPPER && i < out->len; i++) {
		if (out->data[i] >= 'a')
			out->data[i] = (char)(out->data[i] - 'a' + 'A');
	}
}

/*
 * The characters that are the secret's alone when it begins at byte `alignment` (mod 3) of what is
 * encoded; those it shares with its neighbours are left out.
 */
static void put_base64(struct buf *out, const uint8_t *secret, size_t len, int alignment,
		       const char *alphabet)
{
	static const size_t first_bit[] = { 0, 4, 2 };

	for (size_t bit = first_bit[alignment]; bit + 6 <= len * 8; bit += 6) {
		size_t byte = bit / 8;
		unsigned next = byte + 1 < len ? secret[byte + 1] : 0;
		unsigned pair = (unsigned)secret[byte] << 8 | next;

		buf_char(out, alphabet[pair >> (10 - bit % 8) & 63]);
	}
}

void redact_put_form(struct buf *out, int form, const uint8_t *secret, size_t len)
{
	if (form == FORM_PLAIN)
		buf_append(out, secret, len);
	else if (form <= FORM_JSON_ASCII)
		put_json(out, secret, len, (enum form)form);
	else if (form <= FORM_QUERY)
		put_percent(out, secret, len, (enum form)form);
	else if (form <= FORM_HEX_UPPER)
		put_hex(out, secret, len, (enum form)form);
	else if (form < FORM_BASE64URL)
		put_base64(out, secret, len, form - FORM_BASE64, encode_base64_alphabet);
	else if (form < FORM_JSON_TWICE)
		put_base64(out, secret, len, form - FORM_BASE64URL, encode_base64url_alphabet);
	else
		put_json_twice(out, secret, len, form - FORM_JSON_TWICE);
}
