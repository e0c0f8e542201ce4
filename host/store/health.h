/*
 * How a database is, looked at without changing it: no migration, no repair, no lock that others
 * would notice. For `muster doctor`, and for copies before anybody relies on them.
 */
#ifndef MUSTER_STORE_HEALTH_H
#define MUSTER_STORE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct health {
	int64_t schema, newest_schema;	    /* of the file; that this program knows */
	int64_t leases, stale_leases;	    /* held; and of those by nobody any more */
	char last_session[CLOCK_TEXT_SIZE]; /* when the newest began; "" = there is none */
};

/*
 * ERR_MISSING: no file. ERR_CONFIG: others may reach it, or it is no database of muster. ERR_STORE:
 * it is damaged; `is_full` looks at the indexes, too. Of a newer schema only `schema` is read.
 */
bool health_read(const char *path, bool is_full, struct health *out, struct err *err);

/* "SQLite 3.40.1": of the library that is loaded. Returns `out`. */
const char *health_library(char *out, size_t size);

/* Has SQLite been freed of its WAL-reset bug (3.7.0 to 3.51.2; also 3.50.7, 3.44.6)? Two processes
 * that write and checkpoint at the same instant could damage a database, very rarely. */
bool health_library_is_fixed(void);

#endif
