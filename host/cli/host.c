/* Opens what a verb needs and closes it again. */
#include "cli/host.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/redact.h"
#include "base/str.h"
#include "cli/secrets.h"
#include "crypto/library.h"
#include "store/store.h"
#include "vault/vault.h"

static enum log_level log_level_of(const struct parsed *parsed)
{
	size_t verbose = parsed_times(parsed, "verbose");

	return log_level_named(parsed_text(parsed, "log-level"), verbose == 0	? LOG_WARN
								 : verbose == 1 ? LOG_INFO
										: LOG_DEBUG);
}

bool host_begin(struct cli *cli, struct err *err)
{
	if (!crypto_begin(err))
		return false;
	cli->host.redact = redact_new();
	if (!cli->host.redact)
		return err_oom(err);
	cli->host.log = log_new(STDERR_FILENO, log_level_of(&cli->parsed), cli->host.redact);
	return cli->host.log ? true : err_oom(err);
}

bool host_open_store(struct cli *cli, struct err *err)
{
	cli->host.store = store_open(cli->project.database, cli->host.loop, err);
	if (cli->host.store)
		return true;
	if (err->kind == ERR_MISSING)
		err_hint(err, "\"muster init\" finishes a project that was begun");
	return false;
}

static void name_paths(struct cli *cli)
{
	const struct project *project = &cli->project;

	cli->host.project_dir = project->dir;
	cli->host.program = project->program;
	cli->host.scripts_dir = project->scripts;
	cli->host.recordings_dir = project->recordings;
}

/* A project that is named has to be one, also for a verb that can do without. */
static bool find_project(struct cli *cli, enum cli_need need, struct err *err)
{
	const char *dir = parsed_text(&cli->parsed, "project");
	struct err failure = ERR_INIT;

	if (project_find(&cli->project, dir, &failure) ||
	    (need <= CLI_NEEDS_SCRIPTS && !dir && failure.kind == ERR_MISSING))
		return true;
	*err = failure;
	return false;
}

bool host_open(struct cli *cli, enum cli_need need, struct err *err)
{
	if (need >= CLI_NEEDS_PLACES && !find_project(cli, need, err))
		return false;
	if (need == CLI_NEEDS_PLACES || need == CLI_NEEDS_SCRIPTS || need == CLI_NEEDS_HOST) {
		if (!project_find_program(&cli->project, err) || !(cli->host.loop = loop_new(err)))
			return false;
	}
	if ((need >= CLI_NEEDS_STORE || (need == CLI_NEEDS_SCRIPTS && cli->project.dir)) &&
	    !host_open_store(cli, err))
		return false;
	name_paths(cli);
	return true;
}

void host_close(struct cli *cli)
{
	/* What was left to the store (limits, breakers) ends before the store does. */
	if (cli->host.loop)
		loop_run(cli->host.loop);
	vault_close(cli->host.vault);
	if (cli->host.store)
		store_close(cli->host.store);
	if (cli->host.loop)
		loop_free(cli->host.loop);
	log_free(cli->host.log);
	redact_free(cli->host.redact);
	cli->host = (struct host){ 0 };
	project_fini(&cli->project);
}

/* --- the vault --- */

static bool has_passphrase(struct cli *cli, bool *has, struct err *err)
{
	struct vault_status status;

	if (!vault_read_status(cli->host.vault, cli->host.store, &status, err))
		return false;
	*has = false;
	for (int64_t i = 0; i < status.slot_count && i < VAULT_SLOTS_MAX; i++)
		*has = *has || status.slots[i] == VAULT_KEY_PASSPHRASE;
	return true;
}

static bool reopen(struct cli *cli, const struct vault_key *key, struct err *err)
{
	vault_close(cli->host.vault);
	cli->host.vault = vault_open(cli->host.store, key, cli->host.redact, err);
	return cli->host.vault != NULL;
}

/* Read from `path`, or asked for when it is NULL. */
static bool try_passphrase(struct cli *cli, const char *path, struct err *err)
{
	struct secret passphrase = SECRET_INIT;
	const struct vault_key key = { .kind = VAULT_KEY_PASSPHRASE, .passphrase = &passphrase };
	bool done = (path ? secret_read_file(cli, path, &passphrase, err)
			  : secret_ask(cli, "Passphrase of the vault",
				       "give --passphrase-file FILE", &passphrase, err)) &&
		    reopen(cli, &key, err);

	secret_fini(&passphrase);
	return done;
}

static bool open_with_passphrase(struct cli *cli, struct err *err)
{
	const char *path = parsed_text(&cli->parsed, "passphrase-file");

	if (!path && (!cli->terminal.can_ask || cli->no_input))
		return true; /* stays sealed; who needs it says so */
	for (int tries = 1;; tries++) {
		if (!try_passphrase(cli, path, err))
			return false;
		if (path || !vault_is_sealed(cli->host.vault) || tries == SECRET_TRIES)
			return true;
		cli_warn(cli, "It does not open the vault. Once again, please.");
	}
}

bool host_open_vault(struct cli *cli, struct err *err)
{
	const char *path = parsed_text(&cli->parsed, "key-file");
	struct vault_key key = { .kind = VAULT_KEY_FILE, .path = path };
	bool has;

	if (!reopen(cli, path ? &key : NULL, err))
		return false;
	if (!vault_is_sealed(cli->host.vault) || path)
		return true;
	return has_passphrase(cli, &has, err) && (!has || open_with_passphrase(cli, err));
}

bool host_need_secrets(struct cli *cli, struct err *err)
{
	return host_open_vault(cli, err) && vault_require_open(cli->host.vault, err);
}

bool host_open_vault_of(void *arg, struct store *store, struct vault **vault, struct err *err)
{
	struct cli *cli = arg;
	struct store *own_store = cli->host.store;
	struct vault *own_vault = cli->host.vault;
	bool done;

	cli->host.store = store;
	cli->host.vault = NULL;
	done = host_open_vault(cli, err);
	*vault = cli->host.vault;
	cli->host.store = own_store;
	cli->host.vault = own_vault;
	return done;
}
