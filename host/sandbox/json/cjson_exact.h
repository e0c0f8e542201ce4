/*
 * The distribution's lua-cjson, made exact for 64-bit integers, doubles and empty arrays.
 *
 * lua-cjson 2.1.0 was written for Lua 5.1: under 5.4 it turns every number into a float of 14
 * digits, `[]` into `{}`, and its `int` lengths overflow (CVE-2022-24834). The build renames some
 * of the calls in its object file to the functions of cjson_exact.c, which mend this; a system
 * whose lua-cjson is exact already is used as it is. The `cjson` module keeps lua-cjson's API and
 * gains `array_mt`: a table with that metatable is encoded as an array also when it is empty, and
 * arrays made by decode carry it.
 *
 * Numbers are written under LC_NUMERIC=C: the program never calls setlocale.
 */
#ifndef MUSTER_SANDBOX_JSON_CJSON_EXACT_H
#define MUSTER_SANDBOX_JSON_CJSON_EXACT_H

#include <lua.h>
#include <stdbool.h>

enum {
	CJSON_NUMBER_SIZE = 32,		      /* room for the text of a number */
	CJSON_DECODE_MAX = 64 * 1024 * 1024,  /* of one text */
	CJSON_ENCODE_MAX = 128 * 1024 * 1024, /* of one result, every character taken as escaped */
};

/* Makes the array metatable; once per state, before anything else here. */
void cjson_install(lua_State *L);

/* Push the modules `cjson` and `cjson.safe`, each call a fresh copy. */
int cjson_open(lua_State *L);
int cjson_open_safe(lua_State *L);

/* Pushes the array metatable, for lua_setmetatable. Scripts never get hold of it, see below. */
void cjson_push_array_mt(lua_State *L);

/* Is the value at `index` a table with the array metatable? */
bool cjson_is_array(lua_State *L, int index);

/*
 * Scripts see the metatable as a read-only view, `cjson.array_mt`, lest they put a finalizer into
 * it; getmetatable gives the same view. Is the value at `index` that view? (for setmetatable)
 */
bool cjson_is_array_mark(lua_State *L, int index);

/* Writes the shortest decimal text that reads back as the same finite double; its length. */
int cjson_format_double(char out[CJSON_NUMBER_SIZE], double number);

#endif
