/* What making and restoring share: a folder beside the target, and the test of a database in it. */
#ifndef MUSTER_BACKUP_STAGING_H
#define MUSTER_BACKUP_STAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "backup/backup.h"

struct staging {
	char path[PATH_MAX];	 /* "" = none */
	char database[PATH_MAX]; /* in it */
};

/* TARGET.WHAT-XXXXXX (0700), with the folder .muster (0700) in it. */
bool staging_make(struct staging *staging, const char *target, const char *what, struct err *err);

/* Removes what is left of it; harmless once it was renamed. */
void staging_drop(struct staging *staging);

/*
 * Opens the staged database as any verb would (its schema is brought up to date on the way), its
 * vault, and calls `use` with both; closes them again. What SQLite and locks leave beside the
 * database is removed.
 */
typedef bool staging_use_fn(void *arg, struct store *store, struct vault *vault, struct err *err);
bool staging_with_vault(struct staging *staging, backup_open_vault_fn *open_vault, void *arg,
			staging_use_fn *use, void *use_arg, struct err *err);

#endif
