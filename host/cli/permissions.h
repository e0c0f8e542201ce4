/* A vendor's table of permissions as its connector declares it: what is to be allowed for what. */
#ifndef MUSTER_CLI_PERMISSIONS_H
#define MUSTER_CLI_PERMISSIONS_H

#include <jansson.h>

#include "cli/cli.h"
#include "connector/connector.h"

/* [{"section", "category", "permission", "access", "needed_for"}]; empty where none is declared. */
json_t *permissions_table(const struct connector *connector);

/* A line each: "Accounts > Users, Accounts: Add/Edit (Edit), for Add User, Delete User". */
bool permissions_say(const struct cli *cli, const json_t *table, struct err *err);

#endif
