/*
 * The Lua state as scripts see it: the globals that exist, `require`, and the handlers of the
 * host's calls.
 */
#ifndef MUSTER_SANDBOX_LUA_VM_H
#define MUSTER_SANDBOX_LUA_VM_H

#include <lua.h>

/* Opens everything in a fresh state. Raises when memory runs out. */
void vm_open(lua_State *L);

/* Pushes the globals of scripts: what a chunk gets as its _ENV. */
void vm_push_globals(lua_State *L);

/*
 * Compiles a text chunk (never bytecode) with the globals of scripts and pushes it; `name` is as in
 * luaL_loadbufferx. Returns LUA_OK, or pushes the message.
 */
int vm_load_text(lua_State *L, const char *text, size_t len, const char *name);

/*
 * Pushes the function that handles the host's call `method` (a stack index, like `args`): the field
 * of that name in the module muster.guest. `args` is the top of the stack. Before the call `load`
 * the texts in args.libs are made known to `require`; args.now is what host.time.now gives. Raises.
 */
void vm_push_handler(lua_State *L, int method, int args);

#endif
