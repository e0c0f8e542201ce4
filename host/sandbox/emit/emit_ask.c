/* The ids that `known` asks the host about: one call for a chunk of rows. */
#include <lauxlib.h>
#include <stdlib.h>

#include "sandbox/emit/emit_job.h"
#include "wire/value.h"

enum { ASK_BYTES = 128 * 1024 }; /* of ids in one call */

void emit_ask_fini(struct emit_ask *ask)
{
	buf_fini(&ask->ids);
	scratch_fini(&ask->memory);
	byte_table_fini(&ask->pending);
	free(ask->asked);
	*ask = (struct emit_ask){ 0 };
}

void emit_ask_begin(struct emit_ask *ask, struct known *known)
{
	ask->known = known;
	ask->count = 0;
	buf_clear(&ask->ids);
	scratch_reset(&ask->memory);
	byte_table_fini(&ask->pending);
	byte_table_init(&ask->pending, 0);
}

bool emit_ask_is_full(const struct emit_ask *ask)
{
	return ask->ids.len >= ASK_BYTES;
}

bool emit_ask_note(struct emit_ask *ask, const char *id, size_t len, struct err *err)
{
	struct emit_asked *asked = ask->asked;

	if (byte_table_find(&ask->known->ids, id, len) != NULL ||
	    byte_table_find(&ask->pending, id, len) != NULL)
		return true;
	if (ask->count == ask->room) {
		size_t room = ask->room == 0 ? 64 : ask->room * 2;

		asked = realloc(asked, room * sizeof(*asked));
		if (asked == NULL)
			return err_oom(err);
		ask->asked = asked;
		ask->room = room;
	}
	asked[ask->count].id = scratch_copy(&ask->memory, id, len);
	asked[ask->count].len = len;
	if (asked[ask->count++].id == NULL)
		return err_oom(err);
	value_put_bytes(&ask->ids, id, len);
	/* Other tasks that meet the id before the answer is there have to ask themselves. */
	return byte_table_set(&ask->pending, id, len, "", 1, err);
}

/* A row whose id cannot be made is no reason to fail: mapping will say what is wrong with it. */
static bool collect_id(struct emit_job *job, const struct map_source *source)
{
	const struct map_host host = emit_host(job);
	struct map_run run = emit_run(job, &host);
	struct map_value id;

	if (!map_eval(&run, &source->sources[0], &id) || id.type == MAP_NOTHING ||
	    !map_text(&run, &id))
		return job->err.kind != ERR_OVER_LIMIT;
	return emit_ask_note(&job->ask, id.text, id.len, &job->err);
}

static bool collect_from(struct emit_job *job, const struct map_source *source)
{
	struct known *known = emitter_known(job->emitter, source->text);
	bool ok = true;

	if (known == NULL)
		return err_oom(&job->err);
	emit_ask_begin(&job->ask, known);
	for (; ok && job->next < job->chunk_end && !emit_ask_is_full(&job->ask); job->next++) {
		if (page_row(&job->page, job->next)->defect == JSON_SOUND)
			ok = collect_id(job, source);
		emit_end_row(job);
	}
	job->next = job->chunk;
	return ok && buf_ok(&job->ask.ids, &job->err);
}

bool emit_ask_collect(struct emit_job *job)
{
	job->ask.count = 0;
	for (size_t i = 0; i < job->map->known_count && job->ask.count == 0; i++) {
		if (!collect_from(job, &job->map->known[i]))
			return false;
	}
	return true;
}

void emit_ask_put(const struct emit_ask *ask, struct buf *args)
{
	value_put_map(args, 2);
	value_put_str(args, "entity");
	value_put_str(args, ask->known->entity);
	value_put_str(args, "ids");
	value_put_list(args, ask->count);
	buf_append(args, ask->ids.data, ask->ids.len);
}

bool emit_ask_heard(lua_State *L, const struct emit_ask *ask, struct err *err)
{
	luaL_checktype(L, -1, LUA_TTABLE);
	for (size_t i = 0; i < ask->count; i++) {
		const struct emit_asked *asked = &ask->asked[i];
		char live;

		lua_geti(L, -1, (lua_Integer)i + 1);
		live = (char)lua_toboolean(L, -1);
		lua_pop(L, 1);
		if (!byte_table_set(&ask->known->ids, asked->id, asked->len, &live, 1, err))
			return false;
	}
	return true;
}
