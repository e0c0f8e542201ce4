/*
 * A new root key in one new slot. Everything up to the commit happens in one write unit, hence one
 * process at a time; what follows the commit can be done by whoever opens the vault next.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "crypto/random.h"
#include "store/random_id.h"
#include "vault/outer.h"
#include "vault/seal.h"
#include "vault/slot.h"
#include "vault/vault_state.h"

struct rekey {
	struct vault *vault;
	const struct vault_key *key;
	char slot_id[RANDOM_ID_SIZE];
	struct secret outer, root; /* the new ones */
	struct buf path, waiting;  /* of the key file; empty for other kinds */
	bool is_committed;
};

/* --- the unit --- */

static bool is_still_ours(struct store_tx *tx, const struct rekey *rekey, struct err *err)
{
	bool has;

	if (!vault_slot_exists(tx, rekey->vault->slot_id, &has, err))
		return false;
	if (has)
		return true;
	err_set(err, ERR_BUSY, "another process gave the vault a new key meanwhile");
	return err_hint(err, "run the command again");
}

static bool draw_outer(struct rekey *rekey, struct err *err)
{
	if (rekey->key->kind == VAULT_KEY_PASSPHRASE)
		return secret_from(&rekey->outer, rekey->key->passphrase->data,
				   rekey->key->passphrase->len, err);
	if (rekey->key->kind == VAULT_KEY_SYSTEMD)
		return outer_read(rekey->path.data, &rekey->outer, err);
	outer_remove_stale(rekey->path.data, rekey->vault->slot_id);
	return outer_draw(rekey->waiting.data, &rekey->outer, err);
}

static bool exchange_slots(struct store_tx *tx, struct rekey *rekey, struct err *err)
{
	struct slot slot;
	bool ok;

	if (!vault_slot_make(rekey->vault->install_id, rekey->key->kind, &rekey->outer,
			     rekey->slot_id, &rekey->root, &slot, err))
		return false;
	ok = slot_delete_all(tx, err) && slot_add(tx, &slot, err);
	slot_fini(&slot);
	return ok;
}

static bool exchange(struct store_tx *tx, void *arg, struct err *err)
{
	struct rekey *rekey = arg;
	const struct vault *vault = rekey->vault;
	const struct dek_root from = { &vault->root, vault->install_id };
	const struct dek_root to = { &rekey->root, vault->install_id };

	return is_still_ours(tx, rekey, err) && draw_outer(rekey, err) &&
	       secret_init(&rekey->root, SEAL_KEY_SIZE, err) &&
	       random_bytes(rekey->root.data, rekey->root.len, err) &&
	       dek_rewrap_all(tx, from, to, err) && exchange_slots(tx, rekey, err);
}

static bool look(struct store_tx *tx, void *arg, struct err *err)
{
	struct rekey *rekey = arg;

	return vault_slot_exists(tx, rekey->slot_id, &rekey->is_committed, err);
}

/*
 * A unit that failed at its COMMIT may have committed: the store is asked. While it cannot tell,
 * both keys stay where they are, and whoever opens the vault next finds the right one.
 */
static bool run_exchange(struct rekey *rekey, struct store *store, struct err *err)
{
	struct err unknown = ERR_INIT;

	if (store_run(store, STORE_WRITE, exchange, rekey, err)) {
		rekey->is_committed = true;
		return true;
	}
	if (!store_run(store, STORE_READ, look, rekey, &unknown))
		return false;
	if (!rekey->is_committed && rekey->waiting.len > 0)
		outer_remove(rekey->waiting.data);
	return rekey->is_committed;
}

/* --- around it --- */

/* A file that is not the vault's present key may be somebody's: it is not overwritten. */
static bool prepare_file(struct rekey *rekey, struct err *err)
{
	const char *path = rekey->path.data, *present = rekey->vault->key_path;

	if (!file_exists(path) || (present != NULL && str_eq(present, path)))
		return outer_waiting_path(path, rekey->slot_id, &rekey->waiting, err);
	err_set(err, ERR_USAGE, "%s exists, and is not this vault's present key", path);
	return err_hint(err, "name another file, or move that one away");
}

static bool prepare(struct rekey *rekey, struct err *err)
{
	if (!random_id(rekey->slot_id, err))
		return false;
	if (rekey->key->kind == VAULT_KEY_PASSPHRASE)
		return rekey->key->passphrase->len > 0 ||
		       err_set(err, ERR_USAGE, "the passphrase is empty");
	return outer_path(rekey->key, rekey->vault->install_id, &rekey->path, err) &&
	       (rekey->key->kind == VAULT_KEY_SYSTEMD || prepare_file(rekey, err));
}

/* From here on the vault in memory is the one in the store. */
static bool adopt(struct rekey *rekey, struct err *err)
{
	struct vault *vault = rekey->vault;
	char *slot_id = str_dup(rekey->slot_id);
	char *key_path = rekey->path.len > 0 ? str_dup(rekey->path.data) : NULL;

	if (slot_id == NULL || (rekey->path.len > 0 && key_path == NULL)) {
		free(slot_id);
		free(key_path);
		return err_oom(err);
	}
	pthread_rwlock_wrlock(&vault->lock);
	secret_fini(&vault->root);
	vault->root = rekey->root;
	rekey->root = SECRET_INIT;
	free(vault->slot_id);
	vault->slot_id = slot_id;
	free(vault->key_path);
	vault->key_path = key_path;
	pthread_rwlock_unlock(&vault->lock);
	return true;
}

bool vault_rekey(struct vault *vault, struct store *store, const struct vault_key *new_key,
		 struct err *err)
{
	struct rekey rekey = { .vault = vault, .key = new_key };
	bool ok;

	if (!vault_require_open(vault, err))
		return false;
	ok = prepare(&rekey, err) && run_exchange(&rekey, store, err) && adopt(&rekey, err) &&
	     (rekey.waiting.len == 0 || outer_promote(rekey.path.data, rekey.waiting.data, err)) &&
	     store_truncate_log(store, err);
	secret_fini(&rekey.outer);
	secret_fini(&rekey.root);
	buf_fini(&rekey.path);
	buf_fini(&rekey.waiting);
	return ok;
}
