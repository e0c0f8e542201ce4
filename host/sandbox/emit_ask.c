/* The ids that `known` asks the host about: one call for a chunk of rows. */
#include <lauxlib.h>
#include <stdlib.h>

#include "sandbox/emit_job.h"
#include "wire/value.h"

enum { ASK_BYTES = 128 * 1024 }; /* of ids in one call */

void emit_ask_fini(struct emit_ask *ask)
{
	buf_fini(&ask->ids);
	scratch_fini(&ask->memory);
	free(ask->asked);
	*ask = (struct emit_ask){ 0 };
}

static void begin(struct emit_ask *ask, struct known *known)
{
	ask->known = known;
	ask->count = 0;
	buf_clear(&ask->ids);
	scratch_reset(&ask->memory);
}

static bool note_id(struct emit_ask *ask, const struct map_value *id, struct err *err)
{
	struct emit_asked *asked = ask->asked;

	if (ask->count == ask->room) {
		size_t room = ask->room == 0 ? 64 : ask->room * 2;

		asked = realloc(asked, room * sizeof(*asked));
		if (asked == NULL)
			return err_oom(err);
		ask->asked = asked;
		ask->room = room;
	}
	asked[ask->count].id = scratch_copy(&ask->memory, id->text, id->len);
	asked[ask->count].len = id->len;
	if (asked[ask->count++].id == NULL)
		return err_oom(err);
	value_put_bytes(&ask->ids, id->text, id->len);
	/* Not live until the answer says so; and not asked a second time. */
	return byte_table_set(&ask->known->ids, id->text, id->len, "", 1, err);
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
	if (byte_table_find(&job->ask.known->ids, id.text, id.len) != NULL)
		return true;
	return note_id(&job->ask, &id, &job->err);
}

static bool collect_from(struct emit_job *job, const struct map_source *source)
{
	struct known *known = emitter_known(job->emitter, source->text);
	bool ok = true;

	if (known == NULL)
		return err_oom(&job->err);
	begin(&job->ask, known);
	for (; ok && job->next < job->chunk_end && job->ask.ids.len < ASK_BYTES; job->next++) {
		if (page_row(job->page, job->next)->defect == JSON_SOUND)
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

void emit_ask_put(struct emit_job *job, struct buf *args)
{
	value_put_map(args, 2);
	value_put_str(args, "entity");
	value_put_str(args, job->ask.known->entity);
	value_put_str(args, "ids");
	value_put_list(args, job->ask.count);
	buf_append(args, job->ask.ids.data, job->ask.ids.len);
}

bool emit_ask_heard(struct emit_job *job)
{
	lua_State *L = job->L;

	luaL_checktype(L, -1, LUA_TTABLE);
	for (size_t i = 0; i < job->ask.count; i++) {
		const struct emit_asked *asked = &job->ask.asked[i];
		char live;

		lua_geti(L, -1, (lua_Integer)i + 1);
		live = (char)lua_toboolean(L, -1);
		lua_pop(L, 1);
		if (!byte_table_set(&job->ask.known->ids, asked->id, asked->len, &live, 1,
				    &job->err))
			return false;
	}
	return true;
}
