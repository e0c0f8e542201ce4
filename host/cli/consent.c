/* A person's consent on the command line. */
#include "cli/consent.h"

#include <jansson.h>

#include "cli/cli.h"
#include "cli/remote.h"
#include "cli/secrets.h"
#include "connector/consent.h"
#include "connector/tokens.h"

bool consent_is_needed(const struct connector *connector, const char *settings)
{
	json_t *parsed = json_loads(settings, 0, NULL);
	const struct value *auth = auth_declared(connector_declaration(connector), parsed);
	bool is_needed = tokens_need_consent(auth);

	json_decref(parsed);
	return is_needed;
}

static void tell(struct cli *cli, const struct consent *consent)
{
	cli_note(cli, "Open this address in a browser, sign in and accept:");
	cli_note(cli, "  %s", consent_url(consent));
	cli_note(cli, "The browser then shows an address that begins with %s (it need not load).",
		 CONSENT_REDIRECT_URI);
}

static struct consent *open_consent(struct cli *cli, const struct form *form,
				    const struct account *account, struct err *err)
{
	struct auth_secret secrets[FORM_FIELDS_MAX];

	for (size_t i = 0; i < form->secret_count; i++)
		secrets[i] = (struct auth_secret){ form->named[i].id, form->named[i].value };
	return consent_open(&cli->host, account, connector_declaration(form->connector), secrets,
			    form->secret_count, err);
}

static bool trade(struct cli *cli, struct consent *consent, struct form *form, struct err *err)
{
	struct secret *access = &form->secrets[form->secret_count], *refresh = access + 1;
	struct secret pasted = SECRET_INIT;
	bool done = secret_setting(cli, CONSENT_CODE, "That address, or a code of the console",
				   &pasted, err) &&
		    remote_trade_code(cli, consent, &pasted, access, refresh, err);

	secret_fini(&pasted);
	if (!done)
		return false;
	form->named[form->secret_count++] = (struct check_secret){ TOKEN_FIELD_ACCESS, access };
	form->named[form->secret_count++] = (struct check_secret){ TOKEN_FIELD_REFRESH, refresh };
	return true;
}

bool consent_fill(struct cli *cli, struct form *form, const struct account *account,
		  struct err *err)
{
	struct consent *consent;
	bool done;

	if (form->secret_count == 0 || form->secret_count + 2 > FORM_FIELDS_MAX ||
	    !consent_is_needed(form->connector, account->settings))
		return true;
	consent = open_consent(cli, form, account, err);
	if (!consent)
		return false;
	tell(cli, consent);
	done = trade(cli, consent, form, err);
	consent_close(consent);
	return done;
}
