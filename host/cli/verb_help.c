/* muster help, completion and version. */
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/verbs.h"
#include "cli/version.h"

static bool print(const struct cli *cli, struct buf *text, struct err *err)
{
	bool done = buf_ok(text, err) && cli_print(cli, buf_text(text), text->len, err);

	buf_fini(text);
	return done;
}

bool verb_help(struct cli *cli, struct err *err)
{
	struct buf text = BUF_INIT;

	if (parsed_has(&cli->parsed, "man"))
		help_man(&text);
	else if (parsed_arg(&cli->parsed, 0))
		return help_print_verb(cli, parsed_arg(&cli->parsed, 0),
				       parsed_arg(&cli->parsed, 1), err);
	else
		return help_print_overview(cli, err);
	return print(cli, &text, err);
}

bool verb_completion(struct cli *cli, struct err *err)
{
	struct buf text = BUF_INIT;

	if (help_completion(parsed_arg(&cli->parsed, 0), &text))
		return print(cli, &text, err);
	return err_set(err, ERR_USAGE, "completion: \"%s\" is none of bash, zsh, fish",
		       parsed_arg(&cli->parsed, 0));
}

bool verb_version(struct cli *cli, struct err *err)
{
	struct buf text = BUF_INIT;

	if (cli->is_json)
		return cli_object(cli, json_pack("{s:s}", "version", MUSTER_VERSION), err);
	buf_printf(&text, "muster %s\n", MUSTER_VERSION);
	return print(cli, &text, err);
}
