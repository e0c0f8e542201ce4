/* What lives as long as one reading of one stream: outboxes, and which ids are known. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/emit/emit_job.h"
#include "sandbox/lua/bind.h"

#define EMITTER "muster.emitter"

enum { KNOWN_BYTES_MAX = 64 * 1024 * 1024 };

static void forget_known(struct emitter *emitter)
{
	for (size_t i = 0; i < emitter->known_count; i++) {
		byte_table_fini(&emitter->known[i].ids);
		free(emitter->known[i].entity);
	}
	emitter->known_count = 0;
}

static int emitter_release(lua_State *L)
{
	struct emitter *emitter = lua_touserdata(L, 1);

	for (size_t i = 0; i < emitter->outbox_count; i++) {
		outbox_fini(emitter->outboxes[i]);
		free(emitter->outboxes[i]);
	}
	forget_known(emitter);
	for (size_t i = 0; i < emitter->raw_count; i++) {
		raw_table_fini(&emitter->raw[i].table);
		free(emitter->raw[i].entity);
	}
	free(emitter->stream);
	*emitter = (struct emitter){ 0 };
	return 0;
}

int emitter_new(lua_State *L)
{
	const char *stream = luaL_checkstring(L, 1);
	size_t len;
	const char *seed = luaL_optlstring(L, 2, NULL, &len);
	struct emitter *emitter = bind_new(L, EMITTER, sizeof(*emitter), 1);

	emitter->stream = str_dup(stream);
	if (emitter->stream == NULL)
		return luaL_error(L, "not enough memory");
	emitter->has_seed = seed != NULL && len == HASH128_SIZE;
	if (emitter->has_seed)
		memcpy(emitter->seed, seed, HASH128_SIZE);
	lua_newtable(L);
	lua_setiuservalue(L, -2, 1);
	return 1;
}

struct raw_table *emitter_raw_table(struct emitter *emitter, const char *entity)
{
	for (size_t i = 0; i < emitter->raw_count; i++) {
		if (str_eq(emitter->raw[i].entity, entity))
			return &emitter->raw[i].table;
	}
	return NULL;
}

int emitter_raw(lua_State *L)
{
	struct emitter *emitter = emitter_check(L, 1);
	const char *entity = luaL_checkstring(L, 2);
	struct raw_table *table = emitter_raw_table(emitter, entity);
	size_t len;
	const char *hashes = luaL_checklstring(L, 3, &len);

	if (table == NULL) {
		luaL_argcheck(L, emitter->raw_count < EMIT_ENTITIES_MAX, 2, "too many entities");
		emitter->raw[emitter->raw_count].entity = str_dup(entity);
		if (emitter->raw[emitter->raw_count].entity == NULL)
			return luaL_error(L, "not enough memory");
		table = &emitter->raw[emitter->raw_count++].table;
	}
	if (!raw_table_add(table, hashes, len))
		return luaL_error(L, "not enough memory");
	return 0;
}

struct outbox *emitter_outbox(lua_State *L, struct emitter *emitter, const struct map *map)
{
	struct outbox *outbox;

	for (size_t i = 0; i < emitter->outbox_count; i++) {
		if (emitter->outboxes[i]->map == map)
			return emitter->outboxes[i];
	}
	outbox = emitter->outbox_count < EMIT_MAPS_MAX ? malloc(sizeof(*outbox)) : NULL;
	if (outbox == NULL)
		luaL_error(L, "not enough memory");
	outbox_init(outbox, map);
	emitter->outboxes[emitter->outbox_count++] = outbox;
	lua_getiuservalue(L, AT_EMITTER, 1);
	lua_pushvalue(L, AT_MAP);
	lua_rawsetp(L, -2, map);
	lua_pop(L, 1);
	return outbox;
}

struct known *emitter_known(struct emitter *emitter, const char *entity)
{
	struct known *known;

	for (size_t i = 0; i < emitter->known_count; i++) {
		if (str_eq(emitter->known[i].entity, entity))
			return &emitter->known[i];
	}
	if (emitter->known_count == EMIT_ENTITIES_MAX)
		return NULL;
	known = &emitter->known[emitter->known_count];
	known->entity = str_dup(entity);
	if (known->entity == NULL)
		return NULL;
	byte_table_init(&known->ids, KNOWN_BYTES_MAX);
	emitter->known_count++;
	return known;
}

void emitter_restart(struct emitter *emitter)
{
	for (size_t i = 0; i < emitter->outbox_count; i++)
		outbox_restart(emitter->outboxes[i]);
	forget_known(emitter);
	emitter->is_over = false;
}

struct emitter *emitter_check(lua_State *L, int index)
{
	return luaL_checkudata(L, index, EMITTER);
}

struct emitter *emitter_check_open(lua_State *L, int index)
{
	struct emitter *emitter = emitter_check(L, index);

	if (emitter->is_over)
		luaL_error(L, "the stream '%s' has ended, or is being committed: it takes no rows",
			   emitter->stream);
	return emitter;
}

void emitter_open(lua_State *L)
{
	static const luaL_Reg meta[] = { { "__gc", emitter_release }, { NULL, NULL } };

	bind_type(L, EMITTER, meta, NULL);
}
