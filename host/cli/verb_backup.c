/* muster backup: the project into a new folder. */
#include "backup/backup.h"

#include <inttypes.h>

#include "cli/cli.h"
#include "cli/host.h"
#include "cli/verbs.h"
#include "cli/version.h"

static json_t *report_json(const struct backup_options *options, const struct backup_report *report)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:b, s:I, s:s?, s:s?}", "backup", options->target,
			 "made_at", report->made_at, "files", (json_int_t)report->files, "bytes",
			 (json_int_t)report->bytes, "is_vault_open", !report->vault.is_sealed,
			 "fields", (json_int_t)report->fields, "key_file",
			 report->vault.key_path[0] ? report->vault.key_path : NULL, "key_copy",
			 options->key_to);
}

/* Where the key is, and what is lost without it. */
static void note_key(struct cli *cli, const struct backup_options *options,
		     const struct vault_status *vault)
{
	if (vault->slot_count > 0 && !vault->key_path[0])
		cli_note(cli,
			 "Key     the passphrase: without it no credential in the backup opens");
	else if (options->key_to)
		cli_note(cli,
			 "Key     a copy of it is in %s; keep it away from the backup: with both "
			 "anybody has the credentials, without it nobody",
			 options->key_to);
	else
		cli_note(
			cli,
			"Key     not in the backup: it is %s. Without it no credential opens; keep "
			"a copy elsewhere (--key-to FILE)",
			vault->key_path);
}

static bool report(struct cli *cli, const struct backup_options *options,
		   const struct backup_report *report, struct err *err)
{
	if (report->vault.is_sealed)
		cli_warn(cli,
			 "The vault was not open (%s): credentials are in the backup, but nobody "
			 "tried them, and the backup has no seal: muster restore asks for "
			 "--unsealed.",
			 report->vault.reason);
	if (cli->is_json)
		return cli_object(cli, report_json(options, report), err);
	cli_note(cli, "Backup  %s (%" PRId64 " files, %" PRId64 " KiB)", options->target,
		 report->files, report->bytes / 1024);
	cli_note(cli, "Tested  the whole database; %" PRId64 " %s of credentials opened",
		 report->fields, report->fields == 1 ? "field" : "fields");
	note_key(cli, options, &report->vault);
	return true;
}

bool verb_backup(struct cli *cli, struct err *err)
{
	const struct backup_options options = {
		.project = cli->project.dir,
		.database = cli->project.database,
		.target = parsed_arg(&cli->parsed, 0),
		.program = "muster " MUSTER_VERSION,
		.key_to = parsed_text(&cli->parsed, "key-to"),
		.with_recordings = parsed_has(&cli->parsed, "recordings"),
		.open_vault = host_open_vault_of,
		.arg = cli,
	};
	struct backup_report made;

	return backup_make(&options, &made, err) && report(cli, &options, &made, err);
}
