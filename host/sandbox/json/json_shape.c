/* The shape that rows of one listing share. */
#include "sandbox/json/json_shape.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_MEMBERS = 1024 };

void json_shape_fini(struct json_shape *shape)
{
	free(shape->members);
	*shape = (struct json_shape){ 0 };
}

void json_shape_begin_row(struct json_shape *shape, bool is_object)
{
	shape->is_following = is_object;
	shape->next = 0;
	shape->row_start = shape->member_count;
}

void json_shape_refuse(struct json_shape *shape)
{
	shape->is_following = false;
	if (!shape->is_made)
		shape->count = 0;
	shape->is_made = true;
}

static enum json_shape_step make(struct json_shape *shape, struct json_piece key, bool is_plain)
{
	if (!is_plain || shape->count == JSON_SHAPE_KEYS) {
		json_shape_refuse(shape);
	} else {
		shape->keys[shape->count++] = key;
		shape->next++;
	}
	return JSON_SHAPE_APART;
}

enum json_shape_step json_shape_key(struct json_shape *shape, const char *body,
				    struct json_piece key, bool is_plain)
{
	const struct json_piece *wanted = &shape->keys[shape->next];

	if (!shape->is_following)
		return JSON_SHAPE_APART;
	if (!shape->is_made)
		return make(shape, key, is_plain);
	if (shape->next < shape->count && wanted->len == key.len &&
	    memcmp(body + wanted->at, body + key.at, key.len) == 0) {
		shape->next++;
		return JSON_SHAPE_SAME;
	}
	shape->is_following = false;
	return JSON_SHAPE_LEFT;
}

static bool grow(struct json_shape *shape)
{
	size_t room = shape->room == 0 ? FIRST_MEMBERS : shape->room * 2;
	struct json_piece *members = realloc(shape->members, room * sizeof(*members));

	if (members == NULL)
		return false;
	shape->members = members;
	shape->room = room;
	return true;
}

bool json_shape_open(struct json_shape *shape, uint32_t at)
{
	if (!shape->is_following || shape->member_count == JSON_MEMBERS_MAX)
		return true;
	if (shape->member_count == shape->room && !grow(shape))
		return false;
	shape->members[shape->member_count++] = (struct json_piece){ .at = at };
	return true;
}

void json_shape_close(struct json_shape *shape, uint32_t end)
{
	struct json_piece *last;

	if (!shape->is_following || shape->member_count == shape->row_start)
		return;
	last = &shape->members[shape->member_count - 1];
	last->len = end - last->at;
}

uint32_t json_shape_end_row(struct json_shape *shape)
{
	bool is_same = shape->is_following && shape->count > 0 && shape->next == shape->count &&
		       shape->member_count - shape->row_start == shape->count;

	shape->is_made |= shape->is_following;
	shape->is_following = false;
	if (!is_same)
		shape->member_count = shape->row_start;
	return is_same ? (uint32_t)shape->row_start + 1 : 0;
}
