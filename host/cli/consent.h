/* A person's consent on the command line: the address to open, and what comes back. */
#ifndef MUSTER_CLI_CONSENT_H
#define MUSTER_CLI_CONSENT_H

#include <stdbool.h>

#include "cli/form.h"
#include "store/account.h"

struct cli;

/* What the flags call the code or address: --secret-file code=PATH. */
#define CONSENT_CODE "code"

/* Does this connector's auth, under these settings (JSON), need a person's consent? */
bool consent_is_needed(const struct connector *connector, const char *settings);

/*
 * Gets it, if it is needed and the form's secrets are new: prints the address, reads what comes
 * back (as a secret setting is read) and adds the tokens to the form's secrets, to be tested and
 * stored with them. The account has its settings and its way to the vendor.
 */
bool consent_fill(struct cli *cli, struct form *form, const struct account *account,
		  struct err *err);

#endif
