/* Fields of credentials: sealed under the credential's data key, bound to their place. */
#include <stdio.h>
#include <stdlib.h>

#include "base/sabotage.h"
#include "base/str.h"
#include "vault/seal.h"
#include "vault/vault_state.h"

static void bind_field(struct buf *out, const char *install_id, const char *provider,
		       const struct credential_field *field)
{
	char generation[24];
	const char *const parts[] = { install_id,   field->credential_id, provider,
				      field->field, generation,		  field->dek_id };

	snprintf(generation, sizeof(generation), "%lld",
		 sabotage_is(SABOTAGE_ANY_GENERATION) ? 0LL : (long long)field->generation);
	seal_bind(out, parts, sizeof(parts) / sizeof(parts[0]));
}

/* --- sealing --- */

static bool seal_record(struct dek_root root, const char *provider, const struct secret *key,
			const struct secret *value, struct credential_field *field, struct err *err)
{
	const struct seal_key under = { (const uint8_t *)key->data, field->dek_id };
	struct buf binding = BUF_INIT, record = BUF_INIT;
	bool ok;

	bind_field(&binding, root.install_id, provider, field);
	ok = seal_put(under, &binding, value->data, value->len, &record, err);
	buf_fini(&binding);
	if (ok) {
		free(field->record);
		field->record_len = record.len;
		field->record = buf_take(&record);
	}
	buf_fini(&record);
	return ok;
}

bool vault_seal_field(struct store_tx *tx, struct dek_root root, const char *provider,
		      struct credential_field *field, const struct secret *value, struct err *err)
{
	struct secret key;
	struct dek dek;
	bool ok;

	if (!dek_current(tx, root, field->credential_id, &dek, &key, err))
		return false;
	free(field->dek_id);
	field->dek_id = str_dup(dek.id);
	ok = (field->dek_id != NULL || err_oom(err)) &&
	     seal_record(root, provider, &key, value, field, err) &&
	     dek_count_uses(tx, dek.id, 1, err) && credential_field_put(tx, field, err);
	secret_fini(&key);
	dek_fini(&dek);
	return ok;
}

/* --- opening --- */

/* Its name where there is one: that is what a person knows it by. */
static bool fail_damaged(struct store_tx *tx, const struct credential_field *field, struct err *err)
{
	struct credential credential;
	struct err ignored = ERR_INIT;
	bool named = credential_get(tx, field->credential_id, &credential, &ignored);

	err_set(err, ERR_STORE,
		"credential %s: %s cannot be decrypted: it was altered, or belongs elsewhere",
		named ? credential.name : field->credential_id, field->field);
	if (named)
		credential_fini(&credential);
	return err_hint(err, "enter the secret again: muster accounts reconnect ACCOUNT");
}

static bool open_dek(struct store_tx *tx, struct dek_root root,
		     const struct credential_field *field, struct secret *key, struct err *err)
{
	struct dek dek;
	bool ok;

	*key = SECRET_INIT;
	if (!dek_get(tx, field->dek_id, &dek, err))
		return err->kind == ERR_MISSING ? fail_damaged(tx, field, err) : false;
	/* A key of another credential opens, but is not this one's. */
	ok = str_eq(dek.owner, field->credential_id) && dek_open(root, &dek, key, err);
	dek_fini(&dek);
	return ok || (err->kind != ERR_OVER_LIMIT && fail_damaged(tx, field, err));
}

bool vault_unseal_field(struct store_tx *tx, struct dek_root root, const char *provider,
			const struct credential_field *field, struct secret *out, struct err *err)
{
	struct buf binding = BUF_INIT;
	struct secret key;
	bool ok;

	*out = SECRET_INIT;
	if (!open_dek(tx, root, field, &key, err))
		return false;
	bind_field(&binding, root.install_id, provider, field);
	ok = seal_open((struct seal_key){ (const uint8_t *)key.data, field->dek_id }, &binding,
		       field->record, field->record_len, out, err);
	buf_fini(&binding);
	secret_fini(&key);
	return ok || (err->kind == ERR_DATA ? fail_damaged(tx, field, err) : false);
}

/* --- the vault's own functions --- */

static bool put_next(struct store_tx *tx, struct dek_root root, const struct credential *credential,
		     const char *field, const struct secret *value, struct err *err)
{
	struct credential_field row = { 0 };
	struct err absent = ERR_INIT;
	bool ok;

	if (!credential_field_get(tx, credential->id, field, &row, &absent)) {
		if (absent.kind != ERR_MISSING) {
			*err = absent;
			return false;
		}
		row = (struct credential_field){ .credential_id = str_dup(credential->id),
						 .field = str_dup(field) };
	}
	row.generation++;
	ok = (row.credential_id != NULL && row.field != NULL) || err_oom(err);
	ok = ok && vault_seal_field(tx, root, credential->provider, &row, value, err);
	credential_field_fini(&row);
	return ok;
}

bool vault_put_field(struct vault *vault, struct store_tx *tx, const char *credential_id,
		     const char *provider, const char *field, const struct secret *value,
		     struct err *err)
{
	struct credential credential;
	struct dek_root root;
	bool ok;

	if (!credential_get(tx, credential_id, &credential, err))
		return false;
	pthread_rwlock_rdlock(&vault->lock);
	if (!str_eq(credential.provider, provider))
		ok = err_set(err, ERR_BUG, "credential %s is of provider %s, not %s",
			     credential.name, credential.provider, provider);
	else
		ok = vault_find_root(vault, tx, &root, err) &&
		     put_next(tx, root, &credential, field, value, err);
	pthread_rwlock_unlock(&vault->lock);
	credential_fini(&credential);
	return ok;
}

bool vault_get_field(struct vault *vault, struct store_tx *tx, const char *credential_id,
		     const char *provider, const char *field, struct secret *out, struct err *err)
{
	struct credential_field row;
	struct dek_root root;
	bool ok;

	*out = SECRET_INIT;
	if (!credential_field_get(tx, credential_id, field, &row, err))
		return false;
	pthread_rwlock_rdlock(&vault->lock);
	ok = vault_find_root(vault, tx, &root, err) &&
	     vault_unseal_field(tx, root, provider, &row, out, err);
	pthread_rwlock_unlock(&vault->lock);
	credential_field_fini(&row);
	if (ok && vault->redact != NULL &&
	    !redact_add(vault->redact, field, out->data, out->len, err)) {
		secret_fini(out);
		return false;
	}
	return ok;
}
