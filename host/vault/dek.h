/*
 * Data keys (DEKs): one per credential, wrapped under the root key, each with its commitment.
 *
 * An id begins with the epoch in which the key was drawn, 8 hex digits; a rotation begins a new
 * epoch. So the order of ids tells which keys a rotation has yet to replace, whatever the clock
 * says.
 */
#ifndef MUSTER_VAULT_DEK_H
#define MUSTER_VAULT_DEK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "store/keyring.h"

enum { DEK_ID_SIZE = 32, DEK_EPOCH_SIZE = 9 };

/* Owner of the key from which vault_derive derives; all other owners are credentials. */
#define DEK_DERIVATION "derivation"

/* Uses after which a key takes no further records (NIST SP 800-38D, random nonces: 2^32). */
extern const int64_t dek_uses_max;

/* Under what keys are wrapped. */
struct dek_root {
	const struct secret *key;
	const char *install_id;
};

/* The epoch of now: the text with which the ids of current keys begin. */
bool dek_epoch(struct store_tx *tx, char out[DEK_EPOCH_SIZE], struct err *err);
/* Begins the next one. */
bool dek_next_epoch(struct store_tx *tx, struct err *err);

/* Draws a key of the current epoch and adds its row. The caller ends both. */
bool dek_make(struct store_tx *tx, struct dek_root root, const char *owner, struct dek *row,
	      struct secret *key, struct err *err);

/* ERR_STORE for a row that was altered, or is wrapped under another root key. */
bool dek_open(struct dek_root root, const struct dek *row, struct secret *key, struct err *err);

/* The key under which the owner's next record goes; drawn if there is none or it is worn out. */
bool dek_current(struct store_tx *tx, struct dek_root root, const char *owner, struct dek *row,
		 struct secret *key, struct err *err);

/* Wraps all keys under another root key. */
bool dek_rewrap_all(struct store_tx *tx, struct dek_root from, struct dek_root to, struct err *err);

#endif
