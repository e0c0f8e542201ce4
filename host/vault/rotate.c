/* New data keys for all credentials, one credential a unit. */
#include <stdlib.h>

#include "base/str.h"
#include "vault/vault_state.h"

struct rotation {
	struct vault *vault;
	struct dek *deks; /* all there were at the last look */
	size_t dek_count;
	char epoch[DEK_EPOCH_SIZE];
	const char *dek_id; /* the one at hand */
	int64_t records;
};

static bool is_due(const struct rotation *rotation, const struct dek *dek)
{
	return !str_eq(dek->owner, DEK_DERIVATION) && !str_has_prefix(dek->id, rotation->epoch);
}

/* Begins a new epoch, unless an interrupted rotation did. */
static bool begin(struct store_tx *tx, void *arg, struct err *err)
{
	struct rotation *rotation = arg;
	struct buf note = BUF_INIT;
	bool found = false, ok;

	ok = keyring_note_get(tx, VAULT_ROTATING, &found, &note, err);
	buf_fini(&note);
	if (ok && !found)
		ok = dek_next_epoch(tx, err) && keyring_note_set(tx, VAULT_ROTATING, "1", 1, err);
	return ok && dek_epoch(tx, rotation->epoch, err);
}

static bool look(struct store_tx *tx, void *arg, struct err *err)
{
	struct rotation *rotation = arg;

	return dek_list(tx, NULL, &rotation->deks, &rotation->dek_count, err);
}

static bool reseal(struct store_tx *tx, struct dek_root root, struct credential_field *field,
		   const char *provider, struct err *err)
{
	struct secret value;
	bool ok;

	if (!vault_unseal_field(tx, root, provider, field, &value, err))
		return false;
	ok = vault_seal_field(tx, root, provider, field, &value, err);
	secret_fini(&value);
	return ok;
}

static bool reseal_all(struct store_tx *tx, struct rotation *rotation, const struct dek *dek,
		       struct err *err)
{
	struct credential_field *fields;
	struct credential credential;
	struct dek_root root;
	size_t count, done = 0;
	bool ok;

	if (!credential_field_list_under(tx, dek->id, &fields, &count, err))
		return false;
	ok = vault_find_root(rotation->vault, tx, &root, err) &&
	     (count == 0 || credential_get(tx, dek->owner, &credential, err));
	if (ok && count > 0) {
		for (; ok && done < count; done++)
			ok = reseal(tx, root, &fields[done], credential.provider, err);
		credential_fini(&credential);
	}
	credential_field_list_fini(fields, count);
	rotation->records += ok ? (int64_t)done : 0;
	return ok;
}

/* Replaces one key; another process may have done so, or deleted the credential. */
static bool replace(struct store_tx *tx, void *arg, struct err *err)
{
	struct rotation *rotation = arg;
	struct err absent = ERR_INIT;
	struct dek dek;
	bool ok;

	if (!dek_get(tx, rotation->dek_id, &dek, &absent)) {
		if (absent.kind == ERR_MISSING)
			return true;
		*err = absent;
		return false;
	}
	pthread_rwlock_rdlock(&rotation->vault->lock);
	ok = reseal_all(tx, rotation, &dek, err) && dek_delete(tx, dek.id, err);
	pthread_rwlock_unlock(&rotation->vault->lock);
	dek_fini(&dek);
	return ok;
}

/* Nothing is due any more: whatever was put since the beginning lies under keys of this epoch. */
static bool finish(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return keyring_note_set(tx, VAULT_ROTATING, NULL, 0, err);
}

/* A damaged record does not keep the others from being done; the first error is what is told. */
static bool replace_all(struct rotation *rotation, struct store *store, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; i < rotation->dek_count; i++) {
		struct err failed = ERR_INIT;
		int64_t before = rotation->records;

		if (!is_due(rotation, &rotation->deks[i]))
			continue;
		rotation->dek_id = rotation->deks[i].id;
		if (store_run(store, STORE_WRITE, replace, rotation, &failed))
			continue;
		rotation->records = before;
		if (ok)
			*err = failed;
		ok = false;
	}
	return ok;
}

bool vault_rotate(struct vault *vault, struct store *store, int64_t *records, struct err *err)
{
	struct rotation rotation = { .vault = vault };
	bool ok;

	*records = 0;
	if (!vault_require_open(vault, err))
		return false;
	ok = store_run(store, STORE_WRITE, begin, &rotation, err) &&
	     store_run(store, STORE_READ, look, &rotation, err) &&
	     replace_all(&rotation, store, err) &&
	     store_run(store, STORE_WRITE, finish, &rotation, err);
	dek_list_fini(rotation.deks, rotation.dek_count);
	*records = rotation.records;
	return ok && vault_empty_log(store, err);
}
