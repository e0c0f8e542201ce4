/* The connection test. */
#include "connector/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "connector/gateway.h"
#include "connector/json_value.h"
#include "connector/secrets.h"

enum { PERMISSIONS_MAX = 64 };

struct check {
	struct host *host;
	struct connector *connector;
	const struct account *account;
	struct check_handlers handlers;
	struct secrets secrets;
	bool is_stored; /* the secrets are the vault's */
	struct gateway *gateway;
	int64_t started_ms;
	/* kept until the gateway has finished */
	struct value_tree *result;
	struct err err;
};

/* --- the end --- */

static void take_permissions(const struct value *list, struct check_permission *out,
			     struct check_result *result)
{
	for (size_t i = 0; i < value_count(list) && i < PERMISSIONS_MAX; i++) {
		const struct value *permission = value_at(list, i);

		out[i] = (struct check_permission){
			.name = value_text(permission, "name", ""),
			.path = value_text(permission, "path", ""),
			.reason = value_text(permission, "reason", ""),
			.granted = value_bool(permission, "granted", false),
		};
		result->permission_count = i + 1;
	}
	result->permissions = out;
}

static void finish(void *arg, const struct err *ignored)
{
	struct check_permission permissions[PERMISSIONS_MAX];
	struct check *check = arg;
	struct check_result result = { .duration_ms = clock_monotonic_ms() - check->started_ms };

	(void)ignored;
	if (check->result != NULL) {
		const struct value *root = value_root(check->result);

		result.tenant = value_text(root, "tenant", NULL);
		take_permissions(value_get(root, "permissions"), permissions, &result);
		if (result.tenant == NULL)
			err_set(&check->err, ERR_CONFIG, "%s: its check names no tenant",
				connector_id(check->connector));
	}
	check->handlers.done(check->handlers.arg, check->err.kind == ERR_NONE ? &result : NULL,
			     &check->err);
	secrets_fini(&check->secrets);
	value_tree_free(check->result);
	free(check);
}

static void end(struct check *check)
{
	const struct guest_handlers none = { 0 };

	guest_set_handlers(connector_guest(check->connector), &none);
	gateway_finish(check->gateway, finish, check);
}

static void fail(struct check *check, const struct err *err)
{
	if (check->err.kind == ERR_NONE)
		check->err = *err;
	end(check);
}

/* --- the test itself --- */

static void on_checked(void *arg, const struct value *value, const struct err *err)
{
	struct check *check = arg;
	struct buf copy = BUF_INIT;

	if (value == NULL) {
		fail(check, err);
		return;
	}
	value_put(&copy, value);
	if (buf_ok(&copy, &check->err))
		check->result = value_parse(copy.data, copy.len, &check->err);
	buf_fini(&copy);
	end(check);
}

static void on_call(void *arg, uint32_t id, const char *method, const void *args, size_t len)
{
	struct check *check = arg;
	struct guest *guest = connector_guest(check->connector);
	struct err err = ERR_INIT;

	if (str_eq(method, "http")) {
		gateway_http(check->gateway, guest, id, args, len);
	} else if (str_eq(method, "crypto")) {
		gateway_crypto(check->gateway, guest, id, args, len);
	} else {
		err_set(&err, ERR_REFUSED, "a connection test may not call \"%s\"", method);
		guest_fail(guest, id, &err);
	}
}

static void on_event(void *arg, const char *name, const struct value *args)
{
	const struct check *check = arg;

	if (str_eq(name, "log"))
		log_write(check->host->log,
			  log_level_named(value_text(args, "level", NULL), LOG_INFO), "%s: %s",
			  connector_id(check->connector), value_text(args, "text", ""));
}

static void on_waiting(void *arg, const char *why, int64_t ms)
{
	const struct check *check = arg;

	if (check->handlers.waiting != NULL)
		check->handlers.waiting(check->handlers.arg, why, ms);
}

static void put_args(struct buf *args, const struct account *account)
{
	json_t *settings = json_loads(account->settings, 0, NULL);
	char now[CLOCK_TEXT_SIZE];

	value_put_map(args, 2);
	value_put_str(args, "settings");
	value_put_json(args, settings);
	value_put_str(args, "now");
	value_put_str(args, clock_now_text(now));
	json_decref(settings);
}

static bool call(struct check *check, struct err *err)
{
	const struct guest_handlers handlers = { .call = on_call, .event = on_event, .arg = check };
	const struct value *declaration = connector_declaration(check->connector);
	const struct gateway_options options = {
		.account = check->account,
		.declaration = declaration,
		.secrets = check->secrets.named,
		.secret_count = check->secrets.count,
		.credential_id = check->is_stored ? check->account->credential_id : NULL,
		.is_test = true,
		.waiting = on_waiting,
		.arg = check,
	};
	struct buf args = BUF_INIT;
	bool fine;

	check->gateway = gateway_open(check->host, &options, err);
	if (check->gateway == NULL ||
	    !gateway_allow(check->gateway, value_get(value_get(declaration, "check"), "calls"),
			   err))
		return false;
	guest_set_handlers(connector_guest(check->connector), &handlers);
	put_args(&args, check->account);
	fine = guest_call(connector_guest(check->connector), "check", &args, on_checked, check,
			  err);
	buf_fini(&args);
	return fine;
}

/* --- secrets from the vault --- */

static bool read_secrets(struct store_tx *tx, void *arg, struct err *err)
{
	struct check *check = arg;

	return secrets_read(&check->secrets, check->host->vault, tx, check->account,
			    connector_declaration(check->connector), err);
}

static void on_secrets(void *arg, const struct err *failure)
{
	struct check *check = arg;
	struct err err = *failure;

	check->is_stored = true;
	if (err.kind != ERR_NONE || !call(check, &err))
		fail(check, &err);
}

/* --- tenants --- */

static bool is_place_of(const char *place, const char *tenant)
{
	const char *at = strrchr(tenant, '@');

	return at && str_eq(place, at + 1);
}

bool check_tenants_agree(const char *stored, const char *told)
{
	if (!stored || !told)
		return !stored;
	return str_eq(stored, told) || is_place_of(stored, told) || is_place_of(told, stored);
}

const char *check_fuller_tenant(const char *stored, const char *told)
{
	return stored && is_place_of(told, stored) ? stored : told;
}

bool check_start(struct host *host, struct connector *connector, const struct account *account,
		 const struct check_secret *secrets, size_t secret_count,
		 const struct check_handlers *handlers, struct err *err)
{
	struct check *check;

	if (account->approved_hash != NULL &&
	    !connector_check_approval(connector, account, NULL, err))
		return false;
	check = calloc(1, sizeof(*check));
	if (check == NULL)
		return err_oom(err);
	*check = (struct check){ .host = host,
				 .connector = connector,
				 .account = account,
				 .handlers = *handlers,
				 .started_ms = clock_monotonic_ms(),
				 .err = ERR_INIT };
	for (; check->secrets.count < secret_count && check->secrets.count < SECRETS_MAX;
	     check->secrets.count++)
		check->secrets.named[check->secrets.count] =
			(struct auth_secret){ secrets[check->secrets.count].id,
					      secrets[check->secrets.count].value };
	if (secret_count == 0 && account->credential_id != NULL)
		return store_submit(host->store, STORE_READ, read_secrets, on_secrets, check,
				    err) ||
		       (free(check), false);
	if (!call(check, err))
		fail(check, err);
	return true;
}
