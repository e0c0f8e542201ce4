/*
 * The credential headers that an account's declared auth makes: in secret memory, from the parts of
 * the credential that its settings name.
 */
#ifndef MUSTER_CONNECTOR_AUTH_H
#define MUSTER_CONNECTOR_AUTH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "net/net.h"
#include "wire/value.h"

enum { AUTH_HEADERS_MAX = 8 };

/* Secret headers; auth_fini wipes them. */
struct auth {
	struct net_header headers[AUTH_HEADERS_MAX]; /* names belong to the declaration */
	struct secret values[AUTH_HEADERS_MAX];
	size_t count;
};

struct auth_secret {
	const char *id; /* of the setting */
	const struct secret *value;
};

/* What parts of a credential are looked for in; borrowed. */
struct auth_parts {
	const json_t *settings;
	const struct auth_secret *secrets;
	size_t secret_count;
};

/*
 * The secret of that setting, else the plain setting's text. Borrowed; ERR_AUTH if there is none.
 */
bool auth_find_part(const struct auth_parts *parts, const char *id, const char **text, size_t *len,
		    struct err *err);

/*
 * The headers that are the same for every request. bearer: Authorization: <prefix or "Bearer">
 * <token>; basic: user and password; header, and beside the others: <name>: <value>. None for the
 * kinds that make them for a request or live by tokens (connector/authorization.h). ERR_AUTH: a
 * part is missing.
 */
bool auth_build(struct auth *auth, const struct value *declared, const struct auth_parts *parts,
		struct err *err);

/* One header, "<prefix> <token>". */
bool auth_from_token(struct auth *auth, const char *header, const char *prefix,
		     const struct secret *token, struct err *err);

/* One header more, "<prefix><text>". ERR_AUTH for a text that would end the line. */
bool auth_add_header(struct auth *auth, const char *name, const char *prefix, const char *text,
		     size_t len, struct err *err);

void auth_fini(struct auth *auth);

/* The declared auth in force under these settings (alternatives are chosen by a setting). */
const struct value *auth_declared(const struct value *declaration, const json_t *settings);

#endif
