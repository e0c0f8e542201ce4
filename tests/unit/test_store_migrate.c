/* Migrations: one transaction each, older databases are copied first, newer ones refused, and a
 * kill leaves version N or N+1. */
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "store/tx.h"
#include "store_fixture.h"

/* Slow enough to be killed in the middle of it. */
static const char SLOW[] =
	"CREATE TABLE two (i INTEGER PRIMARY KEY, x TEXT);"
	"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
	" INSERT INTO two SELECT i, hex(randomblob(32)) FROM n;"
	"CREATE INDEX two_by_x ON two (x);";

/* The version that a new database has. */
static int64_t latest(void)
{
	int64_t count = 0;

	while (sqlite_migrations[count].version != 0)
		count++;
	return count;
}

/* All that there are and one more. */
static struct migration *with_next(const char *sql)
{
	static struct migration list[64];
	int64_t count = latest();

	for (int64_t i = 0; i < count; i++)
		list[i] = sqlite_migrations[i];
	list[count] = (struct migration){ count + 1, "next", sql };
	list[count + 1] = (struct migration){ 0 };
	return list;
}

static bool migrate(const char *path, const struct migration *list, enum migrate_mode mode,
		    struct err *err)
{
	struct store_tx *tx = tx_open(&driver_sqlite, path, DRIVER_WRITER, err);
	bool ok = tx != NULL && migrate_run(tx, path, list, mode, err);

	tx_close(tx);
	return ok;
}

static void run_script(const char *path, const char *sql)
{
	struct err err = ERR_INIT;
	struct store_tx *tx = tx_open(&driver_sqlite, path, DRIVER_WRITER, &err);

	if (tx == NULL || !tx->driver->script(tx->conn, sql, &err))
		fail_msg("%s", err.message);
	tx_close(tx);
}

static int64_t number(const char *path, const char *sql)
{
	struct err err = ERR_INIT;
	struct store_tx *tx = tx_open(&driver_sqlite, path, DRIVER_READER, &err);
	struct db_stmt *stmt = db_prepare_text(tx, sql, &err);
	bool has_row;
	int64_t value;

	if (stmt == NULL || !db_step(stmt, &has_row, &err) || !has_row)
		fail_msg("%s", err.message);
	value = db_column_int(stmt, 0);
	tx_close(tx);
	return value;
}

static int64_t version_of(const char *path)
{
	return number(path, "SELECT max(version) FROM schema_migrations");
}

static int64_t has_next(const char *path)
{
	return number(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'two'");
}

static int closed_setup(void **state)
{
	struct fixture *fixture;

	fixture_setup(state);
	fixture = *state;
	store_close(fixture->store);
	fixture->store = NULL;
	return 0;
}

static void numbers_have_no_gap(void **state)
{
	(void)state;
	for (int64_t i = 0; sqlite_migrations[i].version != 0; i++)
		assert_int_equal(sqlite_migrations[i].version, i + 1);
}

static void an_older_database_is_copied_and_brought_up_to_date(void **state)
{
	struct fixture *fixture = *state;
	char backup[400];
	struct stat st;

	assert_ok(fixture, migrate(fixture->path, with_next("CREATE TABLE two (i INTEGER);"),
				   MIGRATE_ALONE, &fixture->err));
	assert_int_equal(version_of(fixture->path), latest() + 1);
	assert_int_equal(has_next(fixture->path), 1);
	snprintf(backup, sizeof(backup), "%s.v%lld.backup", fixture->path, (long long)latest());
	assert_int_equal(stat(backup, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(version_of(backup), latest());
	assert_int_equal(has_next(backup), 0);
}

static void a_migration_that_fails_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	char named[64];

	assert_false(migrate(fixture->path, with_next("CREATE TABLE two (i INTEGER); nonsense;"),
			     MIGRATE_ALONE, &fixture->err));
	snprintf(named, sizeof(named), "migration %lld (next)", (long long)latest() + 1);
	assert_non_null(strstr(fixture->err.message, named));
	assert_int_equal(version_of(fixture->path), latest());
	assert_int_equal(has_next(fixture->path), 0);
}

static void a_newer_schema_is_refused_with_both_versions(void **state)
{
	struct fixture *fixture = *state;
	char named[64];

	run_script(fixture->path, "INSERT INTO schema_migrations VALUES (700, 'future', 'then')");
	assert_null(store_open(fixture->path, NULL, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
	assert_non_null(strstr(fixture->err.message, "version 700"));
	snprintf(named, sizeof(named), "up to %lld", (long long)latest());
	assert_non_null(strstr(fixture->err.message, named));
}

static void nobody_migrates_under_another_process(void **state)
{
	struct fixture *fixture = *state;

	assert_false(migrate(fixture->path, with_next("CREATE TABLE two (i INTEGER);"),
			     MIGRATE_SHARED, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_BUSY);
	assert_int_equal(version_of(fixture->path), latest());
}

/* A child migrates until it has used so much CPU time: nothing of its own runs after that. false =
 * it was faster. */
static bool migrate_until(const char *path, suseconds_t cpu_us)
{
	const struct itimerval end = { .it_value = { .tv_usec = cpu_us } };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err err = ERR_INIT;

		signal(SIGPROF, SIG_DFL);
		setitimer(ITIMER_PROF, &end, NULL);
		_exit(migrate(path, with_next(SLOW), MIGRATE_ALONE, &err) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

/* Whatever the moment, the version says what is there. The moments are spread over the run. */
static void a_kill_leaves_one_version_or_the_next(void **state)
{
	struct fixture *fixture = *state;
	int killed = 0;

	for (suseconds_t i = 0; i < 20; i++) {
		killed += migrate_until(fixture->path, 1000 + i * 12000);
		assert_int_equal(has_next(fixture->path), version_of(fixture->path) - latest());
		if (version_of(fixture->path) > latest())
			run_script(fixture->path, "DROP TABLE two;"
						  "DELETE FROM schema_migrations"
						  " WHERE name = 'next'");
	}
	assert_true(killed > 0);
	assert_ok(fixture, migrate(fixture->path, with_next(SLOW), MIGRATE_ALONE, &fixture->err));
	assert_int_equal(number(fixture->path, "SELECT count(*) FROM two"), 60000);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, closed_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_no_gap),
		T(an_older_database_is_copied_and_brought_up_to_date),
		T(a_migration_that_fails_changes_nothing),
		T(a_newer_schema_is_refused_with_both_versions),
		T(nobody_migrates_under_another_process),
		T(a_kill_leaves_one_version_or_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
