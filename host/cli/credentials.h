/*
 * Credentials that have a name of their own: added before an account, used by several, replaced
 * under all of them. One that `connect` made bears its account's slug and goes with it.
 */
#ifndef MUSTER_CLI_CREDENTIALS_H
#define MUSTER_CLI_CREDENTIALS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "connector/check.h"
#include "store/account.h"
#include "store/credential.h"

struct cli;
struct form;

struct credential_use {
	struct credential credential;
	struct account *accounts; /* that use it */
	size_t count;
};

void credential_use_fini(struct credential_use *use);

/* ERR_MISSING names the nearest. */
bool credentials_get(const struct cli *cli, const char *name, struct credential_use *out,
		     struct err *err);
/* The same by id. */
bool credentials_get_by_id(const struct cli *cli, const char *id, struct credential_use *out,
			   struct err *err);

/* By name; released with credentials_free. */
bool credentials_list(const struct cli *cli, struct credential_use **out, size_t *count,
		      struct err *err);
void credentials_free(struct credential_use *uses, size_t count);

/* Takes the account's present credential from it to one of that name: account->credential_id.
   ERR_CONFIG if it is for another provider. */
bool credentials_choose(const struct cli *cli, const char *name, const char *provider,
			struct account *account, struct err *err);

/* Inside a unit: ERR_CONFIG when others than `account_id` use it as well, who would get new secrets
   unasked. */
bool credentials_require_alone(struct store_tx *tx, const char *id, const char *account_id,
			       struct err *err);

/*
 * Inside a unit: the form's new secrets and consent into the credential; what was refused before
 * says nothing any more. ERR_BUSY when others than the form's `shared` use it by now: a new consent
 * was not tested with those; the others are mended.
 */
bool credentials_put(const struct cli *cli, struct store_tx *tx, const char *id,
		     const char *provider, const struct form *form, struct err *err);

/* The connection test of one of its accounts with the form's secrets; says so. */
bool credentials_test(struct cli *cli, const struct form *form, const struct account *account,
		      struct err *err);

/* Inside a unit: an account lets go of it. It is deleted if nobody else uses it and it has no name
   of its own. */
bool credentials_drop(struct store_tx *tx, const char *id, struct err *err);

/* Does it go with its account? */
bool credentials_is_of_account(const struct credential *credential);

/* --- deeds: one transaction each, with a line in the audit trail --- */

/* credential->id is drawn; ERR_CONFIG if the name is in use. */
bool credentials_add(const struct cli *cli, struct credential *credential, const struct form *form,
		     struct err *err);

/* New values. ERR_BUSY when other accounts use it by now than `use` says: those were not tested. */
bool credentials_replace(const struct cli *cli, const struct credential_use *use,
			 const struct form *form, bool was_checked, struct err *err);

/* Its note and redirect URI; NULL = as they are. */
struct credential_change {
	const char *name, *note, *redirect_uri;
};
bool credentials_change(const struct cli *cli, const struct credential_change *change,
			struct err *err);

/* ERR_CONFIG names the accounts that use it. */
bool credentials_delete(const struct cli *cli, const struct credential *credential,
			struct err *err);

#endif
