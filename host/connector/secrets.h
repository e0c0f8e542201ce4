/* The secrets of an account's credential, opened for the time of a session or a test. */
#ifndef MUSTER_CONNECTOR_SECRETS_H
#define MUSTER_CONNECTOR_SECRETS_H

#include "base/secret.h"
#include "connector/auth.h"
#include "store/account.h"
#include "vault/vault.h"

enum { SECRETS_MAX = 8 };

struct secrets {
	struct secret values[SECRETS_MAX];
	struct auth_secret named[SECRETS_MAX]; /* by the id of the setting */
	size_t count;
};

/*
 * Inside a unit: opens every secret setting that `declaration` has and the account's credential
 * holds. One that was never given is left out: auth says so if it needs it. An account without a
 * credential has none. secrets_fini also after a failure.
 */
bool secrets_read(struct secrets *secrets, struct vault *vault, struct store_tx *tx,
		  const struct account *account, const struct value *declaration, struct err *err);
void secrets_fini(struct secrets *secrets);

#endif
