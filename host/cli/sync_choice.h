/* Which accounts `muster sync` is about: those named, all (--all), or those that are due (--due).
 */
#ifndef MUSTER_CLI_SYNC_CHOICE_H
#define MUSTER_CLI_SYNC_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/account.h"

struct cli;

/*
 * Released with account_list_fini. A paused account is left out, with a note, unless it is named
 * itself. When nothing is left the person is told why; that is no error.
 */
bool sync_choose(struct cli *cli, struct account **accounts, size_t *count, struct err *err);

#endif
