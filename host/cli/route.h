/*
 * What flags say about an account: how its requests reach the vendor (--ca-file, --connect-to,
 * --proxy, --allow-cidr), and when (--every).
 */
#ifndef MUSTER_CLI_ROUTE_H
#define MUSTER_CLI_ROUTE_H

#include <stdbool.h>

#include "base/err.h"
#include "store/account.h"

struct cli;

/*
 * Checks the flags' texts and puts them into the account; --no-... clears. *changed says whether
 * anything was given. A CA file becomes an absolute path.
 */
bool route_take_flags(const struct cli *cli, struct account *account, bool *changed,
		      struct err *err);

/* --every, if it is given. */
bool route_take_schedule(const struct cli *cli, struct account *account, struct err *err);

/* Replaces a text of an account. */
bool route_set_text(char **field, const char *text, struct err *err);

#endif
