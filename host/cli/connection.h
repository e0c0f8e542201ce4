/*
 * An account and its credential as one deed in the store: each function is one transaction, with a
 * line in the audit trail.
 */
#ifndef MUSTER_CLI_CONNECTION_H
#define MUSTER_CLI_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/form.h"
#include "store/account.h"

struct cli;

/* Borrowed. */
struct connection {
	struct account *account;
	const char *provider;
	const struct form *form; /* its secrets; none = the credential stays as it is */
	const char *archive_id;	 /* is archived first and loses its credential; NULL = none */
	const char *verb;	 /* for the audit trail */
};

/*
 * Stores a new account (account->id NULL), or what a person decided about one that is there: label,
 * settings, way to the vendor, recording, approval, secrets. What syncs found out about it
 * meanwhile stays. ERR_CONFIG when the secrets would be those of other accounts as well. The
 * account is afterwards as it is stored.
 */
bool connection_store(const struct cli *cli, const struct connection *connection, struct err *err);

/* Inside a unit: an account that waits in `state` is "stale" from now on: how it is, the next sync
   says. Any other account stays as it is. */
bool connection_mend(struct store_tx *tx, const struct account *account, const char *state,
		     struct err *err);

/* Archives or, with `purge`, deletes the account; its credential goes in either case, unless it has
   a name of its own or serves others. */
bool connection_remove(const struct cli *cli, const struct account *account, bool purge,
		       struct err *err);

/* Who does this: the name of the user who runs us. Returns out. */
enum { WHO_SIZE = 64 };
const char *connection_who(char out[WHO_SIZE]);

#endif
