/* The one error value. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "unit.h"

static void context_is_put_before(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_false(err_set(&err, ERR_TIMEOUT, "timed out after %d s", 30));
	assert_false(err_context(&err, "GET /devices?offset=%d", 600));
	assert_false(err_context(&err, "kandji/acme"));
	assert_string_equal(err.message,
			    "kandji/acme: GET /devices?offset=600: timed out after 30 s");
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_true(err.retry_after_ms == -1);
}

static void an_errno_is_said_in_words(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_false(err_set_errno(&err, ERR_STORE, ENOSPC, "cannot write %s", "x"));
	assert_string_equal(err.message, "cannot write x: No space left on device");
}

static void a_long_message_is_cut_and_stays_a_text(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_set(&err, ERR_DATA, "%2000d", 1);
	err_context(&err, "%2000d", 2);
	err_context(&err, "where");
	assert_int_equal(strlen(err.message), ERR_MESSAGE_MAX - 1);
	assert_true(str_has_prefix(err.message, "where: "));
	err_hint(&err, "%2000d", 3);
	assert_int_equal(strlen(err.hint), ERR_HINT_MAX - 1);
}

static void a_new_error_starts_from_nothing(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_set(&err, ERR_THROTTLED, "slow down");
	err.status = 429;
	err.retry_after_ms = 1000;
	err_hint(&err, "wait");
	err_set(&err, ERR_AUTH, "refused");
	assert_int_equal(err.status, 0);
	assert_true(err.retry_after_ms == -1);
	assert_string_equal(err.hint, "");
	err_hint(&err, "wait");
	err_oom(&err);
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
	assert_string_equal(err.hint, "");
}

static void every_kind_has_a_name_of_its_own_and_an_exit_code(void **state)
{
	(void)state;
	for (int i = ERR_NET; i < ERR_KIND_COUNT; i++) {
		const struct err_kind_info *info = err_kind_info((enum err_kind)i);

		assert_non_null(info->name);
		assert_non_null(info->hint);
		assert_in_range(info->exit_code, 1, 130);
		for (int j = ERR_NONE; j < i; j++)
			assert_string_not_equal(info->name, err_kind_info((enum err_kind)j)->name);
	}
	assert_int_equal(err_kind_info(ERR_NONE)->exit_code, 0);
	assert_string_equal(err_kind_info(ERR_KIND_COUNT)->name, "bug");
}

static void scripts_know_the_kinds_up_to_bug(void **state)
{
	(void)state;
	assert_int_equal(err_kind_by_name("throttled"), ERR_THROTTLED);
	assert_int_equal(err_kind_by_name("busy"), ERR_BUSY);
	assert_int_equal(err_kind_by_name("bug"), ERR_BUG);
	assert_int_equal(err_kind_by_name("sealed"), ERR_NONE);
	assert_int_equal(err_kind_by_name("none"), ERR_NONE);
	assert_int_equal(err_kind_by_name(""), ERR_NONE);
}

static void the_errors_own_way_out_wins(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_set(&err, ERR_TIMEOUT, "slow");
	assert_string_equal(err_way_out(&err), err_kind_info(ERR_TIMEOUT)->hint);
	err_hint(&err, "raise --timeout");
	assert_string_equal(err_way_out(&err), "raise --timeout");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_is_put_before),
		cmocka_unit_test(an_errno_is_said_in_words),
		cmocka_unit_test(a_long_message_is_cut_and_stays_a_text),
		cmocka_unit_test(a_new_error_starts_from_nothing),
		cmocka_unit_test(every_kind_has_a_name_of_its_own_and_an_exit_code),
		cmocka_unit_test(scripts_know_the_kinds_up_to_bug),
		cmocka_unit_test(the_errors_own_way_out_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
