/* What a map looks at of one row, as a hash: equal inputs give equal rows. */
#include <lauxlib.h>
#include <string.h>

#include "sandbox/emit/emit_job.h"

enum {
	NO_VALUE = 0xff,
	/* Counts up when the evaluator makes something else of the same record and map: rows of an
	 * older one are told anew. */
	EVALUATOR = 1,
};

/* Length, kind and bytes: no two lists of values look the same. */
static void put_span(struct buf *out, struct json_span value)
{
	uint32_t len = (uint32_t)value.len;

	if (value.at == NULL) {
		buf_char(out, (char)NO_VALUE);
		return;
	}
	buf_char(out, (char)value.is_dead_end);
	buf_append(out, &len, sizeof(len));
	buf_append(out, value.at, value.len);
}

static void put_slots(struct buf *out, const struct json_pick *pick, const struct json_span *slots)
{
	for (size_t i = 0; i < json_pick_count(pick); i++)
		put_span(out, slots[i]);
}

/* A function may look at all of the row. Rows that come with extra ones, at which it
 * may look likewise, are not hashed for it. */
static void put_row(struct emit_job *job, const struct map_run *run)
{
	const struct map *map = job->map;

	if (map->has_functions)
		put_span(&job->input, page_span(&job->page, job->next));
	else
		put_slots(&job->input, map->row, run->slots);
	for (size_t i = 0; i < map->extra_count; i++)
		put_slots(&job->input, map->extras[i], run->extra_slots[i]);
}

static bool take_hash(struct emit_job *job, uint8_t out[HASH128_SIZE])
{
	if (!buf_ok(&job->input, &job->err))
		return false;
	hash128(job->input.data, job->input.len, out);
	return true;
}

bool emit_input(struct emit_job *job, const struct map_run *run, uint8_t out[HASH128_SIZE])
{
	buf_clear(&job->input);
	put_row(job, run);
	return take_hash(job, out);
}

static void put_name(struct buf *out, const char *text)
{
	put_span(out, json_span(text, strlen(text)));
}

/* The same record under another parent is another row: its scope is looked at, too. */
static void put_scope(struct buf *out, lua_State *L, int context)
{
	if (!lua_istable(L, context) || lua_getfield(L, context, "scope") != LUA_TTABLE)
		return;
	lua_geti(L, -1, 2);
	lua_geti(L, -2, 3);
	put_name(out, luaL_checkstring(L, -2));
	put_name(out, luaL_checkstring(L, -1));
}

bool emit_seed(struct emit_job *job, lua_State *L, int context)
{
	int top = lua_gettop(L);

	buf_clear(&job->input);
	buf_append(&job->input, job->emitter->seed, HASH128_SIZE);
	buf_char(&job->input, EVALUATOR);
	put_name(&job->input, job->emitter->stream);
	put_name(&job->input, job->map->name);
	put_scope(&job->input, L, context);
	lua_settop(L, top);
	return take_hash(job, job->seed);
}

/* A row that is kept because an id is known is another one when the id is not known any more. */
static char known_answer(const struct map_run *run, const struct map_source *source)
{
	struct map_value answer;
	struct err ignored = ERR_INIT;
	struct map_run quiet = *run;

	quiet.err = &ignored;
	if (!map_eval(&quiet, source, &answer))
		return (char)NO_VALUE;
	return (char)map_is_true(&answer);
}

bool emit_raw(struct emit_job *job, const struct map_run *run, uint8_t out[HASH128_SIZE])
{
	buf_clear(&job->input);
	buf_append(&job->input, job->seed, HASH128_SIZE);
	for (size_t i = 0; i < job->map->known_count; i++)
		buf_char(&job->input, known_answer(run, &job->map->known[i]));
	put_row(job, run);
	return take_hash(job, out);
}
