/*
 * The vault: secrets of credentials, encrypted in the store.
 *
 *   key slot -> root key (32 random bytes) -> one data key (DEK) per credential -> fields
 *
 * A slot is the root key sealed under a key from outside the project: a key file, a passphrase
 * (scrypt) or a systemd credential. A field's record is ver | alg | dek_id | nonce | ciphertext |
 * tag, AES-256-GCM, bound by its additional data to the installation, credential, provider, field,
 * generation and DEK: a record that was damaged, cut, swapped with another, moved to another
 * credential or field, or into another generation is refused, naming credential and field
 * and never data. Every key has a commitment beside it, as GCM alone does not bind its key. A
 * credential gets a new DEK after 2^30 uses.
 *
 * What it does not do: a generation counts within its row, so who can write the database can put a
 * row, or all of it, back as it was.
 *
 * A vault may be used from any thread. Units of the store (host/store/store.h) are the caller's,
 * except where a function takes the store itself.
 */
#ifndef MUSTER_VAULT_VAULT_H
#define MUSTER_VAULT_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/redact.h"
#include "base/secret.h"
#include "store/store.h"

struct vault; /* open or sealed */

enum vault_key_kind { VAULT_KEY_FILE, VAULT_KEY_PASSPHRASE, VAULT_KEY_SYSTEMD };

/* Where the outer key comes from. Texts and secrets are borrowed for the call. */
struct vault_key {
	enum vault_key_kind kind;
	const char *path; /* VAULT_KEY_FILE, VAULT_KEY_SYSTEMD; NULL = the usual place */
	const struct secret *passphrase; /* VAULT_KEY_PASSPHRASE */
};

/*
 * Appends where a key file is looked for when none is named: $MUSTER_KEY_FILE, else
 * $CREDENTIALS_DIRECTORY/muster.key if that exists, else $XDG_STATE_HOME/muster/<install_id>.key
 * ($HOME/.local/state for want of the former). A key file is never made in the second place, and
 * the third is looked at, too, when the second does not open the vault.
 */
bool vault_default_key_path(const char *install_id, struct buf *out, struct err *err);

/* Is there a systemd credential that can be the key? ERR_CONFIG or ERR_MISSING with the way out. */
bool vault_find_credential(struct err *err);

/*
 * Draws a root key and its slot. VAULT_KEY_FILE makes the file (0600, its folder 0700) unless it
 * exists with a key in it, which is then used; a key file serves one project. ERR_CONFIG when there
 * is a slot or any ciphertext already.
 */
bool vault_create(struct store *store, const struct vault_key *key, struct err *err);

/*
 * Opens with `key`, or with what is found at vault_default_key_path when it is NULL. A missing or
 * wrong key and a damaged slot give a vault that is sealed with the reason; NULL is for failures of
 * store and memory only. `redact` learns each secret that vault_get_field hands out; borrowed, may
 * be NULL. Blocks: scrypt takes its time.
 */
struct vault *vault_open(struct store *store, const struct vault_key *key, struct redact *redact,
			 struct err *err);
void vault_close(struct vault *vault);

bool vault_is_sealed(const struct vault *vault);
/* A sentence with the way out; "" when open. Valid as long as the vault. */
const char *vault_sealed_reason(const struct vault *vault);
/* ERR_SEALED with the reason, and the way out as its hint. */
bool vault_require_open(const struct vault *vault, struct err *err);

/*
 * Writes or replaces a field of a credential that exists, inside a STORE_WRITE unit. ERR_SEALED
 * when sealed.
 */
bool vault_put_field(struct vault *vault, struct store_tx *tx, const char *credential_id,
		     const char *provider, const char *field, const struct secret *value,
		     struct err *err);

/*
 * Reads one, inside any unit; the caller ends *out with secret_fini. ERR_MISSING if there is none,
 * ERR_STORE if the record is not what vault_put_field wrote there last.
 */
bool vault_get_field(struct vault *vault, struct store_tx *tx, const char *credential_id,
		     const char *provider, const char *field, struct secret *out, struct err *err);

/*
 * A key for another purpose, as ("recording", "17"). It stays the same through rotate and rekey.
 * ERR_SEALED when sealed.
 */
bool vault_derive(const struct vault *vault, const char *purpose, const char *context,
		  uint8_t out[32], struct err *err);

/*
 * New DEKs for all credentials; every field is encrypted anew, one credential a unit, while others
 * go on working. Interrupted at any point, nothing is lost and the next call goes on with the rest.
 * *records = fields encrypted by this call. Blocks.
 */
bool vault_rotate(struct vault *vault, struct store *store, int64_t *records, struct err *err);

/*
 * A new root key in one new slot under `new_key`; all earlier slots go. VAULT_KEY_FILE draws a new
 * key into its file (the first or third place of vault_default_key_path without a path): it lies
 * beside the old one as PATH.<slot>.new until the new slot is committed, then takes its place;
 * vault_open knows where to look after a crash in between. The old file is overwritten before it is
 * let go; one that was named by somebody, and is not where the new key goes, stays. Other processes
 * that have the vault open must open it again; they are told so. Blocks.
 *
 * Old data keys stay valid: after a leak of the key, rotate as well.
 */
bool vault_rekey(struct vault *vault, struct store *store, const struct vault_key *new_key,
		 struct err *err);

enum { VAULT_SLOTS_MAX = 8, VAULT_PATH_MAX = 512, VAULT_REASON_MAX = 512 };

struct vault_status {
	bool is_sealed;
	char reason[VAULT_REASON_MAX]; /* of being sealed; "" = open */
	enum vault_key_kind slots[VAULT_SLOTS_MAX];
	int64_t slot_count;	       /* of kinds that this version knows */
	char key_path[VAULT_PATH_MAX]; /* of the file it was opened with, or would be; "" = none */
	int64_t credentials, fields;
	int64_t deks;
	int64_t most_dek_uses;
	char oldest_dek_at[32]; /* RFC 3339; "" = there is none */
	bool is_rotating;	/* a rotation was interrupted: rotate again */
	bool is_memory_locked;	/* secrets cannot reach swap */
};

bool vault_read_status(struct vault *vault, struct store *store, struct vault_status *out,
		       struct err *err);

/*
 * Opens every field of every credential and forgets it again. *fields = how many. ERR_SEALED, or
 * ERR_STORE naming the first one that does not open.
 */
bool vault_verify(struct vault *vault, struct store *store, int64_t *fields, struct err *err);

/*
 * Writes the key that opened the vault to a new file (0600), durable when this returns. ERR_CONFIG
 * where no file opened it (a passphrase did), or something is at `path` already.
 */
bool vault_copy_key(struct vault *vault, const char *path, struct err *err);

/* "file", "passphrase", "systemd". */
const char *vault_key_kind_name(enum vault_key_kind kind);

#endif
