/* The frame around the rows of one `emit` call. */
#include "sync/rows_payload.h"

#include <string.h>

#include "base/str.h"
#include "sync/rows.h"

bool rows_broken(struct err *err, const char *what)
{
	return err_set(err, ERR_BUG, "emit: %s", what);
}

/* --- finding the members --- */

static struct value_cursor *member_named(struct rows_payload *payload, const struct value_head *key)
{
	const struct {
		const char *name;
		struct value_cursor *at;
	} members[] = {
		{ "map", &payload->map },	  { "entity", &payload->entity },
		{ "columns", &payload->columns }, { "rows", &payload->rows },
		{ "dropped", &payload->dropped }, { "bad", &payload->bad },
		{ "skipped", &payload->skipped }, { "scope", &payload->scope },
		{ "event", &payload->event },	  { "op", &payload->op },
		{ "match", &payload->match },	  { "raw", &payload->raw },
		{ "same", &payload->same },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strlen(members[i].name) == key->len &&
		    memcmp(members[i].name, key->bytes, key->len) == 0)
			return members[i].at;
	}
	return NULL;
}

bool rows_payload_read(const void *data, size_t len, struct rows_payload *out, struct err *err)
{
	struct value_cursor cursor = value_cursor(data, len);
	struct value_head head, key;

	*out = (struct rows_payload){ 0 };
	if (!value_next(&cursor, &head, err) || head.type != VALUE_MAP)
		return rows_broken(err, "its arguments are no map");
	for (size_t i = 0; i < head.count; i++) {
		struct value_cursor *member;

		if (!value_next(&cursor, &key, err) || key.type != VALUE_BYTES)
			return rows_broken(err, "a key is no text");
		member = member_named(out, &key);
		if (member != NULL)
			*member = cursor;
		/* The last one, usually the rows, is walked by those who read it. */
		if (i + 1 < head.count && !value_skip(&cursor, err))
			return false;
	}
	return true;
}

int64_t rows_count(const void *payload, size_t len)
{
	struct value_cursor cursor = value_cursor(payload, len);
	struct err ignored = ERR_INIT;
	struct value_head head, key;

	if (!value_next(&cursor, &head, &ignored) || head.type != VALUE_MAP)
		return 0;
	for (size_t i = 0; i < head.count; i++) {
		struct value_head list;

		if (!value_next(&cursor, &key, &ignored) || key.type != VALUE_BYTES)
			return 0;
		if (key.len == 4 && memcmp(key.bytes, "rows", 4) == 0)
			return value_next(&cursor, &list, &ignored) && list.type == VALUE_LIST
				       ? (int64_t)list.count
				       : 0;
		if (!value_skip(&cursor, &ignored))
			return 0;
	}
	return 0;
}

/* --- where the rows come from --- */

bool rows_take_text(struct value_cursor cursor, char *out, size_t size)
{
	struct err ignored = ERR_INIT;
	struct value_head head;

	out[0] = '\0';
	if (cursor.at == NULL || !value_next(&cursor, &head, &ignored) ||
	    head.type != VALUE_BYTES || head.len >= size || !str_is_utf8(head.bytes, head.len))
		return false;
	memcpy(out, head.bytes, head.len);
	out[head.len] = '\0';
	return true;
}

bool rows_take_items(struct value_cursor cursor, size_t size, const uint8_t **items, size_t *count,
		     struct err *err)
{
	struct value_head head;

	*items = NULL;
	*count = 0;
	if (cursor.at == NULL)
		return true;
	if (!value_next(&cursor, &head, err))
		return false;
	if (head.type == VALUE_NIL)
		return true;
	if (head.type != VALUE_BYTES || head.len % size != 0)
		return rows_broken(err, "raw or same are no bytes of that many items");
	*items = (const uint8_t *)head.bytes;
	*count = head.len / size;
	return true;
}

/* The head of a list of `count` items; false if it is none. */
static bool open_tuple(struct value_cursor *cursor, size_t count)
{
	struct err ignored = ERR_INIT;
	struct value_head head;

	return value_next(cursor, &head, &ignored) && head.type == VALUE_LIST &&
	       head.count == count;
}

static bool next_text(struct value_cursor *cursor, struct rows_text *out)
{
	struct err ignored = ERR_INIT;
	struct value_head head;

	if (!value_next(cursor, &head, &ignored) || head.type != VALUE_BYTES || head.len == 0)
		return false;
	*out = (struct rows_text){ head.bytes, head.len };
	return true;
}

/* [number, entity, source id of the parent] */
static bool take_scope(struct value_cursor cursor, struct rows_origin *out, struct err *err)
{
	struct err ignored = ERR_INIT;
	char entity[ROWS_NAME_MAX];
	struct value_head number;

	if (cursor.at == NULL)
		return true;
	if (!open_tuple(&cursor, 3) || !value_next(&cursor, &number, &ignored) ||
	    number.type != VALUE_INT || !rows_take_text(cursor, entity, sizeof(entity)) ||
	    !value_skip(&cursor, &ignored) || !next_text(&cursor, &out->parent_id))
		return rows_broken(err, "scope is no list of number, entity and parent");
	out->scope = number.i;
	out->parent = model_entity(entity);
	return out->parent != NULL || rows_broken(err, "its scope is of no entity of the model");
}

/* [time, id] */
static bool take_event(struct value_cursor cursor, struct rows_origin *out, struct err *err)
{
	struct rows_text at, id;

	if (cursor.at == NULL)
		return true;
	if (!open_tuple(&cursor, 2) || !next_text(&cursor, &at) || !next_text(&cursor, &id))
		return rows_broken(err, "event is no list of time and id");
	out->event = (struct event_stamp){ at.at, at.len, id.at, id.len };
	return true;
}

static bool take_op(const struct rows_payload *payload, struct rows_origin *out, struct err *err)
{
	char op[ROWS_NAME_MAX];

	if (payload->op.at == NULL)
		return true;
	rows_take_text(payload->op, op, sizeof(op));
	if (str_eq(op, "enrich")) {
		out->op = ROWS_ENRICH;
		return rows_take_text(payload->match, out->match, sizeof(out->match)) ||
		       rows_broken(err, "match names no column");
	}
	if (str_eq(op, "remove"))
		out->op = ROWS_REMOVE;
	else if (str_eq(op, "patch"))
		out->op = ROWS_PATCH;
	else
		return rows_broken(err, "op is none of remove, patch and enrich");
	return out->event.id != NULL || rows_broken(err, "remove and patch belong to an event");
}

bool rows_payload_origin(const struct rows_payload *payload, struct rows_origin *out,
			 struct err *err)
{
	char entity[ROWS_NAME_MAX];

	*out = (struct rows_origin){ 0 };
	if (!rows_take_text(payload->map, out->map, sizeof(out->map)) ||
	    !rows_take_text(payload->entity, entity, sizeof(entity)))
		return rows_broken(err, "map or entity is missing");
	out->entity = model_entity(entity);
	if (out->entity == NULL)
		return err_set(err, ERR_BUG, "emit: there is no entity \"%s\"", entity);
	return take_scope(payload->scope, out, err) && take_event(payload->event, out, err) &&
	       take_op(payload, out, err);
}
