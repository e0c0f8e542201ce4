/*
 * The evaluator of mappings: a vendor's row, as JSON text, becomes a canonical row. There is no
 * other; scripts/lib/muster/field.lua only describes what runs here.
 *
 * Values. null, an absent path, an empty text, list or object and the texts in `nulls` are nothing.
 * A path that leads through a number, a boolean, a text or a list fails the row. What each
 * operation does:
 *
 *   path      the value at the path; "^d.x" looks into the extra row `d`
 *   function  calls back into Lua (map_host.call)
 *   const     the value
 *   time      text of the value, normalised to RFC 3339 UTC; what is no time fails the row
 *   epoch_ms  a whole number of milliseconds since 1970 as RFC 3339 UTC; 0 and less is nothing
 *   lower     text in ASCII lower case without blanks at its ends
 *   pick      what the table says for the value, else the default, else nothing
 *   first     the first that is something
 *   join      the texts of those that are something, the separator between them
 *   int bool  a whole number; a boolean (true/false, 1/0, yes/no in any case)
 *   list      the texts of all members of all sources; nothing when there is none
 *   unboxed   the value at the path, or the scalar or list that stands in its way
 *   present known contains matches none   booleans; nothing never contains or matches
 *
 * A number becomes text exactly: integers by their digits, numbers with a fraction as they are
 * written; a float that stands for an integer of 2^53 or more fails the row, as do booleans, lists
 * and objects where a text has to be. A text column loses the blanks at its ends, ids do not. A
 * source_id made of several parts is each part's length, a colon and its bytes, one after the
 * other.
 */
#ifndef MUSTER_SANDBOX_MAP_MAP_H
#define MUSTER_SANDBOX_MAP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sandbox/json/json_read.h"
#include "sandbox/map/scratch.h"

enum {
	MAP_ID_MAX = 1024,	 /* bytes of a source_id */
	MAP_ROW_MAX = 96 * 1024, /* bytes of an encoded row */
	MAP_EXTRAS_MAX = 4,	 /* extra rows a map can look into */
	MAP_REASON_MAX = 240,	 /* bytes of why a row is bad */
	MAP_SHOWN = 60,		 /* bytes of a value in such a reason */
};

/* --- values --- */

enum map_type {
	MAP_NOTHING,
	MAP_TEXT,
	MAP_INT,
	MAP_NUMBER, /* `text` is the number as it is written */
	MAP_BOOL,
	MAP_LIST,   /* `items` */
	MAP_OBJECT, /* of no use but to be present */
};

struct map_value {
	enum map_type type;
	bool flag;
	int64_t i;
	const char *text; /* borrowed from the row or from scratch memory; not NUL-terminated */
	size_t len;
	const struct map_value *items; /* len of them */
};

/* --- the compiled form; everything lives in map->memory --- */

enum map_op {
	MAP_OP_PATH,
	MAP_OP_FUNCTION,
	MAP_OP_CONST,
	MAP_OP_TIME,
	MAP_OP_EPOCH_MS,
	MAP_OP_LOWER,
	MAP_OP_PICK,
	MAP_OP_FIRST,
	MAP_OP_JOIN,
	MAP_OP_INT,
	MAP_OP_BOOL,
	MAP_OP_LIST,
	MAP_OP_PRESENT,
	MAP_OP_KNOWN,
	MAP_OP_CONTAINS,
	MAP_OP_MATCHES,
	MAP_OP_NONE,
	MAP_OP_UNBOXED, /* of a PATH: what stands where it would lead on, if it cannot */
};

struct map_pair {
	struct map_value key, value;
};

struct map_source {
	enum map_op op;
	const struct map_source *sources;
	size_t count;
	int extra;	  /* PATH: which extra row; -1 = the row itself */
	int slot;	  /* PATH: in that row's pick */
	int function;	  /* FUNCTION: for map_host.call */
	const char *text; /* PATH as written, JOIN separator, CONTAINS text (lower case), MATCHES
			     glob, KNOWN entity */
	size_t len;
	struct map_value value; /* CONST; PICK's default */
	const struct map_pair *pairs;
	size_t pair_count;
};

enum map_column_type {
	MAP_COLUMN_TEXT,
	MAP_COLUMN_BOOL,
	MAP_COLUMN_TIME,
	MAP_COLUMN_LIST,
	MAP_COLUMN_ID, /* another row's source_id: a text that stays as it is */
	MAP_COLUMN_ANY
};

struct map_column {
	const char *name;
	enum map_column_type type;
	const char *const *one_of; /* NULL-terminated; NULL = any text */
	struct map_source source;
};

struct map_rule {
	const char *name; /* "device.owned" */
	struct map_source source;
	bool drops;	 /* drops when true; else when not true */
	bool is_leaders; /* of the map this one follows: not counted here */
};

struct map {
	struct scratch memory;
	const char *name, *entity;
	bool is_derived;
	struct json_pick *row;
	const char *extra_names[MAP_EXTRAS_MAX];
	struct json_pick *extras[MAP_EXTRAS_MAX];
	size_t extra_count;
	const char *const *nulls; /* NULL-terminated */
	struct map_source *key;	  /* the parts of source_id */
	size_t key_count;
	const char *id_text; /* where source_id comes from, for people */
	bool is_joined;	     /* source_id is a length-prefixed join of the parts */
	struct map_column *columns;
	size_t column_count;
	struct map_rule *rules; /* the leader's first */
	size_t rule_count;
	const struct map_source *rank; /* NULL = none */
	bool has_functions;	       /* of Lua: they look at whole rows */
	struct map_source *known;      /* the KNOWN sources, for resolving them ahead */
	size_t known_count;
};

void map_fini(struct map *map);

/* --- running --- */

/* What the evaluator asks of its surroundings. */
struct map_host {
	void *arg;
	/* Calls a Lua function of the row. The value lives as long as the row's scratch memory. */
	bool (*call)(void *arg, int function, struct map_value *out, struct err *err);
	/* Is this the id of a live row? */
	bool (*is_known)(void *arg, const char *entity, const char *id, size_t len);
};

/* How much of a row is told. Rules look at whole rows only: what is not told says nothing. */
enum map_extent {
	MAP_WHOLE,
	MAP_IN_PART,  /* a patch: what is there */
	MAP_ID_ALONE, /* a removal: columns are not looked at */
};

/* One row at work. `slots` have map's picks run over row and extra rows. */
struct map_run {
	const struct map *map;
	const struct map_host *host;
	enum map_extent extent;
	const struct json_span *slots;
	const struct json_span *extra_slots[MAP_EXTRAS_MAX];
	bool is_suspect; /* the row's JSON has a defect: no value may be read that holds one */
	struct scratch *scratch;
	struct err *err;
};

enum map_outcome {
	MAP_ROW,     /* its encoding was appended */
	MAP_DROPPED, /* by `rule` */
	MAP_SKIPPED, /* derived and without a key */
	MAP_BAD,     /* err says why */
	MAP_FAILED,  /* err: nothing to do with the row (memory) */
};

struct map_result {
	enum map_outcome outcome;
	const char *rule; /* NULL = one of the map that this one follows */
	const char *id;	  /* source_id, where one could be made; in scratch memory */
	size_t id_len;
};

/*
 * Maps one row. MAP_ROW: the wire list of source_id and columns is appended to `out`; `rank`
 * (derived maps with one) receives the encoded rank.
 */
struct map_result map_run_row(const struct map_run *run, struct buf *out, struct map_value *rank);

/* The source_id alone, for rows that cannot be mapped; result->id is NULL when it is nothing. false
 * when it cannot be made. */
bool map_run_id(const struct map_run *run, struct map_result *result);

/*
 * What a path leads to (sandbox/map/map_read.c); *is_dead_end: it could not go on, and this is what
 * stands in its way. false and run->err: ERR_DATA, what is there is broken.
 */
bool map_read(const struct map_run *run, const struct map_source *path, struct map_value *out,
	      bool *is_dead_end);

/* One source (sandbox/map/map_eval.c). false and run->err: ERR_DATA concerns the row. */
bool map_eval(const struct map_run *run, const struct map_source *source, struct map_value *out);

/* The text of a value that is something; false and err (ERR_DATA) when it has none. */
bool map_text(const struct map_run *run, struct map_value *value);

/* Is a MAP_NUMBER written with a fraction or an exponent? Else it is an integer beyond 64 bits. */
bool map_is_fraction(const struct map_value *number);

/* Leaves out blanks at both ends of a text. */
void map_trim(struct map_value *text);

bool map_is_true(const struct map_value *value);

/* The text in nulls, or empty? */
bool map_is_null(const struct map *map, const char *text, size_t len);

#endif
