/*
 * The canonical model as the store knows it: entities, their tables and columns (design.md section
 * 6). scripts/lib/muster/model.lua says the same to scripts; a test compares the two with the
 * database.
 */
#ifndef MUSTER_STORE_MODEL_H
#define MUSTER_STORE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

enum model_type {
	MODEL_TEXT,
	MODEL_BOOL, /* 0/1 */
	MODEL_TIME, /* RFC 3339 UTC text */
	MODEL_LIST, /* JSON array of texts: mac_addresses, origins */
};

struct model_column {
	const char *name;
	enum model_type type;
	const char *const *one_of; /* NULL-terminated; NULL = any text */
};

/* How the guard treats a loss of such rows (design.md section 7.4). */
enum model_guard {
	MODEL_COUNTED,	/* users, devices, groups: all thresholds */
	MODEL_RELATION, /* and what has no life of its own (apps, licences): goes with its removed
			   parent uncounted; otherwise 10 % alone */
};

struct model_entity {
	const char *name;  /* "device", as maps and scripts say */
	const char *table; /* "devices" */
	enum model_guard guard;
	const struct model_column
		*columns; /* the vendor's facts; not id, account_id, source_id ... */
	size_t column_count;
	/*
	 * For relations: columns that hold a parent's source_id and the parent's entity name, e.g.
	 * device_app: { "device_source_id", "device" }. NULL-terminated by name.
	 */
	const struct model_parent {
		const char *column;
		const char *entity;
		/* For a member of either kind: the column that must hold the parent's entity
		 * name; NULL = any. */
		const char *kind_column;
	} * parents;
};

/* By entity name; NULL if there is none. */
const struct model_entity *model_entity(const char *name);

/* All of them: model_entities()[0 .. *count). */
const struct model_entity *model_entities(size_t *count);

/* Index of a column; -1 if there is none. */
int model_column(const struct model_entity *entity, const char *name);

/* Index of the column in which a row of the entity names its parent; -1 if it is no child of such.
 */
int model_parent_column(const struct model_entity *entity, const struct model_entity *parent);

#endif
