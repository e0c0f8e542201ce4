/* One value of a row: for a table, for JSON, for CSV. */
#include "cli/cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

void cell_put_real(struct buf *out, double value)
{
	char digits[40];

	snprintf(digits, sizeof(digits), "%.15g", value);
	if (strtod(digits, NULL) != value)
		snprintf(digits, sizeof(digits), "%.17g", value);
	buf_str(out, digits);
}

static void put_hex(struct buf *out, const struct query_value *value)
{
	for (size_t i = 0; i < value->len; i++)
		buf_printf(out, "%02x", (unsigned char)value->bytes[i]);
}

/* The value as it is; nothing for NULL. */
static void put_plain(struct buf *out, const struct query_value *value)
{
	switch (value->type) {
	case QUERY_NULL:
		break;
	case QUERY_INT:
		buf_printf(out, "%" PRId64, value->i);
		break;
	case QUERY_REAL:
		cell_put_real(out, value->d);
		break;
	case QUERY_TEXT:
		buf_append(out, value->bytes, value->len);
		break;
	case QUERY_BLOB:
		put_hex(out, value);
		break;
	}
}

/* 2026-03-02T09:14:55.120Z -> 2026-03-02 09:14Z; anything else as it is. */
static void put_time(struct buf *out, const struct query_value *value)
{
	if (value->type != QUERY_TEXT || value->len < 20 || value->bytes[10] != 'T' ||
	    value->bytes[value->len - 1] != 'Z') {
		put_plain(out, value);
		return;
	}
	buf_append(out, value->bytes, 10);
	buf_char(out, ' ');
	buf_append(out, value->bytes + 11, 5);
	buf_char(out, 'Z');
}

static void put_joined(struct buf *out, const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		if (i > 0)
			buf_str(out, ", ");
		buf_append(out, json_string_value(item), json_string_length(item));
	}
}

static bool is_text_list(const json_t *json)
{
	size_t i;
	json_t *item;

	json_array_foreach(json, i, item)
	{
		if (!json_is_string(item))
			return false;
	}
	return json_is_array(json);
}

static json_t *parse(const struct query_value *value)
{
	return value->type == QUERY_TEXT ? json_loadb(value->bytes, value->len,
						      JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
					 : NULL;
}

static void put_list(struct buf *out, const struct query_value *value)
{
	json_t *json = parse(value);

	if (is_text_list(json))
		put_joined(out, json);
	else
		put_plain(out, value);
	json_decref(json);
}

void cell_for_person(struct buf *out, const struct query_value *value, enum output_kind kind)
{
	if (kind == OUTPUT_BOOL && value->type == QUERY_INT)
		buf_str(out, value->i ? "yes" : "no");
	else if (kind == OUTPUT_TIME)
		put_time(out, value);
	else if (kind == OUTPUT_VALUE)
		put_list(out, value);
	else
		put_plain(out, value);
}

static json_t *text_for_json(const struct query_value *value)
{
	struct buf text = BUF_INIT;
	json_t *json = NULL;

	if (value->type == QUERY_BLOB)
		put_hex(&text, value);
	else
		text_repair(&text, value->bytes, value->len);
	if (!text.failed)
		json = json_stringn(buf_text(&text), text.len);
	buf_fini(&text);
	return json;
}

json_t *cell_for_json(const struct query_value *value, enum output_kind kind)
{
	json_t *json;

	switch (value->type) {
	case QUERY_NULL:
		return json_null();
	case QUERY_INT:
		return kind == OUTPUT_BOOL ? json_boolean(value->i) : json_integer(value->i);
	case QUERY_REAL:
		json = json_real(value->d);
		return json ? json : json_null(); /* not a number, infinite */
	case QUERY_TEXT:
		json = kind == OUTPUT_VALUE ? parse(value) : NULL;
		return json ? json : text_for_json(value);
	case QUERY_BLOB:
		return text_for_json(value);
	}
	return NULL;
}

static bool is_formula(const char *text, size_t len)
{
	return len > 0 && strchr("=+-@\t\r", text[0]) && text[0] != '\0';
}

static void quote(struct buf *out, const char *text, size_t len)
{
	buf_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			buf_char(out, '"');
		buf_char(out, text[i]);
	}
	buf_char(out, '"');
}

static bool wants_quotes(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("\",\r\n", text[i]) && text[i] != '\0')
			return true;
	}
	return false;
}

void cell_for_csv(struct buf *out, const struct query_value *value, enum output_kind kind,
		  bool is_terminal)
{
	struct buf raw = BUF_INIT, text = BUF_INIT;

	if (kind == OUTPUT_BOOL && value->type == QUERY_INT)
		buf_str(&raw, value->i ? "true" : "false");
	else
		put_plain(&raw, value);
	if (value->type == QUERY_TEXT && is_formula(buf_text(&raw), raw.len))
		buf_char(&text, '\'');
	if (is_terminal)
		text_escape(&text, buf_text(&raw), raw.len);
	else
		buf_append(&text, buf_text(&raw), raw.len);
	if (wants_quotes(buf_text(&text), text.len))
		quote(out, buf_text(&text), text.len);
	else
		buf_append(out, buf_text(&text), text.len);
	out->failed |= raw.failed || text.failed;
	buf_fini(&raw);
	buf_fini(&text);
}
