/*
 * Opens what a verb needs, in order, and closes it again: project, store, loop. The vault is opened
 * when secrets are needed: its passphrase is not asked for without a reason.
 */
#ifndef MUSTER_CLI_HOST_H
#define MUSTER_CLI_HOST_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/cli.h"

/* Log and redactor; what every verb has. */
bool host_begin(struct cli *cli, struct err *err);

bool host_open(struct cli *cli, enum cli_need need, struct err *err);

/* The project's store, for a verb that decides itself whether to open it. */
bool host_open_store(struct cli *cli, struct err *err);

/* Harmless if little or nothing was opened. */
void host_close(struct cli *cli);

/* Opens the vault as the global flags say, and asks for its passphrase if it has one. Without its
   key it is open but sealed, which is no failure. */
bool host_open_vault(struct cli *cli, struct err *err);

/* The same of another store, a copy: *vault is the caller's to close. `arg` is the cli. */
bool host_open_vault_of(void *arg, struct store *store, struct vault **vault, struct err *err);

/* host_open_vault; ERR_SEALED with the reason when there is no key. */
bool host_need_secrets(struct cli *cli, struct err *err);

#endif
