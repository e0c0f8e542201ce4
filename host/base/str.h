/* Small text helpers. Texts are NUL-terminated UTF-8 unless a length stands beside them. */
#ifndef MUSTER_BASE_STR_H
#define MUSTER_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

bool str_eq(const char *a, const char *b);

/* For qsort over an array of texts: by their bytes. */
int str_sort_order(const void *a, const void *b);
bool str_has_prefix(const char *text, const char *prefix);
bool str_has_suffix(const char *text, const char *suffix);

/* malloc'd copy; NULL when memory ran out or text is NULL. */
char *str_dup(const char *text);
char *str_dup_len(const char *text, size_t len);

/* ASCII only, in place. */
void str_lower(char *text);

/* Whole text is a decimal int64; false otherwise. */
bool str_to_int64(const char *text, int64_t *out);

/*
 * Reads the next decimal int64 and the spaces and line ends before it; *text moves behind it.
 * False, and *text stays, where there is none.
 */
bool str_next_int64(const char **text, int64_t *out);

/* Valid UTF-8 without NUL? (no overlong forms, no surrogates, at most U+10FFFF) */
bool str_is_utf8(const char *text, size_t len);

/* Appends the text; bytes that are no UTF-8 become U+FFFD. */
void str_put_utf8(struct buf *out, const char *text);

/* At most `max` of the `len` bytes, so that no UTF-8 sequence is cut in two. */
size_t str_cut(const char *text, size_t len, size_t max);

/*
 * The candidate nearest to `word` (edit distance at most a third of its length, at least 1);
 * NULL if none is near. For "did you mean".
 */
const char *str_nearest(const char *word, const char *const *candidates, size_t count);

#endif
