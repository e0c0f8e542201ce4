/* What a project may set: a sound table, ranges, defaults, and values that somebody else wrote. */
#include "store/config.h"
#include "store/setting.h"
#include "store_fixture.h"

static void the_table_is_sound(void **state)
{
	(void)state;
	for (int i = 0; i < CONFIG_COUNT; i++) {
		const struct config_info *info = config_info((enum config_key)i);
		struct err err = ERR_INIT;
		enum config_key key;

		assert_non_null(info->key);
		assert_true(info->min <= info->fallback && info->fallback <= info->max);
		assert_true(strlen(info->meaning) > 10 && !str_has_suffix(info->meaning, "."));
		assert_int_equal(info->risk == CONFIG_HARMLESS, info->warning == NULL);
		assert_true(config_find(info->key, &key, &err));
		assert_int_equal(key, i);
	}
}

static void an_unknown_key_names_the_nearest(void **state)
{
	struct err err = ERR_INIT;
	enum config_key key;

	(void)state;
	assert_false(config_find("guard.shaer", &key, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.hint, "did you mean guard.share?");
	assert_false(config_find("colour", &key, &err));
	assert_string_equal(err.hint, "muster config list");
}

static void values_have_a_range(void **state)
{
	static const char *const wrong[] = { "-1", "101", "ten", "", "1.5", "10 %" };
	struct err err = ERR_INIT;
	int64_t value;

	(void)state;
	assert_true(config_parse(CONFIG_GUARD_SHARE, "0", &value, &err));
	assert_true(config_parse(CONFIG_GUARD_SHARE, "100", &value, &err));
	assert_int_equal(value, 100);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		err = ERR_INIT;
		assert_false(config_parse(CONFIG_GUARD_SHARE, wrong[i], &value, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.hint, "a whole number from 0 to 100 (%)");
	}
}

static bool set_and_unset(struct store_tx *tx, void *arg, struct err *err)
{
	int64_t value;
	bool is_set;

	(void)arg;
	if (!config_get(tx, CONFIG_KEEP_RECORDINGS, &value, &is_set, err))
		return false;
	assert_int_equal(value, 30);
	assert_false(is_set);
	if (!config_set(tx, CONFIG_KEEP_RECORDINGS, 7, err) ||
	    !config_get(tx, CONFIG_KEEP_RECORDINGS, &value, &is_set, err))
		return false;
	assert_int_equal(value, 7);
	assert_true(is_set);
	if (!config_unset(tx, CONFIG_KEEP_RECORDINGS, err) ||
	    !config_get(tx, CONFIG_KEEP_RECORDINGS, &value, NULL, err))
		return false;
	assert_int_equal(value, 30);
	return true;
}

static void a_value_is_kept_until_it_is_unset(void **state)
{
	fixture_write(*state, set_and_unset, NULL);
}

static bool read_broken(struct store_tx *tx, void *arg, struct err *err)
{
	int64_t value;

	return setting_set(tx, "guard.count", arg, err) &&
	       config_get(tx, CONFIG_GUARD_COUNT, &value, NULL, err);
}

/* The guard does not fall back to something that nobody asked for. */
static void what_somebody_else_wrote_is_no_value(void **state)
{
	struct fixture *fixture = *state;

	assert_false(store_run(fixture->store, STORE_WRITE, read_broken, (void *)(uintptr_t) "-5",
			       &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
	assert_string_equal(fixture->err.hint, "muster config unset guard.count");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(an_unknown_key_names_the_nearest),
		cmocka_unit_test(values_have_a_range),
		T(a_value_is_kept_until_it_is_unset),
		T(what_somebody_else_wrote_is_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
