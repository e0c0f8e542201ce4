/* A credential as people and programs see it. */
#include "cli/credential_view.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "store/token.h"

struct reading {
	const char *id;
	json_t *names;
	struct token token;
};

static bool read_details(struct store_tx *tx, void *arg, struct err *err)
{
	struct reading *reading = arg;
	struct credential_field *fields;
	size_t count, i = 0;

	if (!token_get(tx, reading->id, &reading->token, err) ||
	    !credential_field_list(tx, reading->id, &fields, &count, err))
		return false;
	while (i < count &&
	       json_array_append_new(reading->names, json_string(fields[i].field)) == 0)
		i++;
	credential_field_list_fini(fields, count);
	return i == count || err_oom(err);
}

/* NULL = out of memory. */
static json_t *slugs_json(const struct credential_use *use)
{
	json_t *list = json_array();
	char slug[ACCOUNT_SLUG_SIZE];

	for (size_t i = 0; i < use->count; i++)
		json_add(&list, json_string(accounts_slug(&use->accounts[i], slug)));
	return list;
}

static json_t *scopes_json(const char *set)
{
	json_t *list = json_array();

	for (const char *at = set; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		json_add(&list, json_stringn(at, len));
		at += len;
	}
	return list;
}

/* --- state --- */

static const struct account *who_needs_auth(const struct credential_use *use)
{
	for (size_t i = 0; i < use->count; i++) {
		if (str_eq(use->accounts[i].state, "needs-auth"))
			return &use->accounts[i];
	}
	return NULL;
}

static const char *state_of_age(const struct credential_use *use, const struct token *token)
{
	enum token_state state = token_state(token, token->made_of, clock_wall_ms());

	if (state == TOKEN_EXPIRING || state == TOKEN_EXPIRED)
		return "expiring";
	if (state == TOKEN_NONE && use->count == 0 && !use->credential.last_used_at)
		return "untested";
	return "valid";
}

static const char *state_of(const struct credential_use *use, const struct token *token,
			    const char **reason)
{
	const struct account *waiting = who_needs_auth(use);

	*reason = NULL;
	if (str_eq(token->state, "revoked"))
		return "revoked";
	if (str_eq(token->state, "needs_reauth"))
		*reason = token->reason;
	else if (waiting)
		*reason = waiting->state_reason;
	return *reason ? "needs_reauth" : state_of_age(use, token);
}

/* --- all of it --- */

static json_t *view(const struct credential_use *use, const struct reading *reading)
{
	const struct credential *credential = &use->credential;
	const struct token *token = &reading->token;
	const char *reason, *state = state_of(use, token, &reason);
	json_t *object = json_object();

	json_put_text(&object, "credential", credential->name);
	json_put_text(&object, "provider", credential->provider);
	json_put_text(&object, "vendor", credential->vendor);
	json_put_text(&object, "state", state);
	json_put_text(&object, "reason", reason);
	json_put(&object, "accounts", slugs_json(use));
	json_put(&object, "fields", json_incref(reading->names));
	json_put(&object, "scopes_wanted", scopes_json(token->scopes_wanted));
	json_put(&object, "scopes_granted", scopes_json(token->scopes_granted));
	json_put_text(&object, "note", credential->note);
	json_put_text(&object, "redirect_uri", credential->redirect_uri);
	json_put_text(&object, "created_at", credential->created_at);
	json_put_text(&object, "last_used_at", credential->last_used_at);
	return object;
}

json_t *credential_view_json(const struct cli *cli, const struct credential_use *use,
			     struct err *err)
{
	struct reading reading = { .id = use->credential.id, .names = json_array() };
	json_t *object = NULL;

	if (store_run(cli->host.store, STORE_READ, read_details, &reading, err)) {
		object = view(use, &reading);
		if (!object)
			err_oom(err);
	}
	token_fini(&reading.token);
	json_decref(reading.names);
	return object;
}
