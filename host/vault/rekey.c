/*
 * A new root key in one new slot. Everything up to the commit happens in one write unit, hence in
 * one process at a time; what follows the commit can be done by whoever opens the vault next.
 *
 * Units of other threads that run between the commit and our learning of it find the new root key
 * in vault->next; vault_find_root takes the one whose slot the store has.
 */
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
	struct secret outer;	  /* the new key from outside */
	struct vault_root root;	  /* the new root key, until vault->next takes it */
	struct buf path, waiting; /* of the key file; empty for other kinds */
	char *left;		  /* the present key's file, drawn by us and not used again */
	bool is_committed;
};

/* --- the unit --- */

static bool draw_outer(struct rekey *rekey, struct err *err)
{
	if (rekey->key->kind == VAULT_KEY_PASSPHRASE)
		return secret_from(&rekey->outer, rekey->key->passphrase->data,
				   rekey->key->passphrase->len, err);
	if (rekey->key->kind == VAULT_KEY_SYSTEMD)
		return outer_read(rekey->path.data, &rekey->outer, err);
	outer_remove_stale(rekey->path.data, rekey->vault->current.slot_id);
	return outer_draw(rekey->waiting.data, &rekey->outer, err);
}

static bool draw_root(struct rekey *rekey, struct err *err)
{
	rekey->root.slot_id = str_dup(rekey->slot_id);
	if (rekey->root.slot_id == NULL)
		return err_oom(err);
	return secret_init(&rekey->root.key, SEAL_KEY_SIZE, err) &&
	       random_bytes(rekey->root.key.data, SEAL_KEY_SIZE, err);
}

static bool exchange_slots(struct store_tx *tx, struct rekey *rekey, struct err *err)
{
	struct slot slot;
	bool ok;

	if (!vault_slot_make(rekey->vault->install_id, rekey->key->kind, &rekey->outer,
			     rekey->slot_id, &rekey->root.key, &slot, err))
		return false;
	ok = slot_delete_all(tx, err) && slot_add(tx, &slot, err);
	slot_fini(&slot);
	return ok;
}

/* First of all it is made sure that the present key is ours: only then are files touched. */
static bool exchange_keys(struct store_tx *tx, struct rekey *rekey, struct err *err)
{
	const struct dek_root to = { &rekey->root.key, rekey->vault->install_id };
	struct dek_root from;

	return vault_find_root(rekey->vault, tx, &from, err) && draw_outer(rekey, err) &&
	       draw_root(rekey, err) && dek_rewrap_all(tx, from, to, err) &&
	       exchange_slots(tx, rekey, err);
}

static bool exchange(struct store_tx *tx, void *arg, struct err *err)
{
	struct rekey *rekey = arg;
	struct vault *vault = rekey->vault;
	bool ok;

	pthread_rwlock_rdlock(&vault->lock);
	ok = exchange_keys(tx, rekey, err);
	pthread_rwlock_unlock(&vault->lock);
	if (!ok)
		return false;
	pthread_rwlock_wrlock(&vault->lock);
	vault_root_fini(&vault->next);
	vault->next = rekey->root;
	pthread_rwlock_unlock(&vault->lock);
	rekey->root = (struct vault_root){ 0 };
	return true;
}

static bool look(struct store_tx *tx, void *arg, struct err *err)
{
	struct rekey *rekey = arg;

	return vault_slot_exists(tx, rekey->slot_id, &rekey->is_committed, err);
}

/* From here on the vault in memory is the one in the store. */
static void settle(struct rekey *rekey)
{
	struct vault *vault = rekey->vault;

	pthread_rwlock_wrlock(&vault->lock);
	if (rekey->is_committed) {
		vault_root_fini(&vault->current);
		vault->current = vault->next;
		vault->next = (struct vault_root){ 0 };
		free(vault->key_path);
		vault->key_path = rekey->path.len > 0 ? str_dup(rekey->path.data) : NULL;
	} else {
		vault_root_fini(&vault->next);
	}
	pthread_rwlock_unlock(&vault->lock);
}

/*
 * A unit that failed at its COMMIT may have committed: the store is asked. While it cannot tell,
 * both keys stay where they are, and whoever opens the vault next finds the right one. The question
 * is asked after a good COMMIT too: when the answer is there, every reading unit that began before
 * has ended, and none needs the old root key any more.
 */
static bool run_exchange(struct rekey *rekey, struct store *store, struct err *err)
{
	struct err failed = ERR_INIT, unknown = ERR_INIT;
	bool ran = store_run(store, STORE_WRITE, exchange, rekey, &failed);
	bool asked = store_run(store, STORE_READ, look, rekey, &unknown);

	if (asked)
		settle(rekey);
	if (asked && rekey->is_committed)
		return true;
	if (asked && rekey->waiting.len > 0)
		outer_remove(rekey->waiting.data);
	*err = ran ? unknown : failed;
	return false;
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

static bool note_left(struct rekey *rekey, struct err *err)
{
	const struct vault *vault = rekey->vault;

	if (vault->key_path == NULL || !outer_is_drawn(vault->key_path, vault->install_id) ||
	    (rekey->path.len > 0 && str_eq(rekey->path.data, vault->key_path)))
		return true;
	rekey->left = str_dup(vault->key_path);
	return rekey->left != NULL || err_oom(err);
}

static bool prepare(struct rekey *rekey, struct err *err)
{
	if (!random_id(rekey->slot_id, err))
		return false;
	if (rekey->key->kind == VAULT_KEY_PASSPHRASE)
		return (rekey->key->passphrase->len > 0 ||
			err_set(err, ERR_USAGE, "the passphrase is empty")) &&
		       note_left(rekey, err);
	return outer_path(rekey->key, rekey->vault->install_id, &rekey->path, err) &&
	       (rekey->key->kind == VAULT_KEY_SYSTEMD || prepare_file(rekey, err)) &&
	       note_left(rekey, err);
}

bool vault_rekey(struct vault *vault, struct store *store, const struct vault_key *new_key,
		 struct err *err)
{
	struct rekey rekey = { .vault = vault, .key = new_key };
	bool ok;

	if (!vault_require_open(vault, err))
		return false;
	ok = prepare(&rekey, err) && run_exchange(&rekey, store, err) &&
	     (rekey.waiting.len == 0 || outer_promote(rekey.path.data, rekey.waiting.data, err)) &&
	     vault_empty_log(store, err);
	if (ok && rekey.left != NULL)
		outer_remove(rekey.left);
	free(rekey.left);
	secret_fini(&rekey.outer);
	vault_root_fini(&rekey.root);
	buf_fini(&rekey.path);
	buf_fini(&rekey.waiting);
	return ok;
}
