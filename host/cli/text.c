/* Text for a terminal: escaping, width, cutting, wrapping. */
#define _GNU_SOURCE
#include "cli/text.h"

#include <string.h>
#include <wchar.h>

#include "base/str.h"

locale_t text_begin_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	if (locale)
		uselocale(locale);
	return locale;
}

void text_end_utf8(locale_t locale)
{
	uselocale(LC_GLOBAL_LOCALE);
	if (locale)
		freelocale(locale);
}

/* One character at text: its bytes, its code point; 0 bytes if they are not UTF-8. */
static size_t decode(const char *text, size_t len, uint32_t *point)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	uint32_t value = size == 1 ? at[0] : at[0] & (0x7fu >> size);

	if (at[0] == 0) {
		*point = 0;
		return 1;
	}
	if (size > len || !str_is_utf8(text, size))
		return 0;
	for (size_t i = 1; i < size; i++)
		value = value << 6 | (at[i] & 0x3f);
	*point = value;
	return size;
}

/* Controls (C0, DEL, C1), line separators, and what turns the direction of the text around it. */
static bool is_hostile(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0x200e || point == 0x200f || point == 0xfeff;
}

static void escape_point(struct buf *out, uint32_t point)
{
	if (point == '\n')
		buf_str(out, "\\n");
	else if (point == '\t')
		buf_str(out, "\\t");
	else if (point == '\r')
		buf_str(out, "\\r");
	else if (point < 0x80)
		buf_printf(out, "\\x%02x", point);
	else
		buf_printf(out, "\\u{%x}", point);
}

void text_escape(struct buf *out, const char *text, size_t len)
{
	while (len > 0) {
		uint32_t point;
		size_t size = decode(text, len, &point);

		if (size == 0) {
			size = 1;
			buf_printf(out, "\\x%02x", (unsigned char)*text);
		} else if (is_hostile(point)) {
			escape_point(out, point);
		} else {
			buf_append(out, text, size);
		}
		text += size;
		len -= size;
	}
}

bool text_is_harmless(const char *text, size_t len)
{
	for (size_t at = 0, size; at < len; at += size) {
		uint32_t point;

		size = decode(text + at, len - at, &point);
		if (size == 0 || is_hostile(point))
			return false;
	}
	return true;
}

static size_t point_width(uint32_t point)
{
	int width = wcwidth((wchar_t)point);

	return width < 0 ? 1 : (size_t)width;
}

/* How much of an escaped text fits into `width` columns; *used = the columns it takes. */
static size_t fitting(const char *text, size_t len, size_t width, size_t *used)
{
	size_t at = 0;

	*used = 0;
	while (at < len) {
		uint32_t point = '?';
		size_t size = decode(text + at, len - at, &point);
		size_t columns = point_width(point);

		if (*used + columns > width)
			break;
		*used += columns;
		at += size ? size : 1;
	}
	return at;
}

size_t text_width(const char *text, size_t len)
{
	size_t used;

	fitting(text, len, SIZE_MAX, &used);
	return used;
}

static void spaces(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_char(out, ' ');
}

void text_fit(struct buf *out, const char *text, size_t len, size_t width, enum text_fill fill)
{
	size_t used = text_width(text, len);
	bool cut = used > width;

	if (cut)
		len = fitting(text, len, width ? width - 1 : 0, &used);
	used += cut && width;
	if (fill == TEXT_FILL_LEFT)
		spaces(out, width - used);
	buf_append(out, text, len);
	if (cut && width)
		buf_str(out, "…");
	if (fill == TEXT_FILL_RIGHT)
		spaces(out, width - used);
}

/* Length of the next line of text: up to a newline, or the last space that keeps it in width. */
static size_t line_len(const char *text, size_t width)
{
	size_t whole = strcspn(text, "\n");
	size_t used, len = fitting(text, whole, width, &used);

	if (len == whole)
		return len;
	for (size_t i = len; i > 0; i--) {
		if (text[i] == ' ')
			return i;
	}
	return len ? len : whole;
}

void text_wrap(struct buf *out, const char *text, size_t width, const char *indent)
{
	size_t margin = strlen(indent);

	width = width > margin + 20 ? width - margin : 20;
	while (*text) {
		size_t len = line_len(text, width);

		if (len > 0)
			buf_str(out, indent);
		buf_append(out, text, len);
		buf_char(out, '\n');
		text += len;
		text += *text == '\n' || *text == ' ';
	}
}

void text_repair(struct buf *out, const char *text, size_t len)
{
	while (len > 0) {
		uint32_t point;
		size_t size = decode(text, len, &point);

		if (size == 0) {
			size = 1;
			buf_str(out, "\xef\xbf\xbd");
		} else {
			buf_append(out, text, size);
		}
		text += size;
		len -= size;
	}
}
