/* host.store: keys and values of a connector's account (or of a job), committed with the batch. */
#ifndef MUSTER_STORE_SCRIPT_KEY_H
#define MUSTER_STORE_SCRIPT_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include "store/store.h"

enum { SCRIPT_KEY_MAX = 256, SCRIPT_VALUE_MAX = 64 * 1024, SCRIPT_KEYS_PER_OWNER_MAX = 10000 };

/* `owner` is "account:<id>" or "job:<name>". *found = false leaves out untouched. */
bool script_key_get(struct store_tx *tx, const char *owner, const char *key, bool *found,
		    struct buf *out, struct err *err);
/* value NULL deletes. ERR_OVER_LIMIT names the limit. */
bool script_key_set(struct store_tx *tx, const char *owner, const char *key, const void *value,
		    size_t len, struct err *err);

#endif
