/*
 * A person's consent on the command line: the address to open, their browser, and what comes back,
 * by itself or pasted.
 */
#ifndef MUSTER_CLI_CONSENT_H
#define MUSTER_CLI_CONSENT_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/form.h"
#include "store/account.h"

struct cli;

/* What the flags call the code or address: --secret-file code=PATH. */
#define CONSENT_CODE "code"

/* Does this connector's auth, under these settings (JSON), need a person's consent? */
bool consent_is_needed(const struct connector *connector, const char *settings);
/* The same under any settings. */
bool consent_may_be_needed(const struct connector *connector);

/* --redirect-uri, if it was given; else `stored` (NULL = none), else the default. */
const char *consent_redirect_uri(const struct cli *cli, const char *stored);
/* ERR_USAGE when --redirect-uri cannot be used. */
bool consent_check_flags(const struct cli *cli, const struct connector *connector, struct err *err);

/* The page of whoever asks: what consoles want beside the redirect URI. malloc'd; NULL = no memory.
 */
char *consent_homepage(const char *redirect_uri);

/*
 * Gets it, if it is needed and the form's secrets are new: prints the address, opens a browser,
 * waits for what comes back, or for what is pasted or in --secret-file code=PATH. The form has the
 * grant then, and the tokens among its secrets, to be tested and stored with them. The account has
 * its settings and its way to the vendor.
 */
bool consent_fill(struct cli *cli, struct form *form, const struct account *account,
		  const char *redirect_uri, struct err *err);

#endif
