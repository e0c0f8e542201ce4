/*
 * A connection with its cached statements; what a unit gets as its transaction. Lives as long as
 * the connection, on one thread at a time. For store.c, migrate.c,
 * scratch.c, query.c and health.c only.
 */
#ifndef MUSTER_STORE_TX_H
#define MUSTER_STORE_TX_H

#include <stdbool.h>

#include "store/db.h"
#include "store/driver.h"

enum { TX_BUCKETS = 256 };

struct store_tx {
	const struct driver *driver;
	struct driver_conn *conn;
	struct db_stmt *buckets[TX_BUCKETS];
	bool was_misread; /* memory ran out while a column was read: nothing may be committed */
};

struct store_tx *tx_open(const struct driver *driver, const char *path, enum driver_role role,
			 struct err *err);
void tx_close(struct store_tx *tx);

bool tx_begin(struct store_tx *tx, enum store_mode mode, struct err *err);
/* false: the outcome is unknown and the connection must be closed. */
bool tx_commit(struct store_tx *tx, struct err *err);
/* false: the connection must be closed. */
bool tx_rollback(struct store_tx *tx);

/* Forgets every statement: before the schema under them changes. */
void tx_forget(struct store_tx *tx);

#endif
