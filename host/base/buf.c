/* A growing byte buffer with a sticky failure. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

void buf_fini(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ .cap = buf->cap };
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void *buf_room(struct buf *buf, size_t len)
{
	size_t need, size;
	char *data;

	if (buf->failed)
		return NULL;
	if (len >= SIZE_MAX / 2 - buf->len || (buf->cap != 0 && buf->len + len > buf->cap)) {
		buf->failed = true;
		return NULL;
	}
	need = buf->len + len + 1;
	if (need <= buf->size)
		return buf->data + buf->len;
	size = buf->size < FIRST_SIZE ? FIRST_SIZE : buf->size;
	while (size < need)
		size *= 2;
	data = realloc(buf->data, size);
	if (data == NULL) {
		buf->failed = true;
		return NULL;
	}
	buf->data = data;
	buf->size = size;
	return data + buf->len;
}

void buf_grown(struct buf *buf, size_t len)
{
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
	void *room = buf_room(buf, len);

	if (room == NULL)
		return;
	if (len > 0)
		memcpy(room, data, len);
	buf_grown(buf, len);
}

void buf_str(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_digits(struct buf *buf, size_t number)
{
	char text[3 * sizeof(number)];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buf_append(buf, text + at, sizeof(text) - at);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	char *room;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		buf->failed = true;
		return;
	}
	room = buf_room(buf, (size_t)len);
	if (room == NULL)
		return;
	va_start(args, format);
	vsnprintf(room, (size_t)len + 1, format, args);
	va_end(args);
	buf_grown(buf, (size_t)len);
}

void buf_cut(struct buf *buf, size_t len)
{
	if (buf->failed || len >= buf->len)
		return;
	buf->len = len;
	buf->data[len] = '\0';
}

void buf_consume(struct buf *buf, size_t len)
{
	if (buf->data == NULL)
		return;
	if (len > buf->len)
		len = buf->len;
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
	buf->data[buf->len] = '\0';
}

bool buf_ok(const struct buf *buf, struct err *err)
{
	if (!buf->failed)
		return true;
	if (buf->cap != 0)
		return err_set(err, ERR_OVER_LIMIT, "more than %zu bytes", buf->cap);
	return err_oom(err);
}

const char *buf_text(const struct buf *buf)
{
	return buf->data != NULL ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
	char *data;

	if (buf->failed) {
		buf_fini(buf);
		return NULL;
	}
	if (buf->data == NULL)
		buf_append(buf, "", 0);
	data = buf->data;
	*buf = (struct buf){ .cap = buf->cap };
	return data;
}
