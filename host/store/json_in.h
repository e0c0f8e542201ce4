/* JSON text of a column, read. */
#ifndef MUSTER_STORE_JSON_IN_H
#define MUSTER_STORE_JSON_IN_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/*
 * A new reference. `text` NULL is a column that memory was short for. NULL: out of memory, or
 * ERR_STORE for a text that is no JSON; which of them it was cannot always be told.
 */
json_t *json_in(const char *text, size_t len, const char *what, struct err *err);

#endif
