/*
 * Opens what a verb needs, in order, and closes it again: project, store, loop, vault. A vault that
 * has no key is no failure here: it is open but sealed, and what needs a secret says so.
 */
#ifndef MUSTER_CLI_HOST_H
#define MUSTER_CLI_HOST_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/cli.h"

/* Log and redactor; what every verb has. */
bool host_begin(struct cli *cli, struct err *err);

bool host_open(struct cli *cli, enum cli_need need, struct err *err);

/* Harmless if little or nothing was opened. */
void host_close(struct cli *cli);

/* Opens the vault as the global flags say, and asks for its passphrase if it has one. For verbs
   that did not get it from host_open. */
bool host_open_vault(struct cli *cli, struct err *err);

/* ERR_SEALED with the reason when the vault has no key. */
bool host_need_secrets(const struct cli *cli, struct err *err);

#endif
