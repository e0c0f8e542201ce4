/*
 * Takes a consent back at its vendor (RFC 7009), where the connector declares the address, once
 * nobody uses the credential any more. It is best effort: a failure is told with the way out and
 * keeps nothing from being removed.
 */
#ifndef MUSTER_CLI_REVOKE_H
#define MUSTER_CLI_REVOKE_H

#include <stdbool.h>

#include "store/account.h"

struct cli;
struct revoking;

/*
 * While the credential is still there: what will be needed of it. NULL when there is nothing to
 * take back (the credential lives by no consent, or others use it), or it cannot be, which is told.
 * `account` is one that uses it; borrowed until the end.
 */
struct revoking *revoke_prepare(struct cli *cli, const struct account *account);
/* The same of a credential that no account uses any more. */
struct revoking *revoke_prepare_unused(struct cli *cli, const char *credential_id);

/*
 * When nobody should use it any more: asks the vendor unless somebody does, tells what came of it,
 * and frees. A credential that stays is in the state "revoked" then. NULL is fine.
 */
void revoke_finish(struct revoking *revoking);
/* It has not gone: nothing is asked. NULL is fine. */
void revoke_forget(struct revoking *revoking);

#endif
