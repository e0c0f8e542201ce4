/* The index of recordings: which file belongs to which session. The files themselves: record/. */
#ifndef MUSTER_STORE_RECORDING_H
#define MUSTER_STORE_RECORDING_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* `file` is relative to the recordings folder. */
bool recording_add(struct store_tx *tx, int64_t session_id, const char *account_id,
		   const char *file, const char *now, struct err *err);
bool recording_end(struct store_tx *tx, int64_t session_id, int64_t exchanges, int64_t bytes,
		   struct err *err);
/* *file malloc'd; NULL if the session has none. */
bool recording_find(struct store_tx *tx, int64_t session_id, char **file, struct err *err);

/* Forgets recordings of sessions that started before `before`. `each` removes the file first; false
   stops. */
typedef bool recording_file_fn(void *arg, const char *file, struct err *err);
bool recording_forget(struct store_tx *tx, const char *before, recording_file_fn *each, void *arg,
		      struct err *err);

#endif
