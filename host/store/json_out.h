/* JSON text, written as rows of the change log need it: in place and by the thousand. */
#ifndef MUSTER_STORE_JSON_OUT_H
#define MUSTER_STORE_JSON_OUT_H

#include <stddef.h>

#include "base/buf.h"

/* A quoted string; `text` is UTF-8. */
void json_out_text(struct buf *out, const char *text, size_t len);

/* `"name":` of an object's member, after a comma unless it is the first. */
void json_out_name(struct buf *out, const char *name);

#endif
