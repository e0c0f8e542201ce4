/* Parsing of command lines, against a table of its own. */
#include "unit.h"

#include <string.h>

#include "base/str.h"
#include "cli/parse.h"

/* --- the table --- */

static const char *const COLOURS[] = { "red", "green", NULL };

static const struct cli_flag GLOBAL[] = {
	{ .name = "project", .letter = 'C', .type = CLI_TEXT, .value = "DIR" },
	{ .name = "json", .type = CLI_SWITCH },
	{ .name = "verbose", .letter = 'v', .type = CLI_SWITCH, .repeats = true },
	{ .name = "help", .letter = 'h', .type = CLI_SWITCH },
	{ .name = NULL },
};

static const struct cli_flag LIST_FLAGS[] = {
	{ .name = "search", .type = CLI_TEXT, .value = "TEXT" },
	{ .name = "colour", .type = CLI_CHOICE, .value = "COLOUR", .one_of = COLOURS },
	{ .name = "limit", .letter = 'n', .type = CLI_NUMBER, .value = "N" },
	{ .name = NULL },
};

static const struct cli_flag SET_FLAGS[] = {
	{ .name = "set", .type = CLI_PAIR, .value = "ID=VALUE", .repeats = true },
	{ .name = NULL },
};

static const struct cli_verb VERBS[] = {
	{ .name = "things", .sub = "list", .flags = LIST_FLAGS },
	{ .name = "things",
	  .sub = "set",
	  .args = "THING",
	  .args_min = 1,
	  .args_max = 1,
	  .flags = SET_FLAGS },
	{ .name = "show", .args = "[THING...]", .args_max = -1 },
};

const struct cli_verb *cli_verbs(size_t *count)
{
	*count = sizeof(VERBS) / sizeof(VERBS[0]);
	return VERBS;
}

const struct cli_flag *cli_global_flags(void)
{
	return GLOBAL;
}

/* --- help --- */

enum { WORDS_MAX = 16, LINE_SIZE = 256 };

/* A line split at spaces; the words live as long as the case. */
struct words {
	char line[LINE_SIZE];
	char *argv[WORDS_MAX];
	int argc;
};

static bool parse(struct words *words, const char *line, struct parsed *out, struct err *err)
{
	*err = ERR_INIT;
	strncpy(words->line, line, sizeof(words->line) - 1);
	words->line[sizeof(words->line) - 1] = '\0';
	words->argc = 0;
	for (char *word = strtok(words->line, " "); word; word = strtok(NULL, " "))
		words->argv[words->argc++] = word;
	words->argv[words->argc] = NULL;
	return parse_command_line(words->argc, words->argv, out, err);
}

static void assert_verb(const char *line, const char *name, const char *sub)
{
	struct words words;
	struct parsed parsed;
	struct err err;

	if (!parse(&words, line, &parsed, &err))
		fail_msg("%s: %s", line, err.message);
	assert_non_null(parsed.verb);
	assert_string_equal(parsed.verb->name, name);
	if (sub)
		assert_string_equal(parsed.verb->sub, sub);
	parsed_fini(&parsed);
}

static void assert_refused(const char *line, const char *message, const char *hint)
{
	struct words words;
	struct parsed parsed;
	struct err err;

	if (parse(&words, line, &parsed, &err))
		fail_msg("%s is accepted", line);
	assert_int_equal(err.kind, ERR_USAGE);
	if (!strstr(err.message, message))
		fail_msg("%s: %s", line, err.message);
	if (hint && !strstr(err.hint, hint))
		fail_msg("%s: %s", line, err.hint);
	parsed_fini(&parsed);
}

/* --- cases --- */

static void test_verbs(void **state)
{
	struct words words;
	struct parsed parsed;
	struct err err;

	(void)state;
	assert_verb("muster things", "things", "list");
	assert_verb("muster things list", "things", "list");
	assert_verb("muster things set x", "things", "set");
	assert_verb("muster show", "show", NULL);
	assert_verb("muster -C dir things set x", "things", "set");
	assert_verb("muster things --json set x", "things", "set");
	assert_verb("muster things -C dir set x", "things", "set");
	assert_verb("muster things --project=dir set x", "things", "set");
	assert_verb("muster things --limit 3", "things", "list");
	assert_true(parse(&words, "muster", &parsed, &err));
	assert_null(parsed.verb);
	parsed_fini(&parsed);
}

static void test_flags_stand_anywhere(void **state)
{
	struct words words;
	struct parsed parsed;
	struct err err;

	(void)state;
	assert_true(parse(&words, "muster --json show a -v b -C dir -v -- --c -d", &parsed, &err));
	assert_true(parsed_has(&parsed, "json"));
	assert_int_equal(parsed_times(&parsed, "verbose"), 2);
	assert_string_equal(parsed_text(&parsed, "project"), "dir");
	assert_int_equal(parsed.arg_count, 4);
	assert_string_equal(parsed_arg(&parsed, 0), "a");
	assert_string_equal(parsed_arg(&parsed, 1), "b");
	assert_string_equal(parsed_arg(&parsed, 2), "--c");
	assert_string_equal(parsed_arg(&parsed, 3), "-d");
	assert_null(parsed_arg(&parsed, 4));
	parsed_fini(&parsed);
}

static void test_values(void **state)
{
	struct words words;
	struct parsed parsed;
	struct err err;
	size_t at = 0;

	(void)state;
	assert_true(
		parse(&words, "muster things --limit=12 --colour green --sear x", &parsed, &err));
	assert_int_equal(parsed_number(&parsed, "limit", 5), 12);
	assert_string_equal(parsed_text(&parsed, "search"), "x");
	assert_null(parsed_text(&parsed, "project"));
	parsed_fini(&parsed);
	assert_true(parse(&words, "muster things set --set a=1 x --set b=", &parsed, &err));
	assert_string_equal(parsed_next(&parsed, "set", &at), "a=1");
	assert_string_equal(parsed_next(&parsed, "set", &at), "b=");
	assert_null(parsed_next(&parsed, "set", &at));
	assert_int_equal(parsed_number(&parsed, "limit", 5), 5);
	parsed_fini(&parsed);
}

static void test_nearest(void **state)
{
	(void)state;
	assert_refused("muster thigns", "unknown verb \"thigns\"",
		       "did you mean \"muster things\"?");
	assert_refused("muster xyzzy", "unknown verb", "muster help");
	assert_refused("muster things lst", "unknown word \"lst\"", "\"muster things list\"");
	assert_refused("muster things --serch x", "unknown flag --serch", "--search");
	assert_refused("muster things --serch=x", "unknown flag --serch", "--search");
	assert_refused("muster show --zzz", "show: unknown flag --zzz", "muster help show");
	assert_refused("muster show -x", "unknown flag -x", "muster help show");
	assert_refused("muster --jsn show", "unknown flag --jsn", "--json");
}

static void test_refusals(void **state)
{
	(void)state;
	assert_refused("muster things set", "needs THING", NULL);
	assert_refused("muster things set a b", "\"b\" is one word too many", NULL);
	assert_refused("muster things --limit", "--limit needs N", NULL);
	assert_refused("muster things --limit x", "\"x\" is no number", NULL);
	assert_refused("muster things --limit -3", "\"-3\" is no number", NULL);
	assert_refused("muster things --colour blue", "none of red, green", NULL);
	assert_refused("muster things --search a --search b", "given twice", NULL);
	assert_refused("muster things --json=x", "--json takes no value", NULL);
	assert_refused("muster things --search \xff", "not UTF-8", NULL);
	assert_refused("muster show \xff", "not UTF-8", NULL);
}

/* What stands in --set may be a secret that was put there by mistake. */
static void test_pairs_are_not_repeated(void **state)
{
	struct words words;
	struct parsed parsed;
	struct err err;

	(void)state;
	assert_false(parse(&words, "muster things set x --set hunter2hunter2", &parsed, &err));
	assert_null(strstr(err.message, "hunter2"));
	assert_null(strstr(err.hint, "hunter2"));
	parsed_fini(&parsed);
	assert_refused("muster things set x --set =v", "--set needs ID=VALUE", NULL);
}

/* --json is known even if something behind it is wrong; --help needs no arguments. */
static void test_what_is_known_after_a_failure(void **state)
{
	struct words words;
	struct parsed parsed;
	struct err err;

	(void)state;
	assert_false(parse(&words, "muster --json things --nope", &parsed, &err));
	assert_true(parsed_has(&parsed, "json"));
	parsed_fini(&parsed);
	assert_true(parse(&words, "muster things set --help", &parsed, &err));
	assert_true(parsed_has(&parsed, "help"));
	parsed_fini(&parsed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_flags_stand_anywhere),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_pairs_are_not_repeated),
		cmocka_unit_test(test_what_is_known_after_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
