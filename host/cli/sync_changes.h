/*
 * Changes of a dry run on stdout, read one by one: for a person a line that sums them up and a
 * table of what would change, for a program a JSON array.
 */
#ifndef MUSTER_CLI_SYNC_CHANGES_H
#define MUSTER_CLI_SYNC_CHANGES_H

#include <stdbool.h>

#include "base/err.h"

struct cli;
struct sync_changes;

/* On a terminal at most 100 rows, and how many there are. */
bool sync_changes_print(const struct cli *cli, const struct sync_changes *changes, struct err *err);

/*
 * [{"kind": "created", "entity": "device", "source_id": ..., "before": {...}|null, "after": {...}},
 * ...] with sorted keys, in order, without a line end.
 */
bool sync_changes_print_json(const struct cli *cli, const struct sync_changes *changes,
			     struct err *err);

#endif
