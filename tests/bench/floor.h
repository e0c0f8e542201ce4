/* What floor.c asks of its JSON parser (floor_json.cc, C++). */
#ifndef MUSTER_TESTS_BENCH_FLOOR_H
#define MUSTER_TESTS_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLOOR_PADDING = 64, FLOOR_COLUMNS_MAX = 32 };

struct floor_value {
	enum { FLOOR_NULL, FLOOR_TEXT, FLOOR_INT, FLOOR_REAL } type;
	const char *text;
	size_t len;
	int64_t i;
	double d;
};

/* A member of the row, or a member of that member; the column bears the member's name. */
struct floor_column {
	const char *name;
	const char *inner; /* NULL = the member itself */
};

typedef bool floor_row_fn(void *arg, const struct floor_value *values);

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Calls `row` for each object of the list, which is the member `list` of the body, or the body
 * itself (NULL). FLOOR_PADDING bytes behind the body are readable. *total, if wanted, becomes the
 * member of that name. Returns the rows, or -1.
 */
int64_t floor_parse(const char *body, size_t len, const char *list,
		    const struct floor_column *columns, size_t count, floor_row_fn *row, void *arg,
		    int64_t *total);

#ifdef __cplusplus
}
#endif

#endif
