/* muster init: a project from nothing, or what is missing of one that was begun. */
#include <stdlib.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/host.h"
#include "cli/keys.h"
#include "cli/secrets.h"
#include "cli/verbs.h"

/* An interrupted init leaves a database without a key slot; the next one goes on from there. */
static bool open_begun(struct cli *cli, struct err *err)
{
	struct err missing = ERR_INIT;

	cli->host.store = store_open(cli->project.database, NULL, &missing);
	if (cli->host.store || missing.kind == ERR_MISSING)
		return true;
	*err = missing;
	return false;
}

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

/* Refuses a project that is finished already. */
static bool refuse_finished(struct cli *cli, const char *dir, struct err *err)
{
	struct err none = ERR_INIT;

	return !project_find(&cli->project, dir, &none) ||
	       (open_begun(cli, err) && (!cli->host.store || check_unfinished(cli, err)));
}

static bool create_store(struct cli *cli, struct err *err)
{
	if (!cli->host.store && store_create(cli->project.database, err))
		cli->host.store = store_open(cli->project.database, NULL, err);
	return cli->host.store != NULL;
}

static bool create_vault(struct cli *cli, const struct vault_key *key, struct err *err)
{
	if (!vault_create(cli->host.store, key, err))
		return false;
	cli->host.vault = vault_open(cli->host.store, key, cli->host.redact, err);
	return cli->host.vault != NULL;
}

static bool report(struct cli *cli, const struct vault_key *key, struct err *err)
{
	struct vault_status status;

	if (!vault_read_status(cli->host.vault, cli->host.store, &status, err))
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
	keys_note_place(cli, key);
	if (key->kind == VAULT_KEY_PASSPHRASE)
		cli_note(cli, "Vault     opens with the passphrase only: without it no credential "
			      "can be read");
	cli_note(cli, "\nNext: muster -C %s connect VENDOR   (muster vendors lists them)",
		 cli->project.dir);
	return true;
}

/* What is asked comes first: who gives up at the question leaves nothing behind. The vault comes
   last: a project with one is finished. */
bool verb_init(struct cli *cli, struct err *err)
{
	const struct keys_wanted wanted = {
		.kind = VAULT_KEY_FILE,
		.file = parsed_text(&cli->parsed, "key-file"),
		.passphrase_flag = "passphrase-file",
	};
	const char *named = parsed_arg(&cli->parsed, 0);
	const char *dir = named ? named : parsed_text(&cli->parsed, "project");
	struct secret passphrase = SECRET_INIT;
	struct vault_key key;
	bool done;

	dir = dir ? dir : ".";
	done = project_find_program(&cli->project, err) && refuse_finished(cli, dir, err) &&
	       keys_new(cli, &wanted, &passphrase, &key, err) &&
	       project_make(&cli->project, dir, err) && project_write_stubs(&cli->project, err) &&
	       create_store(cli, err) && create_vault(cli, &key, err) && report(cli, &key, err);
	secret_fini(&passphrase);
	return done;
}
