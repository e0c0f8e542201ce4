/*
 * What needs a sandbox or the network, for verbs that do one thing after the other: each call runs
 * the loop until its answer is there.
 */
#ifndef MUSTER_CLI_REMOTE_H
#define MUSTER_CLI_REMOTE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "connector/check.h"
#include "connector/connector.h"

struct cli;

/* A loaded connector, the caller's to free; NULL with err. account_name as in connector_load. */
struct connector *remote_load(struct cli *cli, const char *vendor, const char *account_name,
			      struct err *err);

/* Problems of settings by id; released with problems_fini. */
struct problems {
	struct setting_problem *items;
	size_t count;
};
void problems_fini(struct problems *problems);

/*
 * Parses settings. *json is malloc'd, or NULL with at least one problem. false and err when the
 * sandbox failed.
 */
bool remote_parse_settings(struct cli *cli, struct connector *connector,
			   const struct setting_input *inputs, size_t count, char **json,
			   struct problems *problems, struct err *err);

/*
 * The connection test. {"tenant", "permissions": [{"name", "path", "granted", "reason"}],
 * "seconds"}; NULL with err. A permission that is missing is ERR_FORBIDDEN when a stream needs it
 * that may not degrade; other missing ones are part of the result.
 */
json_t *remote_check(struct cli *cli, struct connector *connector, const struct account *account,
		     const struct check_secret *secrets, size_t secret_count, struct err *err);

/* The same for an account that is connected: ERR_CONFIG when this is another tenant. */
json_t *remote_check_again(struct cli *cli, struct connector *connector,
			   const struct account *account, const struct check_secret *secrets,
			   size_t secret_count, struct err *err);

#endif
