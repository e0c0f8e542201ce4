/* What is kept how long: an old recording goes with its file, a young one stays, once a day. */
#include "base/clock.h"
#include "base/file.h"
#include "store/recording.h"
#include "store/setting.h"
#include "store_fixture.h"
#include "sync/retention.h"

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
	make_recording(fixture, &old, "1.rec", RETENTION_RECORDINGS_DAYS + 1, old_at);
	make_recording(fixture, &young, "2.rec", RETENTION_RECORDINGS_DAYS - 1, young_at);
	fixture_write(fixture, apply, &old);
	assert_false(has_file(fixture, "1.rec"));
	assert_false(is_known(fixture, &old));
	assert_true(has_file(fixture, "2.rec"));
	assert_true(is_known(fixture, &young));

	/* A second time on the same day it does not look. */
	make_recording(fixture, &late, "3.rec", RETENTION_RECORDINGS_DAYS + 1, late_at);
	fixture_write(fixture, apply, &late);
	assert_true(has_file(fixture, "3.rec"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(old_recordings_go_with_their_files, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
