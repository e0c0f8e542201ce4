/*
 * A person's consent to an account's access (auth kind oauth2, flow code): the address they open,
 * and the code that comes back, traded for tokens. What is got belongs to the caller, to be tested
 * and stored with the account.
 *
 * Two ways lead back, and the first that brings something counts: the browser itself, where the
 * redirect URI is on this machine and consent_listen could listen there, and what the person
 * pastes.
 */
#ifndef MUSTER_CONNECTOR_CONSENT_H
#define MUSTER_CONNECTOR_CONSENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "connector/auth.h"
#include "connector/host.h"
#include "store/account.h"
#include "vault/oauth/redirect.h"

/* What a consent brought. */
struct consent_grant {
	struct secret access_token, refresh_token;
	char *scopes_wanted;	  /* a set (vault/oauth/scopes.h) */
	char *scopes_granted;	  /* likewise; "" = nobody knows */
	struct secret asked_with; /* tokens_asked_with */
	int64_t asked_at_ms;	  /* wall time */
	int64_t lives_ms;	  /* of the access token; 0 = not told */
};

void consent_grant_fini(struct consent_grant *grant);

/*
 * Inside a unit: the tokens sealed into the credential, and what is known of them, as of a token
 * that a connection test has proved. What was refused before says nothing any more.
 */
bool consent_store(struct store_tx *tx, struct vault *vault, const char *credential_id,
		   const char *provider, const struct consent_grant *grant, struct err *err);

/*
 * Appends the set of scopes that an account of this connector needs under these settings (JSON):
 * those that auth declares, and those of the actions that are named (separated by blanks). Empty
 * where nobody is asked for consent.
 */
bool consent_scopes(const struct value *declaration, const char *settings, const char *actions,
		    struct buf *out, struct err *err);

/* `grant` with ERR_NONE, to be taken over in part or whole; NULL with err. */
typedef void consent_done_fn(void *arg, struct consent_grant *grant, const struct err *err);

/* Borrowed until it is closed, but for the secrets, which are copied. */
struct consent_options {
	const struct account *account;
	const struct value *declaration;
	const struct auth_secret *secrets;
	size_t secret_count;
	const char *redirect_uri; /* as registered with the client */
	const char *scopes;	  /* a set: all that is asked for */
	consent_done_fn *done;	  /* once, after something that could be used was brought */
	void *arg;
};

struct consent;

struct consent *consent_open(struct host *host, const struct consent_options *options,
			     struct err *err);
/* A code that is being traded is given up: what comes of it nobody hears. NULL is fine. */
void consent_close(struct consent *consent);

/* Where the person signs in and accepts; where their browser comes back to. */
const char *consent_url(const struct consent *consent);
const struct oauth_redirect *consent_redirect(const struct consent *consent);

/* Listens for the browser, for five minutes. ERR_NET when nobody can listen there: paste, then. */
bool consent_listen(struct consent *consent, struct err *err);
/* Requests that came to the redirect URI and were not the answer. */
size_t consent_strangers(const struct consent *consent);

/*
 * Takes what the person brings: the address that their browser was sent to, or a code that the
 * vendor's console made. false + err: it cannot be used; with ERR_REFUSED or ERR_USAGE another one
 * may be brought.
 */
bool consent_paste(struct consent *consent, const struct secret *pasted, struct err *err);

#endif
