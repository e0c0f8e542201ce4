/* The store itself: making, opening, units, transactions, two processes. */
#include <sys/wait.h>

#include "base/loop.h"
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

static void a_unit_commits_as_a_whole_or_not_at_all(void **state)
{
	struct fixture *fixture = *state;
	char *colour;

	fixture_write(fixture, set_colour, "green");
	assert_false(store_run(fixture->store, STORE_WRITE, set_and_fail, "red", &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_DATA);
	fixture_read(fixture, get_colour, &colour);
	assert_string_equal(colour, "green");
	free(colour);
	fixture_write(fixture, set_colour, NULL);
	fixture_read(fixture, get_colour, &colour);
	assert_null(colour);
}

static void a_reading_unit_cannot_write(void **state)
{
	struct fixture *fixture = *state;
	char *colour;

	assert_false(store_run(fixture->store, STORE_READ, set_colour, "red", &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_STORE);
	fixture_read(fixture, get_colour, &colour);
	assert_null(colour);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_unit_commits_as_a_whole_or_not_at_all,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_reading_unit_cannot_write, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
