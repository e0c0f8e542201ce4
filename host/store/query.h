/*
 * SQL of a person: read-only, enforced by the database's authorizer (no ATTACH, no PRAGMA, no
 * writes, no access to the vault's tables), on a connection of its own.
 */
#ifndef MUSTER_STORE_QUERY_H
#define MUSTER_STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

enum query_type { QUERY_NULL, QUERY_INT, QUERY_REAL, QUERY_TEXT, QUERY_BLOB };

struct query_value {
	enum query_type type;
	int64_t i;
	double d;
	const char *bytes;
	size_t len;
};

struct query_sink {
	/* May be NULL. */
	bool (*columns)(void *arg, const char *const *names, size_t count, struct err *err);
	bool (*row)(void *arg, const struct query_value *values, size_t count, struct err *err);
	void *arg;
};

/* One statement; text binds (may be NULL) fill $1 .. $n. ERR_USAGE for SQL that is wrong or not
 * read-only. */
bool query_run(struct store *store, const char *sql, const char *const *binds, size_t bind_count,
	       const struct query_sink *sink, struct err *err);

#endif
