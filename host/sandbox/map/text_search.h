/* Searching texts as mappings do: bytes, ASCII letters in any case. */
#ifndef MUSTER_SANDBOX_MAP_TEXT_SEARCH_H
#define MUSTER_SANDBOX_MAP_TEXT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

static inline char text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Does the text hold `wanted`, which is in lower case? */
bool text_contains(const char *text, size_t len, const char *wanted, size_t wanted_len);

/*
 * Does the whole text match the glob? `*` stands for any bytes, `?` for one; there is no escape,
 * and case matters. At most len * glob_len steps.
 */
bool text_matches(const char *text, size_t len, const char *glob, size_t glob_len);

#endif
