/*
 * What a script gets by `require` and as `host`: modules in C, listed in modules.c, and the shared
 * texts that the host handed over. A module runs once; its table is seen as a read-only view.
 */
#ifndef MUSTER_SANDBOX_LIB_MODULES_H
#define MUSTER_SANDBOX_LIB_MODULES_H

#include <lua.h>

/* Once per state. */
void modules_open(lua_State *L);

/* Adds texts to what can be required: `list` (a stack index) holds { name, text }. Raises. */
void modules_add_texts(lua_State *L, int list);

/* require(name) -> module */
int modules_require(lua_State *L);

/* Pushes the table `host`. */
void modules_push_host(lua_State *L);

/*
 * Registers the modules in C, `host` included, with plain Lua's own `require` (package.preload):
 * for programs that test Lua code outside a sandbox.
 */
void modules_preload(lua_State *L);

#endif
