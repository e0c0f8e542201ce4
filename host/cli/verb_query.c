/* muster query: SQL of a person, read-only. */
#include "cli/cli.h"
#include "cli/rows.h"
#include "cli/verbs.h"

bool verb_query(struct cli *cli, struct err *err)
{
	struct rows_options options = { .output = cli_output_options(cli) };
	struct rows_result result;

	if (!rows_print(cli->host.store, parsed_arg(&cli->parsed, 0), NULL, 0, &options, &result,
			err))
		return false;
	if (result.count == 0)
		cli_note(cli, "No rows.");
	return true;
}
