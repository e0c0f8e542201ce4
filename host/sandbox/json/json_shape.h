/*
 * Rows of one listing nearly always have the same keys in the same order: the *shape* of the first
 * one. A row that follows it needs no look at its keys beyond that comparison (no key can be there
 * twice), and where its values are is noted on the way, so that nobody has to walk the row again.
 * Rows of another shape are read as if there were none.
 */
#ifndef MUSTER_SANDBOX_JSON_JSON_SHAPE_H
#define MUSTER_SANDBOX_JSON_JSON_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JSON_SHAPE_KEYS = 64, /* a first row of more makes no shape */
	JSON_MEMBERS_MAX =
		1024 * 1024, /* noted of one body; rows behind that are read the long way */
};

/* A piece of the body. */
struct json_piece {
	uint32_t at, len;
};

struct json_shape {
	struct json_piece keys[JSON_SHAPE_KEYS]; /* without quotes; none has an escape */
	unsigned count;
	struct json_piece *members; /* the values of each row that follows, one after the other */
	size_t member_count, room;
	bool is_made;	   /* by the first row */
	bool is_following; /* the row that is being walked, so far */
	unsigned next;	   /* its keys so far */
	size_t row_start;  /* its first member */
};

enum json_shape_step {
	JSON_SHAPE_SAME,  /* the key is the next one of the shape, and no duplicate */
	JSON_SHAPE_LEFT,  /* until here the row followed: `next` keys of the shape are its, too */
	JSON_SHAPE_APART, /* nothing is known of the key */
};

void json_shape_fini(struct json_shape *shape);

/* A row begins; one that is no object neither makes a shape nor follows it. */
void json_shape_begin_row(struct json_shape *shape, bool is_object);

/* A key of the row; `is_plain`: it has no escape. */
enum json_shape_step json_shape_key(struct json_shape *shape, const char *body,
				    struct json_piece key, bool is_plain);

/* The row has a key twice: a first row makes no shape then. */
void json_shape_refuse(struct json_shape *shape);

/* A value of the row begins; false: no memory. And ends: `end` is the byte behind it. Values beyond
 * JSON_MEMBERS_MAX are not noted; the row's keys are still held against the shape. */
bool json_shape_open(struct json_shape *shape, uint32_t at);
void json_shape_close(struct json_shape *shape, uint32_t end);

/* 1 + the place of the row's first member; 0 when the row has another shape, or no keys. */
uint32_t json_shape_end_row(struct json_shape *shape);

#endif
