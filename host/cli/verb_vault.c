/* muster vault: how it is, new data keys, a new key. */
#include <inttypes.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/host.h"
#include "cli/keys.h"
#include "cli/verbs.h"

static json_t *slots_json(const struct vault_status *status)
{
	json_t *slots = json_array();

	for (int64_t i = 0; i < status->slot_count && i < VAULT_SLOTS_MAX; i++)
		json_add(&slots, json_string(vault_key_kind_name(status->slots[i])));
	return slots;
}

static json_t *status_json(const struct vault_status *status)
{
	return json_pack("{s:s, s:s?, s:o, s:s?, s:I, s:I, s:I, s:I, s:s?, s:b, s:b}", "state",
			 status->is_sealed ? "sealed" : "open", "reason",
			 status->reason[0] ? status->reason : NULL, "keys", slots_json(status),
			 "key_file", status->key_path[0] ? status->key_path : NULL, "credentials",
			 (json_int_t)status->credentials, "fields", (json_int_t)status->fields,
			 "data_keys", (json_int_t)status->deks, "most_uses",
			 (json_int_t)status->most_dek_uses, "oldest_data_key_at",
			 status->oldest_dek_at[0] ? status->oldest_dek_at : NULL, "is_rotating",
			 status->is_rotating, "is_memory_locked", status->is_memory_locked);
}

bool verb_vault_status(struct cli *cli, struct err *err)
{
	struct vault_status status;

	if (!host_open_vault(cli, err) ||
	    !vault_read_status(cli->host.vault, cli->host.store, &status, err) ||
	    !cli_object(cli, status_json(&status), err))
		return false;
	if (status.is_sealed)
		cli_outcome(cli, err_kind_info(ERR_SEALED)->exit_code);
	if (status.is_rotating)
		cli_note(cli, "A rotation was interrupted: muster vault rotate finishes it.");
	if (!status.is_memory_locked)
		cli_note(cli, "Secrets cannot be locked into memory: raise RLIMIT_MEMLOCK.");
	return true;
}

bool verb_vault_rotate(struct cli *cli, struct err *err)
{
	int64_t records = 0;

	if (!host_need_secrets(cli, err) ||
	    !vault_rotate(cli->host.vault, cli->host.store, &records, err))
		return false;
	return cli_done(cli, json_pack("{s:I}", "fields", (json_int_t)records), err,
			"%" PRId64 " %s encrypted under new data keys.", records,
			records == 1 ? "field was" : "fields were");
}

bool verb_vault_rekey(struct cli *cli, struct err *err)
{
	struct keys_wanted wanted = {
		.file = parsed_text(&cli->parsed, "new-key-file"),
		.passphrase_flag = "new-passphrase-file",
	};
	struct secret passphrase = SECRET_INIT;
	struct vault_status status;
	struct vault_key key;
	bool done;

	if (!host_need_secrets(cli, err) ||
	    !vault_read_status(cli->host.vault, cli->host.store, &status, err))
		return false;
	wanted.kind = status.slots[0]; /* an open vault has one */
	done = keys_new(cli, &wanted, &passphrase, &key, err) &&
	       vault_rekey(cli->host.vault, cli->host.store, &key, err);
	secret_fini(&passphrase);
	if (!done || !vault_read_status(cli->host.vault, cli->host.store, &status, err))
		return false;
	if (cli->is_json)
		return cli_object(cli, status_json(&status), err);
	cli_note(cli, "The vault has a new key: %s.",
		 status.key_path[0] ? status.key_path : "the passphrase");
	keys_note_place(cli, &key);
	cli_note(cli, "Older backups open with the old one alone: make a new backup.");
	return true;
}
