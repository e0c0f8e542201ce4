/* An account as the verbs show it: one shape for `accounts` and `status`. */
#ifndef MUSTER_CLI_ACCOUNT_VIEW_H
#define MUSTER_CLI_ACCOUNT_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/account.h"
#include "sync/schedule.h"

struct cli;

/*
 * {"account", "id", "vendor", "name", "label", "state", "state_reason", "state_since",
 * "state_way_out", "tenant", "settings": {}, "ca_file", "connect_to": [], "proxy", "allow_cidrs":
 * [], "is_recording", "every", "next_due_at", "last_ok_at", "last_session", "created_at"}; every is
 * "6h" or null. NULL = out of memory.
 */
json_t *account_view_json(const struct account *account);
json_t *account_view_list(const struct account *accounts, size_t count);

/* Its schedule: every is "" and next NULL where there is none. */
struct account_schedule {
	char every[SCHEDULE_TEXT_SIZE], due_at[CLOCK_TEXT_SIZE];
	const char *next; /* due_at, or NULL while nothing is due by itself */
};
void account_view_schedule(const struct account *account, struct account_schedule *out);

/* Has one of them a schedule? Tables show it only then. */
bool account_view_has_schedule(const struct account *accounts, size_t count);

/* Live rows by table: {"users": 12, "devices": 30, ...}. */
bool account_view_rows(const struct cli *cli, const char *account_id, json_t **rows,
		       struct err *err);

#endif
