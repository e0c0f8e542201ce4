/*
 * A person's consent to an account's access (auth kind oauth2, flow code): the address they open,
 * and the code that comes back, traded for tokens. What is got belongs to the caller, to be tested
 * and stored with the account.
 */
#ifndef MUSTER_CONNECTOR_CONSENT_H
#define MUSTER_CONNECTOR_CONSENT_H

#include <stdbool.h>

#include "base/secret.h"
#include "connector/auth.h"
#include "connector/host.h"
#include "store/account.h"

/* What vendors compare byte for byte: registered there by the person, once. */
#define CONSENT_REDIRECT_URI "http://127.0.0.1:8765/oauth/callback"

struct consent;

/* All borrowed until it is closed. */
struct consent *consent_open(struct host *host, const struct account *account,
			     const struct value *declaration, const struct auth_secret *secrets,
			     size_t secret_count, struct err *err);
/* Not while a code is traded. NULL is fine. */
void consent_close(struct consent *consent);

/* Where the person signs in and accepts. */
const char *consent_url(const struct consent *consent);

/* Both are valid during the call only; NULL with err. */
typedef void consent_done_fn(void *arg, const struct secret *access_token,
			     const struct secret *refresh_token, const struct err *err);

/*
 * Takes what the person brings: the address that their browser was sent to, or a code that the
 * vendor's console made. false + err: it cannot be used; with ERR_REFUSED or ERR_USAGE another one
 * may be brought.
 */
bool consent_take(struct consent *consent, const struct secret *pasted, consent_done_fn *done,
		  void *arg, struct err *err);

#endif
