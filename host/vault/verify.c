/* Does every field open? */
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
