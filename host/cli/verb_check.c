/* muster check: the connection test of accounts. */
#include <stdlib.h>

#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/host.h"
#include "cli/permissions.h"
#include "cli/remote.h"
#include "cli/verbs.h"

/* The test of one account; a stored tenant must be found again. */
static json_t *check_one(struct cli *cli, const struct account *account, struct err *err)
{
	struct connector *connector = remote_load(cli, account->vendor, account->name, err);
	json_t *check = connector ? remote_check(cli, connector, account, NULL, 0, err) : NULL;
	const char *tenant = json_string_value(json_object_get(check, "tenant"));
	bool done = !check || json_object_set_new(check, "permission_table",
						  permissions_table(connector)) == 0;

	connector_free(connector);
	if (!done) {
		json_decref(check);
		err_oom(err);
		return NULL;
	}
	if (!check || check_tenants_agree(account->tenant, tenant))
		return check;
	err_set(err, ERR_CONFIG, "the credential now belongs to the tenant %s, the account to %s",
		tenant ? tenant : "(none)", account->tenant);
	err_hint(err, "connect the other tenant under a name of its own");
	json_decref(check);
	return NULL;
}

/* What keeps each missing permission away, and the way to it. */
static bool say_reasons(struct cli *cli, const json_t *check, struct err *err)
{
	bool done = true;
	size_t i;
	json_t *permission;

	json_array_foreach(json_object_get(check, "permissions"), i, permission)
	{
		const char *reason = json_string_value(json_object_get(permission, "reason"));

		if (reason && !json_is_true(json_object_get(permission, "granted")))
			done = done &&
			       cli_say(cli, err, "  not granted  %s: %s",
				       json_string_value(json_object_get(permission, "name")),
				       reason);
	}
	return done;
}

static bool tell(struct cli *cli, const char *slug, const json_t *check, struct err *err)
{
	size_t i, missing = 0;
	json_t *permission;
	struct buf text = BUF_INIT;
	bool done;

	json_array_foreach(json_object_get(check, "permissions"), i, permission)
	{
		if (json_is_true(json_object_get(permission, "granted")))
			continue;
		buf_printf(&text, "%s%s", missing++ ? ", " : "; not granted: ",
			   json_string_value(json_object_get(permission, "name")));
	}
	buf_printf(&text, " (%.2f s)", json_real_value(json_object_get(check, "seconds")));
	done = buf_ok(&text, err) &&
	       cli_say(cli, err, "%s: ok: %s%s", slug,
		       json_string_value(json_object_get(check, "tenant")), buf_text(&text));
	buf_fini(&text);
	if (done && missing > 0)
		done = say_reasons(cli, check, err) &&
		       permissions_say(cli, json_object_get(check, "permission_table"), err);
	return done;
}

static bool is_degraded(const json_t *check)
{
	size_t i;
	json_t *permission;

	json_array_foreach(json_object_get(check, "permissions"), i, permission)
	{
		if (!json_is_true(json_object_get(permission, "granted")))
			return true;
	}
	return false;
}

static bool put_result(json_t *results, json_t *result, const char *slug, json_t *error)
{
	return result && json_object_set_new(result, "account", json_string(slug)) == 0 &&
	       json_object_set_new(result, "ok", json_boolean(json_is_null(error))) == 0 &&
	       json_object_set_new(result, "error", error) == 0 &&
	       json_array_append(results, result) == 0;
}

static int outcome_of(struct cli *cli, const json_t *check, const struct err *failure)
{
	if (check)
		return is_degraded(check) ? EXIT_PARTIAL : EXIT_DONE;
	return cli->is_json ? err_kind_info(failure->kind)->exit_code : errors_report(cli, failure);
}

/* Adds one account's result to the list; a failure is a result, too. */
static bool add_result(struct cli *cli, const struct account *account, json_t *results,
		       struct err *err)
{
	struct err failure = ERR_INIT;
	json_t *check = check_one(cli, account, &failure);
	json_t *result = check ? json_incref(check) : json_object();
	char slug[ACCOUNT_SLUG_SIZE];
	bool done;

	accounts_slug(account, slug);
	if (!check)
		err_context(&failure, "%s", slug);
	done = put_result(results, result, slug,
			  check ? json_null() : errors_object(cli, &failure, 0)) ||
	       err_oom(err);
	if (done && check && !cli->is_json)
		done = tell(cli, slug, check, err);
	cli_outcome(cli, outcome_of(cli, check, &failure));
	json_decref(result);
	json_decref(check);
	return done;
}

bool verb_check(struct cli *cli, struct err *err)
{
	struct account *accounts = NULL;
	size_t count = 0;
	json_t *results = json_array();
	bool done = accounts_of_args(cli, &accounts, &count, err) && host_need_secrets(cli, err);

	for (size_t i = 0; done && i < count; i++)
		done = add_result(cli, &accounts[i], results, err);
	if (done && count == 0)
		cli_note(cli, "No accounts yet: muster connect VENDOR");
	if (done && cli->is_json)
		done = cli_object(cli, json_incref(results), err);
	json_decref(results);
	account_list_fini(accounts, count);
	return done;
}
