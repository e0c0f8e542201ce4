/* Every verb has an example, and every example is a command line that the real parser takes. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wordexp.h>

#include "base/str.h"
#include "cli/parse.h"

/* Ends the text where `mark` begins, if it does. */
static void cut_at(char *text, const char *mark)
{
	char *at = strstr(text, mark);

	if (at != NULL)
		*at = '\0';
}

/* The command that is ours: at the start, behind a pipe or in <(...), up to the next pipe or file.
   malloc'd. */
static char *our_part(const char *line, size_t len)
{
	static const char *const before[] = { " | muster ", "<(muster " };
	char *copy = str_dup_len(line, len), *start = copy;

	assert_non_null(copy);
	for (size_t i = 0; i < 2 && !str_has_prefix(start, "muster "); i++) {
		char *found = strstr(copy, before[i]);

		if (found != NULL)
			start = strstr(found, "muster ");
		if (found != NULL && i == 1)
			cut_at(start, ")");
	}
	if (!str_has_prefix(start, "muster "))
		fail_msg("no muster in: %s", copy);
	cut_at(start, " | ");
	cut_at(start, " > ");
	memmove(copy, start, strlen(start) + 1);
	return copy;
}

/* Ends of lines behind a backslash become spaces: the examples, one a line. malloc'd. */
static char *joined(const char *examples)
{
	char *text = str_dup(examples);

	assert_non_null(text);
	for (char *at = strstr(text, "\\\n"); at != NULL; at = strstr(at, "\\\n"))
		at[0] = at[1] = ' ';
	return text;
}

/* Which verb the line is taken for. */
static const struct cli_verb *verb_of(const char *line, size_t len)
{
	char *part = our_part(line, len);
	struct parsed parsed = { 0 };
	struct err err = ERR_INIT;
	const struct cli_verb *verb;
	wordexp_t words;

	if (wordexp(part, &words, WRDE_NOCMD | WRDE_UNDEF) != 0)
		fail_msg("a shell does not take: %s", part);
	if (!parse_command_line((int)words.we_wordc, words.we_wordv, &parsed, &err))
		fail_msg("%s: %s", part, err.message);
	verb = parsed.verb;
	parsed_fini(&parsed);
	wordfree(&words);
	free(part);
	return verb;
}

static void check_examples(const struct cli_verb *verb)
{
	char *text = joined(verb->examples), *at = text;

	while (*at != '\0') {
		size_t len = strcspn(at, "\n");

		if (verb_of(at, len) != verb)
			fail_msg("an example of another verb: %.*s", (int)len, at);
		at += len + (at[len] == '\n');
	}
	free(text);
}

static void every_verb_has_examples_that_parse(void **state)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (verbs[i].examples == NULL || verbs[i].examples[0] == '\0')
			fail_msg("%s %s has no example", verbs[i].name,
				 verbs[i].sub ? verbs[i].sub : "");
		check_examples(&verbs[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_has_examples_that_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
