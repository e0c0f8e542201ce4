/* An account as the verbs show it: one shape for `accounts` and `status`. */
#ifndef MUSTER_CLI_ACCOUNT_VIEW_H
#define MUSTER_CLI_ACCOUNT_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/account.h"

struct cli;

/*
 * {"account", "id", "vendor", "name", "label", "state", "state_reason", "state_since",
 * "state_way_out", "tenant", "settings": {}, "ca_file", "connect_to": [], "proxy", "allow_cidrs":
 * [], "is_recording", "last_ok_at", "last_session", "created_at"}. NULL = out of memory.
 */
json_t *account_view_json(const struct account *account);
json_t *account_view_list(const struct account *accounts, size_t count);

/* Live rows by table: {"users": 12, "devices": 30, ...}. */
bool account_view_rows(const struct cli *cli, const char *account_id, json_t **rows,
		       struct err *err);

#endif
