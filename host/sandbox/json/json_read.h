/*
 * Reading JSON that json_scan has walked: spans in, spans out, nothing decoded before it is needed.
 * The text must be structurally sound (json_scan returned true for the body it lies in); rows with
 * defects may be read, too, as far as their text is sound.
 */
#ifndef MUSTER_SANDBOX_JSON_JSON_READ_H
#define MUSTER_SANDBOX_JSON_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/json/json_shape.h"

/* One value within a body; at == NULL: there is none. */
struct json_span {
	const char *at;
	size_t len;
	bool is_dead_end; /* of a picked path: a value into which the path cannot go on */
};

static inline struct json_span json_span(const char *at, size_t len)
{
	return (struct json_span){ .at = at, .len = len };
}

enum json_type {
	JSON_ABSENT, /* no value at all */
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,    /* fits 64 bits */
	JSON_NUMBER, /* any other number */
	JSON_TEXT,
	JSON_LIST,
	JSON_OBJECT
};

enum json_type json_type(struct json_span value);

/* The end of the value that begins at `at`. */
const char *json_skip(const char *at, const char *end);

/* The first byte from `at` that is no white space. */
const char *json_skip_space(const char *at);

int64_t json_int(struct json_span value); /* JSON_INT */

/* Walks a list: `at` starts as json_list_first and each call gives one item; false at its end. */
const char *json_list_first(struct json_span list);
bool json_list_next(const char **at, const char *end, struct json_span *item);

/*
 * Which paths are wanted of each row. Paths are keys with dots between them; a number picks an item
 * of a list (the first is 1). Compiled once, run over many rows.
 */
struct json_pick;

struct json_pick *json_pick_new(void);
void json_pick_free(struct json_pick *pick);

/* The slot in which the path's value will be found; the same path gives the same slot. -1: out of
 * memory, or more than 16 steps. */
int json_pick_add(struct json_pick *pick, const char *path);
size_t json_pick_count(const struct json_pick *pick);

/*
 * Fills slots[0 .. count) from one object; of duplicate keys the first counts. Where a path meets a
 * value that has no members (a number, a boolean, a text that is not empty, a list without numbers
 * asked for), the slot holds that value as a dead end.
 */
void json_pick_run(const struct json_pick *pick, struct json_span row, struct json_span *slots);

/* Which members of a shape (json_shape.h) a pick wants: made once for a body. */
struct json_plan {
	unsigned count;
	struct {
		unsigned member;
		int node;
	} wanted[JSON_SHAPE_KEYS];
};

void json_plan_make(struct json_plan *plan, const struct json_pick *pick,
		    const struct json_shape *shape, const char *body);

/* json_pick_run over a row of that shape; `members` are its values. */
void json_plan_run(const struct json_plan *plan, const struct json_pick *pick, const char *body,
		   const struct json_piece *members, struct json_span *slots);

#endif
