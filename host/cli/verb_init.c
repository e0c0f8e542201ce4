/* muster init: a project from nothing, or what is missing of one that was begun. */
#include <stdlib.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/host.h"
#include "cli/keys.h"
#include "cli/secrets.h"
#include "cli/verbs.h"

/* An interrupted init leaves a database without a key slot; the next one goes on from there. */
static bool open_or_create_store(struct cli *cli, bool *is_new, struct err *err)
{
	struct err missing = ERR_INIT;

	cli->host.store = store_open(cli->project.database, NULL, &missing);
	*is_new = !cli->host.store && missing.kind == ERR_MISSING;
	if (cli->host.store)
		return true;
	if (!*is_new) {
		*err = missing;
		return false;
	}
	if (!store_create(cli->project.database, err))
		return false;
	cli->host.store = store_open(cli->project.database, NULL, err);
	return cli->host.store != NULL;
}

/* Refuses a project that is finished already. */
static bool check_unfinished(struct cli *cli, struct err *err)
{
	struct vault_status status;
	struct vault *vault = vault_open(cli->host.store, NULL, cli->host.redact, err);
	bool done = vault && vault_read_status(vault, cli->host.store, &status, err);

	vault_close(vault);
	if (!done || status.slot_count == 0)
		return done;
	err_set(err, ERR_CONFIG, "%s is a project already", cli->project.dir);
	return err_hint(err, "connect an account: muster -C %s connect VENDOR", cli->project.dir);
}

static bool create_vault(struct cli *cli, struct err *err)
{
	struct secret passphrase = SECRET_INIT;
	struct vault_key key;
	bool done =
		keys_new(cli, parsed_text(&cli->parsed, "key-file"),
			 parsed_text(&cli->parsed, "passphrase-file"), &passphrase, &key, err) &&
		vault_create(cli->host.store, &key, err);

	secret_fini(&passphrase);
	return done;
}

static bool report(struct cli *cli, struct err *err)
{
	struct vault_status status;

	if (!host_open_vault(cli, err) ||
	    !vault_read_status(cli->host.vault, cli->host.store, &status, err))
		return false;
	if (cli->is_json)
		return cli_object(cli,
				  json_pack("{s:s, s:s, s:s?}", "project", cli->project.dir,
					    "database", cli->project.database, "key_file",
					    status.key_path[0] ? status.key_path : NULL),
				  err);
	cli_note(cli, "Project   %s", cli->project.dir);
	cli_note(cli, "Database  %s", cli->project.database);
	if (status.key_path[0])
		cli_note(cli, "Key file  %s  (keep a copy: without it no credential can be read)",
			 status.key_path);
	cli_note(cli, "\nNext: muster -C %s connect VENDOR   (muster vendors lists them)",
		 cli->project.dir);
	return true;
}

bool verb_init(struct cli *cli, struct err *err)
{
	const char *dir = parsed_arg(&cli->parsed, 0);
	bool is_new;

	if (!dir)
		dir = parsed_text(&cli->parsed, "project");
	return project_find_program(&cli->project, err) &&
	       project_make(&cli->project, dir ? dir : ".", err) &&
	       open_or_create_store(cli, &is_new, err) && (is_new || check_unfinished(cli, err)) &&
	       create_vault(cli, err) && project_write_stubs(&cli->project, err) &&
	       report(cli, err);
}
