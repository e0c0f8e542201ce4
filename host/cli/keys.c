/* The outer key of a new or rekeyed vault. */
#include "cli/keys.h"

#include <stdio.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/secrets.h"

static enum vault_key_kind kind_of(const struct cli *cli, const struct keys_wanted *wanted)
{
	static const enum vault_key_kind kinds[] = { VAULT_KEY_FILE, VAULT_KEY_PASSPHRASE,
						     VAULT_KEY_SYSTEMD };
	const char *given = parsed_text(&cli->parsed, "key");

	for (size_t i = 0; given && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_eq(given, vault_key_kind_name(kinds[i])))
			return kinds[i];
	}
	if (wanted->file)
		return VAULT_KEY_FILE;
	return parsed_text(&cli->parsed, wanted->passphrase_flag) ? VAULT_KEY_PASSPHRASE
								  : wanted->kind;
}

static bool read_passphrase(const struct cli *cli, const char *flag, struct secret *out,
			    struct err *err)
{
	const char *path = parsed_text(&cli->parsed, flag);
	char instead[64];

	if (path)
		return secret_read_file(cli, path, out, err);
	snprintf(instead, sizeof(instead), "give --%s FILE", flag);
	return secret_ask_twice(cli, "New passphrase of the vault", instead, out, err);
}

bool keys_new(const struct cli *cli, const struct keys_wanted *wanted, struct secret *passphrase,
	      struct vault_key *key, struct err *err)
{
	*key = (struct vault_key){ .kind = kind_of(cli, wanted) };
	if (key->kind == VAULT_KEY_FILE)
		key->path = wanted->file;
	if (key->kind == VAULT_KEY_SYSTEMD)
		return vault_find_credential(err);
	if (key->kind == VAULT_KEY_FILE)
		return true;
	key->passphrase = passphrase;
	return read_passphrase(cli, wanted->passphrase_flag, passphrase, err);
}

void keys_note_place(const struct cli *cli, const struct vault_key *key)
{
	if (key->path)
		cli_note(cli,
			 "It is not looked for there: give --key-file FILE from now on, or set "
			 "MUSTER_KEY_FILE.");
}
