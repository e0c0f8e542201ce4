/* Accounts as they are named on the command line. */
#ifndef MUSTER_CLI_ACCOUNTS_H
#define MUSTER_CLI_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/account.h"

struct cli;

/*
 * All accounts that the verb's arguments name ("vendor/name" or "vendor"), each once, in the order
 * named; all there are when it has none. Released with account_list_fini.
 */
bool accounts_of_args(const struct cli *cli, struct account **out, size_t *count, struct err *err);

/* Exactly one account; ERR_USAGE when the selector means several, and which. */
bool accounts_one(const struct cli *cli, const char *selector, struct account *out,
		  struct err *err);

/* All that a selector means; NULL = all. */
bool accounts_find(const struct cli *cli, const char *selector, struct account **out, size_t *count,
		   struct err *err);

/* What --account names, if it is given: an account that does not exist is an error, not an empty
   list. */
bool accounts_check_filter(const struct cli *cli, struct err *err);

/* May an account be called so? Lower-case letters, digits, "-", "_" and ".". What keeps to the same
   rule says in `owner` what it is: "a credential". */
bool accounts_check_name(const char *name, const char *owner, struct err *err);

/* "vendor/name" into out. Returns out. */
enum { ACCOUNT_SLUG_SIZE = 160 };
const char *accounts_slug(const struct account *account, char out[ACCOUNT_SLUG_SIZE]);

#endif
