/*
 * One strict walk over a JSON body: finds the list of rows and where each row begins and ends.
 *
 * What is wrong with the body as a whole (no JSON at all, cut short, no list where one has to be)
 * fails the walk. What is wrong inside one row (reliability.md 3.12: invalid UTF-8, NUL, lone
 * surrogates, duplicate keys, numbers beyond a double, depth, over-long strings) marks that row and
 * spares the others; outside of rows such a defect fails the walk as well. Iterative: the C stack
 * does not grow with the input. Nothing is decoded here; see sandbox/json/json_read.h.
 */
#ifndef MUSTER_SANDBOX_JSON_JSON_SCAN_H
#define MUSTER_SANDBOX_JSON_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sandbox/json/json_shape.h"

enum {
	JSON_DEPTH_MAX = 64, /* containers around a value, the outermost included */
	JSON_STRING_MAX = 1024 * 1024,
	JSON_ROWS_MAX = 1000000,
	JSON_KEYS_MAX = 100000, /* of one object */
	JSON_PATH_MAX = 8,
	JSON_BYTES_MAX = 64 * 1024 * 1024,
};

enum json_defect {
	JSON_SOUND,
	JSON_BAD_UTF8,
	JSON_LONE_SURROGATE,
	JSON_NUL,
	JSON_CONTROL, /* a raw control character in a string */
	JSON_BAD_ESCAPE,
	JSON_DUPLICATE_KEY,
	JSON_NUMBER_RANGE,
	JSON_TOO_DEEP,
	JSON_LONG_STRING,
	JSON_MANY_KEYS,
};

/* "invalid UTF-8" */
const char *json_defect_text(enum json_defect defect);

struct json_row {
	uint32_t at, len; /* in the body */
	uint32_t members; /* 1 + its first in shape.members; 0 = it has not the list's shape */
	uint32_t defect_at;
	uint8_t defect;	 /* enum json_defect */
	bool has_big;	 /* holds integers beyond 64 bits */
	bool is_refused; /* reported as bad; kept here by those who map the row, false at first */
};

/* The list's rows; rows and shape belong to it (json_list_fini). */
struct json_list {
	struct json_row *rows;
	size_t count;
	struct json_shape shape;
	size_t at, end; /* the list itself: from its first byte to behind its last */
};

/* Where the rows are. */
struct json_place {
	const char *path[JSON_PATH_MAX]; /* keys from the root; none = the root itself */
	size_t depth;
	bool or_object; /* an object in place of the list is a list of one row */
};

/*
 * data[len] must be readable and NUL, as in a struct buf. `place` NULL: the body is one value, no
 * row; then every defect fails the walk and `out` may be NULL. *has_big, if wanted, tells whether
 * integers beyond 64 bits occur anywhere. Errors are ERR_DATA (or ERR_OVER_LIMIT: too many rows)
 * and name the byte.
 */
bool json_scan(const char *data, size_t len, const struct json_place *place, struct json_list *out,
	       bool *has_big, struct err *err);

void json_list_fini(struct json_list *list);

#endif
