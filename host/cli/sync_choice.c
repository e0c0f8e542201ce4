/* Which accounts `muster sync` is about. */
#include "cli/sync_choice.h"

#include "base/clock.h"
#include "base/str.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "sync/schedule.h"

static bool check_flags(const struct cli *cli, struct err *err)
{
	bool all = parsed_has(&cli->parsed, "all"), due = parsed_has(&cli->parsed, "due");
	bool named = cli->parsed.arg_count > 0;

	if (all && (named || due))
		return err_set(err, ERR_USAGE, "--all and %s exclude each other",
			       due ? "--due" : "accounts");
	if (all || due || named)
		return true;
	err_set(err, ERR_USAGE, "sync needs accounts, --all or --due");
	return err_hint(err, "muster accounts list");
}

/* --- paused ones --- */

/* Its dry run is allowed, and anything else is refused in words of its own. */
static bool is_named(const struct cli *cli, const struct account *account)
{
	char slug[ACCOUNT_SLUG_SIZE];

	accounts_slug(account, slug);
	for (size_t i = 0; i < cli->parsed.arg_count; i++) {
		if (str_eq(cli->parsed.args[i], slug))
			return true;
	}
	return false;
}

static bool is_left_out(struct cli *cli, const struct account *account)
{
	char slug[ACCOUNT_SLUG_SIZE];

	if (!account->is_paused || (is_named(cli, account) && !parsed_has(&cli->parsed, "due")))
		return false;
	cli_note(cli, "%s is paused.", accounts_slug(account, slug));
	return true;
}

/* --- those that are due --- */

struct outlook {
	size_t scheduled; /* accounts that have a schedule and are not paused */
	int64_t next_ms;  /* when the next of them is due */
	char next[ACCOUNT_SLUG_SIZE];
};

static void look_ahead(struct outlook *outlook, const struct account *account, int64_t now_ms)
{
	int64_t due_ms;

	if (!schedule_next(account, now_ms, &due_ms))
		return;
	if (outlook->scheduled == 0 || due_ms < outlook->next_ms) {
		outlook->next_ms = due_ms;
		accounts_slug(account, outlook->next);
	}
	outlook->scheduled++;
}

static void tell_outlook(const struct cli *cli, const struct outlook *outlook)
{
	char at[CLOCK_TEXT_SIZE];

	if (outlook->scheduled == 0)
		cli_note(cli, "No account has a schedule: muster accounts set ACCOUNT --every 6h");
	else
		cli_note(cli, "Nothing is due. The next one is %s, at %s.", outlook->next,
			 clock_format(outlook->next_ms, at));
}

/* --- all of it --- */

static void tell_nothing(const struct cli *cli, bool has_paused, const struct outlook *outlook)
{
	if (parsed_has(&cli->parsed, "due"))
		tell_outlook(cli, outlook);
	else
		cli_note(cli, has_paused
				      ? "There is nothing to sync: muster accounts resume ACCOUNT"
				      : "There is nothing to sync: muster connect VENDOR");
}

bool sync_choose(struct cli *cli, struct account **accounts, size_t *count, struct err *err)
{
	bool due = parsed_has(&cli->parsed, "due"), has_paused = false;
	int64_t now_ms = clock_wall_ms();
	struct outlook outlook = { 0 };
	size_t kept = 0;

	if (!check_flags(cli, err) || !accounts_of_args(cli, accounts, count, err))
		return false;
	for (size_t i = 0; i < *count; i++) {
		struct account *account = &(*accounts)[i];
		bool left_out = is_left_out(cli, account);

		has_paused = has_paused || left_out;
		look_ahead(&outlook, account, now_ms);
		if (left_out || (due && !schedule_is_due(account, now_ms)))
			account_fini(account);
		else
			(*accounts)[kept++] = *account;
	}
	*count = kept;
	if (kept == 0)
		tell_nothing(cli, has_paused, &outlook);
	return true;
}
