/* Pages, bodies and what pagers ask of them. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/hash.h"
#include "sandbox/json/cjson_exact.h"
#include "sandbox/json/json_text.h"
#include "sandbox/json/json_write.h"
#include "sandbox/lib/body.h"
#include "sandbox/lib/lua_page.h"
#include "sandbox/lib/lua_tracker.h"
#include "sandbox/lua/bind.h"

#define PAGE "muster.rows"
#define CODEC "muster.codec" /* registry: our own copy of cjson */

/* --- JSON and Lua --- */

/* Pushes cjson's function `name`. */
static void push_codec(lua_State *L, const char *name)
{
	lua_getfield(L, LUA_REGISTRYINDEX, CODEC);
	lua_getfield(L, -1, name);
	lua_remove(L, -2);
}

/* Appends the text with quotes around each integer beyond 64 bits. */
static void quote_big(struct json_span text, struct buf *out)
{
	const char *at = text.at, *end = at + text.len, *kept = at;

	while (at < end) {
		const char *behind = at + 1;

		if (*at == '"' || *at == '-' || (*at >= '0' && *at <= '9'))
			behind = json_skip(at, end);
		if (*at != '"' && behind > at + 1 &&
		    memchr(at, '.', (size_t)(behind - at)) == NULL &&
		    memchr(at, 'e', (size_t)(behind - at)) == NULL &&
		    memchr(at, 'E', (size_t)(behind - at)) == NULL &&
		    !json_fits_int64(at, (size_t)(behind - at))) {
			buf_append(out, kept, (size_t)(at - kept));
			buf_printf(out, "\"%.*s\"", (int)(behind - at), at);
			kept = behind;
		}
		at = behind;
	}
	buf_append(out, kept, (size_t)(end - kept));
}

static void push_decoded(lua_State *L, struct json_span text, bool has_big)
{
	struct err err;

	luaL_checkstack(L, 6, "JSON");
	push_codec(L, "decode");
	if (has_big) {
		struct buf *quoted = bind_buf(L);

		quote_big(text, quoted);
		if (!buf_ok(quoted, &err))
			bind_raise(L, &err);
		lua_pushlstring(L, quoted->data, quoted->len);
		lua_remove(L, -2);
	} else {
		lua_pushlstring(L, text.at, text.len);
	}
	lua_call(L, 1, 1);
}

static void push_text(lua_State *L, struct json_span value)
{
	struct buf *text = bind_buf(L);
	struct err err;

	json_unescape(value.at + 1, value.len - 2, text);
	if (!buf_ok(text, &err))
		bind_raise(L, &err);
	lua_pushlstring(L, buf_text(text), text->len);
	lua_remove(L, -2);
}

/* Integers beyond 64 bits become texts. */
static void push_number(lua_State *L, struct json_span value)
{
	if (memchr(value.at, '.', value.len) == NULL && memchr(value.at, 'e', value.len) == NULL &&
	    memchr(value.at, 'E', value.len) == NULL)
		lua_pushlstring(L, value.at, value.len);
	else
		lua_pushnumber(L, strtod(value.at, NULL));
}

/* Pushes a scalar (cjson makes floats of numbers that stand alone); lists and objects are nil. */
static void push_scalar(lua_State *L, struct json_span value)
{
	switch (json_type(value)) {
	case JSON_BOOL:
		lua_pushboolean(L, value.at[0] == 't');
		break;
	case JSON_INT:
		lua_pushinteger(L, json_int(value));
		break;
	case JSON_NUMBER:
		push_number(L, value);
		break;
	case JSON_TEXT:
		push_text(L, value);
		break;
	default:
		lua_pushnil(L);
		break;
	}
}

/* body -> value; nil for an empty body */
static int l_decode(lua_State *L)
{
	struct body *body = body_check(L, 1);
	const char *end = buf_text(&body->bytes) + body->bytes.len;
	struct json_span root = { 0 };
	bool has_big = false;
	struct err err;

	if (body->bytes.len == 0)
		return 0;
	if (!json_scan(body->bytes.data, body->bytes.len, NULL, NULL, &has_big, &err))
		return bind_raise(L, &err);
	root.at = json_skip_space(body->bytes.data);
	root.len = (size_t)(json_skip(root.at, end) - root.at);
	if (*root.at == '{' || *root.at == '[')
		push_decoded(L, root, has_big);
	else
		push_scalar(L, root);
	return 1;
}

/* value -> JSON text; a text stays as it is */
static int l_encode_body(lua_State *L)
{
	lua_settop(L, 1);
	if (lua_type(L, 1) == LUA_TSTRING)
		return 1;
	push_codec(L, "encode");
	lua_insert(L, 1);
	lua_call(L, 1, 1);
	return 1;
}

/* --- rows --- */

struct json_row *page_row(const struct page *page, size_t i)
{
	return &page->list.rows[page->first + i];
}

struct json_span page_span(const struct page *page, size_t i)
{
	const struct json_row *row = page_row(page, i);

	return json_span(page->bytes + row->at, row->len);
}

void page_pick(const struct page *page, const struct json_pick *pick, const struct json_plan *plan,
	       size_t i, struct json_span *slots)
{
	const struct json_row *row = page_row(page, i);

	if (row->members != 0)
		json_plan_run(plan, pick, page->bytes, page->list.shape.members + row->members - 1,
			      slots);
	else
		json_pick_run(pick, page_span(page, i), slots);
}

struct page *page_test(lua_State *L, int index)
{
	return luaL_testudata(L, index, PAGE);
}

static struct page *check_page(lua_State *L, int index)
{
	return luaL_checkudata(L, index, PAGE);
}

void page_push_row(lua_State *L, const struct page *page, size_t i)
{
	const struct json_row *row = page_row(page, i);

	if (row->defect != JSON_SOUND) {
		struct err err;

		err_set(&err, ERR_DATA, "row %zu holds %s at byte %u", i + 1,
			json_defect_text((enum json_defect)row->defect), row->defect_at);
		bind_raise(L, &err);
	}
	push_decoded(L, page_span(page, i), row->has_big);
}

/* The path at `index` ("data.items", nil = the root) as a place; its text lives on the stack. */
static struct json_place check_place(lua_State *L, int index, bool or_object)
{
	struct json_place place = { .or_object = or_object };
	const char *path;

	if (lua_isnoneornil(L, index))
		return place;
	path = luaL_gsub(L, luaL_checkstring(L, index), ".", "\n");
	while (*path != '\0') {
		size_t len = strcspn(path, "\n");

		luaL_argcheck(L, place.depth < JSON_PATH_MAX, index, "a path of too many steps");
		luaL_checkstack(L, 1, "a path");
		place.path[place.depth++] = lua_pushlstring(L, path, len);
		path += len + (path[len] != '\0');
	}
	return place;
}

/*
 * Moves the bytes into a body that only the page knows, so that no script can close it under the
 * page's feet. Nothing is allocated: the bytes stay where they are.
 */
static void take_bytes(struct body *own, struct body *body)
{
	struct buf bytes = own->bytes;

	own->bytes = body->bytes;
	body->bytes = bytes;
}

/*
 * body, list path or nil, or_object -> page, whether an object stands for the list. The body is
 * empty afterwards; where there is no such list it stays as it is, and may be asked for another.
 */
static int l_page(lua_State *L)
{
	struct json_place place;
	struct body *body = NULL, *own;
	struct page *page;
	struct err err;

	if (lua_isnoneornil(L, 1)) {
		err_set(&err, ERR_DATA, "the answer is empty where JSON has to be");
		return bind_raise(L, &err);
	}
	body = body_check(L, 1);
	place = check_place(L, 2, lua_toboolean(L, 3));
	page = bind_new(L, PAGE, sizeof(*page), 1);
	own = body_push(L);
	lua_setiuservalue(L, -2, 1);
	page->bytes = buf_text(&body->bytes);
	page->len = body->bytes.len;
	if (!json_scan(page->bytes, page->len, &place, &page->list, NULL, &err))
		return bind_raise(L, &err);
	take_bytes(own, body);
	page->count = page->list.count;
	buf_append(&page->envelope, page->bytes, page->list.at);
	buf_str(&page->envelope, "null");
	buf_append(&page->envelope, page->bytes + page->list.end, page->len - page->list.end);
	if (!buf_ok(&page->envelope, &err))
		return bind_raise(L, &err);
	lua_pushboolean(L, page->bytes[page->list.at] == '{');
	return 2;
}

struct page *page_from_list(lua_State *L, int index)
{
	struct buf *text;
	struct err err;

	index = lua_absindex(L, index);
	luaL_checktype(L, index, LUA_TTABLE);
	lua_pushcfunction(L, l_page);
	if (lua_rawlen(L, index) == 0) {
		luaL_argcheck(L, (lua_pushnil(L), lua_next(L, index)) == 0, index,
			      "a list of rows is wanted, this is a table with keys");
		body_push_copy(L, "[]", 2);
	} else {
		/* In a stable form: equal rows are known by their bytes from one session to the
		 * next. */
		text = bind_buf(L);
		json_write(L, index, false, text);
		if (!buf_ok(text, &err))
			bind_raise(L, &err);
		body_push_copy(L, buf_text(text), text->len);
		lua_remove(L, -2);
	}
	lua_call(L, 1, 1);
	lua_replace(L, index);
	return page_test(L, index);
}

/* --- what scripts see --- */

static int page_length(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)check_page(L, 1)->count);
	return 1;
}

static int page_index(lua_State *L)
{
	struct page *page = check_page(L, 1);
	int is_integer;
	lua_Integer i = lua_tointegerx(L, 2, &is_integer);

	if (!is_integer || lua_type(L, 2) != LUA_TNUMBER)
		return luaL_error(L,
				  "a page of rows has no field '%s': it offers #, an index, "
				  "ipairs and pairs",
				  luaL_tolstring(L, 2, NULL));
	if (i < 1 || (size_t)i > page->count)
		return 0;
	page_push_row(L, page, (size_t)i - 1);
	return 1;
}

static int page_newindex(lua_State *L)
{
	return luaL_error(L, "a page of rows is read-only");
}

/* page, i -> i + 1, row */
static int page_next(lua_State *L)
{
	struct page *page = check_page(L, 1);
	lua_Integer i = luaL_checkinteger(L, 2);

	if (i < 0 || (size_t)i >= page->count)
		return 0;
	lua_pushinteger(L, i + 1);
	page_push_row(L, page, (size_t)i);
	return 2;
}

static int page_pairs(lua_State *L)
{
	lua_pushcfunction(L, page_next);
	lua_pushvalue(L, 1);
	lua_pushinteger(L, 0);
	return 3;
}

static int page_release(lua_State *L)
{
	struct page *page = check_page(L, 1);

	json_list_fini(&page->list);
	buf_fini(&page->envelope);
	return 0;
}

/* --- what pagers ask --- */

static int release_pick(lua_State *L)
{
	json_pick_free(*(struct json_pick **)lua_touserdata(L, 1));
	return 0;
}

struct json_pick *page_push_pick(lua_State *L, const char *path)
{
	struct json_pick **pick = bind_new(L, "muster.pick", sizeof(*pick), 0);

	*pick = json_pick_new();
	if (*pick == NULL || json_pick_add(*pick, path) != 0)
		luaL_error(L, "the path '%s' has too many steps", path);
	return *pick;
}

/* page, path -> the scalar at the path beside the list */
static int l_find(lua_State *L)
{
	struct page *page = check_page(L, 1);
	struct json_pick *pick = page_push_pick(L, luaL_checkstring(L, 2));
	const char *root = json_skip_space(page->envelope.data);
	const char *end = page->envelope.data + page->envelope.len;
	struct json_span found;

	json_pick_run(pick, json_span(root, (size_t)(end - root)), &found);
	push_scalar(L, found);
	return 1;
}

/* page, i, path -> the scalar in that row */
static int l_row_id(lua_State *L)
{
	struct page *page = check_page(L, 1);
	lua_Integer i = luaL_checkinteger(L, 2);
	struct json_pick *pick = page_push_pick(L, luaL_checkstring(L, 3));
	struct json_span found;

	luaL_argcheck(L, i >= 1 && (size_t)i <= page->count, 2, "no such row");
	json_pick_run(pick, page_span(page, (size_t)i - 1), &found);
	push_scalar(L, found);
	return 1;
}

/* page -> a text that is the same for the same list */
static int l_fingerprint(lua_State *L)
{
	struct page *page = check_page(L, 1);
	uint8_t hash[HASH128_SIZE];

	hash128(page->bytes + page->list.at, page->list.end - page->list.at, hash);
	lua_pushlstring(L, (const char *)hash, sizeof(hash));
	return 1;
}

/* page, n: the first n rows are not shown any more */
static int l_skip(lua_State *L)
{
	struct page *page = check_page(L, 1);
	lua_Integer n = luaL_checkinteger(L, 2);

	luaL_argcheck(L, n >= 0 && (size_t)n <= page->count, 2, "more rows than there are");
	page->first += (size_t)n;
	page->count -= (size_t)n;
	return 0;
}

/* page, n: only the first n rows are shown */
static int l_take(lua_State *L)
{
	struct page *page = check_page(L, 1);
	lua_Integer n = luaL_checkinteger(L, 2);

	if (n >= 0 && (size_t)n < page->count)
		page->count = (size_t)n;
	return 0;
}

/* --- opening --- */

static void open_codec(lua_State *L)
{
	cjson_open(L);
	lua_getfield(L, -1, "decode_invalid_numbers");
	lua_pushboolean(L, 0);
	lua_call(L, 1, 0);
	lua_setfield(L, LUA_REGISTRYINDEX, CODEC);
}

void lua_page_open(lua_State *L)
{
	static const luaL_Reg page_meta[] = {
		{ "__len", page_length },	 { "__index", page_index },
		{ "__newindex", page_newindex }, { "__pairs", page_pairs },
		{ "__gc", page_release },	 { NULL, NULL },
	};
	static const luaL_Reg pick_meta[] = { { "__gc", release_pick }, { NULL, NULL } };

	bind_type(L, PAGE, page_meta, NULL);
	lua_tracker_open(L);
	bind_type(L, "muster.pick", pick_meta, NULL);
	open_codec(L);
}

const luaL_Reg page_functions[] = {
	{ "page", l_page }, { "decode", l_decode }, { "encode_body", l_encode_body },
	{ "find", l_find }, { "row_id", l_row_id }, { "fingerprint", l_fingerprint },
	{ "skip", l_skip }, { "take", l_take },	    { "tracker", lua_tracker_new },
	{ NULL, NULL },
};
