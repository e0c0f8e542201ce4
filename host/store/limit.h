/*
 * What limits are kept of: one text per scope (the rates of an account, the breaker and the quota
 * of one of its hosts), shared by all processes. What the text means is the HTTP client's business
 * (net/limit.h): it reads and writes it in one STORE_WRITE unit, so that two processes never take
 * the same place in a window.
 */
#ifndef MUSTER_STORE_LIMIT_H
#define MUSTER_STORE_LIMIT_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* *state malloc'd; NULL if nothing is kept. */
bool limit_state_get(struct store_tx *tx, const char *scope, char **state, struct err *err);
/* state NULL forgets. now_ms is wall time. */
bool limit_state_set(struct store_tx *tx, const char *scope, const char *state, int64_t now_ms,
		     struct err *err);

/* Forgets scopes that nobody touched since before_ms. */
bool limit_expire(struct store_tx *tx, int64_t before_ms, struct err *err);

#endif
