/* muster accounts rename, pause, resume, disconnect. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "cli/account_view.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/connection.h"
#include "cli/credentials.h"
#include "cli/prompt.h"
#include "cli/revoke.h"
#include "cli/route.h"
#include "cli/rows.h"
#include "cli/verbs.h"
#include "store/audit.h"
#include "store/credential.h"
#include "store/session.h"

/* --- pause, resume --- */

struct pausing {
	struct account *accounts;
	size_t count;
	bool is_paused;
};

/* The state that the newest session left behind. */
static bool state_before(struct store_tx *tx, const struct account *account, const char **state,
			 struct err *err)
{
	static const char *const states[] = { "ok", "degraded", "partial", "held", "failed" };
	struct session session = { 0 };

	*state = account->last_session ? "stale" : "new";
	if (!account->last_session)
		return true;
	if (!session_get(tx, account->last_session, &session, err))
		return false;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (str_eq(session.outcome, states[i]))
			*state = states[i];
	}
	session_fini(&session);
	return true;
}

static bool pause_account(struct store_tx *tx, const struct account *account, const char *who,
			  const char *now, struct err *err)
{
	char reason[WHO_SIZE + 16], way_out[ACCOUNT_SLUG_SIZE + 32], slug[ACCOUNT_SLUG_SIZE];

	snprintf(reason, sizeof(reason), "paused by %s", who);
	snprintf(way_out, sizeof(way_out), "muster accounts resume %s",
		 accounts_slug(account, slug));
	return account_set_state(tx, account->id, "paused", reason, way_out, now, err);
}

static bool resume_account(struct store_tx *tx, const struct account *account, const char *now,
			   struct err *err)
{
	const char *state;

	return state_before(tx, account, &state, err) &&
	       account_set_state(tx, account->id, state, "", "", now, err);
}

static bool set_paused(struct store_tx *tx, struct account *account, bool is_paused,
		       struct err *err)
{
	char who[WHO_SIZE], now[CLOCK_TEXT_SIZE], slug[ACCOUNT_SLUG_SIZE];

	if (account->is_paused == is_paused)
		return true;
	account->is_paused = is_paused;
	connection_who(who);
	clock_now_text(now);
	return account_save(tx, account, err) &&
	       (is_paused ? pause_account(tx, account, who, now, err)
			  : resume_account(tx, account, now, err)) &&
	       audit_add(tx, who, is_paused ? "pause" : "resume", accounts_slug(account, slug),
			 NULL, now, err);
}

static bool set_all_paused(struct store_tx *tx, void *arg, struct err *err)
{
	struct pausing *pausing = arg;

	for (size_t i = 0; i < pausing->count; i++) {
		struct account account = { 0 };
		bool done = account_get(tx, pausing->accounts[i].id, &account, err) &&
			    set_paused(tx, &account, pausing->is_paused, err);

		account_fini(&account);
		if (!done)
			return false;
	}
	return true;
}

/* As they are now. */
static bool tell_paused(struct cli *cli, bool is_paused, struct err *err)
{
	struct account *accounts = NULL;
	char slug[ACCOUNT_SLUG_SIZE];
	size_t count = 0;
	bool done = accounts_of_args(cli, &accounts, &count, err);

	for (size_t i = 0; done && !cli->is_json && i < count; i++)
		cli_note(cli, is_paused ? "%s is paused." : "%s is not paused.",
			 accounts_slug(&accounts[i], slug));
	if (done && cli->is_json)
		done = cli_object(cli, account_view_list(accounts, count), err);
	account_list_fini(accounts, count);
	return done;
}

static bool pause_or_resume(struct cli *cli, bool is_paused, struct err *err)
{
	struct pausing pausing = { .is_paused = is_paused };
	bool done = accounts_of_args(cli, &pausing.accounts, &pausing.count, err) &&
		    store_run(cli->host.store, STORE_WRITE, set_all_paused, &pausing, err);

	account_list_fini(pausing.accounts, pausing.count);
	return done && tell_paused(cli, is_paused, err);
}

bool verb_accounts_pause(struct cli *cli, struct err *err)
{
	return pause_or_resume(cli, true, err);
}

bool verb_accounts_resume(struct cli *cli, struct err *err)
{
	return pause_or_resume(cli, false, err);
}

/* --- rename --- */

struct renaming {
	const char *account_id;
	const char *name;
	char *overlay; /* the file's old and new place; NULL = there is none */
	char *new_overlay;
	bool has_moved;
};

/* A credential that bears the old slug gets the new one, unless that is taken. */
static bool rename_credential(struct store_tx *tx, const struct account *account,
			      const char *old_slug, struct err *err)
{
	struct credential credential = { 0 }, taken = { 0 };
	struct err missing = ERR_INIT;
	char slug[ACCOUNT_SLUG_SIZE];
	bool done = true;

	if (!account->credential_id)
		return true;
	if (!credential_get(tx, account->credential_id, &credential, err))
		return false;
	accounts_slug(account, slug);
	if (str_eq(credential.name, old_slug) && !credential_find(tx, slug, &taken, &missing))
		done = route_set_text(&credential.name, slug, err) &&
		       credential_save(tx, &credential, err);
	credential_fini(&taken);
	credential_fini(&credential);
	return done;
}

static bool move_overlay(const char *from, const char *to, struct err *err)
{
	return rename(from, to) == 0 ||
	       err_set_errno(err, ERR_CONFIG, errno, "cannot rename %s", from);
}

/* The file goes last: if it cannot, the unit is rolled back. */
static bool rename_account(struct store_tx *tx, void *arg, struct err *err)
{
	struct renaming *renaming = arg;
	struct account account = { 0 };
	char who[WHO_SIZE], now[CLOCK_TEXT_SIZE], old[ACCOUNT_SLUG_SIZE];
	bool done = account_get(tx, renaming->account_id, &account, err);

	if (!done)
		return false;
	accounts_slug(&account, old);
	done = route_set_text(&account.name, renaming->name, err) &&
	       account_save(tx, &account, err) && rename_credential(tx, &account, old, err) &&
	       audit_add(tx, connection_who(who), "rename", old, NULL, clock_now_text(now), err);
	if (done && renaming->overlay) {
		done = move_overlay(renaming->overlay, renaming->new_overlay, err);
		renaming->has_moved = done;
	}
	account_fini(&account);
	return done;
}

/* A commit may fail after the file has moved: it is to hold for the account that it held for. */
static bool move_back(const struct renaming *renaming, struct err *err)
{
	struct err second = ERR_INIT;

	if (renaming->has_moved && !move_overlay(renaming->new_overlay, renaming->overlay, &second))
		err_hint(err, "rename %s back to %s", renaming->new_overlay, renaming->overlay);
	return false;
}

static bool overlay_path(const struct cli *cli, const char *vendor, const char *name, char **path,
			 struct err *err)
{
	if (asprintf(path, "%s/mappings/%s@%s.lua", cli->project.dir, vendor, name) >= 0)
		return true;
	*path = NULL;
	return err_oom(err);
}

static bool find_overlays(const struct cli *cli, const struct account *account,
			  struct renaming *renaming, struct err *err)
{
	if (!overlay_path(cli, account->vendor, account->name, &renaming->overlay, err) ||
	    !overlay_path(cli, account->vendor, renaming->name, &renaming->new_overlay, err))
		return false;
	if (file_exists(renaming->new_overlay))
		return err_set(err, ERR_CONFIG, "%s exists: it would suddenly hold for %s/%s",
			       renaming->new_overlay, account->vendor, account->name);
	if (!file_exists(renaming->overlay)) {
		free(renaming->overlay);
		renaming->overlay = NULL;
	}
	return true;
}

static bool tell_renamed(struct cli *cli, const struct account *before, const char *name,
			 struct err *err)
{
	struct account account = { 0 };
	char old[ACCOUNT_SLUG_SIZE], new[ACCOUNT_SLUG_SIZE];
	bool done;

	accounts_slug(before, old);
	snprintf(new, sizeof(new), "%s/%s", before->vendor, name);
	done = accounts_one(cli, new, &account, err) &&
	       cli_done(cli, account_view_json(&account), err, "%s is now %s.", old, new);
	account_fini(&account);
	return done;
}

bool verb_accounts_rename(struct cli *cli, struct err *err)
{
	struct renaming renaming = { .name = parsed_arg(&cli->parsed, 1) };
	struct account account = { 0 };
	bool done = accounts_check_name(renaming.name, "an account", err) &&
		    accounts_one(cli, parsed_arg(&cli->parsed, 0), &account, err) &&
		    find_overlays(cli, &account, &renaming, err);

	renaming.account_id = account.id;
	done = done && (store_run(cli->host.store, STORE_WRITE, rename_account, &renaming, err) ||
			move_back(&renaming, err));
	done = done && tell_renamed(cli, &account, renaming.name, err);
	free(renaming.overlay);
	free(renaming.new_overlay);
	account_fini(&account);
	return done;
}

/* --- disconnect --- */

static void put_rows(const json_t *rows, struct buf *out)
{
	const char *table;
	json_t *count;
	bool is_first = true;

	json_object_foreach((json_t *)rows, table, count)
	{
		if (json_integer_value(count) == 0)
			continue;
		buf_printf(out, "%s%lld %s", is_first ? "" : ", ",
			   (long long)json_integer_value(count), table);
		is_first = false;
	}
	if (is_first)
		buf_str(out, "no rows");
}

/* What becomes of the account's credential: as credentials_drop does it. */
static bool put_credential(const struct cli *cli, const struct account *account, struct buf *out,
			   struct err *err)
{
	struct credential_use use;

	if (!account->credential_id) {
		buf_str(out, "it has no credential");
		return true;
	}
	if (!credentials_get_by_id(cli, account->credential_id, &use, err))
		return false;
	if (use.count > 1 || !credentials_is_of_account(&use.credential))
		buf_printf(out, "the credential %s stays", use.credential.name);
	else
		buf_str(out, "its credential will be deleted");
	credential_use_fini(&use);
	return true;
}

static bool confirm(const struct cli *cli, const struct account *account, bool purge,
		    struct err *err)
{
	struct buf what = BUF_INIT;
	char slug[ACCOUNT_SLUG_SIZE];
	json_t *rows = NULL;
	bool done;

	buf_printf(&what, "%s (%s): ", accounts_slug(account, slug),
		   account->tenant ? account->tenant : "no tenant");
	if (!put_credential(cli, account, &what, err) ||
	    !account_view_rows(cli, account->id, &rows, err)) {
		buf_fini(&what);
		return false;
	}
	buf_str(&what, ". Its rows (");
	put_rows(rows, &what);
	buf_str(&what, purge ? ") and their history, its sessions and recordings will be deleted "
			       "for good."
			     : ") stay in the database, archived, and no longer show.");
	done = buf_ok(&what, err) &&
	       prompt_confirm(cli, buf_text(&what), purge ? "Delete all of it?" : "Disconnect it?",
			      err);
	buf_fini(&what);
	json_decref(rows);
	return done;
}

static bool take_file(void *arg, const struct query_value *values, size_t count, struct err *err)
{
	json_t *files = arg;

	(void)count;
	return values[0].type != QUERY_TEXT ||
	       json_array_append_new(files, json_stringn(values[0].bytes, values[0].len)) == 0 ||
	       err_oom(err);
}

/* Names of the account's recordings, while the database still knows them. */
static bool list_recordings(const struct cli *cli, const char *account_id, json_t *files,
			    struct err *err)
{
	struct query_sink sink = { .row = take_file, .arg = files };

	return query_run(cli->host.store, "SELECT file FROM recordings WHERE account_id = $1",
			 &account_id, 1, &sink, err);
}

static void delete_recordings(const struct cli *cli, const json_t *files)
{
	struct err err = ERR_INIT;
	size_t i;
	json_t *file;

	json_array_foreach(files, i, file)
	{
		char *path = project_path(cli->project.recordings, json_string_value(file), &err);

		if (path && unlink(path) != 0 && errno != ENOENT)
			cli_warn(cli, "%s is still there: delete it by hand", path);
		free(path);
	}
}

static bool tell_gone(const struct cli *cli, const struct account *account, bool purge,
		      struct err *err)
{
	char slug[ACCOUNT_SLUG_SIZE];

	accounts_slug(account, slug);
	return cli_done(cli, json_pack("{s:s, s:b}", "account", slug, "is_purged", purge), err,
			purge ? "%s is gone." : "%s is disconnected; its rows are archived.", slug);
}

static bool disconnect(struct cli *cli, const struct account *account, struct err *err)
{
	bool purge = parsed_has(&cli->parsed, "purge");
	json_t *files = json_array();
	struct revoking *revoking = NULL;
	bool done = confirm(cli, account, purge, err) &&
		    (!purge || list_recordings(cli, account->id, files, err));

	if (done) {
		revoking = revoke_prepare(cli, account);
		done = connection_remove(cli, account, purge, err);
	}
	if (done)
		revoke_finish(revoking);
	else
		revoke_forget(revoking);
	if (done && purge)
		delete_recordings(cli, files);
	json_decref(files);
	return done && tell_gone(cli, account, purge, err);
}

bool verb_accounts_disconnect(struct cli *cli, struct err *err)
{
	struct account account = { 0 };
	bool done = accounts_one(cli, parsed_arg(&cli->parsed, 0), &account, err) &&
		    disconnect(cli, &account, err);

	account_fini(&account);
	return done;
}
