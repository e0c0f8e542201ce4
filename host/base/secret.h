/*
 * Secret memory: locked into RAM where the kernel lets us, kept out of core dumps, not inherited by
 * a forked child, wiped before it is returned. For keys, tokens and passwords only.
 */
#ifndef MUSTER_BASE_SECRET_H
#define MUSTER_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct secret {
	char *data; /* followed by a NUL that len does not count; NULL = empty */
	size_t len;
	size_t mapped; /* bytes of the mapping */
};

#define SECRET_INIT ((struct secret){ 0 })

/* Room for `len` bytes, zeroed; out->len = len. */
bool secret_init(struct secret *out, size_t len, struct err *err);

/* A secret with a copy of data. The caller still wipes its own copy. */
bool secret_from(struct secret *out, const void *data, size_t len, struct err *err);

/*
 * What was written becomes the secret; `buf` is wiped and emptied in any case. Its writer makes
 * room for all of it at once (buf_room): growing would leave copies behind.
 */
bool secret_take(struct secret *out, struct buf *buf, struct err *err);

/* Wipes and unmaps. Harmless when empty. */
void secret_fini(struct secret *secret);

/* Wipes memory in a way the compiler keeps. */
void secret_wipe(void *data, size_t len);

/* Has locking failed in this process (RLIMIT_MEMLOCK)? For `vault status`. */
bool secret_lock_failed(void);

#endif
