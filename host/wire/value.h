/*
 * Typed values, as they travel between host and sandbox: nil, boolean, int64, double, bytes, list,
 * map.
 *
 *   nil 0 | false 1 | true 2 | int 3 zigzag-varint | double 4 8 bytes little-endian
 *   bytes 5 varint-length bytes | list 6 varint-count values | map 7 varint-count (bytes value)*
 *
 * Writing appends to a struct buf (sticky failure). Reading comes in two forms: a cursor that walks
 * the bytes without allocation (rows), and a tree (declarations, calls). Both are bounded: at most
 * VALUE_DEPTH_MAX levels, and no count or length is believed beyond the bytes that are there.
 */
#ifndef MUSTER_WIRE_VALUE_H
#define MUSTER_WIRE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { VALUE_DEPTH_MAX = 48 };

enum value_type {
	VALUE_NIL,
	VALUE_FALSE,
	VALUE_TRUE,
	VALUE_INT,
	VALUE_DOUBLE,
	VALUE_BYTES,
	VALUE_LIST,
	VALUE_MAP
};

/* --- writing --- */
void value_put_nil(struct buf *out);
void value_put_bool(struct buf *out, bool value);
void value_put_int(struct buf *out, int64_t value);
void value_put_double(struct buf *out, double value);
void value_put_bytes(struct buf *out, const void *data, size_t len);
void value_put_str(struct buf *out, const char *text); /* NULL writes nil */
void value_put_list(struct buf *out, size_t count);    /* `count` values must follow */
void value_put_map(struct buf *out, size_t count);     /* `count` times value_put_str + value */

/* --- the cursor --- */
struct value_cursor {
	const uint8_t *at, *end;
};

/* One value's head: scalars whole; for list and map `count`, its members follow at the cursor. */
struct value_head {
	enum value_type type;
	int64_t i;
	double d;
	const char *bytes; /* points into the input, not NUL-terminated */
	size_t len;
	size_t count;
};

struct value_cursor value_cursor(const void *data, size_t len);

/* Reads a head and moves on; false (ERR_DATA) on damaged or cut input. */
bool value_next(struct value_cursor *cursor, struct value_head *head, struct err *err);

/* Moves past one whole value. */
bool value_skip(struct value_cursor *cursor, struct err *err);

/* --- the tree --- */

/* Immutable after parsing; texts are NUL-terminated copies owned by the tree. */
struct value {
	enum value_type type;
	union {
		int64_t i;
		double d;
		struct {
			const char *bytes;
			size_t len;
		};
		struct {
			struct value *items; /* list: count items; map: count values */
			const char **keys;   /* map: count keys */
			size_t count;
		};
	};
};

struct value_tree;

/* Parses exactly one value that fills `data`. The tree owns everything below its root. */
struct value_tree *value_parse(const void *data, size_t len, struct err *err);
void value_tree_free(struct value_tree *tree);
const struct value *value_root(const struct value_tree *tree);

/* A member of a map; NULL when `map` is NULL or no map, the key is absent, or its value is nil. */
const struct value *value_get(const struct value *map, const char *key);

/* A text member; `fallback` when absent or no text. */
const char *value_text(const struct value *map, const char *key, const char *fallback);
int64_t value_int(const struct value *map, const char *key, int64_t fallback);
/* An integer member that is a number of seconds, as milliseconds: from 0 to ten years, whatever a
 * sandbox says. */
int64_t value_seconds_ms(const struct value *map, const char *key, int64_t fallback_s);
bool value_bool(const struct value *map, const char *key, bool fallback);

/* Item i of a list; NULL beyond its end or when `list` is NULL or no list. value_count likewise 0.
 */
const struct value *value_at(const struct value *list, size_t i);
size_t value_count(const struct value *list_or_map);

/*
 * Appends the encoding of a tree's value, map keys sorted: equal values give equal bytes. A map
 * that has a key twice has no such form and sets out->failed.
 */
void value_put(struct buf *out, const struct value *value);

#endif
