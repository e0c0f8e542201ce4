/*
 * The vault's keys as rows: data keys (DEKs) wrapped under the root key, slots that hold the root
 * key sealed under a key from outside, and the vault's own notes. All opaque here.
 *
 * Rotation: add a new DEK for an owner, seal its fields anew (credential_field_list_under tells
 * what is left, so it can be resumed), delete the old DEK. Rekey: dek_rewrap all, slot_delete_all
 * and slot_add in one unit. Then store_truncate_log.
 */
#ifndef MUSTER_STORE_KEYRING_H
#define MUSTER_STORE_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/store.h"

/* --- data keys --- */

struct dek {
	char *id;
	char *owner; /* a credential's id, or a purpose */
	char *created_at;
	int64_t uses; /* records sealed under it */
	void *wrapped;
	size_t wrapped_len;
	void *commitment;
	size_t commitment_len;
};

void dek_fini(struct dek *dek);
void dek_list_fini(struct dek *deks, size_t count);

/* dek->id is drawn if NULL. */
bool dek_add(struct store_tx *tx, struct dek *dek, struct err *err);
/* ERR_MISSING. */
bool dek_get(struct store_tx *tx, const char *id, struct dek *out, struct err *err);
/* An owner's, newest first; owner NULL = all. */
bool dek_list(struct store_tx *tx, const char *owner, struct dek **out, size_t *count,
	      struct err *err);
/* Adds to the uses. */
bool dek_count_uses(struct store_tx *tx, const char *id, int64_t more, struct err *err);
/* The same key under another root key. */
bool dek_rewrap(struct store_tx *tx, const char *id, const void *wrapped, size_t len,
		struct err *err);
/* ERR_STORE while a field is sealed under it. */
bool dek_delete(struct store_tx *tx, const char *id, struct err *err);

/* --- slots --- */

struct slot {
	char *id;
	char *kind;   /* "file", "passphrase", "systemd" */
	char *params; /* JSON: salt, cost, path ... */
	char *created_at;
	void *record;
	size_t record_len;
};

void slot_fini(struct slot *slot);
void slot_list_fini(struct slot *slots, size_t count);

/* slot->id is drawn if NULL. */
bool slot_add(struct store_tx *tx, struct slot *slot, struct err *err);
/* Oldest first. */
bool slot_list(struct store_tx *tx, struct slot **out, size_t *count, struct err *err);
/* What they held is overwritten; in the log by store_truncate_log. */
bool slot_delete_all(struct store_tx *tx, struct err *err);

/* --- notes: the root key's check value, a rotation under way ... --- */

/* *found = false leaves out untouched. */
bool keyring_note_get(struct store_tx *tx, const char *key, bool *found, struct buf *out,
		      struct err *err);
/* value NULL deletes. */
bool keyring_note_set(struct store_tx *tx, const char *key, const void *value, size_t len,
		      struct err *err);

#endif
