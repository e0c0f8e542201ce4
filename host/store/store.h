/*
 * The store: one database of a project. SQLite (WAL) is built in; PostgreSQL will speak the same
 * interface. Subjects (account, entity, session ...) have a header each; they write portable SQL
 * against db.h and know nothing of the driver.
 *
 * All work runs as a unit: one function, one transaction, on a thread of the store. STORE_WRITE
 * units run one after the other (BEGIN IMMEDIATE) on the writer's thread, STORE_READ units on the
 * reader's. No statement or cursor crosses a unit. A unit that returns false is rolled back as a
 * whole. A COMMIT that fails has an unknown outcome: the connection is closed and opened anew, the
 * unit fails with ERR_STORE, and the caller reads back what is stored (reliability.md SY3).
 */
#ifndef MUSTER_STORE_STORE_H
#define MUSTER_STORE_STORE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/loop.h"

struct store;
struct store_tx; /* inside a unit: what subject functions and db.h work on */

enum store_mode { STORE_READ, STORE_WRITE };

/* One unit of work. `arg` belongs to the caller and must live until the unit ended. */
typedef bool store_work_fn(struct store_tx *tx, void *arg, struct err *err);

/* The unit's end, on the loop's thread. err->kind is ERR_NONE when it committed. */
typedef void store_done_fn(void *arg, const struct err *err);

/*
 * Makes the database (0600, its folder must be 0700) and brings its schema up to date.
 * ERR_CONFIG if there is one already, ERR_BUSY while another process makes it. Also draws the
 * install id.
 */
bool store_create(const char *path, struct err *err);

/*
 * Opens an existing database; ERR_MISSING if there is none (it is never re-created silently).
 * Older schema: migrates, each migration in one transaction. Newer schema: refused, both named.
 * `loop` may be NULL when only store_run is used.
 */
struct store *store_open(const char *path, struct loop *loop, struct err *err);

/* Waits for the units under way. */
void store_close(struct store *store);

/* Queues a unit; done is called exactly once if this returned true. */
bool store_submit(struct store *store, enum store_mode mode, store_work_fn *work,
		  store_done_fn *done, void *arg, struct err *err);

/* Runs a unit and waits for it. For verbs without a loop; never from inside a unit. */
bool store_run(struct store *store, enum store_mode mode, store_work_fn *work, void *arg,
	       struct err *err);

/*
 * Empties the write-ahead log into the database, so that no overwritten record survives in it:
 * after a vault's rotation or rekey. ERR_BUSY while another process reads.
 */
bool store_truncate_log(struct store *store, struct err *err);

/*
 * A scratch of one account for a dry run: the same interface over private temporary copies of every
 * table a sync writes (entities, relations, changes, sessions, batches, stream state, script keys,
 * recordings, held removals), filled with the account's rows. What is written there disappears with
 * store_close and holds no write lock; other tables are read as they are in the project.
 * `account_id` is copied. The copies are made with the first unit, on the scratch's thread, and die
 * with its connection: after a failed COMMIT every further unit fails. The scratch must be closed
 * before its store.
 */
struct store *store_open_scratch(struct store *store, const char *account_id, struct err *err);

/* The database's path, as given. */
const char *store_path(const struct store *store);

/* The id drawn when the database was made; valid as long as the store. */
const char *store_install_id(const struct store *store);

#endif
