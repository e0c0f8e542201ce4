/*
 * The parts of out:emit: emitter.c (what lives as long as a stream's reading), emit_row.c (one
 * row), emit_ask.c (ids of `known`), emit.c (the flow). No other file looks into these structures.
 */
#ifndef MUSTER_SANDBOX_EMIT_EMIT_JOB_H
#define MUSTER_SANDBOX_EMIT_EMIT_JOB_H

#include <lua.h>

#include "base/hash.h"
#include "sandbox/emit/outbox.h"
#include "sandbox/emit/raw_table.h"
#include "sandbox/lib/lua_page.h"

enum {
	EMIT_MAPS_MAX = 32,
	EMIT_ENTITIES_MAX = 10, /* all that the model has */
};

/* Where things are on the stack of a running emit. */
enum { AT_EMITTER = 1, AT_MAP, AT_PAGE, AT_EXTRA, AT_CONTEXT, AT_JOB, AT_ROW, AT_TOP = AT_ROW };

/* Which ids of an entity are there: the host's answers. */
struct known {
	char *entity;
	struct byte_table ids; /* value: one byte, 1 = live */
};

/* The rows of an entity that need not be told again. */
struct raw_rows {
	char *entity;
	struct raw_table table;
};

/* User value 1 anchors the maps. */
struct emitter {
	char *stream;
	struct outbox *outboxes[EMIT_MAPS_MAX];
	size_t outbox_count;
	struct known known[EMIT_ENTITIES_MAX];
	size_t known_count;
	struct raw_rows raw[EMIT_ENTITIES_MAX];
	size_t raw_count;
	bool has_seed;
	uint8_t seed[HASH128_SIZE]; /* of raw hashes; without one none are told */
	int running; /* emits that have not ended; also cancelled ones that are not collected yet */
	bool is_over; /* being flushed, or flushed for good: it takes no rows */
};

/* A `known` call being put together or under way. */
struct emit_ask {
	struct known *known;
	struct buf ids; /* encoded */
	struct scratch memory;
	struct emit_asked {
		const char *id;
		size_t len;
	} * asked;
	size_t count, room;
	struct byte_table pending; /* what is asked: not asked a second time in this call */
};

/* User value 1 anchors the emitter [0] and the extra rows [1..]. */
struct emit_job {
	lua_State *L;
	struct emitter *emitter;
	const struct map *map;
	struct outbox *outbox; /* the map's; `own` for rows with a context */
	struct outbox own;
	enum map_extent extent;
	struct page page;	 /* as it was when emit was called */
	struct json_plan plan;	 /* what the map picks of its rows */
	struct json_span *slots; /* of the chunk's rows */
	struct json_span *extra_slots[MAP_EXTRAS_MAX];
	struct scratch scratch; /* of the row being mapped */
	struct buf input;	/* what the map looks at of that row */
	struct raw_table *raw;	/* of the map's entity; NULL = nothing is known */
	bool has_seed;		/* the rows' raw hashes are told */
	uint8_t seed[HASH128_SIZE];
	size_t chunk, chunk_end, next; /* rows: the chunk, and where in it */
	struct emit_ask ask;
	bool is_preview; /* there is no host: nothing is asked, calls are collected */
	struct err err;
};

/* --- emitter.c --- */
void emitter_open(lua_State *L);
int emitter_new(lua_State *L); /* stream, seed or nil -> emitter */
int emitter_raw(lua_State *L); /* emitter, entity, hashes: rows that the host has */
struct emitter *emitter_check(lua_State *L, int index);

/* The same, but raises also when it is over. */
struct emitter *emitter_check_open(lua_State *L, int index);

/* The outbox of the map at AT_MAP, made when it is the first time. Raises. */
struct outbox *emitter_outbox(lua_State *L, struct emitter *emitter, const struct map *map);

/* After a flush that is not the last one: takes rows again, and knows nothing. */
void emitter_restart(struct emitter *emitter);

/* The rows of the entity that need not be told again; NULL = there are none. */
struct raw_table *emitter_raw_table(struct emitter *emitter, const char *entity);

/* What is known of an entity; NULL: no memory, or too many entities. */
struct known *emitter_known(struct emitter *emitter, const char *entity);

/* --- emit_row.c --- */

/* The evaluator at the row job->next, with what it asks of its surroundings. */
struct map_run emit_run(struct emit_job *job, const struct map_host *host);
struct map_host emit_host(struct emit_job *job);

/* Maps the row job->next into the outbox and moves on. false and job->err: the job has failed. */
bool emit_one(struct emit_job *job);

/* Forgets what belongs to the current row. */
void emit_end_row(struct emit_job *job);

/* --- emit_input.c --- */

/* The hash of everything that the map looks at of the row job->next. false and job->err: memory. */
bool emit_input(struct emit_job *job, const struct map_run *run, uint8_t out[HASH128_SIZE]);

/* The seed of the job's raw hashes: the emitter's, with map and scope mixed in. `context` is the
 * table that goes with the rows, or none. */
bool emit_seed(struct emit_job *job, lua_State *L, int context);

/* The row's raw hash: the input, the job's seed, and what the host says of ids in it. */
bool emit_raw(struct emit_job *job, const struct map_run *run, uint8_t out[HASH128_SIZE]);

/* --- emit_ask.c --- */

/* A new call about ids of this entity. */
void emit_ask_begin(struct emit_ask *ask, struct known *known);
void emit_ask_fini(struct emit_ask *ask);

/* Adds an id, unless it is known already whether it is there. */
bool emit_ask_note(struct emit_ask *ask, const char *id, size_t len, struct err *err);

/* Is it as much as fits one call? */
bool emit_ask_is_full(const struct emit_ask *ask);

/* Appends the arguments of the call. */
void emit_ask_put(const struct emit_ask *ask, struct buf *args);

/* Takes the answer, a list of booleans on top of the stack. */
bool emit_ask_heard(lua_State *L, const struct emit_ask *ask, struct err *err);

/*
 * Collects the ids of the chunk that `known` asks about and nobody knows yet, as far as they fit
 * one call. job->ask.count tells how many. false and job->err: the job has failed.
 */
bool emit_ask_collect(struct emit_job *job);

/* --- emit_flush.c --- */

/* Derived rows on their way into an outbox, in the order of their ids. */
struct flush {
	struct byte_entry **entries; /* of the outbox at work; NULL = not sorted yet */
	size_t outbox, next;
	size_t asked; /* entries before this one are known to be there or not */
	bool is_cut, goes_on;
	struct emit_ask ask;
	struct err err;
};

void flush_open(lua_State *L);
struct flush *flush_new(lua_State *L); /* pushes it */

/* Moves derived rows into the outbox until it is full; true when all of them are in. Raises. */
bool flush_take(lua_State *L, struct flush *flush, struct outbox *outbox);

/* emitter, whether the listing was cut short, whether further rows will come */
int flush_run(lua_State *L);

#endif
