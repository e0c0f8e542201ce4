/* What the scanner says to people. */
#ifndef MUSTER_SANDBOX_JSON_JSON_WORDS_H
#define MUSTER_SANDBOX_JSON_JSON_WORDS_H

#include <stdbool.h>

#include "base/err.h"
#include "sandbox/json/json_scan.h"

enum { JSON_PLACE_TEXT = 128 };

/* The list's place: "the answer", or its path in quotes. */
const char *json_place_text(const struct json_place *place, char out[JSON_PLACE_TEXT]);

/* What a value is, from its first byte: "an object". */
const char *json_kind_text(unsigned char first);

/* ERR_DATA: what stands there instead of JSON; no byte of it is passed on unprintable. */
bool json_refuse_content(const unsigned char *at, const unsigned char *end, struct err *err);

#endif
