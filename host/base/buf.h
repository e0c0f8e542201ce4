/*
 * A growing byte buffer. Owner: whoever declared it; buf_fini releases it and leaves it empty.
 *
 * Appending never reports: the first failed allocation (or exceeding `cap`) sets `failed`, later
 * appends do nothing, and one check at the end (buf_ok) is enough. `data` is always followed by a
 * NUL that `len` does not count once something was appended; before that it is NULL.
 */
#ifndef MUSTER_BASE_BUF_H
#define MUSTER_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct buf {
	char *data;
	size_t len;
	size_t size;
	size_t cap; /* 0 = no cap; else len never passes it */
	bool failed;
};

#define BUF_INIT ((struct buf){ 0 })

void buf_fini(struct buf *buf);

/* Empties without releasing; a failure is forgotten. */
void buf_clear(struct buf *buf);

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_str(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
/* The number in decimal digits: "%zu" without printf's price, for what is written by the million.
 */
void buf_digits(struct buf *buf, size_t number);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for `len` more bytes and returns where they go; NULL on failure. buf_grown adds them.
 */
void *buf_room(struct buf *buf, size_t len);
void buf_grown(struct buf *buf, size_t len);

/* Keeps the first `len` bytes only. */
void buf_cut(struct buf *buf, size_t len);

/* Removes the first `len` bytes. What failed to be appended stays a failure. */
void buf_consume(struct buf *buf, size_t len);

/* false and err (out of memory, or over the cap) if an append failed. */
bool buf_ok(const struct buf *buf, struct err *err);

/* The text so far, "" if empty. Valid until the next change. */
const char *buf_text(const struct buf *buf);

/* Hands the bytes to the caller (free()); the buffer is empty afterwards. NULL if it failed. */
char *buf_take(struct buf *buf);

#endif
