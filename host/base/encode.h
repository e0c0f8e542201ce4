/*
 * Bytes as text: hex (lower case), base64 (RFC 4648 section 4, padded), base64url (section 5,
 * without padding), percent-encoding (RFC 3986, everything but unreserved characters), forms, and
 * texts in JSON.
 *
 * Encoders append to a struct buf (sticky failure). Decoders are strict: no white space, no foreign
 * characters, no missing or spare padding, no bits that would be thrown away; so one text has one
 * value and one value one text. They report ERR_DATA and leave `out` as it was.
 */
#ifndef MUSTER_BASE_ENCODE_H
#define MUSTER_BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

extern const char encode_base64_alphabet[65];
extern const char encode_base64url_alphabet[65];

void encode_hex(struct buf *out, const void *data, size_t len);
void encode_base64(struct buf *out, const void *data, size_t len);
void encode_base64url(struct buf *out, const void *data, size_t len);
void encode_percent(struct buf *out, const void *data, size_t len);
/* UTF-8 as a string of JSON, with its quotes: at most 6 bytes for each, and 2. */
void encode_json(struct buf *out, const char *text, size_t len);

/* Both cases of hex digits are taken. */
bool decode_hex(const char *text, size_t len, struct buf *out, struct err *err);
bool decode_base64(const char *text, size_t len, struct buf *out, struct err *err);
bool decode_base64url(const char *text, size_t len, struct buf *out, struct err *err);
/* A name or value of a query or form: %41 is A, + a blank. A NUL in it is refused. */
bool decode_form(const char *text, size_t len, struct buf *out, struct err *err);

#endif
