/*
 * Sets of scopes as texts: sorted, each once, separated by blanks; "" is the empty set. Servers
 * write them with blanks or commas (Zoho both), so any mixture is read.
 */
#ifndef MUSTER_VAULT_OAUTH_SCOPES_H
#define MUSTER_VAULT_OAUTH_SCOPES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the set of what both texts name; either may be "". */
bool scopes_unite(const char *a, const char *b, struct buf *out, struct err *err);

/* Appends what `wanted` has and `granted` lacks. */
bool scopes_missing(const char *wanted, const char *granted, struct buf *out, struct err *err);

/* Appends a set as a server wants to read it: with "," or " " between them. */
void scopes_write(const char *set, const char *separator, struct buf *out);

#endif
