/* Does every field open? And the key once more, for a place of its own. */
#include "vault/outer.h"
#include "vault/vault_state.h"

struct check {
	struct vault *vault;
	int64_t fields;
};

static bool open_fields(struct store_tx *tx, struct dek_root root,
			const struct credential *credential, int64_t *opened, struct err *err)
{
	struct credential_field *fields;
	size_t count;
	bool ok = true;

	if (!credential_field_list(tx, credential->id, &fields, &count, err))
		return false;
	for (size_t i = 0; ok && i < count; i++) {
		struct secret value;

		ok = vault_unseal_field(tx, root, credential->provider, &fields[i], &value, err);
		secret_fini(&value);
		*opened += ok;
	}
	credential_field_list_fini(fields, count);
	return ok;
}

static bool open_all(struct store_tx *tx, void *arg, struct err *err)
{
	struct check *check = arg;
	struct credential *credentials;
	struct dek_root root;
	size_t count;
	bool ok;

	if (!credential_list(tx, &credentials, &count, err))
		return false;
	pthread_rwlock_rdlock(&check->vault->lock);
	ok = vault_find_root(check->vault, tx, &root, err);
	for (size_t i = 0; ok && i < count; i++)
		ok = open_fields(tx, root, &credentials[i], &check->fields, err);
	pthread_rwlock_unlock(&check->vault->lock);
	credential_list_fini(credentials, count);
	return ok;
}

bool vault_verify(struct vault *vault, struct store *store, int64_t *fields, struct err *err)
{
	struct check check = { .vault = vault };

	*fields = 0;
	if (!vault_require_open(vault, err) || !store_run(store, STORE_READ, open_all, &check, err))
		return false;
	*fields = check.fields;
	return true;
}

bool vault_copy_key(struct vault *vault, const char *path, struct err *err)
{
	bool ok = vault_require_open(vault, err);

	pthread_rwlock_rdlock(&vault->lock);
	if (ok && vault->key_path == NULL) {
		ok = err_set(err, ERR_CONFIG, "a passphrase opens the vault: there is no key file");
		err_hint(err, "keep the passphrase; nothing else is needed");
	} else if (ok) {
		ok = outer_copy(vault->key_path, path, err);
	}
	pthread_rwlock_unlock(&vault->lock);
	return ok;
}
