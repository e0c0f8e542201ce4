/* The store itself: making, opening, units, transactions, a full disk, two processes. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/loop.h"
#include "store/db.h"
#include "store/project_lock.h"
#include "store/setting.h"
#include "store_fixture.h"

static bool set_colour(struct store_tx *tx, void *arg, struct err *err)
{
	return setting_set(tx, "colour", arg, err);
}

static bool set_and_fail(struct store_tx *tx, void *arg, struct err *err)
{
	return setting_set(tx, "colour", arg, err) && err_set(err, ERR_DATA, "on purpose");
}

static bool get_colour(struct store_tx *tx, void *arg, struct err *err)
{
	return setting_get(tx, "colour", arg, err);
}

static void assert_colour(struct fixture *fixture, const char *expected)
{
	char *colour;

	fixture_read(fixture, get_colour, &colour);
	if (expected == NULL)
		assert_null(colour);
	else
		assert_string_equal(colour, expected);
	free(colour);
}

/* --- units --- */

static void a_unit_commits_as_a_whole_or_not_at_all(void **state)
{
	struct fixture *fixture = *state;

	fixture_write(fixture, set_colour, "green");
	assert_false(store_run(fixture->store, STORE_WRITE, set_and_fail, "red", &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_DATA);
	assert_colour(fixture, "green");
	fixture_write(fixture, set_colour, NULL);
	assert_colour(fixture, NULL);
}

static void a_reading_unit_cannot_write(void **state)
{
	struct fixture *fixture = *state;

	assert_false(store_run(fixture->store, STORE_READ, set_colour, "red", &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_STORE);
	assert_colour(fixture, NULL);
}

static bool get_over_an_error(struct store_tx *tx, void *arg, struct err *err)
{
	err_set(err, ERR_MISSING, "looked for in vain");
	return setting_set(tx, "colour", arg, err);
}

static void an_error_that_a_unit_got_over_is_none(void **state)
{
	struct fixture *fixture = *state;

	fixture_write(fixture, get_over_an_error, "blue");
	assert_colour(fixture, "blue");
}

static bool prepare_twice(struct store_tx *tx, void *arg, struct err *err)
{
	static const char sql[] = "SELECT key FROM settings";
	struct db_stmt *stmt = db_prepare(tx, sql, err);
	bool has_row;

	(void)arg;
	return stmt != NULL && db_step(stmt, &has_row, err) && has_row &&
	       db_prepare(tx, sql, err) != NULL;
}

static void a_statement_is_not_used_within_itself(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 2; i++) { /* the first unit's cursor is gone in the second */
		assert_false(
			store_run(fixture->store, STORE_READ, prepare_twice, NULL, &fixture->err));
		assert_int_equal(fixture->err.kind, ERR_BUG);
	}
}

/* --- units through the loop --- */

struct counted {
	struct loop *loop;
	pthread_t thread;
	int done;
	enum err_kind last;
};

static void count_done(void *arg, const struct err *err)
{
	struct counted *counted = arg;

	assert_true(pthread_equal(counted->thread, pthread_self()));
	counted->done++;
	counted->last = err->kind;
}

static bool do_nothing(struct store_tx *tx, void *arg, struct err *err)
{
	(void)tx;
	(void)arg;
	(void)err;
	return true;
}

static bool fail_missing(struct store_tx *tx, void *arg, struct err *err)
{
	(void)tx;
	(void)arg;
	return err_set(err, ERR_MISSING, "nothing here");
}

static void submitted_units_end_on_the_loop_each_once(void **state)
{
	struct fixture *fixture = *state;
	struct counted counted = { .loop = loop_new(&fixture->err), .thread = pthread_self() };
	struct store *store = store_open(fixture->path, counted.loop, &fixture->err);

	assert_non_null(store);
	for (int i = 0; i < 10; i++)
		assert_ok(fixture, store_submit(store, i % 2 ? STORE_READ : STORE_WRITE, do_nothing,
						count_done, &counted, &fixture->err));
	assert_int_equal(counted.done, 0);
	loop_run(counted.loop);
	assert_int_equal(counted.done, 10);
	assert_int_equal(counted.last, ERR_NONE);
	assert_ok(fixture, store_submit(store, STORE_WRITE, fail_missing, count_done, &counted,
					&fixture->err));
	store_close(store); /* waits for the unit; its end still comes through the loop */
	loop_run(counted.loop);
	assert_int_equal(counted.done, 11);
	assert_int_equal(counted.last, ERR_MISSING);
	loop_free(counted.loop);
}

static void a_store_without_a_loop_takes_no_submits(void **state)
{
	struct fixture *fixture = *state;

	assert_false(store_submit(fixture->store, STORE_READ, do_nothing, count_done, NULL,
				  &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_BUG);
}

/* --- files --- */

static unsigned mode_of(const char *path, const char *suffix)
{
	char name[400];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void files_are_ours_alone(void **state)
{
	struct fixture *fixture = *state;

	fixture_write(fixture, set_colour, "green");
	assert_int_equal(mode_of(fixture->path, ""), 0600);
	assert_int_equal(mode_of(fixture->path, "-wal"), 0600);
	assert_int_equal(mode_of(fixture->path, "-shm"), 0600);
	assert_int_equal(mode_of(fixture->path, ".lock"), 0600);
	assert_int_equal(mode_of(fixture->path, ".new"), 0);
}

static void refused_to_open(struct fixture *fixture, enum err_kind kind, const char *part)
{
	struct store *store = store_open(fixture->path, NULL, &fixture->err);

	assert_null(store);
	assert_int_equal(fixture->err.kind, kind);
	if (strstr(fixture->err.message, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, fixture->err.message);
}

static void a_database_that_others_can_reach_is_refused(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	fixture->store = NULL;
	chmod(fixture->path, 0640);
	refused_to_open(fixture, ERR_CONFIG, "0640");
	assert_non_null(strstr(fixture->err.hint, "chmod 0600"));
	chmod(fixture->path, 0600);
	chmod(fixture->folder, 0755);
	refused_to_open(fixture, ERR_CONFIG, "0755");
	chmod(fixture->folder, 0700);
	fixture_open(fixture);
}

static void a_lost_database_is_not_made_anew(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	fixture->store = NULL;
	unlink(fixture->path);
	refused_to_open(fixture, ERR_MISSING, fixture->path);
	assert_int_equal(access(fixture->path, F_OK), -1);
}

static void a_database_is_made_once(void **state)
{
	struct fixture *fixture = *state;
	char *id = str_dup(store_install_id(fixture->store));

	assert_false(store_create(fixture->path, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
	store_close(fixture->store);
	fixture_open(fixture);
	assert_string_equal(store_install_id(fixture->store), id);
	assert_int_equal(strlen(id), 16);
	free(id);
}

/* Two that make it at once would build in each other's file. */
static void a_database_is_made_by_one_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	struct project_lock *other;
	char path[400];

	snprintf(path, sizeof(path), "%s/second.db", fixture->folder);
	other = project_lock_take(path, &fixture->err);
	assert_non_null(other);
	project_lock_share(other); /* else this one would wait */
	assert_false(store_create(path, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_BUSY);
	assert_int_equal(access(path, F_OK), -1);
	project_lock_free(other);
	assert_true(store_create(path, &fixture->err));
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void another_file_is_refused(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	fixture->store = NULL;
	write_file(fixture->path,
		   "this is a text, and rather a long one, but no database at all\n");
	refused_to_open(fixture, ERR_STORE, "damaged");
	write_file(fixture->path, "");
	refused_to_open(fixture, ERR_CONFIG, "not a database of muster");
}

static void write_and_die(const char *path)
{
	struct err err = ERR_INIT;
	struct store *store = store_open(path, NULL, &err);

	if (store == NULL || !store_run(store, STORE_WRITE, set_colour, "green", &err))
		_exit(1);
	kill(getpid(), SIGKILL);
}

static void in_child(void (*body)(const char *path), const char *path, int expected_signal)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		body(path);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (expected_signal != 0)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == expected_signal);
	else
		assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
}

static void what_was_committed_outlives_a_kill(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	in_child(write_and_die, fixture->path, SIGKILL);
	fixture_open(fixture);
	assert_colour(fixture, "green");
}

static void damage(const char *path)
{
	static const char garbage[4096] = { 0x7f };
	struct stat st;
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	for (off_t at = 4096 * 5; at < st.st_size; at += 4096)
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
	close(fd);
}

static void after_a_kill_damage_is_found_and_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct stat before, after;

	store_close(fixture->store);
	fixture->store = NULL;
	in_child(write_and_die, fixture->path, SIGKILL);
	damage(fixture->path);
	assert_int_equal(stat(fixture->path, &before), 0);
	refused_to_open(fixture, ERR_STORE, "damaged");
	assert_int_equal(stat(fixture->path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

/* --- a disk that is full --- */

enum { BIG = 256 * 1024 };

static bool set_big(struct store_tx *tx, void *arg, struct err *err)
{
	return setting_set(tx, "big", arg, err);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(10);
	limit.rlim_cur = bytes;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(11);
}

static void fill_the_disk(const char *path)
{
	struct err err = ERR_INIT;
	struct store *store = store_open(path, NULL, &err);
	char *big = calloc(1, BIG + 1), *colour = NULL;

	memset(big, 'x', BIG);
	signal(SIGXFSZ, SIG_IGN);
	if (store == NULL || !store_run(store, STORE_WRITE, set_colour, "green", &err))
		_exit(1);
	limit_files(BIG / 2);
	if (store_run(store, STORE_WRITE, set_big, big, &err))
		_exit(2);
	if (err.kind != ERR_STORE || strstr(err.message, "bytes free") == NULL)
		_exit(3);
	limit_files(RLIM_INFINITY);
	if (!store_run(store, STORE_READ, get_colour, &colour, &err) || !str_eq(colour, "green"))
		_exit(4);
	if (!store_run(store, STORE_WRITE, set_big, big, &err))
		_exit(5);
	free(colour);
	free(big);
	store_close(store);
}

static void a_commit_that_fails_costs_that_unit_only(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	in_child(fill_the_disk, fixture->path, 0);
	fixture_open(fixture);
	assert_colour(fixture, "green");
	assert_query(fixture, "SELECT length(value) FROM settings WHERE key = 'big'", "262144\n");
}

/* --- two processes --- */

enum { INCREMENTS = 100 };

static bool increment(struct store_tx *tx, void *arg, struct err *err)
{
	char *old, text[32];
	bool ok;

	(void)arg;
	if (!setting_get(tx, "counter", &old, err))
		return false;
	snprintf(text, sizeof(text), "%d", old != NULL ? atoi(old) + 1 : 1);
	ok = setting_set(tx, "counter", text, err);
	free(old);
	return ok;
}

static void count_up(const char *path)
{
	struct err err = ERR_INIT;
	struct store *store = store_open(path, NULL, &err);

	if (store == NULL)
		_exit(1);
	for (int i = 0; i < INCREMENTS; i++) {
		if (!store_run(store, STORE_WRITE, increment, NULL, &err))
			_exit(2);
	}
	store_close(store);
}

static void processes_take_turns(void **state)
{
	struct fixture *fixture = *state;
	pid_t children[3];
	int status;

	store_close(fixture->store);
	for (size_t i = 0; i < 3; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			count_up(fixture->path);
			_exit(0);
		}
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	fixture_open(fixture);
	assert_query(fixture, "SELECT value FROM settings WHERE key = 'counter'", "300\n");
}

static bool holds(const char *path, const char *suffix, const char *text)
{
	char name[400], command[800];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	snprintf(command, sizeof(command), "grep -q '%s' '%s' 2>/dev/null", text, name);
	return system(command) == 0;
}

static void nothing_overwritten_survives_in_the_files(void **state)
{
	struct fixture *fixture = *state;

	fixture_write(fixture, set_colour, "canary-in-the-log");
	assert_true(holds(fixture->path, "-wal", "canary-in-the-log"));
	fixture_write(fixture, set_colour, NULL);
	assert_ok(fixture, store_truncate_log(fixture->store, &fixture->err));
	assert_false(holds(fixture->path, "-wal", "canary-in-the-log"));
	assert_false(holds(fixture->path, "", "canary-in-the-log"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(a_unit_commits_as_a_whole_or_not_at_all),
		T(a_reading_unit_cannot_write),
		T(an_error_that_a_unit_got_over_is_none),
		T(a_statement_is_not_used_within_itself),
		T(submitted_units_end_on_the_loop_each_once),
		T(a_store_without_a_loop_takes_no_submits),
		T(files_are_ours_alone),
		T(a_database_that_others_can_reach_is_refused),
		T(a_lost_database_is_not_made_anew),
		T(a_database_is_made_once),
		T(a_database_is_made_by_one_at_a_time),
		T(another_file_is_refused),
		T(what_was_committed_outlives_a_kill),
		T(after_a_kill_damage_is_found_and_left_alone),
		T(a_commit_that_fails_costs_that_unit_only),
		T(processes_take_turns),
		T(nothing_overwritten_survives_in_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
