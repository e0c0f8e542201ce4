/* muster restore: a project from a backup. */
#include <inttypes.h>

#include "backup/backup.h"
#include "cli/cli.h"
#include "cli/connection.h"
#include "cli/host.h"
#include "cli/prompt.h"
#include "cli/verbs.h"

static bool confirm(const struct cli *cli, const char *target, struct err *err)
{
	struct project there = { 0 };
	struct err none = ERR_INIT;
	struct buf what = BUF_INIT;
	bool done = true;

	if (project_find(&there, target, &none)) {
		buf_printf(
			&what,
			"The project %s is moved aside, and the backup takes its place: what was "
			"synced or changed since is in the old one only.",
			there.dir);
		done = buf_ok(&what, err) &&
		       prompt_confirm(cli, buf_text(&what), "Replace it?", err);
	}
	buf_fini(&what);
	project_fini(&there);
	return done;
}

static json_t *report_json(const struct restore_report *report)
{
	return json_pack("{s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:s?}", "project",
			 report->target, "made_at", report->made_at, "moved_to",
			 report->moved_to[0] ? report->moved_to : NULL, "files",
			 (json_int_t)report->files, "left_out", (json_int_t)report->left_out,
			 "interrupted", (json_int_t)report->interrupted, "paused",
			 (json_int_t)report->paused, "has_seal", report->has_seal, "is_vault_open",
			 !report->vault.is_sealed, "fields", (json_int_t)report->fields, "key_file",
			 report->vault.key_path[0] ? report->vault.key_path : NULL);
}

static void note_key(struct cli *cli, const struct restore_report *report)
{
	const char *named = parsed_text(&cli->parsed, "key-file");

	if (report->vault.is_sealed)
		cli_warn(cli,
			 "The vault stays shut (%s)%s. Put its key to %s, or give every account a "
			 "new credential: muster accounts reconnect ACCOUNT",
			 report->vault.reason,
			 report->has_seal ? ", so nobody looked whether the backup's seal is whole"
					  : "",
			 report->vault.key_path[0] ? report->vault.key_path : "--passphrase-file");
	else if (named)
		cli_note(cli,
			 "Key       %s; give --key-file from now on, or put it to its usual place",
			 named);
}

static void note_left_out(struct cli *cli, const struct restore_report *report)
{
	if (report->left_out > 0)
		cli_warn(cli, "%" PRId64 " %s of its own, and left out: %s%s", report->left_out,
			 report->left_out == 1 ? "file in the backup is none"
					       : "files in the backup are none",
			 report->first_left_out, report->left_out > 1 ? ", ..." : "");
}

static bool report(struct cli *cli, const struct restore_report *report, struct err *err)
{
	note_left_out(cli, report);
	if (cli->is_json) {
		note_key(cli, report);
		return cli_object(cli, report_json(report), err);
	}
	cli_note(cli, "Project   %s, as it was at %s (%" PRId64 " files)", report->target,
		 report->made_at, report->files);
	if (report->moved_to[0])
		cli_note(cli, "Before    what was there is kept: %s", report->moved_to);
	if (report->interrupted > 0)
		cli_note(cli,
			 "Sessions  %" PRId64 " that ran then: interrupted; the next sync goes on",
			 report->interrupted);
	note_key(cli, report);
	if (report->is_elsewhere)
		cli_note(cli,
			 "Accounts  %" PRId64
			 " paused: the original was %s and may still run. Take over: "
			 "muster -C %s accounts resume VENDOR",
			 report->paused, report->project, report->target);
	return true;
}

/* Type stubs for editors belong to this program, not to the backup. */
static bool write_stubs(struct cli *cli, const char *target, struct err *err)
{
	return project_find_program(&cli->project, err) &&
	       project_find(&cli->project, target, err) && project_write_stubs(&cli->project, err);
}

bool verb_restore(struct cli *cli, struct err *err)
{
	const char *named = parsed_arg(&cli->parsed, 1),
		   *dir = parsed_text(&cli->parsed, "project");
	char who[WHO_SIZE];
	const struct restore_options options = {
		.source = parsed_arg(&cli->parsed, 0),
		.target = named ? named
			  : dir ? dir
				: ".",
		.replace = parsed_has(&cli->parsed, "replace"),
		.unsealed = parsed_has(&cli->parsed, "unsealed"),
		.who = connection_who(who),
		.open_vault = host_open_vault_of,
		.arg = cli,
	};
	struct restore_report done;

	if (options.replace && !confirm(cli, options.target, err))
		return false;
	return backup_restore(&options, &done, err) && write_stubs(cli, done.target, err) &&
	       report(cli, &done, err);
}
