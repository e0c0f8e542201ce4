/* What the scanner says to people. */
#include "sandbox/json/json_words.h"

#include <stdio.h>

const char *json_defect_text(enum json_defect defect)
{
	static const char *const texts[] = {
		[JSON_SOUND] = "sound",
		[JSON_BAD_UTF8] = "invalid UTF-8",
		[JSON_LONE_SURROGATE] = "a lone surrogate",
		[JSON_NUL] = "a NUL character",
		[JSON_CONTROL] = "a raw control character",
		[JSON_BAD_ESCAPE] = "an invalid escape",
		[JSON_DUPLICATE_KEY] = "a duplicate key",
		[JSON_NUMBER_RANGE] = "a number out of range",
		[JSON_TOO_DEEP] = "nesting deeper than 64 levels",
		[JSON_LONG_STRING] = "a text longer than 1 MiB",
		[JSON_MANY_KEYS] = "an object of more than 100000 keys",
	};

	return texts[defect];
}

const char *json_place_text(const struct json_place *place, char out[JSON_PLACE_TEXT])
{
	size_t len = 0;

	if (place->depth == 0)
		return "the answer";
	len = (size_t)snprintf(out, JSON_PLACE_TEXT, "\"");
	for (size_t i = 0; i < place->depth && len < JSON_PLACE_TEXT - 8; i++)
		len += (size_t)snprintf(out + len, JSON_PLACE_TEXT - len, "%s%s", i > 0 ? "." : "",
					place->path[i]);
	if (len > JSON_PLACE_TEXT - 2)
		len = JSON_PLACE_TEXT - 2;
	snprintf(out + len, JSON_PLACE_TEXT - len, "\"");
	return out;
}

const char *json_kind_text(unsigned char first)
{
	switch (first) {
	case '{':
		return "an object";
	case '"':
		return "a text";
	case 'n':
		return "null";
	case 't':
	case 'f':
		return "a boolean";
	default:
		return "a number";
	}
}

bool json_refuse_content(const unsigned char *at, const unsigned char *end, struct err *err)
{
	char shown[41];
	size_t len = 0;

	for (; len < sizeof(shown) - 1 && at + len < end; len++)
		shown[len] = at[len] >= 0x20 && at[len] < 0x7f ? (char)at[len] : '.';
	shown[len] = '\0';
	return err_set(err, ERR_DATA, "unexpected content: %s where JSON has to be (\"%s\")",
		       *at == '<' ? "HTML or XML" : "something else", shown);
}
