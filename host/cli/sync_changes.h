/* Changes of a dry run on stdout: a line that sums them up, and a table of what would change. */
#ifndef MUSTER_CLI_SYNC_CHANGES_H
#define MUSTER_CLI_SYNC_CHANGES_H

#include <stdbool.h>

#include "base/err.h"

struct cli;

/* `text` is the JSON array of struct sync_result. On a terminal at most 100 rows. */
bool sync_changes_print(const struct cli *cli, const char *text, struct err *err);

#endif
