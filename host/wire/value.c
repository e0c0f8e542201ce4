/* Typed values between host and sandbox. */
#include "wire/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { VARINT_MAX = 10, SECONDS_MAX = 315360000 };

/* --- writing --- */

static void put_typed(struct buf *out, enum value_type type, uint64_t value)
{
	uint8_t bytes[1 + VARINT_MAX] = { (uint8_t)type };
	size_t n = 1;

	do {
		bytes[n] = (uint8_t)(value & 0x7f);
		value >>= 7;
		if (value != 0)
			bytes[n] |= 0x80;
		n++;
	} while (value != 0);
	buf_append(out, bytes, n);
}

void value_put_nil(struct buf *out)
{
	buf_char(out, VALUE_NIL);
}

void value_put_bool(struct buf *out, bool value)
{
	buf_char(out, value ? VALUE_TRUE : VALUE_FALSE);
}

void value_put_int(struct buf *out, int64_t value)
{
	uint64_t zigzag = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);

	put_typed(out, VALUE_INT, zigzag);
}

void value_put_double(struct buf *out, double value)
{
	uint64_t bits;
	uint8_t bytes[8];

	memcpy(&bits, &value, sizeof(bits));
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(bits >> (8 * i));
	buf_char(out, VALUE_DOUBLE);
	buf_append(out, bytes, sizeof(bytes));
}

void value_put_bytes(struct buf *out, const void *data, size_t len)
{
	put_typed(out, VALUE_BYTES, len);
	buf_append(out, data, len);
}

void value_put_str(struct buf *out, const char *text)
{
	if (text == NULL)
		value_put_nil(out);
	else
		value_put_bytes(out, text, strlen(text));
}

void value_put_list(struct buf *out, size_t count)
{
	put_typed(out, VALUE_LIST, count);
}

void value_put_map(struct buf *out, size_t count)
{
	put_typed(out, VALUE_MAP, count);
}

/* --- the cursor --- */

struct value_cursor value_cursor(const void *data, size_t len)
{
	const uint8_t *at = data;

	return (struct value_cursor){ .at = at, .end = at + len };
}

static bool damaged(struct err *err)
{
	return err_set(err, ERR_DATA, "damaged value");
}

static bool next_varint(struct value_cursor *cursor, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
		uint8_t byte = *cursor->at++;

		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool next_int(struct value_cursor *cursor, struct value_head *head)
{
	uint64_t zigzag;

	if (!next_varint(cursor, &zigzag))
		return false;
	head->i = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
	return true;
}

static bool next_double(struct value_cursor *cursor, struct value_head *head)
{
	uint64_t bits = 0;

	if (cursor->end - cursor->at < 8)
		return false;
	for (int i = 0; i < 8; i++)
		bits |= (uint64_t)cursor->at[i] << (8 * i);
	memcpy(&head->d, &bits, sizeof(bits));
	cursor->at += 8;
	return true;
}

static bool next_bytes(struct value_cursor *cursor, struct value_head *head)
{
	uint64_t len;

	if (!next_varint(cursor, &len) || len > (uint64_t)(cursor->end - cursor->at))
		return false;
	head->bytes = (const char *)cursor->at;
	head->len = (size_t)len;
	cursor->at += len;
	return true;
}

/* A member takes at least `least` bytes: no count is believed beyond the bytes that are there. */
static bool next_count(struct value_cursor *cursor, struct value_head *head, size_t least)
{
	uint64_t count;

	if (!next_varint(cursor, &count) || count > (uint64_t)(cursor->end - cursor->at) / least)
		return false;
	head->count = (size_t)count;
	return true;
}

bool value_next(struct value_cursor *cursor, struct value_head *head, struct err *err)
{
	bool fine = true;

	*head = (struct value_head){ 0 };
	if (cursor->at >= cursor->end || *cursor->at > VALUE_MAP)
		return damaged(err);
	head->type = (enum value_type)(*cursor->at++);
	switch (head->type) {
	case VALUE_NIL:
	case VALUE_FALSE:
	case VALUE_TRUE:
		break;
	case VALUE_INT:
		fine = next_int(cursor, head);
		break;
	case VALUE_DOUBLE:
		fine = next_double(cursor, head);
		break;
	case VALUE_BYTES:
		fine = next_bytes(cursor, head);
		break;
	case VALUE_LIST:
		fine = next_count(cursor, head, 1);
		break;
	case VALUE_MAP:
		fine = next_count(cursor, head, 3);
		break;
	}
	return fine || damaged(err);
}

static bool skip_at(struct value_cursor *cursor, int depth, struct err *err)
{
	struct value_head head;
	size_t members;

	if (depth > VALUE_DEPTH_MAX)
		return err_set(err, ERR_DATA, "value deeper than %d levels", VALUE_DEPTH_MAX);
	if (!value_next(cursor, &head, err))
		return false;
	members = head.type == VALUE_MAP ? 2 * head.count : head.count;
	for (size_t i = 0; i < members; i++) {
		if (!skip_at(cursor, depth + 1, err))
			return false;
	}
	return true;
}

bool value_skip(struct value_cursor *cursor, struct err *err)
{
	return skip_at(cursor, 1, err);
}

/* --- the tree --- */

struct chunk {
	struct chunk *next;
	max_align_t data[];
};

struct value_tree {
	struct chunk *chunks;
	struct value root;
};

static void *tree_alloc(struct value_tree *tree, size_t size)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (chunk == NULL)
		return NULL;
	chunk->next = tree->chunks;
	tree->chunks = chunk;
	return chunk->data;
}

static const char *tree_text(struct value_tree *tree, const char *bytes, size_t len)
{
	char *copy = tree_alloc(tree, len + 1);

	if (copy != NULL && len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

static bool parse_at(struct value_tree *tree, struct value_cursor *cursor, int depth,
		     struct value *out, struct err *err);

static bool parse_key(struct value_tree *tree, struct value_cursor *cursor, const char **key,
		      struct err *err)
{
	struct value_head head;

	if (!value_next(cursor, &head, err))
		return false;
	if (head.type != VALUE_BYTES || memchr(head.bytes, '\0', head.len) != NULL)
		return damaged(err);
	*key = tree_text(tree, head.bytes, head.len);
	return *key != NULL || err_oom(err);
}

static bool parse_members(struct value_tree *tree, struct value_cursor *cursor, int depth,
			  size_t count, struct value *out, struct err *err)
{
	bool is_map = out->type == VALUE_MAP;

	out->count = count;
	if (count == 0)
		return true;
	out->items = tree_alloc(tree, count * sizeof(*out->items));
	out->keys = is_map ? tree_alloc(tree, count * sizeof(*out->keys)) : NULL;
	if (out->items == NULL || (is_map && out->keys == NULL))
		return err_oom(err);
	for (size_t i = 0; i < count; i++) {
		if (is_map && !parse_key(tree, cursor, &out->keys[i], err))
			return false;
		if (!parse_at(tree, cursor, depth + 1, &out->items[i], err))
			return false;
	}
	return true;
}

static bool parse_at(struct value_tree *tree, struct value_cursor *cursor, int depth,
		     struct value *out, struct err *err)
{
	struct value_head head;

	if (depth > VALUE_DEPTH_MAX)
		return err_set(err, ERR_DATA, "value deeper than %d levels", VALUE_DEPTH_MAX);
	if (!value_next(cursor, &head, err))
		return false;
	out->type = head.type;
	switch (head.type) {
	case VALUE_INT:
		out->i = head.i;
		return true;
	case VALUE_DOUBLE:
		out->d = head.d;
		return true;
	case VALUE_BYTES:
		out->len = head.len;
		out->bytes = tree_text(tree, head.bytes, head.len);
		return out->bytes != NULL || err_oom(err);
	case VALUE_LIST:
	case VALUE_MAP:
		return parse_members(tree, cursor, depth, head.count, out, err);
	default:
		return true;
	}
}

struct value_tree *value_parse(const void *data, size_t len, struct err *err)
{
	struct value_cursor cursor = value_cursor(data, len);
	struct value_tree *tree = calloc(1, sizeof(*tree));

	if (tree == NULL) {
		err_oom(err);
		return NULL;
	}
	if (parse_at(tree, &cursor, 1, &tree->root, err)) {
		if (cursor.at == cursor.end)
			return tree;
		err_set(err, ERR_DATA, "bytes left over behind a value");
	}
	value_tree_free(tree);
	return NULL;
}

void value_tree_free(struct value_tree *tree)
{
	if (tree == NULL)
		return;
	while (tree->chunks != NULL) {
		struct chunk *next = tree->chunks->next;

		free(tree->chunks);
		tree->chunks = next;
	}
	free(tree);
}

const struct value *value_root(const struct value_tree *tree)
{
	return &tree->root;
}

const struct value *value_get(const struct value *map, const char *key)
{
	if (map == NULL || map->type != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		if (str_eq(map->keys[i], key))
			return map->items[i].type == VALUE_NIL ? NULL : &map->items[i];
	}
	return NULL;
}

const char *value_text(const struct value *map, const char *key, const char *fallback)
{
	const struct value *member = value_get(map, key);

	return member != NULL && member->type == VALUE_BYTES ? member->bytes : fallback;
}

int64_t value_int(const struct value *map, const char *key, int64_t fallback)
{
	const struct value *member = value_get(map, key);

	return member != NULL && member->type == VALUE_INT ? member->i : fallback;
}

int64_t value_seconds_ms(const struct value *map, const char *key, int64_t fallback_s)
{
	int64_t seconds = value_int(map, key, fallback_s);

	if (seconds < 0)
		return 0;
	return (seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * 1000;
}

bool value_bool(const struct value *map, const char *key, bool fallback)
{
	const struct value *member = value_get(map, key);

	if (member == NULL || (member->type != VALUE_TRUE && member->type != VALUE_FALSE))
		return fallback;
	return member->type == VALUE_TRUE;
}

size_t value_count(const struct value *list_or_map)
{
	if (list_or_map == NULL ||
	    (list_or_map->type != VALUE_LIST && list_or_map->type != VALUE_MAP))
		return 0;
	return list_or_map->count;
}

const struct value *value_at(const struct value *list, size_t i)
{
	return i < value_count(list) ? &list->items[i] : NULL;
}

/* --- a tree's value back to bytes --- */

struct member {
	const char *key;
	const struct value *value;
};

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static void put_members(struct buf *out, const struct member *members, size_t count)
{
	value_put_map(out, count);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && str_eq(members[i].key, members[i - 1].key)) {
			out->failed = true; /* the same key twice: there is no canonical form */
			return;
		}
		value_put_str(out, members[i].key);
		value_put(out, members[i].value);
	}
}

static void put_sorted(struct buf *out, const struct value *map)
{
	struct member *members = calloc(map->count + 1, sizeof(*members));

	if (members == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < map->count; i++)
		members[i] = (struct member){ map->keys[i], &map->items[i] };
	qsort(members, map->count, sizeof(*members), compare_members);
	put_members(out, members, map->count);
	free(members);
}

void value_put(struct buf *out, const struct value *value)
{
	switch (value->type) {
	case VALUE_NIL:
	case VALUE_FALSE:
	case VALUE_TRUE:
		buf_char(out, (char)value->type);
		return;
	case VALUE_INT:
		value_put_int(out, value->i);
		return;
	case VALUE_DOUBLE:
		value_put_double(out, value->d);
		return;
	case VALUE_BYTES:
		value_put_bytes(out, value->bytes, value->len);
		return;
	case VALUE_LIST:
		value_put_list(out, value->count);
		for (size_t i = 0; i < value->count; i++)
			value_put(out, &value->items[i]);
		return;
	case VALUE_MAP:
		put_sorted(out, value);
		return;
	}
}
