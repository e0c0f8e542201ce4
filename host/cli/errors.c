/* Errors at the top. */
#include "cli/errors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/redact.h"
#include "cli/cli.h"
#include "cli/text.h"

static const struct exit_meaning MEANINGS[] = {
	{ 143, "ended by SIGTERM; what was read so far is stored" },
	{ 130, "interrupted; what was read so far is stored" },
	{ 1, "failed, not otherwise classed" },
	{ 2, "the command line is wrong" },
	{ 6, "a connector, overlay, setting or file of the project is wrong" },
	{ 4,
	  "credentials are missing or refused, a permission is missing, or the vault is sealed" },
	{ 7, "no such account, vendor, session or project" },
	{ 8, "another session holds the account" },
	{ 5, "temporary: network, rate limit or the vendor; try again later" },
	{ EXIT_PARTIAL, "partial: some streams or rows failed or wait, the rest is stored" },
	{ EXIT_DONE, "done" },
};

const struct exit_meaning *exit_meanings(void)
{
	return MEANINGS;
}

static size_t rank(int code)
{
	size_t count = sizeof(MEANINGS) / sizeof(MEANINGS[0]);

	for (size_t i = 0; i < count; i++) {
		if (MEANINGS[i].code == code)
			return i;
	}
	return rank(1);
}

int exit_more_serious(int a, int b)
{
	return rank(b) < rank(a) ? b : a;
}

/* The text without live secrets. */
static void put_safe(const struct cli *cli, const char *text, struct buf *out)
{
	if (cli->host.redact)
		redact_copy(cli->host.redact, text, strlen(text), out);
	else
		buf_str(out, text);
}

static json_t *safe_text(const struct cli *cli, const char *text)
{
	struct buf safe = BUF_INIT, repaired = BUF_INIT;
	json_t *json;

	put_safe(cli, text, &safe);
	text_repair(&repaired, buf_text(&safe), safe.len);
	json = json_stringn(buf_text(&repaired), repaired.len);
	buf_fini(&safe);
	buf_fini(&repaired);
	return json;
}

/* Of a command line that is wrong the help of its verb is the way out, if nothing better is. */
static const char *way_out(const struct cli *cli, const struct err *err, char *room, size_t size)
{
	char title[64];

	if (err->kind != ERR_USAGE || err->hint[0] || !cli->parsed.verb)
		return err_way_out(err);
	snprintf(room, size, "muster help %s",
		 cli_verb_title(cli->parsed.verb, title, sizeof(title)));
	return room;
}

json_t *errors_object(const struct cli *cli, const struct err *err, int64_t session)
{
	char room[96];

	return json_pack("{s:s, s:o, s:o, s:o}", "kind", err_kind_info(err->kind)->name, "message",
			 safe_text(cli, err->message), "hint",
			 safe_text(cli, way_out(cli, err, room, sizeof(room))), "session",
			 session ? json_integer(session) : json_null());
}

static void put_json(const struct cli *cli, const struct err *err, struct buf *out)
{
	json_t *object = json_pack("{s:o}", "error", errors_object(cli, err, 0));
	char *text = object ? cli_json_text(object, 0, cli->terminal.is_err) : NULL;

	out->failed |= text == NULL;
	buf_printf(out, "%s\n", text ? text : "");
	free(text);
	json_decref(object);
}

static void put_line(const struct cli *cli, const char *label, enum terminal_style style,
		     const char *text, struct buf *out)
{
	struct buf safe = BUF_INIT;

	put_safe(cli, text, &safe);
	buf_printf(out, "%s%s%s ", terminal_style(cli->terminal.colour_err, style), label,
		   terminal_style(cli->terminal.colour_err, TERMINAL_PLAIN));
	text_escape(out, buf_text(&safe), safe.len);
	buf_char(out, '\n');
	out->failed |= safe.failed;
	buf_fini(&safe);
}

/* Not even the words for the error found room, and without room no secret is taken out of them. */
static void report_no_memory(bool is_json)
{
	static const char line[] = "muster: out of memory\n"
				   "  hint: give it more, or end other programs\n",
			  json[] = "{\"error\":{\"kind\":\"over_limit\",\"message\":"
				   "\"out of memory\",\"hint\":\"\",\"session\":null}}\n";

	if (is_json)
		terminal_write(STDERR_FILENO, json, sizeof(json) - 1);
	else
		terminal_write(STDERR_FILENO, line, sizeof(line) - 1);
}

int errors_report(const struct cli *cli, const struct err *err)
{
	struct buf out = BUF_INIT;
	char room[96];
	const char *hint = way_out(cli, err, room, sizeof(room));

	if (err->kind == ERR_CANCELLED && !err->message[0])
		return EXIT_PIPE_GONE;
	if (cli->is_json) {
		put_json(cli, err, &out);
	} else {
		put_line(cli, "muster:", TERMINAL_RED, err->message, &out);
		if (hint[0])
			put_line(cli, "  hint:", TERMINAL_DIM, hint, &out);
	}
	if (out.failed)
		report_no_memory(cli->is_json);
	else
		terminal_write(STDERR_FILENO, buf_text(&out), out.len);
	buf_fini(&out);
	return err_kind_info(err->kind)->exit_code;
}
