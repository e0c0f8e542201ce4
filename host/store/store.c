/* Threads that run units of work, one transaction each. */
#include "store/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "store/driver.h"
#include "store/private_file.h"
#include "store/project_lock.h"
#include "store/random_id.h"
#include "store/scratch.h"
#include "store/setting.h"
#include "store/tx.h"

struct unit {
	struct loop *loop; /* NULL = someone waits in store_run */
	struct loop_post post;
	enum store_mode mode;
	store_work_fn *work; /* NULL = empty the write-ahead log */
	store_done_fn *done;
	void *arg;
	struct err err;
	bool is_finished; /* under the worker's lock */
	struct unit *next;
};

/* A thread with a connection of its own. */
struct worker {
	struct store *store;
	enum driver_role role;
	struct store_tx *tx; /* NULL = not open (any more); the thread's own */
	bool was_open;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct unit *units, **units_tail; /* under lock */
	bool is_stopping;		  /* under lock */
};

struct store {
	const struct driver *driver;
	char *path;
	char install_id[RANDOM_ID_SIZE];
	struct loop *loop;
	char *scratch_account; /* NULL = the project's own store */
	struct project_lock *lock;
	struct worker writer, reader; /* a scratch has a writer only */
	bool has_reader;
};

/* --- on the worker's thread --- */

/* The copies of a scratch die with their connection: it is never opened a second time. */
static bool open_connection(struct worker *worker, struct err *err)
{
	struct store *store = worker->store;

	if (worker->tx != NULL)
		return true;
	if (worker->was_open && store->scratch_account != NULL)
		return err_set(err, ERR_STORE, "the scratch of the dry run was lost");
	worker->tx = tx_open(store->driver, store->path, worker->role, err);
	if (worker->tx == NULL)
		return false;
	worker->was_open = true;
	if (store->scratch_account == NULL || scratch_fill(worker->tx, store->scratch_account, err))
		return true;
	tx_close(worker->tx);
	worker->tx = NULL;
	return false;
}

static void drop_connection(struct worker *worker)
{
	tx_close(worker->tx);
	worker->tx = NULL;
}

static bool commit(struct worker *worker, struct err *err)
{
	if (tx_commit(worker->tx, err))
		return true;
	/* What a failed COMMIT did is unknown; only a new connection tells the truth. */
	drop_connection(worker);
	if (sabotage_is(SABOTAGE_DEAF_COMMIT)) {
		*err = ERR_INIT;
		return true;
	}
	if (err->kind == ERR_NONE)
		err_set(err, ERR_STORE, "COMMIT failed");
	return err_context(err, "COMMIT");
}

static bool run_transaction(struct worker *worker, struct unit *unit)
{
	struct err *err = &unit->err;

	if (!tx_begin(worker->tx, unit->mode, err)) {
		drop_connection(worker);
		return false;
	}
	if (unit->work(worker->tx, unit->arg, err)) {
		*err = ERR_INIT; /* an error that the unit got over is none */
		return commit(worker, err);
	}
	if (err->kind == ERR_NONE)
		err_set(err, ERR_BUG, "a unit of the store failed without saying why");
	if (!tx_rollback(worker->tx))
		drop_connection(worker);
	return false;
}

static void run_unit(struct worker *worker, struct unit *unit)
{
	if (!open_connection(worker, &unit->err))
		return;
	if (unit->work != NULL)
		run_transaction(worker, unit);
	else
		worker->tx->driver->truncate_log(worker->tx->conn, &unit->err);
}

static void on_loop(void *arg)
{
	struct unit *unit = arg;
	struct loop *loop = unit->loop;

	unit->done(unit->arg, &unit->err);
	loop_release(loop);
	free(unit);
}

static void finish(struct worker *worker, struct unit *unit)
{
	if (unit->loop != NULL) {
		unit->post = (struct loop_post){ .fn = on_loop, .arg = unit };
		loop_post(unit->loop, &unit->post);
		return;
	}
	if (sabotage_is(SABOTAGE_MISSING_LOCK))
		unit->is_finished = true;
	pthread_mutex_lock(&worker->lock);
	unit->is_finished = true;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

static struct unit *next_unit(struct worker *worker)
{
	struct unit *unit;

	pthread_mutex_lock(&worker->lock);
	while (worker->units == NULL && !worker->is_stopping)
		pthread_cond_wait(&worker->changed, &worker->lock);
	unit = worker->units;
	if (unit != NULL && (worker->units = unit->next) == NULL)
		worker->units_tail = &worker->units;
	pthread_mutex_unlock(&worker->lock);
	return unit;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct unit *unit;

	while ((unit = next_unit(worker)) != NULL) {
		run_unit(worker, unit);
		finish(worker, unit);
	}
	drop_connection(worker);
	return NULL;
}

/* --- workers --- */

/* `tx` is handed over, also on failure; NULL = opened with the first unit. */
static bool worker_start(struct worker *worker, struct store *store, enum driver_role role,
			 struct store_tx *tx, struct err *err)
{
	sigset_t all, before;
	int status;

	worker->store = store;
	worker->role = role;
	worker->tx = tx;
	worker->was_open = tx != NULL;
	worker->units_tail = &worker->units;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	status = pthread_create(&worker->thread, NULL, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (status == 0)
		return true;
	drop_connection(worker);
	worker->store = NULL;
	return err_set_errno(err, ERR_STORE, status, "cannot start a thread of the store");
}

static void worker_stop(struct worker *worker)
{
	if (worker->store == NULL)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->is_stopping = true;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
}

static void enqueue(struct worker *worker, struct unit *unit)
{
	pthread_mutex_lock(&worker->lock);
	*worker->units_tail = unit;
	worker->units_tail = &unit->next;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

static void wait_for(struct worker *worker, struct unit *unit)
{
	pthread_mutex_lock(&worker->lock);
	while (!unit->is_finished)
		pthread_cond_wait(&worker->changed, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}

static struct worker *worker_for(struct store *store, enum store_mode mode)
{
	return mode == STORE_READ && store->has_reader ? &store->reader : &store->writer;
}

/* --- making --- */

static bool add_install_id(struct store_tx *tx, struct err *err)
{
	char id[RANDOM_ID_SIZE];

	if (!random_id(id, err) || !tx_begin(tx, STORE_WRITE, err))
		return false;
	if (setting_set(tx, "install_id", id, err))
		return tx_commit(tx, err);
	tx_rollback(tx);
	return false;
}

static bool create_at(const char *path, struct err *err)
{
	const struct driver *driver = &driver_sqlite;
	struct store_tx *tx;
	bool ok;

	if (!driver->create(path, err))
		return false;
	tx = tx_open(driver, path, DRIVER_WRITER, err);
	if (tx == NULL)
		return false;
	ok = migrate_run(tx, path, driver->migrations, MIGRATE_NEW, err) &&
	     add_install_id(tx, err) && driver->truncate_log(tx->conn, err);
	tx_close(tx);
	return ok;
}

static void remove_unfinished(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[4096];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

/* Built under another name: whoever finds the database finds a whole one. */
static bool build(const char *path, struct err *err)
{
	char unfinished[4096];
	bool ok;

	snprintf(unfinished, sizeof(unfinished), "%s.new", path);
	remove_unfinished(unfinished);
	ok = create_at(unfinished, err) && file_rename(unfinished, path, err);
	remove_unfinished(unfinished);
	return ok;
}

static bool check_first(const char *path, const struct project_lock *lock, struct err *err)
{
	if (access(path, F_OK) == 0) {
		err_set(err, ERR_CONFIG, "there is a database at %s already", path);
		return err_hint(err, "use it, or choose another folder");
	}
	if (project_lock_is_alone(lock))
		return true;
	err_set(err, ERR_BUSY, "another muster process is making %s", path);
	return err_hint(err, "wait until it has ended, then try again");
}

bool store_create(const char *path, struct err *err)
{
	struct project_lock *lock;
	bool ok;

	if (!private_file_check_folder(path, err))
		return false;
	lock = project_lock_take(path, err);
	if (lock == NULL)
		return false;
	ok = check_first(path, lock, err) && build(path, err);
	project_lock_free(lock);
	return ok;
}

/* --- opening --- */

static bool read_install_id(struct store_tx *tx, struct store *store, struct err *err)
{
	char *id = NULL;

	if (!setting_get(tx, "install_id", &id, err))
		return false;
	if (id == NULL)
		return err_set(err, ERR_CONFIG, "%s has no install id", store->path);
	snprintf(store->install_id, sizeof(store->install_id), "%s", id);
	free(id);
	return true;
}

static bool prepare(struct store *store, struct store_tx *tx, bool is_unclean, struct err *err)
{
	if (is_unclean && !store->driver->verify(tx->conn, false, err))
		return false;
	return migrate_run(tx, store->path, store->driver->migrations,
			   project_lock_is_alone(store->lock) ? MIGRATE_ALONE : MIGRATE_SHARED,
			   err) &&
	       read_install_id(tx, store, err);
}

static struct store_tx *open_first(struct store *store, struct err *err)
{
	struct store_tx *tx;
	bool is_unclean;

	if (!store->driver->check(store->path, err))
		return NULL;
	store->lock = project_lock_take(store->path, err);
	if (store->lock == NULL)
		return NULL;
	is_unclean = project_lock_is_alone(store->lock) && store->driver->is_unclean(store->path);
	tx = tx_open(store->driver, store->path, DRIVER_WRITER, err);
	if (tx == NULL)
		return NULL;
	if (!prepare(store, tx, is_unclean, err)) {
		tx_close(tx);
		return NULL;
	}
	project_lock_share(store->lock);
	return tx;
}

static struct store *new_store(const char *path, struct loop *loop, struct err *err)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL || (store->path = str_dup(path)) == NULL) {
		free(store);
		err_oom(err);
		return NULL;
	}
	store->driver = &driver_sqlite;
	store->loop = loop;
	return store;
}

struct store *store_open(const char *path, struct loop *loop, struct err *err)
{
	struct store *store = new_store(path, loop, err);
	struct store_tx *tx = store != NULL ? open_first(store, err) : NULL;

	if (tx != NULL && worker_start(&store->writer, store, DRIVER_WRITER, tx, err)) {
		store->has_reader = worker_start(&store->reader, store, DRIVER_READER, NULL, err);
		if (store->has_reader)
			return store;
	}
	store_close(store);
	return NULL;
}

struct store *store_open_scratch(struct store *store, const char *account_id, struct err *err)
{
	struct store *scratch = new_store(store->path, store->loop, err);

	if (scratch == NULL)
		return NULL;
	memcpy(scratch->install_id, store->install_id, sizeof(scratch->install_id));
	scratch->scratch_account = str_dup(account_id);
	if (scratch->scratch_account == NULL)
		err_oom(err);
	else if (worker_start(&scratch->writer, scratch, DRIVER_SCRATCH, NULL, err))
		return scratch;
	store_close(scratch);
	return NULL;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	worker_stop(&store->reader);
	worker_stop(&store->writer);
	project_lock_free(store->lock);
	free(store->scratch_account);
	free(store->path);
	free(store);
}

/* --- units --- */

bool store_submit(struct store *store, enum store_mode mode, store_work_fn *work_fn,
		  store_done_fn *done, void *arg, struct err *err)
{
	struct unit *unit;

	if (store->loop == NULL)
		return err_set(err, ERR_BUG, "the store was opened without a loop");
	unit = malloc(sizeof(*unit));
	if (unit == NULL && !sabotage_is(SABOTAGE_UNCHECKED_MEMORY))
		return err_oom(err);
	*unit = (struct unit){ .loop = store->loop,
			       .mode = mode,
			       .work = work_fn,
			       .done = done,
			       .arg = arg,
			       .err = ERR_INIT };
	loop_retain(store->loop);
	enqueue(worker_for(store, mode), unit);
	return true;
}

static bool run_and_wait(struct worker *worker, enum store_mode mode, store_work_fn *work_fn,
			 void *arg, struct err *err)
{
	struct unit unit = { .mode = mode, .work = work_fn, .arg = arg, .err = ERR_INIT };

	enqueue(worker, &unit);
	wait_for(worker, &unit);
	if (unit.err.kind == ERR_NONE)
		return true;
	*err = unit.err;
	return false;
}

bool store_run(struct store *store, enum store_mode mode, store_work_fn *work_fn, void *arg,
	       struct err *err)
{
	return run_and_wait(worker_for(store, mode), mode, work_fn, arg, err);
}

bool store_truncate_log(struct store *store, struct err *err)
{
	return run_and_wait(&store->writer, STORE_WRITE, NULL, NULL, err);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

const char *store_install_id(const struct store *store)
{
	return store->install_id;
}
