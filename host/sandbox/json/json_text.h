/* The insides of JSON strings and integers, shared by the walk (json_scan) and by readers. */
#ifndef MUSTER_SANDBOX_JSON_JSON_TEXT_H
#define MUSTER_SANDBOX_JSON_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

/*
 * The first byte from `at` that is a quote, a backslash, a control character or not ASCII. Eight
 * bytes at a time: most of a body's bytes go through here.
 */
static inline const unsigned char *json_plain_end(const unsigned char *at, const unsigned char *end)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;

	for (; end - at >= 8; at += 8) {
		uint64_t x, quote, slash, found;

		memcpy(&x, at, sizeof(x));
		quote = x ^ ones * '"';
		slash = x ^ ones * '\\';
		found = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
			((x - ones * 0x20) & ~x) | x;
		if ((found & highs) != 0)
			break;
	}
	while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* Length of the well-formed UTF-8 sequence of two to four bytes at `at`; 0 = there is none. */
size_t json_utf8_sequence(const unsigned char *at, const unsigned char *end);

/* The value of four hex digits; -1 if there are none before `end`. */
int32_t json_hex4(const unsigned char *at, const unsigned char *end);

/*
 * Appends the text between a string's quotes with its escapes resolved. What is no valid escape is
 * kept as it stands.
 */
void json_unescape(const char *text, size_t len, struct buf *out);

static inline bool json_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Behind the number that begins at `at`; *is_integer: it has neither fraction nor exponent. The
 * text ends with a NUL. *is_sound = false: it is malformed, at the byte that is returned.
 */
const unsigned char *json_number_end(const unsigned char *at, bool *is_integer, bool *is_sound);

/* Does a well-formed JSON integer fit 64 bits? */
bool json_fits_int64(const char *digits, size_t len);

#endif
