/* Lua values as JSON text of a stable form. */
#include "sandbox/json/json_write.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "sandbox/json/cjson_exact.h"
#include "sandbox/lua/readonly.h"
#include "sandbox/lua/table_kind.h"

struct writer {
	lua_State *L;
	struct buf *out;
	bool is_pretty;
};

static void put_top(struct writer *w, int depth);

static void put_text(struct writer *w)
{
	static const char named[] = "\"\\\b\f\n\r\t";
	static const char names[] = "\"\\bfnrt";
	size_t len;
	const char *text = lua_tolstring(w->L, -1, &len);

	buf_char(w->out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *at = c != 0 ? strchr(named, c) : NULL;

		if (at != NULL)
			buf_printf(w->out, "\\%c", names[at - named]);
		else if (c < 0x20)
			buf_printf(w->out, "\\u%04x", c);
		else
			buf_char(w->out, (char)c);
	}
	buf_char(w->out, '"');
}

static void put_number(struct writer *w)
{
	char text[CJSON_NUMBER_SIZE];
	lua_Number number = lua_tonumber(w->L, -1);

	if (lua_isinteger(w->L, -1)) {
		buf_printf(w->out, "%lld", lua_tointeger(w->L, -1));
		return;
	}
	if (!isfinite(number))
		luaL_error(w->L, "JSON has no NaN and no infinity");
	cjson_format_double(text, number);
	buf_str(w->out, text);
}

static void new_line(struct writer *w, int depth)
{
	if (!w->is_pretty)
		return;
	buf_char(w->out, '\n');
	for (int i = 0; i < depth; i++)
		buf_str(w->out, "  ");
}

static void put_list(struct writer *w, size_t count, int depth)
{
	buf_char(w->out, '[');
	for (size_t i = 1; i <= count; i++) {
		if (i > 1)
			buf_char(w->out, ',');
		new_line(w, depth);
		lua_rawgeti(w->L, -1, (lua_Integer)i);
		put_top(w, depth);
		lua_pop(w->L, 1);
	}
	if (count > 0)
		new_line(w, depth - 1);
	buf_char(w->out, ']');
}

/* Pushes a list of the keys of the table on top, in byte order. */
static void push_keys(struct writer *w, size_t count)
{
	lua_State *L = w->L;
	lua_Integer at = 0;

	lua_createtable(L, (int)count, 0);
	for (lua_pushnil(L); lua_next(L, -3) != 0; lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "a key that is a %s: JSON keys are texts",
				   luaL_typename(L, -2));
		lua_pushvalue(L, -2);
		lua_rawseti(L, -4, ++at);
	}
	lua_getglobal(L, "table");
	lua_getfield(L, -1, "sort");
	lua_replace(L, -2);
	lua_pushvalue(L, -2);
	lua_call(L, 1, 0);
}

static void put_map(struct writer *w, size_t count, int depth)
{
	lua_State *L = w->L;

	push_keys(w, count);
	buf_char(w->out, '{');
	for (size_t i = 1; i <= count; i++) {
		if (i > 1)
			buf_char(w->out, ',');
		new_line(w, depth);
		lua_rawgeti(L, -1, (lua_Integer)i);
		put_text(w);
		buf_str(w->out, w->is_pretty ? ": " : ":");
		lua_rawget(L, -3);
		put_top(w, depth);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	if (count > 0)
		new_line(w, depth - 1);
	buf_char(w->out, '}');
}

static void put_table(struct writer *w, int depth)
{
	size_t count;

	if (depth > JSON_WRITE_DEPTH_MAX)
		luaL_error(w->L, "nested deeper than %d levels", JSON_WRITE_DEPTH_MAX);
	readonly_unwrap(w->L, -1);
	if (table_is_list(w->L, &count))
		put_list(w, count, depth);
	else
		put_map(w, count, depth);
	lua_pop(w->L, 1);
}

/* Appends the value on top, which stays there. */
static void put_top(struct writer *w, int depth)
{
	int type = lua_type(w->L, -1);

	luaL_checkstack(w->L, 8, "JSON");
	if (type == LUA_TTABLE)
		put_table(w, depth + 1);
	else if (type == LUA_TSTRING)
		put_text(w);
	else if (type == LUA_TNUMBER)
		put_number(w);
	else if (type == LUA_TBOOLEAN)
		buf_str(w->out, lua_toboolean(w->L, -1) ? "true" : "false");
	else if (type == LUA_TNIL ||
		 (type == LUA_TLIGHTUSERDATA && lua_touserdata(w->L, -1) == NULL))
		buf_str(w->out, "null");
	else
		luaL_error(w->L, "a %s cannot be JSON", luaL_typename(w->L, -1));
	if (w->out->failed)
		luaL_error(w->L, "JSON text of more than %d MiB", JSON_WRITE_MAX >> 20);
}

void json_write(lua_State *L, int index, bool is_pretty, struct buf *out)
{
	struct writer w = { L, out, is_pretty };

	out->cap = JSON_WRITE_MAX;
	lua_pushvalue(L, index);
	put_top(&w, 0);
	lua_pop(L, 1);
}
