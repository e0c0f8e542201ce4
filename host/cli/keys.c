/* The outer key of a new or rekeyed vault. */
#include "cli/keys.h"

#include "base/str.h"
#include "cli/cli.h"
#include "cli/secrets.h"

bool keys_new(const struct cli *cli, const char *key_file, const char *passphrase_file,
	      struct secret *passphrase, struct vault_key *key, struct err *err)
{
	const char *kind = parsed_text(&cli->parsed, "key");

	*key = (struct vault_key){ .kind = VAULT_KEY_FILE, .path = key_file };
	if (kind && str_eq(kind, "systemd"))
		key->kind = VAULT_KEY_SYSTEMD;
	if (!kind || !str_eq(kind, "passphrase"))
		return true;
	*key = (struct vault_key){ .kind = VAULT_KEY_PASSPHRASE, .passphrase = passphrase };
	if (passphrase_file)
		return secret_read_file(passphrase_file, passphrase, err);
	return secret_ask_twice(cli, "New passphrase of the vault", passphrase, err);
}
