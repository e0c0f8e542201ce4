/*
 * Text for a terminal: what vendors and people wrote may hold anything, so control bytes, invalid
 * UTF-8 and direction overrides are made visible instead of being obeyed. Widths are in terminal
 * columns.
 */
#ifndef MUSTER_CLI_TEXT_H
#define MUSTER_CLI_TEXT_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Widths of characters need a UTF-8 locale: C.UTF-8 for the calling thread and for nothing but
 * characters, between begin and end. Without it every character counts as one column.
 */
locale_t text_begin_utf8(void);
void text_end_utf8(locale_t locale);

/* Appends text with \n, \t, \x1b, \xff, \u{202e} in place of what must not reach a terminal. */
void text_escape(struct buf *out, const char *text, size_t len);

/* Would text_escape leave it as it is? */
bool text_is_harmless(const char *text, size_t len);

/* Columns that an escaped text takes. */
size_t text_width(const char *text, size_t len);

/* Appends an escaped text cut to `width` columns (the last one is "…" if something was left out)
   and filled up with spaces on its right, or its left. */
enum text_fill { TEXT_FILL_NONE, TEXT_FILL_RIGHT, TEXT_FILL_LEFT };
void text_fit(struct buf *out, const char *text, size_t len, size_t width, enum text_fill fill);

/* Appends text broken at spaces into lines of at most `width` columns, each after `indent`. */
void text_wrap(struct buf *out, const char *text, size_t width, const char *indent);

/* Appends text with invalid UTF-8 replaced by U+FFFD. */
void text_repair(struct buf *out, const char *text, size_t len);

#endif
