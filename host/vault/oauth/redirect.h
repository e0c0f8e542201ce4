/*
 * A redirect URI: where the authorization server sends a person's browser back to. The person
 * registers it with the client, and vendors compare it byte for byte, so it is used as it is.
 *
 *   http://127.0.0.1:PORT/PATH   this machine, by its address (RFC 8252, 7.3): we listen there
 *   https://HOST/PATH            somewhere public: the person pastes where their browser ended
 */
#ifndef MUSTER_VAULT_OAUTH_REDIRECT_H
#define MUSTER_VAULT_OAUTH_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define OAUTH_REDIRECT_URI "http://127.0.0.1:8765/oauth/callback"
enum { OAUTH_REDIRECT_URI_MAX = 512 };

/* Points into the text that was read. */
struct oauth_redirect {
	const char *uri;
	bool is_loopback; /* else what follows is empty */
	uint16_t port;
	const char *authority; /* "127.0.0.1:8765", as browsers say in Host */
	size_t authority_len;
	const char *path;
};

/* ERR_USAGE says what is wrong and what would be right. */
bool oauth_redirect_read(const char *uri, struct oauth_redirect *out, struct err *err);

#endif
