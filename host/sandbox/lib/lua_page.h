/*
 * Pages: the rows of one answer, as scripts see them.
 *
 * A page holds the answer's bytes and where each row lies in them. To a script it is a read-only
 * list: `#`, an integer index, ipairs and pairs, nothing else. A row becomes a Lua table when it is
 * looked at, each time anew; a row with a defect raises then, and is reported as bad by out:emit.
 */
#ifndef MUSTER_SANDBOX_LIB_LUA_PAGE_H
#define MUSTER_SANDBOX_LIB_LUA_PAGE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#include "base/buf.h"
#include "sandbox/json/json_read.h"
#include "sandbox/json/json_scan.h"

struct page {
	struct json_list list;
	const char *bytes; /* of a body that is user value 1 and nobody else's */
	size_t len;
	size_t first, count; /* the rows that are shown */
	struct buf envelope; /* the answer with null in place of the list */
};

/* Defines the types; once per state. */
void lua_page_open(lua_State *L);

/* Row i of those that are shown, from 0. */
struct json_row *page_row(const struct page *page, size_t i);
struct json_span page_span(const struct page *page, size_t i);

/* What the pick finds in row i; `plan` was made for the page's list. */
void page_pick(const struct page *page, const struct json_pick *pick, const struct json_plan *plan,
	       size_t i, struct json_span *slots);

/* A pick of one path, owned by a userdata that is pushed. Raises. */
struct json_pick *page_push_pick(lua_State *L, const char *path);

/* The page at `index`; NULL for anything else. */
struct page *page_test(lua_State *L, int index);

/* Replaces the list of tables at `index` by a page of the same rows. Raises. */
struct page *page_from_list(lua_State *L, int index);

/* Pushes the row as a Lua value. Raises. */
void page_push_row(lua_State *L, const struct page *page, size_t i);

/* The functions of muster.core that concern pages and bodies, NULL-terminated. */
extern const luaL_Reg page_functions[];

#endif
