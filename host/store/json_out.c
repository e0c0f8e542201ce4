/* JSON text, written. */
#include "store/json_out.h"

#include <string.h>

/* What stands after the backslash; 0 = the character needs none. */
static char short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

void json_out_text(struct buf *out, const char *text, size_t len)
{
	size_t done = 0;

	buf_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		char escape = short_escape(text[i]);

		if (escape == 0 && (unsigned char)text[i] >= 0x20)
			continue;
		buf_append(out, text + done, i - done);
		if (escape != 0)
			buf_printf(out, "\\%c", escape);
		else
			buf_printf(out, "\\u%04x", (unsigned char)text[i]);
		done = i + 1;
	}
	buf_append(out, text + done, len - done);
	buf_char(out, '"');
}

void json_out_name(struct buf *out, const char *name)
{
	if (out->len > 0 && out->data[out->len - 1] != '{')
		buf_char(out, ',');
	json_out_text(out, name, strlen(name));
	buf_char(out, ':');
}
