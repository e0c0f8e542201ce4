/*
 * The settings of an account as a person or the flags give them: --set, --secret-file,
 * --secret-stdin, what is stored already, a question, the default.
 */
#ifndef MUSTER_CLI_FORM_H
#define MUSTER_CLI_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "cli/credentials.h"
#include "connector/check.h"
#include "connector/connector.h"
#include "connector/consent.h"

struct cli;

enum { FORM_FIELDS_MAX = 64 };

struct form_field {
	const char *id;
	char *text; /* NULL = not given */
	bool was_asked;
};

struct form {
	struct connector *connector; /* borrowed */
	struct form_field fields[FORM_FIELDS_MAX];
	size_t field_count;
	char *settings; /* JSON object of the parsed ones; NULL before form_parse */
	struct secret secrets[FORM_FIELDS_MAX];
	struct check_secret named[FORM_FIELDS_MAX]; /* borrow from secrets */
	size_t secret_count; /* the first typed_count of them are new and are to be stored */
	size_t typed_count;
	struct consent_grant grant;   /* what consent_fill got; its tokens are among the secrets */
	const char *redirect_uri;     /* to be the credential's from now on; NULL = as it is */
	struct credential_use shared; /* the credential that it is for, and who uses it */
};

void form_init(struct form *form, struct connector *connector);
void form_fini(struct form *form);

/* Refuses flags that name no setting, a secret one in --set, a plain one in --secret-...; the value
   itself is never repeated. */
bool form_check_flags(struct cli *cli, const struct connector *connector, struct err *err);

/*
 * Fills in and parses the plain settings. `stored` (JSON object as parsed, or NULL) gives what no
 * flag gives; without it a person is asked, again if an answer cannot be used. ERR_CONFIG names
 * every setting that is missing or wrong.
 */
bool form_fill_settings(struct cli *cli, struct form *form, const char *stored, struct err *err);

/* Only the plain settings by which it is decided which secrets apply: of what has no account yet.
 */
bool form_fill_conditions(struct cli *cli, struct form *form, struct err *err);

/* ERR_USAGE for flags that give secrets beside --credential, which names stored ones. */
bool form_check_exclusive(const struct cli *cli, struct err *err);

/* Reads every secret setting that applies; a setting that is not required may stay away. */
bool form_fill_secrets(struct cli *cli, struct form *form, struct err *err);
/* Only those that flags give. */
bool form_fill_given_secrets(struct cli *cli, struct form *form, struct err *err);

/* Is there a new consent? Anything at all for the vault? */
bool form_has_consent(const struct form *form);
bool form_has_news(const struct form *form);

#endif
