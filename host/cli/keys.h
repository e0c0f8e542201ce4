/* The outer key of a new or rekeyed vault, as the flags say. */
#ifndef MUSTER_CLI_KEYS_H
#define MUSTER_CLI_KEYS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "vault/vault.h"

struct cli;

struct keys_wanted {
	enum vault_key_kind kind;    /* where no flag tells */
	const char *file;	     /* as given for a new key file; NULL = the usual place */
	const char *passphrase_flag; /* the flag that names the file of a new passphrase */
};

/*
 * --key KIND; without it the kind whose file was given. A passphrase without a file is asked for,
 * twice. It is the caller's to end; key borrows it.
 */
bool keys_new(const struct cli *cli, const struct keys_wanted *wanted, struct secret *passphrase,
	      struct vault_key *key, struct err *err);

/* After a key went into a file that somebody named: it has to be named from now on. */
void keys_note_place(const struct cli *cli, const struct vault_key *key);

#endif
