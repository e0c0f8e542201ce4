/* What the files of the vault share. No other file includes it. */
#ifndef MUSTER_VAULT_VAULT_STATE_H
#define MUSTER_VAULT_VAULT_STATE_H

#include <pthread.h>

#include "base/secret.h"
#include "store/credential.h"
#include "vault/dek.h"
#include "vault/vault.h"

/* The note that a rotation is under way (store/keyring.h). */
#define VAULT_ROTATING "rotating"

/* A root key and the slot that holds it. */
struct vault_root {
	struct secret key;
	char *slot_id; /* NULL = none */
};

struct vault {
	char *install_id;
	struct redact *redact;

	/* Shared by use, alone by rekey. */
	pthread_rwlock_t lock;
	struct vault_root current;
	struct vault_root next; /* of a rekey that commits at this moment, or may have */
	char *key_path;		/* the file it was opened with; NULL = none */

	/* Fixed once it is open. */
	bool is_sealed;
	struct err why; /* of being sealed */
	char reason[VAULT_REASON_MAX];
	struct secret derivation; /* what vault_derive derives from */
};

/*
 * Under what the store's data keys are wrapped. ERR_SEALED when sealed, or when another process
 * gave the vault a new key meanwhile. Call with the lock held, and use it under the lock.
 */
bool vault_find_root(const struct vault *vault, struct store_tx *tx, struct dek_root *root,
		     struct err *err);

void vault_root_fini(struct vault_root *root);

/* The last step of rotate and rekey; when it fails, what was done before is done all the same. */
bool vault_empty_log(struct store *store, struct err *err);

/*
 * A field of a credential, sealed anew under a key of the current epoch and written. The row's
 * generation is that of `field`.
 */
bool vault_seal_field(struct store_tx *tx, struct dek_root root, const char *provider,
		      struct credential_field *field, const struct secret *value, struct err *err);

/* The value of a field's row. The error names credential and field. */
bool vault_unseal_field(struct store_tx *tx, struct dek_root root, const char *provider,
			const struct credential_field *field, struct secret *out, struct err *err);

#endif
