/*
 * host.http - one HTTP exchange a call, written as if it blocked. The host makes the request,
 * checks it against what the connector declared, and adds the credential.
 */
#include <lauxlib.h>

#include "sandbox/guest.h"
#include "sandbox/lib/body.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/bind.h"
#include "sandbox/lua/wire_lua.h"

enum { AT_REQUEST = 1, AT_BODY };

/* What a request may say; the host checks the values. */
static const char *const fields[] = { "call", "path",	      "query",	"headers",    "body",
				      "url",  "content_type", "absent", "idempotent", "scope" };

static int answered(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	(void)ctx;
	if (lua_isnil(L, -2))
		return 2;
	lua_pop(L, 1);
	lua_pushvalue(L, AT_BODY);
	lua_setfield(L, -2, "body");
	return 1;
}

static bool is_field(lua_State *L, int index)
{
	if (lua_type(L, index) != LUA_TSTRING)
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		lua_pushstring(L, fields[i]);
		if (lua_rawequal(L, -1, index - 1)) {
			lua_pop(L, 1);
			return true;
		}
		lua_pop(L, 1);
	}
	return false;
}

static void check_request(lua_State *L)
{
	luaL_checktype(L, AT_REQUEST, LUA_TTABLE);
	for (lua_pushnil(L); lua_next(L, AT_REQUEST) != 0; lua_pop(L, 1)) {
		if (!is_field(L, -2))
			luaL_error(L, "host.http.request: there is no field '%s'",
				   luaL_tolstring(L, -2, NULL));
	}
}

/* request { call =, path =, query =, ... } -> { status, headers, body, error } | nil, err */
static int l_request(lua_State *L)
{
	struct body *body;
	struct buf *args;
	struct err err;

	check_request(L);
	lua_settop(L, 1);
	body = body_push(L);
	args = bind_buf(L);
	if (!wire_from_lua(L, AT_REQUEST, args, &err)) {
		err_context(&err, "host.http.request");
		return bind_raise(L, &err);
	}
	return guest_try_fetch(L, "http", args, body, 0, answered);
}

int lua_open_http(lua_State *L)
{
	static const luaL_Reg functions[] = { { "request", l_request }, { NULL, NULL } };

	luaL_newlib(L, functions);
	return 1;
}
