/*
 * host.store - texts that outlive the session, by key, for this connector and account. What is set
 * is kept when the rows of the same batch are.
 */
#include <lauxlib.h>

#include "sandbox/guest.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/bind.h"

static struct buf *begin(lua_State *L, size_t members)
{
	struct buf *args = bind_buf(L);
	size_t len;
	const char *key = lua_tolstring(L, 1, &len);

	value_put_map(args, members);
	value_put_str(args, "key");
	value_put_bytes(args, key, len);
	return args;
}

static int got(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	(void)ctx;
	luaL_checktype(L, -1, LUA_TTABLE);
	lua_getfield(L, -1, "value");
	return 1;
}

/* get(key) -> text | nil */
static int l_get(lua_State *L)
{
	luaL_checkstring(L, 1);
	return guest_ask(L, "key_get", begin(L, 1), 0, got);
}

static int was_set(lua_State *L, int status, lua_KContext ctx)
{
	(void)L;
	(void)status;
	(void)ctx;
	return 0;
}

/* set(key, text | nil) */
static int l_set(lua_State *L)
{
	size_t len;
	const char *text;
	struct buf *args;

	luaL_checkstring(L, 1);
	text = luaL_optlstring(L, 2, NULL, &len);
	args = begin(L, 2);
	value_put_str(args, "value");
	if (text != NULL)
		value_put_bytes(args, text, len);
	else
		value_put_nil(args);
	return guest_ask(L, "key_set", args, 0, was_set);
}

int lua_open_store(lua_State *L)
{
	static const luaL_Reg functions[] = { { "get", l_get }, { "set", l_set }, { NULL, NULL } };

	luaL_newlib(L, functions);
	return 1;
}
