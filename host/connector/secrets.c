/* The secrets of an account's credential. */
#include "connector/secrets.h"

#include "base/str.h"
#include "store/credential.h"

void secrets_fini(struct secrets *secrets)
{
	for (size_t i = 0; i < SECRETS_MAX; i++)
		secret_fini(&secrets->values[i]);
	*secrets = (struct secrets){ 0 };
}

static bool read_one(struct secrets *secrets, struct vault *vault, struct store_tx *tx,
		     const struct credential *credential, const char *id, struct err *err)
{
	struct secret *value = &secrets->values[secrets->count];
	struct err missing = ERR_INIT;

	if (secrets->count == SECRETS_MAX)
		return err_set(err, ERR_CONFIG, "a connector has at most %d secrets", SECRETS_MAX);
	if (vault_get_field(vault, tx, credential->id, credential->provider, id, value, &missing)) {
		secrets->named[secrets->count++] = (struct auth_secret){ id, value };
		return true;
	}
	if (missing.kind == ERR_MISSING)
		return true;
	*err = missing;
	return false;
}

bool secrets_read(struct secrets *secrets, struct vault *vault, struct store_tx *tx,
		  const struct account *account, const struct value *declaration, struct err *err)
{
	const struct value *settings = value_get(declaration, "settings");
	struct credential credential;
	bool fine = true;

	if (account->credential_id == NULL)
		return true;
	if (!credential_get(tx, account->credential_id, &credential, err))
		return false;
	for (size_t i = 0; i < value_count(settings) && fine; i++) {
		const struct value *setting = value_at(settings, i);

		if (str_eq(value_text(setting, "type", "text"), "secret"))
			fine = read_one(secrets, vault, tx, &credential,
					value_text(setting, "id", ""), err);
	}
	credential_fini(&credential);
	return fine;
}
