/*
 * Slots: the root key sealed under a key from outside. That key never seals by itself: a key of its
 * own is derived from it for each slot (HKDF; scrypt for a passphrase). The record is a commitment
 * to this derived key, then the sealed root key, bound to installation, slot, kind and parameters.
 */
#ifndef MUSTER_VAULT_SLOT_H
#define MUSTER_VAULT_SLOT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "store/keyring.h"
#include "vault/vault.h"

/* Fills id, kind, params and record; the caller adds it to the store and ends it (slot_fini). */
bool vault_slot_make(const char *install_id, enum vault_key_kind kind, const struct secret *outer,
		     const char *slot_id, const struct secret *root, struct slot *out,
		     struct err *err);

/*
 * ERR_SEALED: this is not the slot's key. ERR_STORE: it is, but the slot was altered (or the key is
 * wrong and the record damaged); ERR_CONFIG: scrypt parameters beyond belief.
 */
bool vault_slot_open(const char *install_id, const struct slot *slot, const struct secret *outer,
		     struct secret *root, struct err *err);

/* Is it in the store? */
bool vault_slot_exists(struct store_tx *tx, const char *slot_id, bool *exists, struct err *err);

/* false for a kind that this version does not know. */
bool vault_slot_kind(const struct slot *slot, enum vault_key_kind *kind);

#endif
