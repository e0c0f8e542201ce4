/* The tables of a dry run: private copies that bear the names of the real ones. */
#ifndef MUSTER_STORE_SCRATCH_H
#define MUSTER_STORE_SCRATCH_H

#include <stdbool.h>

#include "base/err.h"

struct store_tx;

/*
 * On a DRIVER_SCRATCH connection, outside of any transaction: makes a temporary table for each that
 * a sync writes, with its columns and indexes, and fills it with the account's rows. An unqualified
 * name then means the copy, so the subjects' SQL runs unchanged.
 */
bool scratch_fill(struct store_tx *tx, const char *account_id, struct err *err);

#endif
