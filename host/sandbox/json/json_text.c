/* The insides of JSON strings and integers. */
#include "sandbox/json/json_text.h"

#include <string.h>

/* Unicode, table 3-7: which second bytes each lead byte allows. */
size_t json_utf8_sequence(const unsigned char *at, const unsigned char *end)
{
	unsigned char lead = at[0], low = 0x80, high = 0xbf;
	size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if (lead < 0xc2 || lead > 0xf4 || (size_t)(end - at) < len)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int32_t json_hex4(const unsigned char *at, const unsigned char *end)
{
	int32_t value = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static void put_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_char(out, (char)code);
	} else if (code < 0x800) {
		buf_char(out, (char)(0xc0 | code >> 6));
		buf_char(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		buf_char(out, (char)(0xe0 | code >> 12));
		buf_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_char(out, (char)(0x80 | (code & 0x3f)));
	} else {
		buf_char(out, (char)(0xf0 | code >> 18));
		buf_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
		buf_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_char(out, (char)(0x80 | (code & 0x3f)));
	}
}

/* Resolves the escape at `at`; returns behind it. */
static const unsigned char *put_unicode(struct buf *out, const unsigned char *at,
					const unsigned char *end)
{
	int32_t first = json_hex4(at + 2, end), second = -1;

	if (first < 0) {
		buf_append(out, at, 2);
		return at + 2;
	}
	if (first >= 0xd800 && first <= 0xdbff && end - at >= 12 && at[6] == '\\' && at[7] == 'u')
		second = json_hex4(at + 8, end);
	if (second >= 0xdc00 && second <= 0xdfff) {
		put_utf8(out,
			 0x10000 + (((uint32_t)first - 0xd800) << 10) + (uint32_t)second - 0xdc00);
		return at + 12;
	}
	put_utf8(out, (uint32_t)first);
	return at + 6;
}

static const unsigned char *put_escape(struct buf *out, const unsigned char *at,
				       const unsigned char *end)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (end - at < 2) {
		buf_append(out, at, 1);
		return at + 1;
	}
	if (at[1] == 'u')
		return put_unicode(out, at, end);
	name = at[1] != '\0' ? strchr(names, at[1]) : NULL;
	if (name == NULL)
		buf_append(out, at, 2);
	else
		buf_char(out, values[name - names]);
	return at + 2;
}

void json_unescape(const char *text, size_t len, struct buf *out)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + len;

	while (at < end) {
		const unsigned char *slash = memchr(at, '\\', (size_t)(end - at));

		if (slash == NULL)
			slash = end;
		buf_append(out, at, (size_t)(slash - at));
		at = slash < end ? put_escape(out, slash, end) : end;
	}
}

static const unsigned char *skip_digits(const unsigned char *at, bool *is_sound)
{
	*is_sound = json_is_digit(*at);
	while (json_is_digit(*at))
		at++;
	return at;
}

const unsigned char *json_number_end(const unsigned char *at, bool *is_integer, bool *is_sound)
{
	*is_integer = true;
	if (*at == '-')
		at++;
	*is_sound = *at == '0';
	at = *is_sound ? at + 1 : skip_digits(at, is_sound);
	if (*is_sound && *at == '.') {
		*is_integer = false;
		at = skip_digits(at + 1, is_sound);
	}
	if (*is_sound && (*at == 'e' || *at == 'E')) {
		*is_integer = false;
		at++;
		if (*at == '+' || *at == '-')
			at++;
		at = skip_digits(at, is_sound);
	}
	return at;
}

bool json_fits_int64(const char *digits, size_t len)
{
	static const char max[] = "9223372036854775807", min[] = "9223372036854775808";
	bool negative = digits[0] == '-';

	if (negative) {
		digits++;
		len--;
	}
	if (len != sizeof(max) - 1)
		return len < sizeof(max) - 1;
	return memcmp(digits, negative ? min : max, len) <= 0;
}
