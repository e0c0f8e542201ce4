/*
 * What a vendor can give, told from the declaration of its connector, and what an account does
 * give, told from its sessions.
 *
 * Nothing is declared for this: which streams emit which entities, what their maps say of a column,
 * what they need, and how they ended says it all. A column that is always the same tells nothing.
 */
#ifndef MUSTER_CONNECTOR_CAPABILITY_H
#define MUSTER_CONNECTOR_CAPABILITY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "store/store.h"
#include "wire/value.h"

/*
 * How the streams of an account ended when they were last read: stream -> {"end", "kind", "reason"}
 * as sessions hold it, dry runs too. *seen is the caller's, empty before the first session.
 */
bool capability_seen(struct store_tx *tx, const char *account_id, json_t **seen, struct err *err);

/*
 * [{"capability", "state", "streams", "permissions", "reason"}], always the same ones in the same
 * order; state is yes, no, not_granted, not_licensed or unknown, reason why it is not yes (null: no
 * more to say), permissions what these streams need in the vendor's words. `seen` NULL tells of the
 * vendor, whatever an account is granted. NULL without the memory for it.
 */
json_t *capability_list(const struct value *declaration, const json_t *seen);

/* The ways to sign in: ["basic", "oauth2 client"]. NULL without the memory for it. */
json_t *capability_auth(const struct value *declaration);

/* What a stream needs: ["Device list (/api/v1/devices)"]. NULL without the memory for it. */
json_t *capability_needs(const struct value *stream);

#endif
