/* Runs one command line: parses it, opens what the verb needs, runs it, says what went wrong. */
#define _GNU_SOURCE
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/errors.h"
#include "cli/help.h"
#include "cli/host.h"
#include "cli/text.h"
#include "cli/verbs.h"

static enum terminal_colour colour_of(const struct parsed *parsed)
{
	const char *text = parsed_text(parsed, "color");

	if (!text || str_eq(text, "auto"))
		return TERMINAL_AUTO;
	return str_eq(text, "always") ? TERMINAL_ALWAYS : TERMINAL_NEVER;
}

/* A line that is refused is not read to its end: is --json in the rest of it? */
static bool asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && !str_eq(argv[i], "--"); i++) {
		if (str_eq(argv[i], "--json"))
			return true;
	}
	return false;
}

static void take_globals(struct cli *cli)
{
	const struct parsed *parsed = &cli->parsed;

	terminal_init(&cli->terminal, colour_of(parsed));
	cli->is_json = parsed_has(parsed, "json");
	cli->is_quiet = parsed_has(parsed, "quiet");
	cli->no_input = parsed_has(parsed, "no-input");
	cli->says_yes = parsed_has(parsed, "yes");
}

static bool run(struct cli *cli, struct err *err)
{
	const struct parsed *parsed = &cli->parsed;

	if (parsed_has(parsed, "version"))
		return verb_version(cli, err);
	if (!parsed->verb)
		return help_print_overview(cli, err);
	if (parsed_has(parsed, "help"))
		return help_print_verb(cli, parsed->verb->name,
				       parsed->has_sub ? parsed->verb->sub : NULL, err);
	return host_begin(cli, err) && host_open(cli, parsed->verb->needs, err) &&
	       parsed->verb->run(cli, err);
}

int cli_main(int argc, char **argv)
{
	locale_t utf8 = text_begin_utf8();
	struct err err = ERR_INIT;
	struct cli cli = { 0 };
	bool done = parse_command_line(argc, argv, &cli.parsed, &err);

	take_globals(&cli);
	cli.is_json = cli.is_json || (!done && asks_for_json(argc, argv));
	done = done && run(&cli, &err);
	if (!done)
		cli.exit_code = errors_report(&cli, &err);
	host_close(&cli);
	parsed_fini(&cli.parsed);
	text_end_utf8(utf8);
	return cli.exit_code;
}

void cli_outcome(struct cli *cli, int exit_code)
{
	cli->exit_code = exit_more_serious(cli->exit_code, exit_code);
}

/* --- to the person --- */

/* The lines of a text, each escaped. */
static void put_lines(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		text_escape(out, text, len);
		buf_char(out, '\n');
		text += len + (text[len] == '\n');
	}
}

/* Takes the text of vasprintf over; without memory for it nothing is said. */
static void tell(char *text, int len)
{
	struct buf out = BUF_INIT;

	if (len < 0)
		return;
	put_lines(&out, text);
	free(text);
	terminal_write(STDERR_FILENO, buf_text(&out), out.len);
	buf_fini(&out);
}

static void note(const struct cli *cli, const char *format, va_list args)
{
	char *text = NULL;
	int len;

	if (cli->is_quiet)
		return;
	len = vasprintf(&text, format, args);
	tell(text, len);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(cli, format, args);
	va_end(args);
}

bool cli_done(const struct cli *cli, json_t *object, struct err *err, const char *format, ...)
{
	va_list args;

	if (cli->is_json)
		return cli_object(cli, object, err);
	json_decref(object);
	va_start(args, format);
	note(cli, format, args);
	va_end(args);
	return true;
}

void cli_warn(const struct cli *cli, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	(void)cli;
	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	tell(text, len);
}

/* --- to stdout --- */

struct output_options cli_output_options(const struct cli *cli)
{
	return (struct output_options){
		.format = cli->is_json ? OUTPUT_JSON : OUTPUT_TABLE,
		.fd = STDOUT_FILENO,
		.width = cli->terminal.out_width,
		.has_colour = cli->terminal.colour_out,
		.is_terminal = cli->terminal.is_out,
	};
}

struct output *cli_output(const struct cli *cli, const struct output_column *columns, size_t count,
			  struct err *err)
{
	struct output_options options = cli_output_options(cli);

	return output_new(&options, columns, count, err);
}

bool cli_output_end(const struct cli *cli, struct output *output, const char *nothing,
		    struct err *err)
{
	bool done = output_end(output, err);

	if (done && nothing && output_rows(output) == 0)
		cli_note(cli, "%s", nothing);
	output_free(output);
	return done;
}

bool cli_say(const struct cli *cli, struct err *err, const char *format, ...)
{
	struct buf out = BUF_INIT;
	char *text = NULL;
	va_list args;
	bool done;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		return err_oom(err);
	put_lines(&out, text);
	free(text);
	done = buf_ok(&out, err) && cli_print(cli, buf_text(&out), out.len, err);
	buf_fini(&out);
	return done;
}

bool cli_print(const struct cli *cli, const char *text, size_t len, struct err *err)
{
	(void)cli;
	return output_write(STDOUT_FILENO, text, len, err);
}
