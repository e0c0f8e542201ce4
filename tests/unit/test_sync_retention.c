/* What is kept how long: an old recording goes with its file, a young one stays, once a day. */
#include "base/clock.h"
#include "base/file.h"
#include "store/config.h"
#include "store/db.h"
#include "store/recording.h"
#include "store/setting.h"
#include "store_world.h"
#include "sync/retention.h"

enum { RECORDINGS_DAYS = 30 };

struct scene {
	struct fixture *fixture;
	const char *file, *at;
	char *found;
	int64_t session;
};

static bool record(struct store_tx *tx, void *arg, struct err *err)
{
	struct scene *scene = arg;
	struct lease lease;
	bool first;

	return lease_take(tx, "acc", "test", clock_wall_ms(), &lease, err) &&
	       session_begin(tx, &lease, "full", "{}", NOW, &scene->session, &first, err) &&
	       recording_add(tx, scene->session, "acc", scene->file, scene->at, err) &&
	       lease_release(tx, &lease, err);
}

static bool apply(struct store_tx *tx, void *arg, struct err *err)
{
	struct scene *scene = arg;

	return retention_apply(tx, scene->fixture->folder, err);
}

static bool find(struct store_tx *tx, void *arg, struct err *err)
{
	struct scene *scene = arg;

	return recording_find(tx, scene->session, &scene->found, err);
}

static void make_recording(struct fixture *fixture, struct scene *scene, const char *file,
			   int days_old, char at[CLOCK_TEXT_SIZE])
{
	char path[400];

	clock_format(clock_wall_ms() - (int64_t)days_old * 86400000, at);
	*scene = (struct scene){ .fixture = fixture, .file = file, .at = at };
	snprintf(path, sizeof(path), "%s/%s", fixture->folder, file);
	assert_ok(fixture, file_write(path, 0600, "x", 1, &fixture->err));
	fixture_write(fixture, record, scene);
}

static bool has_file(const struct fixture *fixture, const char *file)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", fixture->folder, file);
	return file_exists(path);
}

static bool is_known(struct fixture *fixture, struct scene *scene)
{
	bool known;

	fixture_read(fixture, find, scene);
	known = scene->found != NULL;
	free(scene->found);
	return known;
}

static void old_recordings_go_with_their_files(void **state)
{
	struct fixture *fixture = *state;
	char old_at[CLOCK_TEXT_SIZE], young_at[CLOCK_TEXT_SIZE], late_at[CLOCK_TEXT_SIZE];
	struct scene old, young, late;

	fixture_add_account(fixture, "acc", "acme");
	make_recording(fixture, &old, "1.rec", RECORDINGS_DAYS + 1, old_at);
	make_recording(fixture, &young, "2.rec", RECORDINGS_DAYS - 1, young_at);
	fixture_write(fixture, apply, &old);
	assert_false(has_file(fixture, "1.rec"));
	assert_false(is_known(fixture, &old));
	assert_true(has_file(fixture, "2.rec"));
	assert_true(is_known(fixture, &young));

	/* A second time on the same day it does not look. */
	make_recording(fixture, &late, "3.rec", RECORDINGS_DAYS + 1, late_at);
	fixture_write(fixture, apply, &late);
	assert_true(has_file(fixture, "3.rec"));
}

/* --- what the project says --- */

static bool keep_less(struct store_tx *tx, void *arg, struct err *err)
{
	const int64_t *days = arg;

	return config_set(tx, CONFIG_KEEP_REMOVED, *days, err) &&
	       setting_set(tx, "expired_on", NULL, err);
}

static bool remove_days_ago(struct store_tx *tx, void *arg, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "UPDATE devices SET removed_at = $1", err);

	db_bind_text(stmt, 1, arg);
	return db_exec(stmt, NULL, err);
}

static void a_project_says_how_long_removed_rows_stay(void **state)
{
	struct fixture *fixture = *state;
	struct scene scene = { .fixture = fixture };
	char at[CLOCK_TEXT_SIZE];
	struct world world;
	int64_t days = 6;

	world_begin(&world, fixture, "acc");
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	clock_format(clock_wall_ms() - days * 86400000 + 60000, at);
	fixture_write(fixture, remove_days_ago, at);
	fixture_write(fixture, apply, &scene);
	fixture_write(fixture, keep_less, &days);
	fixture_write(fixture, apply, &scene);
	assert_query(fixture, "SELECT count(*) FROM devices", "1\n");
	days = 5;
	fixture_write(fixture, keep_less, &days);
	fixture_write(fixture, apply, &scene);
	assert_query(fixture, "SELECT count(*) FROM devices", "0\n");
}

/* --- sessions --- */

static bool age(struct store_tx *tx, void *arg, struct err *err)
{
	struct db_stmt *sessions = db_prepare(tx, "UPDATE sessions SET started_at = $1", err);
	struct db_stmt *changes = db_prepare(tx, "UPDATE changes SET at = $1", err);
	char young[CLOCK_TEXT_SIZE];

	if (sessions == NULL || changes == NULL)
		return false;
	db_bind_text(sessions, 1, arg);
	db_bind_text(changes, 1, clock_now_text(young));
	return db_exec(sessions, NULL, err) && db_exec(changes, NULL, err) &&
	       setting_set(tx, "expired_on", NULL, err);
}

static bool fail_session(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;

	return session_end(tx, world->session, "failed", NULL, LATER, 1, err);
}

static bool record_session(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	char now[CLOCK_TEXT_SIZE];

	return recording_add(tx, world->session, "acc", "5.rec", clock_now_text(now), err);
}

static bool end_session(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;

	return session_end(tx, world->session, "ok", NULL, LATER, 1, err);
}

static void next_session(struct world *world, store_work_fn *end)
{
	world_next_session(world);
	world_run(world, end, world);
}

/* Six of one account: only those go that nothing which is kept speaks of. */
static void old_sessions_go_that_nothing_refers_to(void **state)
{
	struct fixture *fixture = *state;
	struct scene scene = { .fixture = fixture };
	char at[CLOCK_TEXT_SIZE];
	struct world world;

	world_begin(&world, fixture, "acc"); /* 1: changed a row */
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	world_run(&world, end_session, &world);
	next_session(&world, end_session);    /* 2 */
	next_session(&world, record_session); /* 3: is recorded; and interrupted by 4 */
	next_session(&world, end_session);    /* 4: the last that ended well */
	next_session(&world, fail_session);   /* 5 */
	next_session(&world, fail_session);   /* 6: the newest */
	clock_format(clock_wall_ms() - INT64_C(89) * 86400000, at);
	fixture_write(fixture, age, at);
	fixture_write(fixture, apply, &scene);
	assert_query(fixture, "SELECT group_concat(id) FROM sessions", "1,2,3,4,5,6\n");
	clock_format(clock_wall_ms() - INT64_C(91) * 86400000, at);
	fixture_write(fixture, age, at);
	fixture_write(fixture, apply, &scene);
	assert_query(fixture, "SELECT group_concat(id) FROM sessions", "1,3,4,6\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(old_recordings_go_with_their_files, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_project_says_how_long_removed_rows_stay,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(old_sessions_go_that_nothing_refers_to,
						fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
