/* Completions of verbs, words and flags for bash, zsh and fish. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/help.h"
#include "cli/verb.h"

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

/* case "$verb $sub" in ... words="..." ;; esac, which bash and zsh read alike. */
static void put_cases(struct buf *out)
{
	size_t count;
	const struct cli_verb *verbs = cli_verbs(&count);

	for (size_t i = 0; i < count; i++) {
		if (is_first(verbs, i)) {
			buf_printf(out, "\t'%s ') words='", verbs[i].name);
			put_subs(out, verbs[i].name);
			put_flag_names(out, verbs[i].flags);
			buf_str(out, "' ;;\n");
		}
		if (verbs[i].sub) {
			buf_printf(out, "\t'%s %s') words='", verbs[i].name, verbs[i].sub);
			put_flag_names(out, verbs[i].flags);
			buf_str(out, "' ;;\n");
		}
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
	buf_str(out, "# bash completion of muster, made from its table of verbs\n"
		     "_muster() {\n"
		     "\tlocal verb= sub= words= i\n");
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
		     "# zsh completion of muster, made from its table of verbs\n"
		     "_muster() {\n"
		     "\tlocal verb= sub= choices= i\n"
		     "\tlocal -a given=(\"${words[@]}\")\n"
		     "\tlocal last=$CURRENT\n"
		     "\tlocal words=\n");
	put_sub_pairs(out);
	put_choice(out, "2", "last", "\"${given[i]}\"");
	buf_str(out, "\tcompadd -- ${=words} || _files\n"
		     "}\n"
		     "_muster \"$@\"\n");
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

static void put_fish_flags(struct buf *out, const char *condition, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		buf_printf(out, "complete -c muster%s -l %s", condition, flags->name);
		if (flags->letter)
			buf_printf(out, " -s %c", flags->letter);
		if (flags->type != CLI_SWITCH)
			buf_str(out, " -r");
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
			   "complete -c muster -f -n '__fish_seen_subcommand_from %s' -a %s -d '",
			   verb->name, verb->sub);
		put_fish_text(out, verb->summary);
		buf_str(out, "'\n");
	}
	snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s%s%s'",
		 verb->name, verb->sub ? "; and __fish_seen_subcommand_from " : "",
		 verb->sub ? verb->sub : "");
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

void help_completion(const char *shell, struct buf *out)
{
	if (str_eq(shell, "bash"))
		put_bash(out);
	else if (str_eq(shell, "zsh"))
		put_zsh(out);
	else
		put_fish(out);
}
