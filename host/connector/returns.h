/*
 * What the browser brings back beside code and state, and what that may mean (auth.returns of a
 * connector): {name = template} such as ["accounts-server"] = "https://{data_center.accounts}".
 * What comes back is compared with the template under the account's settings, and where that
 * differs, under each other choice of the template's setting: so it selects a row of a closed
 * table, or nothing. No address is ever made of it.
 */
#ifndef MUSTER_CONNECTOR_RETURNS_H
#define MUSTER_CONNECTOR_RETURNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "vault/oauth/attempt.h"
#include "wire/value.h"

enum { RETURNS_MAX = 8 };

struct returns {
	struct oauth_expected expected[RETURNS_MAX];
	size_t count;
};

/* Borrows of all three. returns_fini also after a failure. */
bool returns_init(struct returns *out, const struct value *declaration, const struct value *auth,
		  const json_t *settings, struct err *err);
void returns_fini(struct returns *returns);

#endif
