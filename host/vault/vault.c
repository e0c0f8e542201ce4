/* The vault: making it, opening it, deriving from it. Fields: field.c; its changes: rotate, rekey.
 */
#define _GNU_SOURCE
#include "vault/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "crypto/kdf.h"
#include "vault/outer.h"
#include "vault/seal.h"
#include "vault/slot.h"
#include "vault/vault_state.h"

/* --- opening --- */

/* What the store holds, read in one unit. */
struct keyring {
	struct slot *slots;
	size_t slot_count;
	struct dek *derivation;
	size_t derivation_count;
};

static bool read_keyring(struct store_tx *tx, void *arg, struct err *err)
{
	struct keyring *keyring = arg;

	return slot_list(tx, &keyring->slots, &keyring->slot_count, err) &&
	       dek_list(tx, DEK_DERIVATION, &keyring->derivation, &keyring->derivation_count, err);
}

static void keyring_fini(struct keyring *keyring)
{
	slot_list_fini(keyring->slots, keyring->slot_count);
	dek_list_fini(keyring->derivation, keyring->derivation_count);
}

static bool opens_with(const struct slot *slot, bool is_passphrase)
{
	enum vault_key_kind kind;

	return vault_slot_kind(slot, &kind) && (kind == VAULT_KEY_PASSPHRASE) == is_passphrase;
}

static bool has_systemd_slot(const struct keyring *keyring)
{
	enum vault_key_kind kind;

	for (size_t i = 0; i < keyring->slot_count; i++) {
		if (vault_slot_kind(&keyring->slots[i], &kind) && kind == VAULT_KEY_SYSTEMD)
			return true;
	}
	return false;
}

/* Is there a slot for this sort of key at all? */
static bool require_slot(const struct keyring *keyring, bool is_passphrase, struct err *err)
{
	for (size_t i = 0; i < keyring->slot_count; i++) {
		if (opens_with(&keyring->slots[i], is_passphrase))
			return true;
	}
	if (is_passphrase)
		return err_set(err, ERR_SEALED, "it opens with a key file");
	err_set(err, ERR_SEALED, "it opens with a passphrase");
	return err_hint(err, "give it at the prompt or with --passphrase-file");
}

/* The first slot that the outer key opens; else the last error of those it ought to open. */
static bool try_slots(struct vault *vault, const struct keyring *keyring, bool is_passphrase,
		      const struct secret *outer, struct err *err)
{
	for (size_t i = 0; i < keyring->slot_count; i++) {
		const struct slot *slot = &keyring->slots[i];

		if (!opens_with(slot, is_passphrase) ||
		    !vault_slot_open(vault->install_id, slot, outer, &vault->current.key, err))
			continue;
		vault->current.slot_id = str_dup(slot->id);
		return vault->current.slot_id != NULL || err_oom(err);
	}
	return false;
}

static bool try_file(struct vault *vault, const struct keyring *keyring, const char *path,
		     struct err *err)
{
	struct secret outer;
	bool ok;

	if (!outer_read(path, &outer, err))
		return false;
	ok = try_slots(vault, keyring, false, &outer, err);
	secret_fini(&outer);
	return ok || err_context(err, "%s", path);
}

/*
 * After a rekey that was killed between its commit and its last step. That step is done here, or,
 * where this process may not, by a later one.
 */
static bool try_waiting(struct vault *vault, const struct keyring *keyring, const char *path)
{
	struct err err = ERR_INIT, ignored = ERR_INIT;
	bool found = false;

	for (size_t i = 0; !found && i < keyring->slot_count; i++) {
		struct buf waiting = BUF_INIT;

		if (outer_waiting_path(path, keyring->slots[i].id, &waiting, &err) &&
		    file_exists(waiting.data))
			found = try_file(vault, keyring, waiting.data, &err);
		if (found)
			outer_promote(path, waiting.data, &ignored);
		buf_fini(&waiting);
	}
	return found;
}

/* "cannot open PATH: No such file" wants a way out. */
static bool hint_missing(const struct keyring *keyring, const struct vault_key *key,
			 struct err *err)
{
	if (err->kind != ERR_MISSING)
		return false;
	if (key != NULL || !has_systemd_slot(keyring))
		return err_hint(err, "name the key's file with --key-file or MUSTER_KEY_FILE");
	err_set(err, ERR_SEALED, "it opens with a systemd credential, and there is none here");
	return err_hint(err, "run in the unit that has LoadCredential=muster.key:FILE, or name the "
			     "key's file: --key-file FILE");
}

static bool open_at(struct vault *vault, const struct keyring *keyring, const char *path,
		    struct err *err)
{
	if (!try_file(vault, keyring, path, err) && !try_waiting(vault, keyring, path))
		return false;
	vault->key_path = str_dup(path);
	return vault->key_path != NULL || err_oom(err);
}

/* A systemd credential need not be of this vault: the file of our own counts as well. */
static bool open_at_own_place(struct vault *vault, const struct keyring *keyring, const char *tried)
{
	const struct vault_key own = { .kind = VAULT_KEY_FILE };
	struct err ignored = ERR_INIT;
	struct buf path = BUF_INIT;
	bool ok = outer_path(&own, vault->install_id, &path, &ignored) &&
		  !str_eq(path.data, tried) && open_at(vault, keyring, path.data, &ignored);

	buf_fini(&path);
	return ok;
}

static bool open_with_file(struct vault *vault, const struct keyring *keyring,
			   const struct vault_key *key, struct err *err)
{
	struct buf path = BUF_INIT;
	bool ok = outer_path(key, vault->install_id, &path, err) &&
		  (open_at(vault, keyring, path.data, err) ||
		   (key == NULL && open_at_own_place(vault, keyring, path.data)) ||
		   hint_missing(keyring, key, err));

	buf_fini(&path);
	return ok;
}

static bool open_root(struct vault *vault, const struct keyring *keyring,
		      const struct vault_key *key, struct err *err)
{
	bool is_passphrase = key != NULL && key->kind == VAULT_KEY_PASSPHRASE;

	if (keyring->slot_count == 0) {
		err_set(err, ERR_SEALED, "the project has no vault key");
		return err_hint(err, keyring->derivation_count == 0
					     ? "muster init makes one"
					     : "restore the project's database from a backup");
	}
	if (!require_slot(keyring, is_passphrase, err))
		return false;
	return is_passphrase ? try_slots(vault, keyring, true, key->passphrase, err)
			     : open_with_file(vault, keyring, key, err);
}

static bool open_derivation(struct vault *vault, const struct keyring *keyring, struct err *err)
{
	const struct dek_root root = { &vault->current.key, vault->install_id };

	if (keyring->derivation_count != 1)
		return err_set(err, ERR_STORE, "the vault's derivation key is gone");
	return dek_open(root, &keyring->derivation[0], &vault->derivation, err);
}

static void forget_keys(struct vault *vault)
{
	vault_root_fini(&vault->current);
	vault_root_fini(&vault->next);
	secret_fini(&vault->derivation);
}

/* Sealed for any reason but want of memory. */
static bool open_or_seal(struct vault *vault, const struct keyring *keyring,
			 const struct vault_key *key, struct err *err)
{
	struct err why = ERR_INIT;

	if (open_root(vault, keyring, key, &why) && open_derivation(vault, keyring, &why))
		return true;
	if (why.kind == ERR_OVER_LIMIT) {
		*err = why;
		return false;
	}
	forget_keys(vault);
	vault->is_sealed = true;
	vault->why = why;
	if (why.hint[0] != '\0')
		snprintf(vault->reason, sizeof(vault->reason), "%s (%s)", why.message, why.hint);
	else
		snprintf(vault->reason, sizeof(vault->reason), "%s", why.message);
	return true;
}

struct vault *vault_open(struct store *store, const struct vault_key *key, struct redact *redact,
			 struct err *err)
{
	struct vault *vault = calloc(1, sizeof(*vault));
	struct keyring keyring = { 0 };
	bool ok;

	if (vault == NULL) {
		err_oom(err);
		return NULL;
	}
	pthread_rwlock_init(&vault->lock, NULL);
	vault->redact = redact;
	vault->install_id = str_dup(store_install_id(store));
	ok = (vault->install_id != NULL || err_oom(err)) &&
	     store_run(store, STORE_READ, read_keyring, &keyring, err) &&
	     open_or_seal(vault, &keyring, key, err);
	keyring_fini(&keyring);
	if (ok)
		return vault;
	vault_close(vault);
	return NULL;
}

void vault_close(struct vault *vault)
{
	if (vault == NULL)
		return;
	forget_keys(vault);
	pthread_rwlock_destroy(&vault->lock);
	free(vault->install_id);
	free(vault->key_path);
	free(vault);
}

/* --- in use --- */

bool vault_is_sealed(const struct vault *vault)
{
	return vault->is_sealed;
}

const char *vault_sealed_reason(const struct vault *vault)
{
	return vault->reason;
}

bool vault_require_open(const struct vault *vault, struct err *err)
{
	if (!vault->is_sealed)
		return true;
	err_set(err, ERR_SEALED, "the vault is sealed: %s", vault->why.message);
	return err_hint(err, "%s", vault->why.hint);
}

bool vault_find_root(const struct vault *vault, struct store_tx *tx, struct dek_root *root,
		     struct err *err)
{
	const struct vault_root *roots[] = { &vault->current, &vault->next };
	bool exists = false;

	if (!vault_require_open(vault, err))
		return false;
	for (size_t i = 0; i < 2 && !exists; i++) {
		*root = (struct dek_root){ &roots[i]->key, vault->install_id };
		if (roots[i]->slot_id != NULL &&
		    !vault_slot_exists(tx, roots[i]->slot_id, &exists, err))
			return false;
	}
	if (exists)
		return true;
	err_set(err, ERR_SEALED, "another process gave the vault a new key meanwhile");
	return err_hint(err, "start this one again");
}

void vault_root_fini(struct vault_root *root)
{
	secret_fini(&root->key);
	free(root->slot_id);
	root->slot_id = NULL;
}

bool vault_empty_log(struct store *store, struct err *err)
{
	if (store_truncate_log(store, err))
		return true;
	err_context(err, "the vault is changed, but what was replaced is still in the database's "
			 "log");
	return err_hint(err, "do it again when no other process reads the database");
}

bool vault_derive(const struct vault *vault, const char *purpose, const char *context,
		  uint8_t out[32], struct err *err)
{
	const char *const parts[] = { "derive", vault->install_id, purpose, context };
	struct buf info = BUF_INIT;
	bool ok;

	if (!vault_require_open(vault, err))
		return false;
	seal_bind(&info, parts, 4);
	ok = buf_ok(&info, err) && kdf_hkdf(vault->derivation.data, vault->derivation.len, NULL, 0,
					    info.data, info.len, out, 32, err);
	buf_fini(&info);
	return ok;
}
