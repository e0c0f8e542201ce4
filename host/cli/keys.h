/* The outer key of a new or rekeyed vault, as the flags say. */
#ifndef MUSTER_CLI_KEYS_H
#define MUSTER_CLI_KEYS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "vault/vault.h"

struct cli;

/*
 * --key KIND with the place of a file or of a passphrase (NULL = the usual place; asked for). The
 * passphrase is the caller's to end; key borrows it.
 */
bool keys_new(const struct cli *cli, const char *key_file, const char *passphrase_file,
	      struct secret *passphrase, struct vault_key *key, struct err *err);

#endif
