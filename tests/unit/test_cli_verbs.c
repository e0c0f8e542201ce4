/* The table of verbs is sound; exit codes have one order; errors have one shape. */
#include "unit.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "cli/errors.h"
#include "cli/help.h"
#include "cli/verb.h"

enum { FLAGS_PER_VERB_MAX = 48 };

static const struct cli_flag *flag_named(const struct cli_flag *flags, const char *name)
{
	for (; flags && flags->name; flags++) {
		if (str_eq(flags->name, name))
			return flags;
	}
	return NULL;
}

static const struct cli_flag *flag_lettered(const struct cli_flag *flags, char letter)
{
	for (; flags && flags->name; flags++) {
		if (flags->letter == letter)
			return flags;
	}
	return NULL;
}

static void assert_sound_flag(const struct cli_flag *flag)
{
	assert_true(strlen(flag->help) > 3);
	assert_false(str_has_suffix(flag->help, "."));
	assert_int_equal(flag->type == CLI_SWITCH, flag->value == NULL);
	assert_int_equal(flag->type == CLI_CHOICE, flag->one_of != NULL);
	assert_true(flag->type != CLI_PAIR || flag->repeats);
}

static void test_flags_are_sound_and_distinct(void **state)
{
	const struct cli_flag *global = cli_global_flags();
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	(void)state;
	for (const struct cli_flag *flag = global; flag->name; flag++)
		assert_sound_flag(flag);
	for (size_t i = 0; i < count; i++) {
		size_t flags = 0;

		for (const struct cli_flag *flag = verbs[i].flags; flag && flag->name; flag++) {
			flags++;
			assert_sound_flag(flag);
			assert_null(flag_named(global, flag->name));
			assert_null(flag_named(flag + 1, flag->name));
			assert_true(!flag->letter || !flag_lettered(global, flag->letter));
		}
		assert_true(flags + 16 < FLAGS_PER_VERB_MAX);
	}
}

static void test_verbs_are_sound(void **state)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct cli_verb *verb = &verbs[i];

		assert_non_null(verb->run);
		assert_true(islower((unsigned char)verb->summary[0]));
		assert_false(str_has_suffix(verb->summary, "."));
		assert_true(!verb->help || str_has_suffix(verb->help, "."));
		assert_int_equal(verb->args != NULL, verb->args_max != 0);
		assert_true(verb->args_max == -1 || verb->args_min <= verb->args_max);
		assert_ptr_equal(cli_verb_find(verb->name, verb->sub), verb);
		/* The words of a verb stand together, and a verb with words has no bare form. */
		if (i > 0 && str_eq(verbs[i - 1].name, verb->name))
			assert_true(verb->sub && verbs[i - 1].sub);
	}
	assert_null(cli_verb_find("nonsense", NULL));
	assert_null(cli_verb_find("accounts", "nonsense"));
}

static void test_the_first_word_is_the_default(void **state)
{
	(void)state;
	assert_string_equal(cli_verb_find("accounts", NULL)->sub, "list");
	assert_string_equal(cli_verb_find("vault", NULL)->sub, "status");
	assert_null(cli_verb_find("sync", NULL)->sub);
}

static void test_the_more_serious_code_wins(void **state)
{
	(void)state;
	assert_int_equal(exit_more_serious(0, 0), 0);
	assert_int_equal(exit_more_serious(0, EXIT_PARTIAL), EXIT_PARTIAL);
	assert_int_equal(exit_more_serious(5, EXIT_PARTIAL), 5);
	assert_int_equal(exit_more_serious(4, 5), 4);
	assert_int_equal(exit_more_serious(6, 4), 6);
	assert_int_equal(exit_more_serious(1, 6), 1);
	assert_int_equal(exit_more_serious(130, 1), 130);
	/* One that nobody knows counts as a failure. */
	assert_int_equal(exit_more_serious(99, 4), 99);
	assert_int_equal(exit_more_serious(99, 130), 130);
}

static void test_every_kind_of_error_has_a_listed_code(void **state)
{
	(void)state;
	for (int kind = ERR_NONE; kind < ERR_KIND_COUNT; kind++) {
		const struct exit_meaning *meaning = exit_meanings();
		int code = err_kind_info((enum err_kind)kind)->exit_code;

		while (meaning->code != code && meaning->code != EXIT_DONE)
			meaning++;
		assert_int_equal(meaning->code, code);
	}
}

static void test_pages_are_made_of_the_table(void **state)
{
	struct buf page = BUF_INIT;

	(void)state;
	help_man(&page);
	assert_false(page.failed);
	assert_non_null(strstr(buf_text(&page), ".SS \"muster accounts rename ACCOUNT NAME\""));
	assert_non_null(strstr(buf_text(&page), "\\-\\-dry\\-run"));
	buf_clear(&page);
	assert_true(help_completion("bash", &page));
	assert_non_null(strstr(buf_text(&page), "'accounts set') words='"));
	buf_fini(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags_are_sound_and_distinct),
		cmocka_unit_test(test_verbs_are_sound),
		cmocka_unit_test(test_the_first_word_is_the_default),
		cmocka_unit_test(test_the_more_serious_code_wins),
		cmocka_unit_test(test_every_kind_of_error_has_a_listed_code),
		cmocka_unit_test(test_pages_are_made_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
