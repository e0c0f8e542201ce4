/*
 * Keys from outside the project: files and systemd credentials. A key is at least 32 bytes; a file
 * that we draw holds 32 random ones as hex and a newline. Newlines at the end do not count, so a
 * key may be kept as text elsewhere and put back.
 */
#ifndef MUSTER_VAULT_OUTER_H
#define MUSTER_VAULT_OUTER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "vault/vault.h"

/*
 * Appends key->path, or where a key of this kind lies without one; for a NULL key where any is
 * looked for (vault_default_key_path).
 */
bool outer_path(const struct vault_key *key, const char *install_id, struct buf *out,
		struct err *err);

/* Is it the file that we draw into when none is named? It belongs to this installation alone. */
bool outer_is_drawn(const char *path, const char *install_id);

/*
 * ERR_MISSING, or ERR_CONFIG for a file that others can reach or that is too short to be a key.
 * Below $CREDENTIALS_DIRECTORY systemd sees to the access (it shows as group bits there).
 */
bool outer_read(const char *path, struct secret *out, struct err *err);

/* A new key in a new file (0600, its folder is made 0700), durable when this returns. */
bool outer_draw(const char *path, struct secret *out, struct err *err);

/* The key of one file in another, new one (0600). ERR_CONFIG if that is there already. */
bool outer_copy(const char *from, const char *to, struct err *err);

/*
 * Where a key waits for its slot to be committed: PATH.<slot>.new. The slot's id makes the name, so
 * that two processes never meet there and a reader knows which one counts.
 */
bool outer_waiting_path(const char *path, const char *slot_id, struct buf *out, struct err *err);

/* The waiting key takes the place of the one at `path`, whose bytes are overwritten. Durable. Does
   nothing when there is no waiting key. */
bool outer_promote(const char *path, const char *waiting, struct err *err);

/* Overwrites and removes a file. */
void outer_remove(const char *path);

/* Removes waiting keys of slots that were never committed: all but `slot_id`'s. */
void outer_remove_stale(const char *path, const char *slot_id);

#endif
