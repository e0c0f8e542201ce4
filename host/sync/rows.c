/* The rows of one `emit` call. */
#include "sync/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "wire/value.h"

enum { COLUMNS_MAX = 96, REASON_MAX = 256, EXCERPT_MAX = 512, SOURCE_ID_MAX = 2048 };

/* Where a column's cells go. */
struct column {
	enum { TO_SOURCE_ID, TO_MODEL, TO_CUSTOM } to;
	int index;		  /* TO_MODEL: of the model's column */
	char name[ROWS_NAME_MAX]; /* TO_CUSTOM: without "custom." */
};

struct walk {
	const struct rows_sink *sink;
	const struct model_entity *entity;
	struct column columns[COLUMNS_MAX];
	size_t column_count;
	bool has_source_id;
	size_t custom_order[COLUMNS_MAX]; /* TO_CUSTOM columns by name */
	size_t custom_count;
	struct entity_cell *cells;
	struct value_cursor custom_at[COLUMNS_MAX]; /* this row's custom values */
	struct buf texts;			    /* this row's made texts: numbers, lists */
	size_t text_at[COLUMNS_MAX];		    /* cell -> offset in texts + 1; 0 = not made */
	struct buf custom;
	const uint8_t *raw; /* of the next row; NULL = not told */
	char problem[REASON_MAX];
};

/* --- columns --- */

static bool is_repeated(const struct walk *walk, const struct column *column)
{
	for (size_t i = 0; i < walk->column_count; i++) {
		const struct column *other = &walk->columns[i];

		if (other->to == column->to && other->index == column->index &&
		    str_eq(other->name, column->name))
			return true;
	}
	return false;
}

static bool take_column(struct walk *walk, const char *name, struct err *err)
{
	struct column *column = &walk->columns[walk->column_count];

	*column = (struct column){ .to = TO_MODEL };
	if (str_eq(name, "source_id")) {
		column->to = TO_SOURCE_ID;
		walk->has_source_id = true;
	} else if (str_has_prefix(name, "custom.")) {
		column->to = TO_CUSTOM;
		snprintf(column->name, sizeof(column->name), "%s", name + strlen("custom."));
		walk->custom_order[walk->custom_count++] = walk->column_count;
	} else {
		column->index = model_column(walk->entity, name);
		if (column->index < 0)
			return err_set(err, ERR_BUG, "emit: %s has no column \"%s\"",
				       walk->entity->name, name);
	}
	if (is_repeated(walk, column))
		return err_set(err, ERR_BUG, "emit: the column \"%s\" is there twice", name);
	walk->column_count++;
	return true;
}

/* Insertion sort: a handful of columns. */
static void sort_custom(struct walk *walk)
{
	for (size_t i = 1; i < walk->custom_count; i++) {
		for (size_t j = i; j > 0; j--) {
			size_t a = walk->custom_order[j - 1], b = walk->custom_order[j];

			if (strcmp(walk->columns[a].name, walk->columns[b].name) <= 0)
				break;
			walk->custom_order[j - 1] = b;
			walk->custom_order[j] = a;
		}
	}
}

static bool take_columns(struct walk *walk, struct value_cursor cursor, struct err *err)
{
	struct value_head head;
	char name[ROWS_NAME_MAX + 8];

	if (cursor.at == NULL)
		return true;
	if (!value_next(&cursor, &head, err) || head.type != VALUE_LIST || head.count > COLUMNS_MAX)
		return rows_broken(err, "columns are no list, or too many");
	for (size_t i = 0; i < head.count; i++) {
		if (!rows_take_text(cursor, name, sizeof(name)) || !value_skip(&cursor, err))
			return rows_broken(err, "a column is no text");
		if (!take_column(walk, name, err))
			return false;
	}
	sort_custom(walk);
	return true;
}

/* --- one row --- */

static void set_problem(struct walk *walk, const char *column, const char *what)
{
	if (walk->problem[0] == '\0')
		snprintf(walk->problem, sizeof(walk->problem), "%s: %s", column, what);
}

static bool is_one_of(const char *const *values, const char *text, size_t len)
{
	for (; *values != NULL; values++) {
		if (strlen(*values) == len && memcmp(*values, text, len) == 0)
			return true;
	}
	return false;
}

/* 2026-03-02T09:14:55Z, with or without a fraction: what the evaluator makes of every style. */
static bool is_time(const char *text, size_t len)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";

	if (len < sizeof(form) || len > 30 || text[len - 1] != 'Z')
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		if (form[i] == 'd' ? !is_digit : text[i] != form[i])
			return false;
	}
	return true;
}

static void check_text(struct walk *walk, const struct model_column *column, const char *text,
		       size_t len)
{
	if (!str_is_utf8(text, len))
		set_problem(walk, column->name, "no valid UTF-8, or a NUL inside");
	else if (column->one_of != NULL && !is_one_of(column->one_of, text, len))
		set_problem(walk, column->name, "a value that the model does not have");
	else if (column->type == MODEL_TIME && !is_time(text, len))
		set_problem(walk, column->name, "no RFC 3339 time in UTC");
}

static void put_json_text(struct buf *out, const char *text, size_t len)
{
	size_t done = 0;

	buf_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_append(out, text + done, i - done);
		buf_printf(out, c < 0x20 ? "\\u%04x" : "\\%c", c);
		done = i + 1;
	}
	buf_append(out, text + done, len - done);
	buf_char(out, '"');
}

/* Any wire value as JSON; lists of texts in the model, and whatever custom fields hold. */
static bool put_json(struct walk *walk, struct buf *out, struct value_cursor *cursor,
		     struct err *err)
{
	struct value_head head;

	if (!value_next(cursor, &head, err))
		return false;
	switch (head.type) {
	case VALUE_NIL:
		buf_str(out, "null");
		return true;
	case VALUE_FALSE:
	case VALUE_TRUE:
		buf_str(out, head.type == VALUE_TRUE ? "true" : "false");
		return true;
	case VALUE_INT:
		buf_printf(out, "%lld", (long long)head.i);
		return true;
	case VALUE_DOUBLE:
		if (!isfinite(head.d))
			set_problem(walk, "custom", "a number that JSON does not have");
		buf_printf(out, "%.17g", head.d);
		return true;
	case VALUE_BYTES:
		if (!str_is_utf8(head.bytes, head.len))
			set_problem(walk, "custom", "no valid UTF-8, or a NUL inside");
		put_json_text(out, head.bytes, head.len);
		return true;
	case VALUE_LIST:
	case VALUE_MAP:
		break;
	}
	buf_char(out, head.type == VALUE_LIST ? '[' : '{');
	for (size_t i = 0; i < head.count; i++) {
		if (i > 0)
			buf_char(out, ',');
		if (head.type == VALUE_MAP) {
			if (!put_json(walk, out, cursor, err))
				return false;
			buf_char(out, ':');
		}
		if (!put_json(walk, out, cursor, err))
			return false;
	}
	buf_char(out, head.type == VALUE_LIST ? ']' : '}');
	return true;
}

/* Text made here (numbers, lists) has no home in the frame: it goes to walk->texts. */
static bool take_made(struct walk *walk, int index, const struct value_head *head,
		      struct value_cursor before, struct err *err)
{
	size_t start = walk->texts.len;

	if (head->type == VALUE_INT)
		buf_printf(&walk->texts, "%lld", (long long)head->i);
	else if (!put_json(walk, &walk->texts, &before, err))
		return false;
	walk->text_at[index] = start + 1;
	walk->cells[index].len = walk->texts.len - start;
	return true;
}

static bool take_cell(struct walk *walk, int index, struct value_cursor *cursor, struct err *err)
{
	const struct model_column *column = &walk->entity->columns[index];
	struct entity_cell *cell = &walk->cells[index];
	struct value_cursor before = *cursor;
	struct value_head head;

	if (!value_next(cursor, &head, err))
		return false;
	if (head.type == VALUE_LIST || head.type == VALUE_MAP) {
		*cursor = before;
		if (!value_skip(cursor, err))
			return false;
	}
	if (head.type == VALUE_NIL)
		return true;
	if (column->type == MODEL_BOOL) {
		if (head.type == VALUE_TRUE || head.type == VALUE_FALSE)
			cell->flag = head.type == VALUE_TRUE;
		else
			set_problem(walk, column->name, "no boolean");
		return true;
	}
	if (column->type == MODEL_LIST && head.type != VALUE_LIST) {
		set_problem(walk, column->name, "no list");
		return true;
	}
	if (head.type == VALUE_BYTES) {
		check_text(walk, column, head.bytes, head.len);
		cell->text = head.bytes;
		cell->len = head.len;
		return true;
	}
	if (head.type == VALUE_INT && (column->one_of != NULL || column->type == MODEL_TIME))
		set_problem(walk, column->name, "a number");
	if (head.type == VALUE_INT || column->type == MODEL_LIST)
		return take_made(walk, index, &head, before, err);
	set_problem(walk, column->name, "no text");
	return true;
}

static bool take_source_id(struct walk *walk, struct entity_row *row, struct value_cursor *cursor,
			   struct err *err)
{
	struct value_head head;

	if (!value_next(cursor, &head, err))
		return false;
	row->source_id = "";
	if (head.type != VALUE_BYTES || head.len == 0)
		set_problem(walk, "source_id", "missing or empty");
	else if (!str_is_utf8(head.bytes, head.len) || head.len > SOURCE_ID_MAX)
		set_problem(walk, "source_id", "no valid UTF-8, a NUL inside, or too long");
	else {
		row->source_id = head.bytes;
		row->source_id_len = head.len;
	}
	return true;
}

static bool make_custom(struct walk *walk, struct entity_row *row, struct err *err)
{
	size_t members = 0;

	buf_clear(&walk->custom);
	for (size_t i = 0; i < walk->custom_count; i++) {
		size_t column = walk->custom_order[i];
		struct value_cursor at = walk->custom_at[column];

		if (*at.at == VALUE_NIL)
			continue;
		buf_char(&walk->custom, members++ == 0 ? '{' : ',');
		put_json_text(&walk->custom, walk->columns[column].name,
			      strlen(walk->columns[column].name));
		buf_char(&walk->custom, ':');
		if (!put_json(walk, &walk->custom, &at, err))
			return false;
	}
	if (members == 0)
		return true;
	buf_char(&walk->custom, '}');
	row->custom = buf_text(&walk->custom);
	row->custom_len = walk->custom.len;
	return buf_ok(&walk->custom, err);
}

/* texts may have moved while it grew: cells point into it only now. */
static void place_made(struct walk *walk)
{
	for (size_t i = 0; i < walk->entity->column_count; i++) {
		if (walk->text_at[i] != 0)
			walk->cells[i].text = walk->texts.data + walk->text_at[i] - 1;
	}
}

static void clear_row(struct walk *walk)
{
	for (size_t i = 0; i < walk->entity->column_count; i++) {
		walk->cells[i] = (struct entity_cell){ .flag = -1 };
		walk->text_at[i] = 0;
	}
	buf_clear(&walk->texts);
	walk->problem[0] = '\0';
}

static bool take_row(struct walk *walk, struct value_cursor *cursor, struct err *err)
{
	struct entity_row row = { .entity = walk->entity, .cells = walk->cells, .raw = walk->raw };
	struct value_head head;
	bool fine = true;

	clear_row(walk);
	if (!value_next(cursor, &head, err) || head.type != VALUE_LIST ||
	    head.count != walk->column_count)
		return rows_broken(err, "a row is no list of as many values as there are columns");
	for (size_t i = 0; i < head.count && fine; i++) {
		switch (walk->columns[i].to) {
		case TO_SOURCE_ID:
			fine = take_source_id(walk, &row, cursor, err);
			break;
		case TO_MODEL:
			fine = take_cell(walk, walk->columns[i].index, cursor, err);
			break;
		case TO_CUSTOM:
			walk->custom_at[i] = *cursor;
			fine = value_skip(cursor, err);
			break;
		}
	}
	if (!fine || !make_custom(walk, &row, err) || !buf_ok(&walk->texts, err))
		return false;
	place_made(walk);
	return walk->sink->row(walk->sink->arg, &row,
			       walk->problem[0] != '\0' ? walk->problem : NULL, err);
}

/* --- the lists --- */

/* Head of a list member; count 0 when it is absent. */
static bool open_list(struct value_cursor *cursor, size_t *count, struct err *err)
{
	struct value_head head;

	*count = 0;
	if (cursor->at == NULL)
		return true;
	if (!value_next(cursor, &head, err))
		return false;
	if (head.type == VALUE_LIST)
		*count = head.count;
	return head.type == VALUE_LIST || head.type == VALUE_NIL || rows_broken(err, "no list");
}

static bool walk_rows(struct walk *walk, struct value_cursor cursor, struct value_cursor raw,
		      struct err *err)
{
	size_t count, raw_count;

	if (!open_list(&cursor, &count, err) ||
	    !rows_take_items(raw, HASH128_SIZE, &walk->raw, &raw_count, err))
		return false;
	if (raw_count > 0 && raw_count != count)
		return rows_broken(err, "raw has not one hash a row");
	if (raw_count == 0)
		walk->raw = NULL;
	if (count > 0 && !walk->has_source_id)
		return rows_broken(err, "its rows have no source_id");
	for (size_t i = 0; i < count; i++) {
		if (!take_row(walk, &cursor, err))
			return false;
		if (walk->raw != NULL)
			walk->raw += HASH128_SIZE;
	}
	return true;
}

static bool walk_same(struct walk *walk, struct value_cursor cursor, struct err *err)
{
	const uint8_t *items;
	size_t count;

	if (!rows_take_items(cursor, 4, &items, &count, err))
		return false;
	for (size_t i = 0; i < count; i++, items += 4) {
		uint32_t place = items[0] | (uint32_t)items[1] << 8 | (uint32_t)items[2] << 16 |
				 (uint32_t)items[3] << 24;

		if (!walk->sink->same(walk->sink->arg, place, err))
			return false;
	}
	return true;
}

/* An id that no row can have is none. */
static const char *usable_id(const struct value_head *id)
{
	bool is_usable = id->type == VALUE_BYTES && id->len > 0 && str_is_utf8(id->bytes, id->len);

	return is_usable ? id->bytes : NULL;
}

static bool walk_dropped(struct walk *walk, struct value_cursor cursor, struct err *err)
{
	char rule[2 * ROWS_NAME_MAX];
	struct value_head head, id;
	size_t count;
	bool named;

	if (!open_list(&cursor, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!value_next(&cursor, &head, err) || head.type != VALUE_LIST || head.count != 2)
			return rows_broken(err, "dropped is no list of rule and id");
		named = rows_take_text(cursor, rule, sizeof(rule));
		if (!value_next(&cursor, &head, err) || (!named && head.type != VALUE_NIL) ||
		    !value_next(&cursor, &id, err))
			return rows_broken(err, "dropped is no list of rule and id");
		if (!walk->sink->dropped(walk->sink->arg, walk->entity, named ? rule : NULL,
					 usable_id(&id), id.len, err))
			return false;
	}
	return true;
}

/* The reason of a bad record, cut to fit; NULL when there is none. */
static const char *take_reason(struct value_cursor cursor, char out[REASON_MAX])
{
	struct err ignored = ERR_INIT;
	struct value_head head;

	if (!value_next(&cursor, &head, &ignored) || head.type == VALUE_NIL)
		return NULL;
	if (head.type != VALUE_BYTES || head.len == 0 || !str_is_utf8(head.bytes, head.len))
		return "cannot be mapped";
	head.len = str_cut(head.bytes, head.len, REASON_MAX - 1);
	memcpy(out, head.bytes, head.len);
	out[head.len] = '\0';
	return out;
}

static bool walk_bad(struct walk *walk, struct value_cursor cursor, struct err *err)
{
	char text[REASON_MAX], excerpt[EXCERPT_MAX];
	struct value_head head, id;
	const char *reason;
	size_t count;

	if (!open_list(&cursor, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!value_next(&cursor, &head, err) || head.type != VALUE_LIST ||
		    head.count != 3 || !value_next(&cursor, &id, err))
			return rows_broken(err, "bad is no list of id, reason and excerpt");
		reason = take_reason(cursor, text);
		if (!value_skip(&cursor, err))
			return false;
		rows_take_text(cursor, excerpt, sizeof(excerpt));
		if (!value_skip(&cursor, err) ||
		    !walk->sink->bad(walk->sink->arg, walk->entity, usable_id(&id), id.len, reason,
				     excerpt, err))
			return false;
	}
	return true;
}

static bool walk_skipped(struct walk *walk, struct value_cursor cursor, struct err *err)
{
	struct value_head head;

	if (cursor.at == NULL)
		return true;
	if (!value_next(&cursor, &head, err))
		return false;
	return head.type != VALUE_INT || head.i <= 0 ||
	       walk->sink->skipped(walk->sink->arg, head.i, err);
}

static bool walk_payload(struct walk *walk, const struct rows_payload *payload, struct err *err)
{
	struct rows_origin origin;

	if (!rows_payload_origin(payload, &origin, err))
		return false;
	walk->entity = origin.entity;
	walk->cells = calloc(walk->entity->column_count + 1, sizeof(*walk->cells));
	if (walk->cells == NULL)
		return err_oom(err);
	walk->sink->begin(walk->sink->arg, &origin);
	return take_columns(walk, payload->columns, err) && walk_same(walk, payload->same, err) &&
	       walk_rows(walk, payload->rows, payload->raw, err) &&
	       walk_dropped(walk, payload->dropped, err) && walk_bad(walk, payload->bad, err) &&
	       walk_skipped(walk, payload->skipped, err);
}

bool rows_walk(const void *data, size_t len, const struct rows_sink *sink, struct err *err)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	struct rows_payload payload;
	bool fine;

	if (walk == NULL)
		return err_oom(err);
	walk->sink = sink;
	fine = rows_payload_read(data, len, &payload, err) && walk_payload(walk, &payload, err);
	free(walk->cells);
	buf_fini(&walk->texts);
	buf_fini(&walk->custom);
	free(walk);
	return fine;
}
