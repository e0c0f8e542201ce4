/*
 * host.crypto - digests, HMAC, signatures, randomness and comparison, done by the host; hex and
 * base64, done here without waiting. A secret is named by a handle: its bytes are the host's.
 */
#include <lauxlib.h>

#include "base/encode.h"
#include "sandbox/guest.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/bind.h"

#define SECRET "secret"

/* --- secrets --- */

/* secret(name) -> handle; whether a script may sign with it, the host says when it is used. */
static int l_secret(lua_State *L)
{
	luaL_checkstring(L, 1);
	bind_new(L, SECRET, 1, 1);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	return 1;
}

/* tostring(handle) -> "<secret:name>" */
static int secret_tostring(lua_State *L)
{
	luaL_checkudata(L, 1, SECRET);
	lua_getiuservalue(L, 1, 1);
	lua_pushfstring(L, "<secret:%s>", lua_tostring(L, -1));
	return 1;
}

/* --- asked of the host --- */

static void put_text(lua_State *L, struct buf *args, const char *name, int index)
{
	size_t len;
	const char *text = lua_tolstring(L, index, &len);

	value_put_str(args, name);
	value_put_bytes(args, text, len);
}

static void put_secret(lua_State *L, struct buf *args, int index)
{
	lua_getiuservalue(L, index, 1);
	put_text(L, args, "secret", lua_gettop(L));
}

static struct buf *begin(lua_State *L, const char *op, size_t arguments)
{
	struct buf *args = bind_buf(L);

	value_put_map(args, arguments + 1);
	value_put_str(args, "op");
	value_put_str(args, op);
	return args;
}

static int done(lua_State *L, int status, lua_KContext ctx)
{
	(void)L;
	(void)status;
	(void)ctx;
	return 1;
}

/* digest(algorithm, data) -> bytes */
static int l_digest(lua_State *L)
{
	struct buf *args;

	luaL_checkstring(L, 1);
	luaL_checkstring(L, 2);
	args = begin(L, "digest", 2);
	put_text(L, args, "algorithm", 1);
	put_text(L, args, "data", 2);
	return guest_ask(L, "crypto", args, 0, done);
}

/* hmac(algorithm, key or handle, data) -> bytes */
static int l_hmac(lua_State *L)
{
	bool is_secret = luaL_testudata(L, 2, SECRET) != NULL;
	struct buf *args;

	luaL_checkstring(L, 1);
	if (!is_secret)
		luaL_checkstring(L, 2);
	luaL_checkstring(L, 3);
	args = begin(L, "hmac", 3);
	put_text(L, args, "algorithm", 1);
	put_text(L, args, "data", 3);
	if (is_secret)
		put_secret(L, args, 2);
	else
		put_text(L, args, "key", 2);
	return guest_ask(L, "crypto", args, 0, done);
}

/* sign(algorithm, handle, data) -> bytes */
static int l_sign(lua_State *L)
{
	struct buf *args;

	luaL_checkstring(L, 1);
	luaL_checkudata(L, 2, SECRET);
	luaL_checkstring(L, 3);
	args = begin(L, "sign", 3);
	put_text(L, args, "algorithm", 1);
	put_text(L, args, "data", 3);
	put_secret(L, args, 2);
	return guest_ask(L, "crypto", args, 0, done);
}

/* random(count) -> bytes */
static int l_random(lua_State *L)
{
	lua_Integer count = luaL_checkinteger(L, 1);
	struct buf *args = begin(L, "random", 1);

	value_put_str(args, "count");
	value_put_int(args, count);
	return guest_ask(L, "crypto", args, 0, done);
}

/* equal(a, b) -> boolean, in constant time */
static int l_equal(lua_State *L)
{
	struct buf *args;

	luaL_checkstring(L, 1);
	luaL_checkstring(L, 2);
	args = begin(L, "equal", 2);
	put_text(L, args, "a", 1);
	put_text(L, args, "b", 2);
	return guest_ask(L, "crypto", args, 0, done);
}

/* --- done here --- */

static int push_buf(lua_State *L, const struct buf *out)
{
	struct err err;

	if (!buf_ok(out, &err))
		return bind_raise(L, &err);
	lua_pushlstring(L, buf_text(out), out->len);
	return 1;
}

static int encode_with(lua_State *L, void (*encode)(struct buf *, const void *, size_t))
{
	size_t len;
	const char *data = luaL_checklstring(L, 1, &len);
	struct buf *out = bind_buf(L);

	encode(out, data, len);
	return push_buf(L, out);
}

static int decode_with(lua_State *L,
		       bool (*decode)(const char *, size_t, struct buf *, struct err *))
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	struct buf *out = bind_buf(L);
	struct err err;

	if (!decode(text, len, out, &err))
		return bind_fail(L, &err);
	return push_buf(L, out);
}

/* hex(data) -> text */
static int l_hex(lua_State *L)
{
	return encode_with(L, encode_hex);
}

/* hex_decode(text) -> bytes | nil, err */
static int l_hex_decode(lua_State *L)
{
	return decode_with(L, decode_hex);
}

/* base64_encode(data) -> text */
static int l_base64_encode(lua_State *L)
{
	return encode_with(L, encode_base64);
}

/* base64_decode(text) -> bytes | nil, err */
static int l_base64_decode(lua_State *L)
{
	return decode_with(L, decode_base64);
}

/* base64url_encode(data) -> text */
static int l_base64url_encode(lua_State *L)
{
	return encode_with(L, encode_base64url);
}

/* base64url_decode(text) -> bytes | nil, err */
static int l_base64url_decode(lua_State *L)
{
	return decode_with(L, decode_base64url);
}

int lua_open_crypto(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "digest", l_digest },
		{ "hmac", l_hmac },
		{ "secret", l_secret },
		{ "sign", l_sign },
		{ "random", l_random },
		{ "equal", l_equal },
		{ "hex", l_hex },
		{ "hex_decode", l_hex_decode },
		{ "base64_encode", l_base64_encode },
		{ "base64_decode", l_base64_decode },
		{ "base64url_encode", l_base64url_encode },
		{ "base64url_decode", l_base64url_decode },
		{ NULL, NULL },
	};

	static const luaL_Reg secret_meta[] = {
		{ "__tostring", secret_tostring },
		{ NULL, NULL },
	};

	bind_type(L, SECRET, secret_meta, NULL);
	luaL_newlib(L, functions);
	return 1;
}
