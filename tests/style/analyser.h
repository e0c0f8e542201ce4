/*
 * What clang's analyser is told, and nobody else; tidy.py includes it first. It sees one file at a
 * time and would follow paths on which an error is a success: err_* return false, always, and Lua's
 * error functions do not return.
 */
#ifndef MUSTER_TESTS_STYLE_ANALYSER_H
#define MUSTER_TESTS_STYLE_ANALYSER_H

#include "base/err.h"

#define err_set(...) ((void)err_set(__VA_ARGS__), false)
#define err_set_errno(...) ((void)err_set_errno(__VA_ARGS__), false)
#define err_oom(...) ((void)err_oom(__VA_ARGS__), false)
#define err_context(...) ((void)err_context(__VA_ARGS__), false)
#define err_hint(...) ((void)err_hint(__VA_ARGS__), false)

#define luaL_error(...) ((luaL_error)(__VA_ARGS__), __builtin_unreachable(), 0)
#define luaL_argerror(...) ((luaL_argerror)(__VA_ARGS__), __builtin_unreachable(), 0)
#define lua_error(...) ((lua_error)(__VA_ARGS__), __builtin_unreachable(), 0)

#endif
