/*
 * The distribution's lua-cjson made exact. What stands under "decoding", "encoding" and "lengths"
 * is called by lua_cjson.o in place of the function that the name contains (cjson/exact.cmake).
 */
#include "sandbox/json/cjson_exact.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/lua/readonly.h"
#include "wire/exit.h"

int luaopen_cjson(lua_State *L);
int luaopen_cjson_safe(lua_State *L);

/* Their addresses are keys of the registry. */
static const char metatable_key, mark_key;

int cjson_format_double(char out[CJSON_NUMBER_SIZE], double number)
{
	int len = snprintf(out, CJSON_NUMBER_SIZE, "%.15g", number);

	if (strtod(out, NULL) != number)
		len = snprintf(out, CJSON_NUMBER_SIZE, "%.17g", number);
	return len;
}

#if !MUSTER_CJSON_IS_EXACT

/* What the renamed calls of lua-cjson's object expect to find; nobody else calls these. */
double fpconv_strtod(const char *text, char **end);
double cjson_exact_strtod(const char *text, char **end);
void cjson_exact_pushnumber(lua_State *L, lua_Number number);
lua_Number cjson_exact_tonumberx(lua_State *L, int index, int *is_number);
int cjson_exact_g_fmt(char *out, double number, int precision);
int cjson_exact_type(lua_State *L, int index);
int cjson_exact_checkstack(lua_State *L, int slots);
void cjson_exact_createtable(lua_State *L, int list, int map);
int cjson_exact_gettop(lua_State *L);
const char *cjson_exact_tolstring(lua_State *L, int index, size_t *len);
const char *cjson_exact_checklstring(lua_State *L, int index, size_t *len);
void cjson_exact_exit(int status) __attribute__((noreturn));

enum {
	INTEGER_DIGITS = 19, /* of the largest int64 */
	ESCAPED_MAX = 6,     /* bytes that one byte of a text may become */
	ARRAY_SLOTS = 2,     /* what lua-cjson asks for before it makes a table */
	NESTING_SLOTS_MAX =
		4000,	 /* lua-cjson recurses in C; its own limit is the script's to set */
	SPARE_SLOTS = 4, /* what we need on top */
};

/*
 * What one renamed call leaves for the next. lua-cjson scans a number in a function that knows no
 * lua_State, hence a variable; it lives from one call to the next within one encode or decode.
 */
static _Thread_local struct {
	bool has_integer; /* the number scanned, or to be written, is `integer` */
	long long integer;
	bool is_empty_array; /* the "number" to be written is an empty array */
	int slots;	     /* last asked for */
	size_t emitted;	     /* bytes that the encode under way may have written at most */
} between;

/* --- decoding: a number's text is seen by strtod, its value pushed directly afterwards --- */

static bool is_integer_text(const char *text)
{
	const char *digits = *text == '-' ? text + 1 : text;
	size_t n = strspn(digits, "0123456789");

	return n > 0 && n <= INTEGER_DIGITS && strspn(digits + n, ".eExX") == 0;
}

double cjson_exact_strtod(const char *text, char **end)
{
	long long value;

	between.has_integer = false;
	if (!is_integer_text(text))
		return fpconv_strtod(text, end);
	errno = 0;
	value = strtoll(text, end, 10);
	if (errno != 0 || (value == 0 && text[0] == '-')) /* uint64, and -0.0 */
		return fpconv_strtod(text, end);
	between.has_integer = true;
	between.integer = value;
	return (double)value;
}

void cjson_exact_pushnumber(lua_State *L, lua_Number number)
{
	if (between.has_integer)
		lua_pushinteger(L, (lua_Integer)between.integer);
	else
		lua_pushnumber(L, number);
	between.has_integer = false;
}

int cjson_exact_checkstack(lua_State *L, int slots)
{
	between.slots = slots;
	return lua_gettop(L) <= NESTING_SLOTS_MAX && lua_checkstack(L, slots + SPARE_SLOTS);
}

void cjson_exact_createtable(lua_State *L, int list, int map)
{
	lua_createtable(L, list, map);
	if (between.slots == ARRAY_SLOTS) {
		cjson_push_array_mt(L);
		lua_setmetatable(L, -2);
	}
	between.slots = 0;
}

/* --- encoding: an empty array passes as a number whose text is [] --- */

static void count_emitted(lua_State *L, size_t bytes)
{
	between.emitted += bytes;
	if (between.emitted > CJSON_ENCODE_MAX)
		luaL_error(L, "JSON text too large: more than %d MiB", CJSON_ENCODE_MAX >> 20);
}

static bool is_empty_table(lua_State *L, int index)
{
	lua_pushnil(L);
	if (lua_next(L, index - 1) == 0)
		return true;
	lua_pop(L, 2);
	return false;
}

/* Asked for every value (-1) and key (-2) that is written. */
int cjson_exact_type(lua_State *L, int index)
{
	int type = lua_type(L, index);

	count_emitted(L, CJSON_NUMBER_SIZE);
	between.is_empty_array =
		index == -1 && type == LUA_TTABLE && cjson_is_array(L, -1) && is_empty_table(L, -1);
	return between.is_empty_array ? LUA_TNUMBER : type;
}

lua_Number cjson_exact_tonumberx(lua_State *L, int index, int *is_number)
{
	between.has_integer = false;
	if (between.is_empty_array)
		return 0;
	if (!lua_isinteger(L, index))
		return lua_tonumberx(L, index, is_number);
	between.has_integer = true;
	between.integer = lua_tointeger(L, index);
	return (lua_Number)between.integer;
}

int cjson_exact_g_fmt(char *out, double number, int precision)
{
	(void)precision;
	if (between.is_empty_array) {
		between.is_empty_array = false;
		return snprintf(out, CJSON_NUMBER_SIZE, "[]");
	}
	if (between.has_integer) {
		between.has_integer = false;
		return snprintf(out, CJSON_NUMBER_SIZE, "%lld", between.integer);
	}
	return cjson_format_double(out, number);
}

/* --- lengths: lua-cjson keeps them in int (CVE-2022-24834); refuse before they can wrap --- */

/* The first call of an encode and of a decode. */
int cjson_exact_gettop(lua_State *L)
{
	memset(&between, 0, sizeof(between));
	return lua_gettop(L);
}

const char *cjson_exact_tolstring(lua_State *L, int index, size_t *len)
{
	const char *text = lua_tolstring(L, index, len);

	if (text != NULL && len != NULL) {
		count_emitted(L, *len > CJSON_ENCODE_MAX ? *len : *len * ESCAPED_MAX);
	}
	return text;
}

const char *cjson_exact_checklstring(lua_State *L, int index, size_t *len)
{
	const char *text = luaL_checklstring(L, index, len);

	if (len != NULL && *len > CJSON_DECODE_MAX)
		luaL_error(L, "JSON text too large: %d MiB at most", CJSON_DECODE_MAX >> 20);
	return text;
}

/* Its string buffer ends the process when it gets no memory; say which end this is. */
void cjson_exact_exit(int status)
{
	(void)status;
	_exit(SANDBOX_EXIT_MEMORY);
}

#endif

/* --- the array metatable --- */

void cjson_push_array_mt(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
}

bool cjson_is_array_mark(lua_State *L, int index)
{
	bool is;

	lua_pushvalue(L, index);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &mark_key);
	is = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return is;
}

/* The view itself is the metatable where plain setmetatable was used (tests). */
bool cjson_is_array(lua_State *L, int index)
{
	bool is;

	if (!lua_getmetatable(L, index))
		return false;
	cjson_push_array_mt(L);
	is = lua_rawequal(L, -1, -2);
	lua_pop(L, 1);
	is = is || cjson_is_array_mark(L, -1);
	lua_pop(L, 1);
	return is;
}

/* Takes the metatable on top. */
static void keep_array_mt(lua_State *L)
{
	lua_pushliteral(L, "json array");
	lua_setfield(L, -2, "__name");
	lua_pushvalue(L, -1);
	readonly_wrap(L, "cjson.array_mt");
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "__metatable");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &mark_key);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
}

#if MUSTER_CJSON_IS_EXACT
void cjson_install(lua_State *L)
{
	lua_pushcfunction(L, luaopen_cjson);
	lua_call(L, 0, 1);
	lua_getfield(L, -1, "array_mt");
	keep_array_mt(L);
	lua_pop(L, 1);
}
#else
void cjson_install(lua_State *L)
{
	lua_createtable(L, 0, 2);
	keep_array_mt(L);
}
#endif

static int open_with(lua_State *L, lua_CFunction open)
{
	lua_pushcfunction(L, open);
	lua_call(L, 0, 1);
#if MUSTER_CJSON_IS_EXACT
	lua_getfield(L, -1, "decode_array_with_array_mt");
	lua_pushboolean(L, 1);
	lua_call(L, 1, 0);
#endif
	lua_rawgetp(L, LUA_REGISTRYINDEX, &mark_key);
	lua_setfield(L, -2, "array_mt");
	return 1;
}

int cjson_open(lua_State *L)
{
	return open_with(L, luaopen_cjson);
}

int cjson_open_safe(lua_State *L)
{
	return open_with(L, luaopen_cjson_safe);
}
