/* A credential as people and programs see it: everything but what is in it. */
#ifndef MUSTER_CLI_CREDENTIAL_VIEW_H
#define MUSTER_CLI_CREDENTIAL_VIEW_H

#include <jansson.h>

#include "cli/credentials.h"

/*
 * credential, provider, vendor, state, reason, accounts, fields, scopes_wanted, scopes_granted,
 * note, redirect_uri, created_at, last_used_at. NULL with err.
 *
 * state: "valid"; "expiring" (its token is due: the next request renews it); "needs_reauth" (a
 * person has to act: reason says why); "revoked"; "untested" (no account had it yet).
 */
json_t *credential_view_json(const struct cli *cli, const struct credential_use *use,
			     struct err *err);

#endif
