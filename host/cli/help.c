/* Help for a terminal. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/text.h"

enum { HELP_WIDTH = 88, NAME_WIDTH = 12 };

void help_usage(const struct cli_verb *verb, struct buf *out)
{
	char title[64];

	buf_printf(out, "muster %s", cli_verb_title(verb, title, sizeof(title)));
	if (verb->flags)
		buf_str(out, " [FLAGS]");
	if (verb->args)
		buf_printf(out, " %s", verb->args);
}

void help_flag(const struct cli_flag *flag, struct buf *out)
{
	if (flag->letter)
		buf_printf(out, "-%c, ", flag->letter);
	buf_printf(out, "--%s", flag->name);
	if (flag->value)
		buf_printf(out, " %s", flag->value);
}

/* "  name    text", the text wrapped below itself. */
static void put_item(struct buf *out, const char *name, size_t width, const char *text,
		     size_t total)
{
	char indent[64];
	struct buf wrapped = BUF_INIT;
	size_t name_len = text_width(name, strlen(name));

	snprintf(indent, sizeof(indent), "%*s", (int)(width + 4), "");
	text_wrap(&wrapped, text, total, indent);
	buf_printf(out, "  %s", name);
	if (name_len <= width)
		buf_printf(out, "%*s%s", (int)(width + 2 - name_len), "",
			   buf_text(&wrapped) + width + 4);
	else
		buf_printf(out, "\n%s", buf_text(&wrapped));
	buf_fini(&wrapped);
}

static size_t flags_width(const struct cli_flag *flags)
{
	size_t width = 0;

	for (; flags && flags->name; flags++) {
		struct buf name = BUF_INIT;

		help_flag(flags, &name);
		if (name.len > width && name.len <= 28)
			width = name.len;
		buf_fini(&name);
	}
	return width;
}

void help_flag_meaning(const struct cli_flag *flag, struct buf *out)
{
	buf_str(out, flag->help);
	for (size_t i = 0; flag->one_of && flag->one_of[i]; i++)
		buf_printf(out, "%s%s", i ? ", " : ": ", flag->one_of[i]);
	if (flag->repeats && flag->type != CLI_SWITCH)
		buf_str(out, "; may be repeated");
}

static void put_flags(struct buf *out, const struct cli_flag *flags, size_t total)
{
	size_t width = flags_width(flags);

	for (; flags && flags->name; flags++) {
		struct buf name = BUF_INIT, text = BUF_INIT;

		help_flag(flags, &name);
		help_flag_meaning(flags, &text);
		put_item(out, buf_text(&name), width, buf_text(&text), total);
		buf_fini(&name);
		buf_fini(&text);
	}
}

static size_t width_of(const struct cli *cli)
{
	size_t width = cli->terminal.out_width;

	return width && width < HELP_WIDTH ? width : HELP_WIDTH;
}

static void put_heading(const struct cli *cli, struct buf *out, const char *text)
{
	buf_printf(out, "\n%s%s%s\n", terminal_style(cli->terminal.colour_out, TERMINAL_BOLD), text,
		   terminal_style(cli->terminal.colour_out, TERMINAL_PLAIN));
}

static bool print(const struct cli *cli, struct buf *out, struct err *err)
{
	bool done = buf_ok(out, err) && cli_print(cli, buf_text(out), out->len, err);

	buf_fini(out);
	return done;
}

/* --- overview --- */

/* "list the accounts (list, show, set ...)" */
static void put_verb_line(struct buf *out, const struct cli_verb *verb, size_t total)
{
	struct buf text = BUF_INIT;
	size_t count;
	const struct cli_verb *end = cli_verbs(&count) + count;

	buf_str(&text, verb->summary);
	for (const struct cli_verb *sub = verb; sub < end && str_eq(sub->name, verb->name); sub++) {
		if (sub->sub)
			buf_printf(&text, "%s%s", sub == verb ? " (" : ", ", sub->sub);
	}
	if (verb->sub)
		buf_char(&text, ')');
	put_item(out, verb->name, NAME_WIDTH, buf_text(&text), total);
	buf_fini(&text);
}

bool help_print_overview(const struct cli *cli, struct err *err)
{
	struct buf out = BUF_INIT;
	size_t count, total = width_of(cli);
	const struct cli_verb *verbs = cli_verbs(&count);

	buf_str(&out,
		"muster brings the users, devices, apps and licences of your vendors into one "
		"store.\n");
	put_heading(cli, &out, "Usage");
	buf_str(&out, "  muster [FLAGS] VERB ...\n");
	put_heading(cli, &out, "Verbs");
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !str_eq(verbs[i].name, verbs[i - 1].name))
			put_verb_line(&out, &verbs[i], total);
	}
	put_heading(cli, &out, "Flags of every verb");
	put_flags(&out, cli_global_flags(), total);
	buf_str(&out, "\n\"muster help VERB\" tells more about one of them.\n");
	return print(cli, &out, err);
}

/* --- one verb --- */

static void put_examples(const struct cli *cli, struct buf *out, const char *examples)
{
	if (!examples)
		return;
	put_heading(cli, out, "Examples");
	for (const char *at = examples; *at;) {
		size_t len = strcspn(at, "\n");

		buf_printf(out, "  %.*s\n", (int)len, at);
		at += len + (at[len] == '\n');
	}
}

static void put_one(const struct cli *cli, struct buf *out, const struct cli_verb *verb)
{
	struct buf summary = BUF_INIT;

	buf_printf(&summary, "%s.", verb->summary);
	if (summary.data && summary.data[0] >= 'a' && summary.data[0] <= 'z')
		summary.data[0] = (char)(summary.data[0] - 'a' + 'A');
	text_wrap(out, buf_text(&summary), width_of(cli), "");
	buf_fini(&summary);
	put_heading(cli, out, "Usage");
	buf_str(out, "  ");
	help_usage(verb, out);
	buf_char(out, '\n');
	if (verb->help) {
		buf_char(out, '\n');
		text_wrap(out, verb->help, width_of(cli), "");
	}
	if (verb->flags) {
		put_heading(cli, out, "Flags");
		put_flags(out, verb->flags, width_of(cli));
	}
	put_examples(cli, out, verb->examples);
	buf_str(out, "\nThe flags of every verb: muster help\n");
}

static void put_group(const struct cli *cli, struct buf *out, const struct cli_verb *verb)
{
	size_t count;
	const struct cli_verb *end = cli_verbs(&count) + count;

	put_heading(cli, out, "Words");
	for (const struct cli_verb *sub = verb; sub < end && str_eq(sub->name, verb->name); sub++)
		put_item(out, sub->sub, NAME_WIDTH, sub->summary, width_of(cli));
	buf_printf(out, "\n\"muster help %s WORD\" tells more; without a word: %s.\n", verb->name,
		   verb->sub);
}

/* Reuses what an unknown word on the command line gets. */
static bool fail_unknown(const char *name, const char *sub, struct err *err)
{
	char words[3][64];
	char *argv[] = { words[0], words[1], words[2], NULL };
	struct parsed parsed;
	bool known;

	snprintf(words[0], sizeof(words[0]), "muster");
	snprintf(words[1], sizeof(words[1]), "%s", name);
	snprintf(words[2], sizeof(words[2]), "%s", sub ? sub : "");
	known = parse_command_line(sub ? 3 : 2, argv, &parsed, err);
	parsed_fini(&parsed);
	return known ? err_set(err, ERR_USAGE, "there is no help for \"%s %s\"", name, sub) : false;
}

bool help_print_verb(const struct cli *cli, const char *name, const char *sub, struct err *err)
{
	const struct cli_verb *verb = cli_verb_find(name, sub);
	struct buf out = BUF_INIT;

	if (!verb)
		return fail_unknown(name, sub, err);
	put_one(cli, &out, verb);
	if (verb->sub && !sub)
		put_group(cli, &out, verb);
	return print(cli, &out, err);
}
