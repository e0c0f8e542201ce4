/*
 * What clang's analyser is told, and nobody else: these functions return false, always. It sees one
 * file at a time and would follow paths on which an error is a success. tidy.py includes it first.
 */
#ifndef MUSTER_TESTS_STYLE_ANALYSER_H
#define MUSTER_TESTS_STYLE_ANALYSER_H

#include "base/err.h"

#define err_set(...) ((void)err_set(__VA_ARGS__), false)
#define err_set_errno(...) ((void)err_set_errno(__VA_ARGS__), false)
#define err_oom(...) ((void)err_oom(__VA_ARGS__), false)
#define err_context(...) ((void)err_context(__VA_ARGS__), false)
#define err_hint(...) ((void)err_hint(__VA_ARGS__), false)

#endif
