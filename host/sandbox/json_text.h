/* The insides of JSON strings and integers, shared by the walk (json_scan) and by readers. */
#ifndef MUSTER_SANDBOX_JSON_TEXT_H
#define MUSTER_SANDBOX_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The first byte from `at` that is a quote, a backslash, a control character or not ASCII. */
const unsigned char *json_plain_end(const unsigned char *at, const unsigned char *end);

/* Length of the well-formed UTF-8 sequence of two to four bytes at `at`; 0 = there is none. */
size_t json_utf8_sequence(const unsigned char *at, const unsigned char *end);

/* The value of four hex digits; -1 if there are none before `end`. */
int32_t json_hex4(const unsigned char *at, const unsigned char *end);

/*
 * Appends the text between a string's quotes with its escapes resolved. What is no valid escape is
 * kept as it stands.
 */
void json_unescape(const char *text, size_t len, struct buf *out);

/* Does a well-formed JSON integer fit 64 bits? */
bool json_fits_int64(const char *digits, size_t len);

#endif
