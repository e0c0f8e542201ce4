/* Completions of verbs, words and flags for bash, zsh and fish. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/help.h"
#include "cli/verb.h"
#include "cli/verbs.h"
#include "store/config.h"

static bool is_first(const struct cli_verb *verbs, size_t i)
{
	return i == 0 || !str_eq(verbs[i].name, verbs[i - 1].name);
}

static void put_verb_names(struct buf *out)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	for (size_t i = 0; i < count; i++) {
		if (is_first(verbs, i))
			buf_printf(out, "%s%s", i ? " " : "", verbs[i].name);
	}
}

static void put_subs(struct buf *out, const char *name)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	for (size_t i = 0; i < count; i++) {
		if (str_eq(verbs[i].name, name) && verbs[i].sub)
			buf_printf(out, "%s ", verbs[i].sub);
	}
}

static void put_flag_names(struct buf *out, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++)
		buf_printf(out, " --%s", flags->name);
}

static void put_settings(struct buf *out)
{
	for (int i = 0; i < CONFIG_COUNT; i++)
		buf_printf(out, "%s%s", i ? " " : "", config_info((enum config_key)i)->key);
}

/* "bash|zsh|fish": words to be typed as they are, not names for something (those are in capitals).
 */
static void put_words(struct buf *out, const char *args)
{
	if (!args || args[0] < 'a' || args[0] > 'z')
		return;
	for (; *args; args++)
		buf_char(out, *args == '|' ? ' ' : *args);
}

/* What its argument may be, where that is known beforehand. */
static void put_arguments(struct buf *out, const struct cli_verb *verb)
{
	const char *names[VERB_EXPORTS_MAX];
	size_t count = 0;

	if (str_eq(verb->name, "export"))
		count = verb_export_names(names);
	if (str_eq(verb->name, "help"))
		put_verb_names(out);
	if (str_eq(verb->name, "config") && verb->args)
		put_settings(out);
	put_words(out, verb->args);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s%s", i ? " " : "", names[i]);
}

/* What muster itself can list, by the word that verbs and flags use for it: the first column. */
static const struct stored {
	const char *word, *function, *arguments;
} STORED[] = {
	{ "ACCOUNT", "_muster_accounts",
	  "query \"SELECT vendor || char(47) || name FROM accounts WHERE archived_at IS NULL\"" },
	{ "CREDENTIAL", "_muster_credentials", "query \"SELECT name FROM credentials\"" },
	{ "VENDOR", "_muster_vendors", "vendors list" },
};

enum { STORED_COUNT = sizeof(STORED) / sizeof(STORED[0]) };

/* The first of them, from *at on, that is asked for; *at moves behind it. NULL: no more. */
static const struct stored *stored_next(const char *args, size_t *at)
{
	while (args && *at < STORED_COUNT) {
		const struct stored *stored = &STORED[(*at)++];

		if (strstr(args, stored->word))
			return stored;
	}
	return NULL;
}

/* Global flags that take a word, as patterns of a shell's case: --project|-C|... */
static void put_valued_globals(struct buf *out)
{
	const char *separator = "";

	for (const struct cli_flag *flag = cli_global_flags(); flag->name; flag++) {
		if (flag->type == CLI_SWITCH)
			continue;
		buf_printf(out, "%s--%s", separator, flag->name);
		if (flag->letter)
			buf_printf(out, " | -%c", flag->letter);
		separator = " | ";
	}
}

/*
 * 'users ' | 'users list') of "$verb $sub", with `rest` behind: a verb's first word is its default.
 */
static void put_pattern(struct buf *out, const struct cli_verb *verbs, size_t i, const char *rest)
{
	const struct cli_verb *verb = &verbs[i];
	bool first = is_first(verbs, i);

	buf_char(out, '\t');
	if (first)
		buf_printf(out, "'%s %s'", verb->name, rest);
	if (verb->sub)
		buf_printf(out, "%s'%s %s%s'", first ? " | " : "", verb->name, verb->sub, rest);
	buf_str(out, ") ");
}

/* What can follow a flag; nothing known: then the shell offers files. */
static void put_values(struct buf *out, const struct cli_flag *flag)
{
	const struct stored *stored;
	size_t at = 0;

	buf_str(out, "words=");
	while ((stored = stored_next(flag->value, &at)))
		buf_printf(out, "$(%s)", stored->function);
	for (size_t i = 0; flag->one_of && flag->one_of[i]; i++)
		buf_printf(out, "%s%s", i ? " " : "'", flag->one_of[i]);
	buf_str(out, flag->one_of ? "' ;;\n" : " ;;\n");
}

static void put_global_values(struct buf *out)
{
	for (const struct cli_flag *flag = cli_global_flags(); flag->name; flag++) {
		if (flag->type == CLI_SWITCH)
			continue;
		buf_printf(out, "\t*' --%s'", flag->name);
		if (flag->letter)
			buf_printf(out, " | *' -%c'", flag->letter);
		buf_str(out, ") ");
		put_values(out, flag);
	}
}

static void put_verb_values(struct buf *out, const struct cli_verb *verbs, size_t i)
{
	char rest[40];

	for (const struct cli_flag *flag = verbs[i].flags; flag && flag->name; flag++) {
		if (flag->type == CLI_SWITCH)
			continue;
		snprintf(rest, sizeof(rest), " --%s", flag->name);
		put_pattern(out, verbs, i, rest);
		put_values(out, flag);
		if (!flag->letter)
			continue;
		snprintf(rest, sizeof(rest), " -%c", flag->letter);
		put_pattern(out, verbs, i, rest);
		put_values(out, flag);
	}
}

/* case "$verb $sub $prev" in ... words="..." ;; esac: after a flag its values take the place. */
static void put_value_cases(struct buf *out)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	buf_str(out, "\tcase \"$verb $sub $prev\" in\n");
	for (size_t i = 0; i < count; i++)
		put_verb_values(out, verbs, i);
	put_global_values(out);
	buf_str(out, "\tesac\n");
}

static void put_case(struct buf *out, const struct cli_verb *verb, const char *sub, bool has_subs)
{
	const struct stored *stored;
	size_t at = 0;

	buf_printf(out, "\t'%s %s') words='", verb->name, sub);
	if (has_subs)
		put_subs(out, verb->name);
	put_arguments(out, verb);
	put_flag_names(out, verb->flags);
	buf_char(out, '\'');
	while ((stored = stored_next(verb->args, &at)))
		buf_printf(out, "\" $(%s)\"", stored->function);
	buf_str(out, " ;;\n");
}

/* case "$verb $sub" in ... words="..." ;; esac, which bash and zsh read alike. */
static void put_cases(struct buf *out)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	for (size_t i = 0; i < count; i++) {
		if (is_first(verbs, i))
			put_case(out, &verbs[i], "", true);
		if (verbs[i].sub)
			put_case(out, &verbs[i], verbs[i].sub, false);
	}
}

/* Finds the verb and its sub among the words before the cursor, then chooses what can follow. */
static void put_choice(struct buf *out, const char *first, const char *last, const char *word)
{
	buf_printf(out, "\tfor ((i = %s; i < %s; i++)); do\n\t\tcase %s in\n\t\t", first, last,
		   word);
	put_valued_globals(out);
	buf_printf(out,
		   ") ((i++)) ;;\n"
		   "\t\t-*) ;;\n"
		   "\t\t*)\n"
		   "\t\t\tif [ -z \"$verb\" ]; then verb=%s\n"
		   "\t\t\telif [ -z \"$sub\" ]; then case \" $subs \" in *\" $verb:%s \"*) sub=%s "
		   ";; esac; fi\n"
		   "\t\t\t;;\n"
		   "\t\tesac\n"
		   "\tdone\n"
		   "\tcase \"$verb $sub\" in\n"
		   "\t' ') words='",
		   word, word, word);
	put_verb_names(out);
	buf_str(out, "' ;;\n");
	put_cases(out);
	buf_str(out, "\tesac\n\twords=\"$words");
	put_flag_names(out, cli_global_flags());
	buf_str(out, "\"\n");
	put_value_cases(out);
}

/* The names there are for the project of the current folder, for all three shells. */
static void put_stored_query(struct buf *out, const struct stored *stored)
{
	buf_printf(out, "muster %s 2>/dev/null | sed \"1d; s/ .*//\"", stored->arguments);
}

static void put_stored_functions(struct buf *out)
{
	for (size_t i = 0; i < STORED_COUNT; i++) {
		buf_printf(out, "%s() {\n\t", STORED[i].function);
		put_stored_query(out, &STORED[i]);
		buf_str(out, "\n}\n");
	}
}

static void put_sub_pairs(struct buf *out)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	buf_str(out, "\tlocal subs='");
	for (size_t i = 0; i < count; i++) {
		if (verbs[i].sub)
			buf_printf(out, "%s:%s ", verbs[i].name, verbs[i].sub);
	}
	buf_str(out, "'\n");
}

static void put_bash(struct buf *out)
{
	buf_str(out, "# bash completion of muster, made from its table of verbs\n");
	put_stored_functions(out);
	buf_str(out, "_muster() {\n"
		     "\tlocal verb= sub= words= prev=\"${COMP_WORDS[COMP_CWORD - 1]}\" i\n");
	put_sub_pairs(out);
	put_choice(out, "1", "COMP_CWORD", "\"${COMP_WORDS[i]}\"");
	buf_str(out, "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
		     "\"${COMP_WORDS[COMP_CWORD]}\")\n"
		     "}\n"
		     "complete -o default -F _muster muster\n");
}

static void put_zsh(struct buf *out)
{
	buf_str(out, "#compdef muster\n"
		     "# zsh completion of muster, made from its table of verbs\n");
	put_stored_functions(out);
	buf_str(out, "_muster() {\n"
		     "\tlocal verb= sub= choices= i\n"
		     "\tlocal -a given=(\"${words[@]}\")\n"
		     "\tlocal last=$CURRENT prev=\"${words[CURRENT - 1]}\"\n"
		     "\tlocal words=\n");
	put_sub_pairs(out);
	put_choice(out, "2", "last", "\"${given[i]}\"");
	buf_str(out,
		"\tcompadd -- ${=words} || _files\n"
		"}\n"
		"# As a file of fpath this is the function itself; sourced, it is made known.\n"
		"if [ \"${funcstack[1]}\" = _muster ]; then _muster \"$@\"\n"
		"else compdef _muster muster; fi\n");
}

/* fish: single quotes, \ and ' escaped. */
static void put_fish_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_char(out, '\\');
		buf_char(out, *text);
	}
}

static void put_fish_stored(struct buf *out, const struct stored *stored)
{
	buf_str(out, " -f -a '(");
	put_stored_query(out, stored);
	buf_str(out, ")'");
}

static void put_fish_arguments(struct buf *out, const struct cli_verb *verb, const char *condition)
{
	const struct stored *stored;
	struct buf words = BUF_INIT;
	size_t at = 0;

	put_arguments(&words, verb);
	if (words.len > 0)
		buf_printf(out, "complete -c muster%s -f -a '%s'\n", condition, buf_text(&words));
	buf_fini(&words);
	while ((stored = stored_next(verb->args, &at))) {
		buf_printf(out, "complete -c muster%s", condition);
		put_fish_stored(out, stored);
		buf_char(out, '\n');
	}
}

static void put_fish_flags(struct buf *out, const char *condition, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		size_t at = 0;
		const struct stored *stored = stored_next(flags->value, &at);

		buf_printf(out, "complete -c muster%s -l %s", condition, flags->name);
		if (flags->letter)
			buf_printf(out, " -s %c", flags->letter);
		if (flags->type != CLI_SWITCH)
			buf_str(out, " -r");
		if (stored)
			put_fish_stored(out, stored);
		if (flags->one_of) {
			buf_str(out, " -f -a '");
			for (size_t i = 0; flags->one_of[i]; i++)
				buf_printf(out, "%s%s", i ? " " : "", flags->one_of[i]);
			buf_char(out, '\'');
		}
		buf_str(out, " -d '");
		put_fish_text(out, flags->help);
		buf_str(out, "'\n");
	}
}

static void put_fish_verb(struct buf *out, const struct cli_verb *verb, bool is_first_of_name)
{
	char condition[128];

	if (is_first_of_name) {
		buf_printf(out, "complete -c muster -f -n __fish_use_subcommand -a %s -d '",
			   verb->name);
		put_fish_text(out, verb->summary);
		buf_str(out, "'\n");
	}
	if (verb->sub) {
		buf_printf(out,
			   "complete -c muster -f -n '__fish_seen_subcommand_from %s; and not "
			   "__fish_seen_subcommand_from ",
			   verb->name);
		put_subs(out, verb->name);
		buf_printf(out, "' -a %s -d '", verb->sub);
		put_fish_text(out, verb->summary);
		buf_str(out, "'\n");
	}
	snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s%s%s'",
		 verb->name, verb->sub ? "; and __fish_seen_subcommand_from " : "",
		 verb->sub ? verb->sub : "");
	put_fish_arguments(out, verb, condition);
	put_fish_flags(out, condition, verb->flags);
}

static void put_fish(struct buf *out)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	buf_str(out, "# fish completion of muster, made from its table of verbs\n");
	put_fish_flags(out, "", cli_global_flags());
	for (size_t i = 0; i < count; i++)
		put_fish_verb(out, &verbs[i], is_first(verbs, i));
}

bool help_completion(const char *shell, struct buf *out)
{
	static const struct {
		const char *name;
		void (*put)(struct buf *out);
	} shells[] = { { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish } };

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (!str_eq(shells[i].name, shell))
			continue;
		shells[i].put(out);
		return true;
	}
	return false;
}
