/* The command line, parsed against the table of verbs. */
#include "cli/parse.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { FLAGS_MAX = 48, LETTERS_MAX = 2 + 2 * FLAGS_MAX, LONG_BASE = 256, WORDS_MAX = 128 };

/* Flags of a verb and the global ones as getopt_long wants them. */
struct accepted {
	const struct cli_flag *flags[FLAGS_MAX];
	size_t count;
	struct option longs[FLAGS_MAX + 1];
	char letters[LETTERS_MAX + 1];
};

static void accept_flag(struct accepted *accepted, const struct cli_flag *flag)
{
	size_t len = strlen(accepted->letters);

	accepted->longs[accepted->count] = (struct option){
		.name = flag->name,
		.has_arg = flag->type == CLI_SWITCH ? no_argument : required_argument,
		.val = LONG_BASE + (int)accepted->count,
	};
	accepted->flags[accepted->count++] = flag;
	if (flag->letter) {
		accepted->letters[len++] = flag->letter;
		if (flag->type != CLI_SWITCH)
			accepted->letters[len++] = ':';
		accepted->letters[len] = '\0';
	}
}

static void accept_flags(struct accepted *accepted, const struct cli_flag *flags)
{
	for (; flags && flags->name && accepted->count < FLAGS_MAX; flags++)
		accept_flag(accepted, flags);
}

/* `mode` is "+:" to stop at the first word, ":" to let flags stand anywhere. */
static void accept_all(struct accepted *accepted, const char *mode, const struct cli_verb *verb)
{
	*accepted = (struct accepted){ 0 };
	snprintf(accepted->letters, sizeof(accepted->letters), "%s", mode);
	accept_flags(accepted, cli_global_flags());
	if (verb)
		accept_flags(accepted, verb->flags);
}

static const struct cli_flag *flag_of(const struct accepted *accepted, int code)
{
	if (code >= LONG_BASE)
		return accepted->flags[code - LONG_BASE];
	for (size_t i = 0; i < accepted->count; i++) {
		if (accepted->flags[i]->letter == code)
			return accepted->flags[i];
	}
	return NULL;
}

/* --- what is wrong with it --- */

/* Puts the verb before what is wrong with its words, and its help behind. */
static bool name_verb(const struct parsed *parsed, struct err *err)
{
	char title[64];

	if (!parsed->verb)
		return false;
	cli_verb_title(parsed->verb, title, sizeof(title));
	err_context(err, "%s", title);
	return err->hint[0] ? false : err_hint(err, "muster help %s", title);
}

static bool fail_unknown_flag(const struct parsed *parsed, const struct accepted *accepted,
			      const char *word, struct err *err)
{
	const char *names[FLAGS_MAX];
	const char *nearest;
	char bare[64];

	for (size_t i = 0; i < accepted->count; i++)
		names[i] = accepted->flags[i]->name;
	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(word, "="), word);
	err_set(err, ERR_USAGE, "unknown flag %s", bare);
	nearest = str_has_prefix(bare, "--") ? str_nearest(bare + 2, names, accepted->count) : NULL;
	if (nearest)
		err_hint(err, "did you mean --%s?", nearest);
	return name_verb(parsed, err);
}

/* getopt_long says '?' for unknown and ambiguous flags and for a switch with a value. */
static bool fail_flag(const struct parsed *parsed, const struct accepted *accepted, char **argv,
		      struct err *err)
{
	char letter[3] = { '-', (char)optopt, '\0' };
	const struct cli_flag *flag = optopt ? flag_of(accepted, optopt) : NULL;

	if (flag)
		return err_set(err, ERR_USAGE, "--%s takes no value", flag->name) ||
		       name_verb(parsed, err);
	return fail_unknown_flag(parsed, accepted, optopt ? letter : argv[optind - 1], err);
}

static bool fail_no_value(const struct parsed *parsed, const struct accepted *accepted,
			  struct err *err)
{
	const struct cli_flag *flag = flag_of(accepted, optopt);
	return err_set(err, ERR_USAGE, "--%s needs %s", flag->name, flag->value) ||
	       name_verb(parsed, err);
}

static bool is_choice(const struct cli_flag *flag, const char *text)
{
	for (const char *const *choice = flag->one_of; *choice; choice++) {
		if (str_eq(*choice, text))
			return true;
	}
	return false;
}

static bool fail_choice(const struct cli_flag *flag, const char *text, struct err *err)
{
	char choices[128] = "";

	for (const char *const *choice = flag->one_of; *choice; choice++) {
		size_t len = strlen(choices);

		snprintf(choices + len, sizeof(choices) - len, "%s%s", len ? ", " : "", *choice);
	}
	return err_set(err, ERR_USAGE, "--%s: \"%s\" is none of %s", flag->name, text, choices);
}

static bool check_value(const struct parsed *parsed, const struct cli_flag *flag, const char *text,
			struct err *err)
{
	int64_t number;

	if (!str_is_utf8(text, strlen(text)))
		return err_set(err, ERR_USAGE, "--%s: the value is not UTF-8", flag->name);
	if (!flag->repeats && parsed_has(parsed, flag->name))
		return err_set(err, ERR_USAGE, "--%s is given twice", flag->name);
	if (flag->type == CLI_NUMBER && (!str_to_int64(text, &number) || number < 0))
		return err_set(err, ERR_USAGE, "--%s: \"%s\" is no number", flag->name, text);
	if (flag->type == CLI_CHOICE && !is_choice(flag, text))
		return fail_choice(flag, text, err);
	/* Not repeated in the message: it may be a secret that was put here by mistake. */
	if (flag->type == CLI_PAIR && (!strchr(text, '=') || text[0] == '='))
		return err_set(err, ERR_USAGE, "--%s needs %s", flag->name, flag->value);
	return true;
}

/* --- parsing --- */

static bool add_flag(struct parsed *out, const struct cli_flag *flag, const char *text,
		     struct err *err)
{
	size_t size = (out->flag_count + 1) * sizeof(*out->flags);
	struct parsed_flag *grown;

	if (text && !check_value(out, flag, text, err))
		return false;
	grown = realloc(out->flags, size);
	if (!grown)
		return err_oom(err);
	out->flags = grown;
	out->flags[out->flag_count++] = (struct parsed_flag){ .flag = flag, .text = text };
	return true;
}

/* Takes flags from optind on until a word (mode "+:") or the end. */
static bool take_flags(int argc, char **argv, const struct accepted *accepted, struct parsed *out,
		       struct err *err)
{
	for (;;) {
		int code = getopt_long(argc, argv, accepted->letters, accepted->longs, NULL);
		const struct cli_flag *flag;

		if (code == -1)
			return true;
		if (code == ':')
			return fail_no_value(out, accepted, err);
		flag = code == '?' ? NULL : flag_of(accepted, code);
		if (!flag)
			return fail_flag(out, accepted, argv, err);
		if (!add_flag(out, flag, flag->type == CLI_SWITCH ? NULL : optarg, err))
			return false;
	}
}

static bool fail_unknown_verb(const char *word, struct err *err)
{
	const char *names[WORDS_MAX];
	const struct cli_verb *verbs;
	const char *nearest;
	size_t count;

	verbs = cli_verbs(&count);
	for (size_t i = 0; i < count; i++)
		names[i] = verbs[i].name;
	err_set(err, ERR_USAGE, "unknown verb \"%s\"", word);
	nearest = str_nearest(word, names, count);
	if (nearest)
		return err_hint(err, "did you mean \"muster %s\"?", nearest);
	return err_hint(err, "muster help lists them");
}

static bool fail_unknown_sub(const struct cli_verb *group, const char *word, struct err *err)
{
	const char *names[WORDS_MAX];
	const struct cli_verb *verbs;
	const char *nearest;
	size_t count, n = 0;

	verbs = cli_verbs(&count);
	for (size_t i = 0; i < count; i++) {
		if (str_eq(verbs[i].name, group->name))
			names[n++] = verbs[i].sub;
	}
	err_set(err, ERR_USAGE, "%s: unknown word \"%s\"", group->name, word);
	nearest = str_nearest(word, names, n);
	if (nearest)
		return err_hint(err, "did you mean \"muster %s %s\"?", group->name, nearest);
	return err_hint(err, "muster help %s", group->name);
}

static const char *word_at(int argc, char **argv, int i)
{
	return i < argc && argv[i][0] != '-' ? argv[i] : NULL;
}

/* Is the word this flag? *joined = its value is part of the word (--project=DIR, -CDIR). */
static bool is_flag_word(const struct cli_flag *flag, const char *word, bool *joined)
{
	size_t len = strlen(flag->name);

	if (str_has_prefix(word, "--")) {
		*joined = word[2 + strcspn(word + 2, "=")] == '=';
		return strncmp(word + 2, flag->name, len) == 0 &&
		       (word[2 + len] == '=' || word[2 + len] == '\0');
	}
	*joined = word[0] == '-' && word[1] && word[2];
	return flag->letter && word[0] == '-' && word[1] == flag->letter;
}

/* How many words the global flag at argv[i] takes; 0 if it is none. */
static int global_flag_words(char **argv, int i)
{
	bool joined;

	for (const struct cli_flag *flag = cli_global_flags(); flag->name; flag++) {
		if (is_flag_word(flag, argv[i], &joined))
			return flag->type == CLI_SWITCH || joined ? 1 : 2;
	}
	return 0;
}

/* Takes the word at argv[i] out of the words that are still to come. */
static void pull_word(char **argv, int i)
{
	char *word = argv[i];

	for (; i > optind; i--)
		argv[i] = argv[i - 1];
	argv[optind++] = word;
}

/*
 * The second word of a verb that has subs. Global flags may stand before it; a flag that only the
 * default sub knows means that there is none.
 */
static bool take_sub(int argc, char **argv, struct parsed *out, struct err *err)
{
	const struct cli_verb *found;
	const char *word;
	int i = optind, step;

	while (i < argc && (step = global_flag_words(argv, i)) > 0)
		i += step;
	word = word_at(argc, argv, i);
	if (!out->verb->sub || !word)
		return true;
	found = cli_verb_find(out->name, word);
	if (!found && out->verb->args_max == 0)
		return fail_unknown_sub(out->verb, word, err);
	if (found) {
		out->verb = found;
		out->has_sub = true;
		pull_word(argv, i);
	}
	return true;
}

static bool take_verb(int argc, char **argv, struct parsed *out, struct err *err)
{
	out->name = word_at(argc, argv, optind);
	if (!out->name)
		return true;
	optind++;
	out->verb = cli_verb_find(out->name, NULL);
	if (!out->verb)
		return fail_unknown_verb(out->name, err);
	return take_sub(argc, argv, out, err);
}

static bool check_args(const struct parsed *parsed, struct err *err)
{
	const struct cli_verb *verb = parsed->verb;
	if (parsed->arg_count < (size_t)verb->args_min)
		return err_set(err, ERR_USAGE, "needs %s", verb->args) || name_verb(parsed, err);
	if (verb->args_max >= 0 && parsed->arg_count > (size_t)verb->args_max)
		return err_set(err, ERR_USAGE, "\"%s\" is one word too many",
			       parsed->args[verb->args_max]) ||
		       name_verb(parsed, err);
	for (size_t i = 0; i < parsed->arg_count; i++) {
		if (!str_is_utf8(parsed->args[i], strlen(parsed->args[i])))
			return err_set(err, ERR_USAGE, "an argument is not UTF-8") ||
			       name_verb(parsed, err);
	}
	return true;
}

bool parse_command_line(int argc, char **argv, struct parsed *out, struct err *err)
{
	struct accepted accepted;

	*out = (struct parsed){ 0 };
	opterr = 0;
	optind = 0; /* glibc: start anew */
	accept_all(&accepted, "+:", NULL);
	if (!take_flags(argc, argv, &accepted, out, err) || !take_verb(argc, argv, out, err))
		return false;
	if (!out->verb)
		return true;
	argc -= optind - 1;
	argv += optind - 1; /* getopt skips the first word: the verb stands in for it */
	optind = 0;
	accept_all(&accepted, ":", out->verb);
	if (!take_flags(argc, argv, &accepted, out, err))
		return false;
	out->args = argv + optind;
	out->arg_count = (size_t)(argc - optind);
	return parsed_has(out, "help") || check_args(out, err);
}

void parsed_fini(struct parsed *parsed)
{
	free(parsed->flags);
	*parsed = (struct parsed){ 0 };
}

/* --- asking --- */

static const struct parsed_flag *find(const struct parsed *parsed, const char *flag, size_t *at)
{
	for (; *at < parsed->flag_count; (*at)++) {
		if (str_eq(parsed->flags[*at].flag->name, flag))
			return &parsed->flags[(*at)++];
	}
	return NULL;
}

size_t parsed_times(const struct parsed *parsed, const char *flag)
{
	size_t at = 0, times = 0;

	while (find(parsed, flag, &at))
		times++;
	return times;
}

bool parsed_has(const struct parsed *parsed, const char *flag)
{
	return parsed_times(parsed, flag) > 0;
}

const char *parsed_text(const struct parsed *parsed, const char *flag)
{
	size_t at = 0;

	return parsed_next(parsed, flag, &at);
}

int64_t parsed_number(const struct parsed *parsed, const char *flag, int64_t fallback)
{
	const char *text = parsed_text(parsed, flag);
	int64_t number = fallback;

	if (text)
		str_to_int64(text, &number);
	return number;
}

const char *parsed_next(const struct parsed *parsed, const char *flag, size_t *at)
{
	const struct parsed_flag *given = find(parsed, flag, at);

	return given ? given->text : NULL;
}

const char *parsed_arg(const struct parsed *parsed, size_t i)
{
	return i < parsed->arg_count ? parsed->args[i] : NULL;
}
