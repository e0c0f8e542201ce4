/* What the files of the loop share. No other file includes it. */
#ifndef MUSTER_BASE_LOOP_UV_H
#define MUSTER_BASE_LOOP_UV_H

#include "base/loop.h"

struct uv_loop_s;

struct uv_loop_s *loop_uv(struct loop *loop);

/* Asked before a loop is made: see loop_room.c. ERR_OVER_LIMIT where something is missing. */
bool loop_has_room(struct err *err);

/* err from a libuv status. Returns false. */
bool loop_uv_fail(int status, const char *what, struct err *err);

#endif
