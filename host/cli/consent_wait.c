/* Waits for a person's consent. */
#include "cli/consent_wait.h"

#include <signal.h>
#include <unistd.h>

#include "base/loop.h"
#include "cli/browser.h"
#include "cli/cli.h"
#include "cli/prompt.h"
#include "cli/secrets.h"

#define QUESTION "The address that the browser ends at, or a code of the console"
#define INSTEAD "give --secret-file " CONSENT_CODE "=PATH or --secret-stdin " CONSENT_CODE

struct awaiting {
	struct cli *cli;
	struct consent *consent;
	struct consent_grant *grant;
	struct prompt_typing *typing;
	struct loop_watch *keys;
	struct loop_signal *signals[3];
	int tries;
	bool is_done;
	struct err err;
};

static void stop_asking(struct awaiting *awaiting)
{
	if (awaiting->keys)
		loop_watch_close(awaiting->keys);
	prompt_typing_end(awaiting->typing);
	awaiting->keys = NULL;
	awaiting->typing = NULL;
}

static void finish(struct awaiting *awaiting, const struct err *err)
{
	stop_asking(awaiting);
	awaiting->err = *err;
	awaiting->is_done = true;
	loop_stop(awaiting->cli->host.loop);
}

static void on_consent(void *arg, struct consent_grant *grant, const struct err *err)
{
	struct awaiting *awaiting = arg;

	if (grant) {
		*awaiting->grant = *grant;
		*grant = (struct consent_grant){ 0 };
	}
	finish(awaiting, err);
}

static void on_signal(void *arg)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_CANCELLED, "cancelled: nobody consented");
	finish(arg, &err);
}

/* What is no answer may be put right; the attempt goes on. */
static bool may_try_again(struct awaiting *awaiting, const struct err *err)
{
	if ((err->kind != ERR_REFUSED && err->kind != ERR_USAGE) ||
	    ++awaiting->tries == SECRET_TRIES)
		return false;
	cli_warn(awaiting->cli, "\n%s. Once again, please.", err->message);
	return true;
}

static void on_keys(void *arg, int events)
{
	struct awaiting *awaiting = arg;
	struct secret line = SECRET_INIT;
	struct err err = ERR_INIT;
	bool is_line;

	(void)events;
	if (!prompt_typing_read(awaiting->typing, &line, &is_line, &err)) {
		finish(awaiting, &err);
		return;
	}
	if (is_line && consent_paste(awaiting->consent, &line, &err))
		stop_asking(awaiting);
	else if (is_line && !may_try_again(awaiting, &err))
		finish(awaiting, &err);
	secret_fini(&line);
}

static bool start_asking(struct awaiting *awaiting, struct err *err)
{
	awaiting->typing = prompt_typing_begin(awaiting->cli, QUESTION, INSTEAD, err);
	if (!awaiting->typing)
		return false;
	awaiting->keys = loop_watch_start(awaiting->cli->host.loop, STDIN_FILENO, LOOP_READABLE,
					  on_keys, awaiting, err);
	return awaiting->keys != NULL;
}

static bool catch_signals(struct awaiting *awaiting, struct err *err)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		awaiting->signals[i] = loop_signal_start(awaiting->cli->host.loop, caught[i],
							 on_signal, awaiting, err);
		if (!awaiting->signals[i])
			return false;
	}
	return true;
}

static void release_signals(struct awaiting *awaiting)
{
	for (size_t i = 0; i < sizeof(awaiting->signals) / sizeof(awaiting->signals[0]); i++) {
		if (awaiting->signals[i])
			loop_signal_close(awaiting->signals[i]);
	}
}

static bool run(struct awaiting *awaiting, struct err *err)
{
	while (!awaiting->is_done)
		loop_run(awaiting->cli->host.loop);
	if (awaiting->err.kind == ERR_NONE)
		return true;
	*err = awaiting->err;
	return false;
}

/* --- the ways back --- */

static bool can_ask(const struct cli *cli)
{
	return cli->terminal.can_ask && !cli->no_input;
}

static bool refuse(struct err *err)
{
	err_set(err, ERR_USAGE, "%s: not given, and nobody can be asked", QUESTION);
	return err_hint(err, "%s", INSTEAD);
}

/* *is_listening; where somebody can be asked, a port that is taken is no failure. */
static bool listen_for_browser(struct awaiting *awaiting, bool *is_listening, struct err *err)
{
	const struct oauth_redirect *redirect = consent_redirect(awaiting->consent);
	struct err why = ERR_INIT;

	*is_listening = redirect->is_loopback && consent_listen(awaiting->consent, &why);
	if (!redirect->is_loopback && !can_ask(awaiting->cli))
		return refuse(err);
	if (!*is_listening && !can_ask(awaiting->cli)) {
		*err = why;
		return err_hint(err, "%s", INSTEAD);
	}
	if (redirect->is_loopback && !*is_listening)
		cli_warn(awaiting->cli, "Muster %s: the browser cannot come back by itself.",
			 why.message);
	return true;
}

static void tell_ways(const struct awaiting *awaiting, bool is_listening)
{
	const char *uri = consent_redirect(awaiting->consent)->uri;

	if (is_listening)
		cli_note(awaiting->cli, "Muster waits five minutes for it to come back to %s.%s",
			 uri,
			 can_ask(awaiting->cli)
				 ? " From another machine's browser, paste the address that it "
				   "ends at (it need not load)."
				 : "");
	else
		cli_note(awaiting->cli,
			 "The browser then shows an address that begins with %s (it need not "
			 "load).",
			 uri);
}

static void open_browser(const struct awaiting *awaiting)
{
	if (!parsed_has(&awaiting->cli->parsed, "no-browser") &&
	    browser_open(consent_url(awaiting->consent)))
		cli_note(awaiting->cli, "It is being opened in your browser.");
}

static bool wait_for_person(struct awaiting *awaiting, struct err *err)
{
	bool is_listening;
	bool done =
		catch_signals(awaiting, err) && listen_for_browser(awaiting, &is_listening, err);

	if (done) {
		tell_ways(awaiting, is_listening);
		open_browser(awaiting);
		done = (!can_ask(awaiting->cli) || start_asking(awaiting, err)) &&
		       run(awaiting, err);
	}
	stop_asking(awaiting);
	release_signals(awaiting);
	if (consent_strangers(awaiting->consent) > 0)
		cli_warn(awaiting->cli,
			 "Somebody else sent %zu answer(s) that were none; they changed nothing.",
			 consent_strangers(awaiting->consent));
	return done;
}

static bool take_given(struct awaiting *awaiting, struct err *err)
{
	struct secret given = SECRET_INIT;
	bool done = secret_setting(awaiting->cli, CONSENT_CODE, QUESTION, &given, err) &&
		    consent_paste(awaiting->consent, &given, err) && run(awaiting, err);

	secret_fini(&given);
	return done;
}

/* --no-input says that nobody is there: neither at the terminal nor at a browser. */
static bool get_grant(struct awaiting *awaiting, struct err *err)
{
	cli_warn(awaiting->cli, "Open this address in a browser, sign in and accept:");
	cli_warn(awaiting->cli, "  %s", consent_url(awaiting->consent));
	if (secret_is_given(awaiting->cli, CONSENT_CODE))
		return take_given(awaiting, err);
	return awaiting->cli->no_input ? refuse(err) : wait_for_person(awaiting, err);
}

bool consent_wait(struct cli *cli, const struct consent_options *options,
		  struct consent_grant *grant, struct err *err)
{
	struct awaiting awaiting = { .cli = cli, .grant = grant, .err = ERR_INIT };
	struct consent_options own = *options;
	bool done;

	own.done = on_consent;
	own.arg = &awaiting;
	awaiting.consent = consent_open(&cli->host, &own, err);
	done = awaiting.consent && get_grant(&awaiting, err);
	consent_close(awaiting.consent);
	return done;
}
