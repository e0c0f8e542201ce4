/*
 * The frame around the rows of one `emit` call (host/README.md): its members, and where the rows
 * come from.
 */
#ifndef MUSTER_SYNC_ROWS_PAYLOAD_H
#define MUSTER_SYNC_ROWS_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/event.h"
#include "wire/value.h"

enum { ROWS_NAME_MAX = 64 };

/* What is to be done with the rows. */
enum rows_op {
	ROWS_UPSERT,
	ROWS_REMOVE, /* what happened at the vendor: the row is gone */
	ROWS_PATCH,  /* only the fields that are there change */
	ROWS_ENRICH, /* fields for a row that another stream owns */
};

/* A text in the payload, not NUL-terminated; at NULL = absent. */
struct rows_text {
	const char *at;
	size_t len;
};

/* Where the rows of one call come from; texts point into the payload. */
struct rows_origin {
	char map[ROWS_NAME_MAX];
	const struct model_entity *entity;
	enum rows_op op;
	char match[ROWS_NAME_MAX];	   /* ROWS_ENRICH: the column that source_id is of */
	int64_t scope;			   /* number of the scope; 0 = the stream itself */
	const struct model_entity *parent; /* what the scope is of; NULL = no scope */
	struct rows_text parent_id;
	struct event_stamp event; /* that says so; id NULL = none does */
};

/* Cursors to the members of a payload; `at` NULL = absent. */
struct rows_payload {
	struct value_cursor map, entity, columns, rows, dropped, bad, skipped, scope, event, op,
		match, raw, same;
};

/* ERR_BUG for what breaks the protocol. */
bool rows_payload_read(const void *data, size_t len, struct rows_payload *out, struct err *err);
bool rows_payload_origin(const struct rows_payload *payload, struct rows_origin *out,
			 struct err *err);

/* Reads a text member into `out`, NUL-terminated; false and "" if it is absent, too long or no
 * UTF-8.
 */
bool rows_take_text(struct value_cursor cursor, char *out, size_t size);

/* The bytes of a member that is a sequence of `size`-byte items; *count is 0 when it is absent. */
bool rows_take_items(struct value_cursor cursor, size_t size, const uint8_t **items, size_t *count,
		     struct err *err);

/* ERR_BUG, "emit: what". */
bool rows_broken(struct err *err, const char *what);

#endif
