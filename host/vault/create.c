/* The first root key and its slot. */
#include "base/file.h"
#include "crypto/random.h"
#include "store/random_id.h"
#include "vault/outer.h"
#include "vault/seal.h"
#include "vault/slot.h"
#include "vault/vault_state.h"

struct creation {
	const char *install_id;
	const struct vault_key *key;
};

static bool is_virgin(struct store_tx *tx, bool *virgin, struct err *err)
{
	struct slot *slots;
	struct dek *deks;
	size_t slot_count, dek_count;
	int64_t fields;

	if (!credential_field_count(tx, &fields, err) || !slot_list(tx, &slots, &slot_count, err))
		return false;
	slot_list_fini(slots, slot_count);
	if (!dek_list(tx, NULL, &deks, &dek_count, err))
		return false;
	dek_list_fini(deks, dek_count);
	*virgin = fields == 0 && slot_count == 0 && dek_count == 0;
	return true;
}

/* A copy of the passphrase, the key that is in the file, or a new one in a new file. */
static bool obtain_outer(const struct creation *creation, struct secret *out, struct err *err)
{
	const struct vault_key *key = creation->key;
	struct buf path = BUF_INIT;
	bool ok;

	if (key->kind == VAULT_KEY_PASSPHRASE) {
		if (key->passphrase->len == 0)
			return err_set(err, ERR_USAGE, "the passphrase is empty");
		return secret_from(out, key->passphrase->data, key->passphrase->len, err);
	}
	ok = outer_path(key, creation->install_id, &path, err);
	if (ok && key->kind == VAULT_KEY_FILE && !file_exists(path.data))
		ok = outer_draw(path.data, out, err);
	else if (ok)
		ok = outer_read(path.data, out, err);
	buf_fini(&path);
	return ok;
}

static bool add_slot(struct store_tx *tx, const struct creation *creation,
		     const struct secret *outer, const struct secret *root, struct err *err)
{
	char id[RANDOM_ID_SIZE];
	struct slot slot;
	bool ok;

	if (!random_id(id, err) || !vault_slot_make(creation->install_id, creation->key->kind,
						    outer, id, root, &slot, err))
		return false;
	ok = slot_add(tx, &slot, err);
	slot_fini(&slot);
	return ok;
}

static bool add_keys(struct store_tx *tx, const struct creation *creation,
		     const struct secret *outer, struct secret *root, struct err *err)
{
	struct secret derivation;
	struct dek row;

	if (!random_bytes(root->data, root->len, err) ||
	    !add_slot(tx, creation, outer, root, err) ||
	    !dek_make(tx, (struct dek_root){ root, creation->install_id }, DEK_DERIVATION, &row,
		      &derivation, err))
		return false;
	dek_fini(&row);
	secret_fini(&derivation);
	return true;
}

static bool create(struct store_tx *tx, void *arg, struct err *err)
{
	struct secret outer = SECRET_INIT, root = SECRET_INIT;
	bool virgin, ok;

	if (!is_virgin(tx, &virgin, err))
		return false;
	if (!virgin) {
		err_set(err, ERR_CONFIG, "the project has a vault already");
		return err_hint(err, "muster vault status");
	}
	ok = obtain_outer(arg, &outer, err) && secret_init(&root, SEAL_KEY_SIZE, err) &&
	     add_keys(tx, arg, &outer, &root, err);
	secret_fini(&outer);
	secret_fini(&root);
	return ok;
}

bool vault_create(struct store *store, const struct vault_key *key, struct err *err)
{
	struct creation creation = { store_install_id(store), key };

	return store_run(store, STORE_WRITE, create, &creation, err);
}
