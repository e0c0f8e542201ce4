/*
 * When the command line needs a person's consent, for what, and where it goes. How it is waited
 * for: cli/consent_wait.h.
 *
 * A credential has one consent, whatever number of accounts use it: it is asked for all that they
 * need, and tested with all of them.
 */
#ifndef MUSTER_CLI_CONSENT_H
#define MUSTER_CLI_CONSENT_H

#include <stdbool.h>

#include "cli/form.h"
#include "store/account.h"

struct cli;

/* Does this connector's auth, under these settings (JSON), need a person's consent? */
bool consent_is_needed(const struct connector *connector, const char *settings);
/* The same under any settings. */
bool consent_may_be_needed(const struct connector *connector);

/* --redirect-uri, if it was given; else `stored` (NULL = none), else the default. */
const char *consent_redirect_uri(const struct cli *cli, const char *stored);
/* The page of whoever asks: what consoles want beside the redirect URI. malloc'd; NULL = no memory.
 */
char *consent_homepage(const char *redirect_uri);

/*
 * --redirect-uri and --actions: ERR_USAGE when they cannot be used. account->actions are the named
 * ones, if the flag was given; "none" names none.
 */
bool consent_take_flags(const struct cli *cli, const struct connector *connector,
			struct account *account, struct err *err);

/*
 * Gets it, if it is needed and the account's credential does not have it: one that is to be renewed
 * in any case (is_renewal), has new secrets in the form, or covers too little, unless nobody can be
 * asked (--no-input): then the connection test judges. What the form lacks
 * of the secrets is taken from the credential. The form then has the grant, the tokens among its
 * secrets, and who shares the credential. The account has its settings, its actions, its credential
 * (NULL = a new one) and its way to the vendor.
 */
bool consent_fill(struct cli *cli, struct form *form, const struct account *account,
		  bool is_renewal, struct err *err);

/* Tests the form's new consent with the others who share the credential. */
bool consent_test_others(struct cli *cli, const struct form *form, const struct account *account,
			 struct err *err);

#endif
