/* The body of an HTTP answer, outside Lua's heap. */
#include "sandbox/lib/body.h"

#include <stdlib.h>

#include "sandbox/lua/bind.h"

#define BODY "body"

/* Its address is the key under which a state keeps the count. */
static const char room_key;

/*
 * The collector is told of this much at a time, and of a quarter of it only: however long, a body
 * is one block to it, and a cycle for each few pages would cost more than the pages it gives back.
 */
enum { TELL_BYTES = 256 * 1024, TOLD_PART = 4 };

struct body_room {
	size_t used;
	size_t untold; /* arrived since the collector last heard of it */
};

static struct body_room *room_of(lua_State *L)
{
	struct body_room *room;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &room_key);
	room = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return room;
}

static void release(struct body *body)
{
	if (body->room != NULL)
		body->room->used -= body->bytes.len;
	buf_fini(&body->bytes);
}

/* body:close() */
static int close_body(lua_State *L)
{
	release(luaL_checkudata(L, 1, BODY));
	return 0;
}

/* body:text() -> string */
static int text_of_body(lua_State *L)
{
	struct body *body = body_check(L, 1);

	lua_pushlstring(L, buf_text(&body->bytes), body->bytes.len);
	return 1;
}

/* #body -> bytes */
static int length_of_body(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)body_check(L, 1)->bytes.len);
	return 1;
}

struct body *body_check(lua_State *L, int index)
{
	return luaL_checkudata(L, index, BODY);
}

struct body *body_push(lua_State *L)
{
	struct body *body = bind_new(L, BODY, sizeof(*body), 0);

	body->room = room_of(L);
	body->bytes.cap = BODY_MAX;
	return body;
}

struct body *body_push_copy(lua_State *L, const void *data, size_t len)
{
	struct body *body = body_push(L);
	struct err err;

	if (!body_append(L, body, data, len, &err))
		bind_raise(L, &err);
	return body;
}

/*
 * To Lua a body is a few bytes. Without being told of the rest the collector would let dead bodies
 * pile up.
 */
static void tell_collector(lua_State *L, struct body_room *room, size_t len)
{
	room->untold += len;
	if (room->untold >= TELL_BYTES) {
		lua_gc(L, LUA_GCSTEP, (int)(room->untold / TOLD_PART / 1024));
		room->untold = 0;
	}
	if (room->used + len > BODIES_MAX)
		lua_gc(L, LUA_GCCOLLECT);
}

bool body_append(lua_State *L, struct body *body, const void *data, size_t len, struct err *err)
{
	struct body_room *room = body->room;

	tell_collector(L, room, len);
	if (room->used + len > BODIES_MAX)
		return err_set(err, ERR_OVER_LIMIT,
			       "the bodies a script holds at once pass the limit of %zu MiB",
			       (size_t)BODIES_MAX >> 20);
	buf_append(&body->bytes, data, len);
	if (!body->bytes.failed) {
		room->used += len;
		return true;
	}
	if (body->bytes.len + len > BODY_MAX)
		return err_set(err, ERR_OVER_LIMIT, "an answer's body passes the limit of %d MiB",
			       BODY_MAX >> 20);
	return err_oom(err);
}

void body_open(lua_State *L)
{
	static const luaL_Reg meta[] = {
		{ "__gc", close_body },
		{ "__close", close_body },
		{ "__len", length_of_body },
		{ NULL, NULL },
	};
	static const luaL_Reg methods[] = {
		{ "text", text_of_body },
		{ "close", close_body },
		{ NULL, NULL },
	};
	struct body_room *room = lua_newuserdatauv(L, sizeof(*room), 0);

	*room = (struct body_room){ 0 };
	lua_rawsetp(L, LUA_REGISTRYINDEX, &room_key);
	bind_type(L, BODY, meta, methods);
}
