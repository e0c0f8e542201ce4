/*
 * The schema's versions. Migrations are numbered SQL files (schema/), embedded at build; each runs
 * in one transaction that also records its number, so a kill at any moment leaves version N or N+1.
 */
#ifndef MUSTER_STORE_MIGRATE_H
#define MUSTER_STORE_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct migration {
	int64_t version;
	const char *name;
	const char *sql;
};

struct store_tx;

enum migrate_mode {
	MIGRATE_NEW,	/* an empty database of ours: fill it */
	MIGRATE_ALONE,	/* nobody else has the database open */
	MIGRATE_SHARED, /* others have: an older schema is ERR_BUSY */
};

/*
 * Brings the schema up to date, outside of any transaction. A database with a schema is copied to
 * PATH.vN.backup before it is touched. ERR_CONFIG: the schema is newer than this program, or the
 * file is a database of something else.
 */
bool migrate_run(struct store_tx *tx, const char *path, const struct migration *migrations,
		 enum migrate_mode mode, struct err *err);

/* The schema's version, 0 = none yet. ERR_CONFIG: the file is a database of something else. */
bool migrate_version(struct store_tx *tx, const char *path, int64_t *version, struct err *err);

/* The newest version that this program knows. */
int64_t migrate_newest(const struct migration *migrations);

extern const struct migration sqlite_migrations[];

#endif
