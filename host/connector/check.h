/* The connection test: cheap, read-only, names the tenant and what is granted. Stores nothing. */
#ifndef MUSTER_CONNECTOR_CHECK_H
#define MUSTER_CONNECTOR_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "connector/connector.h"
#include "store/account.h"

struct check_secret {
	const char *id; /* of the setting */
	const struct secret *value;
};

struct check_permission {
	const char *name, *path, *reason; /* reason: why not granted; "" */
	bool granted;
};

struct check_result {
	const char *tenant;
	const struct check_permission *permissions;
	size_t permission_count;
	int64_t duration_ms;
};

struct check_handlers {
	/* `result` is valid during the call; NULL with err. */
	void (*done)(void *arg, const struct check_result *result, const struct err *err);
	/* Why a request waits; may be NULL. */
	void (*waiting)(void *arg, const char *why, int64_t ms);
	void *arg;
};

/*
 * Tests `account` (settings, ca_file, connect_to, proxy, allow_cidrs; it need not be stored) with a
 * loaded connector. Secrets: `secrets`, or those of account->credential_id when secret_count is 0.
 * All borrowed until done; `handlers` are copied. ERR_CONFIG for a connector that is another one
 * than was approved for the account.
 */
bool check_start(struct host *host, struct connector *connector, const struct account *account,
		 const struct check_secret *secrets, size_t secret_count,
		 const struct check_handlers *handlers, struct err *err);

/*
 * Tenants are told apart by what their check calls them: "ID@PLACE", ID an organisation's own and
 * PLACE where it lives, or PLACE alone where the vendor cannot say whose it is (nothing is in there
 * yet, a right is missing). So PLACE agrees with whatever was told of it before or will be after;
 * two ids never do. NULL is a tenant that was never told.
 */
bool check_tenants_agree(const char *stored, const char *told);
/* Of two that agree the one that says more. */
const char *check_fuller_tenant(const char *stored, const char *told);

#endif
