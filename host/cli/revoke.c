/* Takes a consent back at its vendor. */
#include "cli/revoke.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/loop.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/credentials.h"
#include "cli/host.h"
#include "cli/remote.h"
#include "connector/secrets.h"
#include "connector/tokens.h"
#include "store/token.h"

struct revoking {
	struct cli *cli;
	const struct account *account;
	struct account archived; /* the account, where none is left that uses it */
	struct connector *connector;
	struct secrets secrets;
	struct secret token;
	json_t *settings;
	struct tokens *tokens;
	bool is_done;
	struct err err;
};

static void on_nothing(void *arg)
{
	(void)arg;
}

void revoke_forget(struct revoking *revoking)
{
	if (!revoking)
		return;
	if (revoking->tokens)
		tokens_finish(revoking->tokens, on_nothing, NULL);
	secret_fini(&revoking->token);
	secrets_fini(&revoking->secrets);
	json_decref(revoking->settings);
	connector_free(revoking->connector);
	account_fini(&revoking->archived);
	free(revoking);
}

static void tell_failure(const struct cli *cli, const struct err *err)
{
	cli_warn(cli,
		 "The consent was not taken back at the vendor: %s.\n"
		 "  hint: withdraw it there, among the apps that have access to that login",
		 err->message);
}

/* --- before --- */

static bool has_consent(struct store_tx *tx, void *arg, struct err *err)
{
	struct credential_field field;

	if (!credential_field_get(tx, arg, TOKEN_FIELD_REFRESH, &field, err))
		return false;
	credential_field_fini(&field);
	return true;
}

/* Has its credential a consent, and nobody else uses it? */
static bool goes_with(const struct cli *cli, const struct account *account)
{
	struct err ignored = ERR_INIT;
	struct credential_use use;
	bool is_alone;

	if (!account->credential_id ||
	    !credentials_get_by_id(cli, account->credential_id, &use, &ignored))
		return false;
	is_alone = use.count == 1;
	credential_use_fini(&use);
	return is_alone && store_run(cli->host.store, STORE_READ, has_consent,
				     account->credential_id, &ignored);
}

struct finding {
	const char *credential_id;
	struct account *account;
};

static bool find_archived(struct store_tx *tx, void *arg, struct err *err)
{
	const struct finding *finding = arg;

	return account_find_archived(tx, finding->credential_id, finding->account, err);
}

static bool read_secrets(struct store_tx *tx, void *arg, struct err *err)
{
	struct revoking *revoking = arg;
	const struct value *declaration = connector_declaration(revoking->connector);
	const struct account *account = revoking->account;
	struct vault *vault = revoking->cli->host.vault;

	return secrets_read(&revoking->secrets, vault, tx, account, declaration, err) &&
	       vault_get_field(vault, tx, account->credential_id,
			       value_text(declaration, "provider", account->vendor),
			       TOKEN_FIELD_REFRESH, &revoking->token, err);
}

static bool open_tokens(struct revoking *revoking, struct err *err)
{
	const struct tokens_options options = {
		.account = revoking->account,
		.declaration = connector_declaration(revoking->connector),
		.settings = revoking->settings,
		.secrets = revoking->secrets.named,
		.secret_count = revoking->secrets.count,
		.is_test = true,
		.is_revocation = true,
	};

	revoking->tokens = tokens_open(&revoking->cli->host, &options, err);
	return revoking->tokens != NULL;
}

static bool can_revoke(const struct revoking *revoking, struct err *err)
{
	const struct value *auth =
		auth_declared(connector_declaration(revoking->connector), revoking->settings);

	return value_get(auth, "revoke") ||
	       err_set(err, ERR_CONFIG, "its connector declares no address for that");
}

static bool prepare(struct revoking *revoking, struct err *err)
{
	struct cli *cli = revoking->cli;
	const struct account *account = revoking->account;

	revoking->settings = json_loads(account->settings, 0, NULL);
	revoking->connector = remote_load(cli, account->vendor, account->name, err);
	return revoking->connector &&
	       connector_check_approval(revoking->connector, account, NULL, err) &&
	       can_revoke(revoking, err) &&
	       (cli->host.vault ? vault_require_open(cli->host.vault, err)
				: host_need_secrets(cli, err)) &&
	       store_run(cli->host.store, STORE_READ, read_secrets, revoking, err) &&
	       open_tokens(revoking, err);
}

static struct revoking *new_revoking(struct cli *cli, const struct account *account,
				     struct err *err)
{
	struct revoking *revoking = calloc(1, sizeof(*revoking));

	if (!revoking) {
		err_oom(err);
		return NULL;
	}
	revoking->cli = cli;
	revoking->account = account ? account : &revoking->archived;
	revoking->err = ERR_INIT;
	return revoking;
}

static struct revoking *give_up(struct cli *cli, struct revoking *revoking, const struct err *err)
{
	tell_failure(cli, err);
	revoke_forget(revoking);
	return NULL;
}

struct revoking *revoke_prepare(struct cli *cli, const struct account *account)
{
	struct err err = ERR_INIT;
	struct revoking *revoking;

	if (!goes_with(cli, account))
		return NULL;
	revoking = new_revoking(cli, account, &err);
	if (revoking && prepare(revoking, &err))
		return revoking;
	return give_up(cli, revoking, &err);
}

struct revoking *revoke_prepare_unused(struct cli *cli, const char *credential_id)
{
	struct store *store = cli->host.store;
	struct err err = ERR_INIT;
	struct revoking *revoking;
	struct finding finding = { .credential_id = credential_id };

	if (!store_run(store, STORE_READ, has_consent, (void *)(uintptr_t)credential_id, &err))
		return NULL;
	revoking = new_revoking(cli, NULL, &err);
	if (!revoking)
		return give_up(cli, NULL, &err);
	finding.account = &revoking->archived;
	if (store_run(store, STORE_READ, find_archived, &finding, &err) && prepare(revoking, &err))
		return revoking;
	return give_up(cli, revoking, &err);
}

/* --- after --- */

/* Since it was prepared another account may have got the credential, or gets it by this very verb.
 */
static bool find_users(const struct revoking *revoking, bool *has_users, struct err *err)
{
	struct credential_use use;

	*has_users = false;
	if (!credentials_get_by_id(revoking->cli, revoking->account->credential_id, &use, err)) {
		if (err->kind != ERR_MISSING)
			return false;
		*err = ERR_INIT;
		return true;
	}
	*has_users = use.count > 0;
	credential_use_fini(&use);
	return true;
}

/* A credential with a name of its own stays, without what is worth nothing any more. */
static bool forget_tokens(struct store_tx *tx, void *arg, struct err *err)
{
	static const char *const fields[] = { TOKEN_FIELD_ACCESS, TOKEN_FIELD_REFRESH,
					      TOKEN_FIELD_BEFORE };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!credential_field_delete(tx, arg, fields[i], err))
			return false;
	}
	return token_revoke(tx, arg, err);
}

static void on_answer(void *ctx, int status, const void *body, size_t len, const struct err *err)
{
	struct revoking *revoking = ctx;

	revoking->err = *err;
	if (err->kind == ERR_NONE)
		oauth_answer_is_revoked(status, body, len, revoking->cli->host.redact,
					&revoking->err);
	revoking->is_done = true;
	loop_stop(revoking->cli->host.loop);
}

static void ask(struct revoking *revoking)
{
	struct err err = ERR_INIT;

	if (!tokens_revoke(revoking->tokens, &revoking->token, on_answer, revoking, &err)) {
		revoking->err = err;
		revoking->is_done = true;
	}
	while (!revoking->is_done)
		loop_run(revoking->cli->host.loop);
	if (revoking->err.kind == ERR_NONE)
		cli_note(revoking->cli, "The consent was taken back at the vendor.");
}

void revoke_finish(struct revoking *revoking)
{
	bool has_users = false;

	if (!revoking)
		return;
	if (find_users(revoking, &has_users, &revoking->err) && !has_users) {
		ask(revoking);
		if (revoking->err.kind == ERR_NONE)
			store_run(revoking->cli->host.store, STORE_WRITE, forget_tokens,
				  revoking->account->credential_id, &revoking->err);
	}
	if (revoking->err.kind != ERR_NONE)
		tell_failure(revoking->cli, &revoking->err);
	revoke_forget(revoking);
}
