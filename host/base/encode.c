/* Bytes as text and back. */
#include "base/encode.h"

#include <stdint.h>
#include <string.h>

const char encode_base64_alphabet[65] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const char encode_base64url_alphabet[65] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const char hex_digits[] = "0123456789abcdef";

void encode_hex(struct buf *out, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	char *room = len <= SIZE_MAX / 2 ? buf_room(out, len * 2) : NULL;

	if (room == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		room[2 * i] = hex_digits[bytes[i] >> 4];
		room[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
	buf_grown(out, len * 2);
}

/* One group of up to three bytes; returns how many characters it takes without padding. */
static size_t put_group(const uint8_t *bytes, size_t count, const char *alphabet, char out[4])
{
	uint32_t bits = (uint32_t)bytes[0] << 16;

	if (count > 1)
		bits |= (uint32_t)bytes[1] << 8;
	if (count > 2)
		bits |= bytes[2];
	for (size_t i = 0; i < 4; i++)
		out[i] = alphabet[bits >> (18 - 6 * i) & 63];
	return count + 1;
}

static void encode_groups(struct buf *out, const uint8_t *bytes, size_t len, const char *alphabet,
			  bool padded)
{
	char *room = len <= SIZE_MAX / 2 ? buf_room(out, (len + 2) / 3 * 4) : NULL;
	size_t used = 0;

	if (room == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i += 3) {
		size_t count = len - i < 3 ? len - i : 3;
		size_t put = put_group(bytes + i, count, alphabet, room + used);

		used += put;
		for (; padded && put < 4; put++)
			room[used++] = '=';
	}
	buf_grown(out, used);
}

void encode_base64(struct buf *out, const void *data, size_t len)
{
	encode_groups(out, data, len, encode_base64_alphabet, true);
}

void encode_base64url(struct buf *out, const void *data, size_t len)
{
	encode_groups(out, data, len, encode_base64url_alphabet, false);
}

static bool is_unreserved(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void encode_percent(struct buf *out, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++) {
		if (is_unreserved(bytes[i]))
			buf_char(out, (char)bytes[i]);
		else
			buf_printf(out, "%%%02X", bytes[i]);
	}
}

void encode_json(struct buf *out, const char *text, size_t len)
{
	buf_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			buf_char(out, '\\');
		if (c >= 0x20)
			buf_char(out, (char)c);
		else
			buf_printf(out, "\\u%04x", c);
	}
	buf_char(out, '"');
}

/* -1 = no hex digit. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The NUL that ends the buffer again, where a decoder had begun to write. */
static bool fail_at(uint8_t *room, const char *what, size_t at, struct err *err)
{
	room[0] = '\0';
	return err_set(err, ERR_DATA, "not %s near byte %zu", what, at);
}

bool decode_hex(const char *text, size_t len, struct buf *out, struct err *err)
{
	uint8_t *room = buf_room(out, len / 2);

	if (room == NULL)
		return buf_ok(out, err);
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return fail_at(room, "hex", 2 * i, err);
		room[i] = (uint8_t)(high * 16 + low);
	}
	if (len % 2 != 0)
		return fail_at(room, "hex of an even length", len, err);
	buf_grown(out, len / 2);
	return true;
}

/* Value of a character in the alphabet; 64 = none. */
static uint32_t six_bits(char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	if (c == alphabet[62])
		return 62;
	return c == alphabet[63] ? 63 : 64;
}

/* Two to four characters to one to three bytes. */
static bool get_group(const char *text, size_t count, const char *alphabet, uint8_t *out)
{
	uint32_t bits = 0, spare;

	for (size_t i = 0; i < count; i++) {
		uint32_t six = six_bits(text[i], alphabet);

		if (six == 64)
			return false;
		bits |= six << (18 - 6 * i);
	}
	for (size_t i = 0; i + 1 < count; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	spare = count == 4 ? 0 : bits & (0xffffffu >> (8 * (count - 1)));
	return count >= 2 && spare == 0;
}

static bool decode_groups(const char *text, size_t len, const char *alphabet, struct buf *out,
			  struct err *err)
{
	uint8_t *room = buf_room(out, len / 4 * 3 + 3);
	size_t used = 0;

	if (room == NULL)
		return buf_ok(out, err);
	for (size_t i = 0; i < len; i += 4) {
		size_t count = len - i < 4 ? len - i : 4;

		if (!get_group(text + i, count, alphabet, room + used))
			return fail_at(room, "base64", i, err);
		used += count - 1;
	}
	buf_grown(out, used);
	return true;
}

bool decode_base64(const char *text, size_t len, struct buf *out, struct err *err)
{
	if (len % 4 != 0)
		return err_set(err, ERR_DATA, "base64 without its padding");
	for (size_t i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
		len--;
	return decode_groups(text, len, encode_base64_alphabet, out, err);
}

bool decode_base64url(const char *text, size_t len, struct buf *out, struct err *err)
{
	return decode_groups(text, len, encode_base64url_alphabet, out, err);
}

bool decode_form(const char *text, size_t len, struct buf *out, struct err *err)
{
	uint8_t *room = buf_room(out, len);
	size_t n = 0;

	if (room == NULL)
		return buf_ok(out, err);
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] == '%') {
			high = len - i > 2 ? hex_value(text[i + 1]) : -1;
			low = len - i > 2 ? hex_value(text[i + 2]) : -1;
			if (high < 0 || low < 0 || high + low == 0)
				return fail_at(room, "a form's text", i, err);
			room[n++] = (uint8_t)(high * 16 + low);
			i += 2;
		} else {
			room[n++] = text[i] == '+' ? ' ' : (uint8_t)text[i];
		}
	}
	buf_grown(out, n);
	return true;
}
