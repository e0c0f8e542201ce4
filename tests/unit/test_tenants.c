/* Which names of tenants agree: a place with whoever lives there, two ids never. */
#include "connector/check.h"
#include "unit.h"

static void one_tenant_agrees_with_itself(void **state)
{
	(void)state;
	assert_true(check_tenants_agree("a@eu", "a@eu"));
	assert_true(check_tenants_agree("acme.api.kandji.io", "acme.api.kandji.io"));
	assert_true(check_tenants_agree(NULL, "a@eu"));
}

static void two_tenants_do_not(void **state)
{
	static const char *const pairs[][2] = {
		{ "a@eu", "b@eu" },
		{ "a@eu", "a@us" },
		{ "acme.api.kandji.io", "beta.api.kandji.io" },
		{ "eu", "b@us" },
		{ "a@eu", "us" },
		{ "64f0aa01", "64f0aa02" },
		{ "a@eu", "u" },
		{ "a@eu", "" },
		{ "", "a@eu" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_false(check_tenants_agree(pairs[i][0], pairs[i][1]));
		assert_false(check_tenants_agree(pairs[i][1], pairs[i][0]));
	}
	assert_false(check_tenants_agree("a@eu", NULL));
}

static void a_place_agrees_with_whoever_lives_there(void **state)
{
	(void)state;
	assert_true(check_tenants_agree("eu", "a@eu"));
	assert_true(check_tenants_agree("a@eu", "eu"));
}

static void the_one_that_says_more_is_kept(void **state)
{
	(void)state;
	assert_string_equal(check_fuller_tenant("a@eu", "eu"), "a@eu");
	assert_string_equal(check_fuller_tenant("eu", "a@eu"), "a@eu");
	assert_string_equal(check_fuller_tenant(NULL, "eu"), "eu");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_tenant_agrees_with_itself),
		cmocka_unit_test(two_tenants_do_not),
		cmocka_unit_test(a_place_agrees_with_whoever_lives_there),
		cmocka_unit_test(the_one_that_says_more_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
