/*
 * out:emit, the flow. Rows are worked off in chunks: the paths of a chunk's rows are looked up, ids
 * that `known` asks about and nobody has asked for yet are put to the host in one call, the rows
 * are mapped, and whenever the outbox is full it is posted. Each of these may wait; what has to
 * survive the wait is in the job, a userdata on the task's stack.
 */
#include "sandbox/emit/emit.h"

#include <stdlib.h>

#include "base/str.h"
#include "sandbox/emit/emit_job.h"
#include "sandbox/guest.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/wire_lua.h"
#include "sandbox/map/lua_map.h"

#define JOB "muster.emit"

enum { CHUNK_ROWS = 512 };

/* --- preparing --- */

static int job_release(lua_State *L)
{
	struct emit_job *job = lua_touserdata(L, 1);

	if (job->emitter != NULL)
		job->emitter->running--;
	free(job->slots);
	for (size_t i = 0; i < MAP_EXTRAS_MAX; i++)
		free(job->extra_slots[i]);
	scratch_fini(&job->scratch);
	buf_fini(&job->input);
	emit_ask_fini(&job->ask);
	outbox_fini(&job->own);
	*job = (struct emit_job){ 0 };
	return 0;
}

static struct json_span *new_slots(lua_State *L, size_t rows, size_t each)
{
	struct json_span *slots = calloc(rows * each + 1, sizeof(*slots));

	if (slots == NULL)
		luaL_error(L, "not enough memory");
	return slots;
}

/* Extra row `name` of the table at AT_EXTRA, as a page of one row that the table's copy anchors. */
static void pick_extra(lua_State *L, struct emit_job *job, size_t i)
{
	const char *name = job->map->extra_names[i];
	const struct page *page;

	if (!lua_istable(L, AT_EXTRA) || lua_getfield(L, AT_EXTRA, name) != LUA_TTABLE)
		luaL_error(L, "map %s looks into the extra row '%s', which out:emit was not given",
			   job->map->name, name);
	lua_createtable(L, 1, 0);
	lua_insert(L, -2);
	lua_rawseti(L, -2, 1);
	page = page_from_list(L, lua_gettop(L));
	if (page_row(page, 0)->defect != JSON_SOUND)
		luaL_error(L, "the extra row '%s' holds %s", name,
			   json_defect_text((enum json_defect)page_row(page, 0)->defect));
	job->extra_slots[i] = new_slots(L, 1, json_pick_count(job->map->extras[i]));
	json_pick_run(job->map->extras[i], page_span(page, 0), job->extra_slots[i]);
	lua_getiuservalue(L, AT_JOB, 1);
	lua_insert(L, -2);
	lua_rawseti(L, -2, (lua_Integer)i + 1);
	lua_pop(L, 1);
}

static enum map_extent extent_of(const char *op)
{
	if (op == NULL)
		return MAP_WHOLE;
	return str_eq(op, "remove") ? MAP_ID_ALONE : MAP_IN_PART;
}

/* The members of the table at AT_CONTEXT: they go with each call that holds these rows. */
static void take_context(lua_State *L, struct emit_job *job, struct outbox *outbox)
{
	struct err err;

	lua_getfield(L, AT_CONTEXT, "op");
	job->extent = extent_of(lua_tostring(L, -1));
	lua_pop(L, 1);
	for (lua_pushnil(L); lua_next(L, AT_CONTEXT) != 0; lua_pop(L, 1)) {
		value_put_str(&outbox->context, luaL_checkstring(L, -2));
		if (!wire_from_lua(L, lua_gettop(L), &outbox->context, &err))
			bind_raise(L, &err);
		outbox->context_count++;
	}
}

/*
 * Rows with a context get an outbox of their own: an emit of another task, with another context,
 * may run while this one waits. Derived rows are nobody's.
 */
static void choose_outbox(lua_State *L, struct emit_job *job)
{
	job->outbox = emitter_outbox(L, job->emitter, job->map);
	if (!lua_istable(L, AT_CONTEXT) || job->map->is_derived)
		return;
	outbox_init(&job->own, job->map);
	take_context(L, job, &job->own);
	job->outbox = &job->own;
}

/* Parts of rows and removals are told as what they are. Extra rows are tables of Lua: what a
 * function sees there is written down nowhere. */
static void prepare_raw(lua_State *L, struct emit_job *job)
{
	const struct map *map = job->map;

	job->has_seed = job->emitter->has_seed && job->extent == MAP_WHOLE && !map->is_derived &&
			(!map->has_functions || lua_isnil(L, AT_EXTRA));
	if (!job->has_seed)
		return;
	job->raw = emitter_raw_table(job->emitter, map->entity);
	if (!emit_seed(job, L, AT_CONTEXT))
		bind_raise(L, &job->err);
}

/* emitter, map, rows, extra, context -> the stack of a running emit */
static struct emit_job *prepare(lua_State *L)
{
	struct emitter *emitter = emitter_check_open(L, AT_EMITTER);
	const struct map *map = lua_map_check(L, AT_MAP);
	struct emit_job *job;

	lua_settop(L, AT_CONTEXT);
	if (page_test(L, AT_PAGE) == NULL)
		page_from_list(L, AT_PAGE);
	job = bind_new(L, JOB, sizeof(*job), 1);
	lua_newtable(L);
	lua_pushvalue(L, AT_EMITTER);
	lua_rawseti(L, -2, 0);
	lua_setiuservalue(L, AT_JOB, 1);
	lua_pushnil(L);
	job->emitter = emitter;
	emitter->running++;
	job->map = map;
	job->page = *page_test(L, AT_PAGE);
	json_plan_make(&job->plan, map->row, &job->page.list.shape, job->page.bytes);
	job->err = ERR_INIT;
	choose_outbox(L, job);
	prepare_raw(L, job);
	job->slots = new_slots(L, CHUNK_ROWS, json_pick_count(map->row));
	for (size_t i = 0; i < map->extra_count; i++)
		pick_extra(L, job, i);
	return job;
}

static struct emit_job *job_at(lua_State *L)
{
	struct emit_job *job = lua_touserdata(L, AT_JOB);

	job->L = L;
	return job;
}

/* --- rows --- */

static int go_on(lua_State *L, int status, lua_KContext ctx);

/* The answer to `known` is on top. */
static int heard(lua_State *L, int status, lua_KContext ctx)
{
	struct emit_job *job = job_at(L);

	if (!emit_ask_heard(L, &job->ask, &job->err))
		return bind_raise(L, &job->err);
	return go_on(L, status, ctx);
}

static int ask(lua_State *L, struct emit_job *job)
{
	struct buf *args = bind_buf(L);

	emit_ask_put(&job->ask, args);
	return guest_ask(L, "known", args, 0, heard);
}

/* Sends what the outbox holds; in a preview keeps it as a Lua value. */
static int post(lua_State *L, struct emit_job *job)
{
	struct buf *args = bind_buf(L);

	outbox_put(job->outbox, job->emitter->stream, args);
	return guest_post(L, "emit", args, 0, go_on);
}

/* Looks up the paths of the next rows. */
static void begin_chunk(struct emit_job *job)
{
	size_t each = json_pick_count(job->map->row);

	job->chunk = job->next;
	job->chunk_end = job->chunk + CHUNK_ROWS;
	if (job->chunk_end > job->page.count)
		job->chunk_end = job->page.count;
	for (size_t i = job->chunk; i < job->chunk_end; i++)
		page_pick(&job->page, job->map->row, &job->plan, i,
			  job->slots + (i - job->chunk) * each);
}

enum progress { ROWS_DONE, ROWS_ASK, ROWS_FULL, ROWS_FAILED };

/* Maps rows until there is a reason to stop. */
static enum progress map_rows(struct emit_job *job)
{
	while (!outbox_is_full(job->outbox)) {
		if (job->next == job->page.count)
			return ROWS_DONE;
		if (job->next == job->chunk_end)
			begin_chunk(job);
		if (job->next == job->chunk && !job->is_preview && job->extent != MAP_ID_ALONE) {
			if (!emit_ask_collect(job))
				return ROWS_FAILED;
			if (job->ask.count > 0)
				return ROWS_ASK;
		}
		if (!emit_one(job))
			return ROWS_FAILED;
	}
	return ROWS_FULL;
}

/* Memory is given back at once, not when the collector gets to it. */
static int end_job(lua_State *L)
{
	lua_pushcfunction(L, job_release);
	lua_pushvalue(L, AT_JOB);
	lua_call(L, 1, 0);
	return 0;
}

/* What waits in an outbox that ends with the job finds no company later. */
static bool has_something(const struct emit_job *job)
{
	return job->outbox == &job->own ? outbox_has_anything(job->outbox)
					: outbox_has_content(job->outbox);
}

static int go_on(lua_State *L, int status, lua_KContext ctx)
{
	struct emit_job *job = job_at(L);

	(void)status;
	(void)ctx;
	lua_settop(L, AT_JOB);
	lua_pushnil(L);
	switch (map_rows(job)) {
	case ROWS_DONE:
		return has_something(job) ? post(L, job) : end_job(L);
	case ROWS_ASK:
		return ask(L, job);
	case ROWS_FULL:
		return post(L, job);
	case ROWS_FAILED:
		break;
	}
	return bind_raise(L, &job->err);
}

/* emitter, map, page or list, extra rows or nil, context or nil */
static int l_emit(lua_State *L)
{
	prepare(L);
	return go_on(L, LUA_OK, 0);
}

/* --- without a host --- */

/* Appends the arguments of the call that would be made to the list on top. */
static void collect_call(lua_State *L, struct emitter *emitter, struct outbox *outbox)
{
	struct buf *args;
	struct value_cursor cursor;

	if (!outbox_has_anything(outbox))
		return;
	args = bind_buf(L);
	outbox_put(outbox, emitter->stream, args);
	cursor = value_cursor(args->data, args->len);
	wire_push_lua(L, &cursor);
	lua_rawseti(L, -3, (lua_Integer)lua_rawlen(L, -3) + 1);
	lua_pop(L, 1);
}

/* The ids in the table { entity = { id, ... } } at AT_KNOWN are live. */
static void preset_known(lua_State *L, struct emitter *emitter, int index)
{
	struct err err;

	if (!lua_istable(L, index))
		return;
	for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
		struct known *known = emitter_known(emitter, luaL_checkstring(L, -2));

		for (lua_Integer i = 1; lua_geti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
			size_t len;
			const char *id = luaL_checklstring(L, -1, &len);

			if (known == NULL || !byte_table_set(&known->ids, id, len, "\1", 1, &err))
				luaL_error(L, "not enough memory");
		}
		lua_pop(L, 1);
	}
}

/*
 * emitter, map, page or list, extra rows or nil, known ids or nil -> list of the `emit` arguments
 * that a host would get, those of the stream's end included
 */
static int l_preview(lua_State *L)
{
	struct emitter *emitter = emitter_check(L, AT_EMITTER);
	struct flush *flush;
	struct emit_job *job;
	enum progress progress;

	lua_settop(L, 5);
	preset_known(L, emitter, 5);
	lua_settop(L, AT_EXTRA);
	lua_pushnil(L); /* no context */
	job = prepare(L);
	job->L = L;
	job->is_preview = true;
	flush = flush_new(L);
	lua_newtable(L);
	do {
		progress = map_rows(job);
		if (progress == ROWS_FAILED)
			return bind_raise(L, &job->err);
		collect_call(L, emitter, job->outbox);
	} while (progress != ROWS_DONE);
	while (!flush_take(L, flush, job->outbox) || outbox_has_content(job->outbox))
		collect_call(L, emitter, job->outbox);
	return 1;
}

/* --- opening --- */

void emit_open(lua_State *L)
{
	static const luaL_Reg job_meta[] = { { "__gc", job_release }, { NULL, NULL } };

	emitter_open(L);
	flush_open(L);
	bind_type(L, JOB, job_meta, NULL);
}

const luaL_Reg emit_functions[] = {
	{ "emitter", emitter_new }, { "emit", l_emit },	    { "flush", flush_run },
	{ "preview", l_preview },   { "raw", emitter_raw }, { NULL, NULL },
};
