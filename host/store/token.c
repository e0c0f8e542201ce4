/* What is known of a credential's tokens. */
#include "store/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "store/db.h"
#include "store/row.h"
#include "store/session.h"

#define AT(field) offsetof(struct token, field)

static const size_t texts[] = {
	AT(credential_id),  AT(state), AT(reason),  AT(made_of), AT(scopes_wanted),
	AT(scopes_granted), AT(calls), AT(address), AT(owner),
};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

#define COLUMNS                                                                                    \
	"credential_id, state, reason, made_of, scopes_wanted, scopes_granted, calls, address, "   \
	"owner,"                                                                                   \
	" generation, is_proven, obtained_at_ms, refresh_at_ms, expires_at_ms, paused_until_ms,"   \
	" is_unsure, fence, taken_at_ms, lease_expires_at_ms"

static void fini_token(void *item)
{
	row_free_texts(item, texts, TEXTS);
}

void token_fini(struct token *token)
{
	fini_token(token);
}

/* --- the row --- */

static bool read_token(struct db_stmt *stmt, void *item, struct err *err)
{
	struct token *token = item;
	int column = TEXTS;

	token->generation = db_column_int(stmt, column++);
	token->is_proven = db_column_int(stmt, column++) != 0;
	token->obtained_at_ms = db_column_int(stmt, column++);
	token->refresh_at_ms = db_column_int(stmt, column++);
	token->expires_at_ms = db_column_int(stmt, column++);
	token->paused_until_ms = db_column_int(stmt, column++);
	token->is_unsure = db_column_int(stmt, column++) != 0;
	token->fence = db_column_int(stmt, column++);
	token->taken_at_ms = db_column_int(stmt, column++);
	token->lease_expires_at_ms = db_column_int(stmt, column++);
	return row_read_texts(stmt, 0, token, texts, TEXTS, err);
}

static void bind_token(struct db_stmt *stmt, const struct token *token)
{
	int column = TEXTS + 1;

	row_bind_texts(stmt, 1, token, texts, TEXTS);
	db_bind_int(stmt, column++, token->generation);
	db_bind_int(stmt, column++, token->is_proven);
	db_bind_int(stmt, column++, token->obtained_at_ms);
	db_bind_int(stmt, column++, token->refresh_at_ms);
	db_bind_int(stmt, column++, token->expires_at_ms);
	db_bind_int(stmt, column++, token->paused_until_ms);
	db_bind_int(stmt, column++, token->is_unsure);
	db_bind_int(stmt, column++, token->fence);
	db_bind_int(stmt, column++, token->taken_at_ms);
	db_bind_int(stmt, column++, token->lease_expires_at_ms);
}

#define PLACES                                                                                     \
	"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"

static bool write_token(struct store_tx *tx, const char *sql, const struct token *token,
			int64_t *changed, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);

	if (stmt == NULL)
		return false;
	bind_token(stmt, token);
	return db_exec(stmt, changed, err);
}

static bool save(struct store_tx *tx, const struct token *token, struct err *err)
{
	int64_t changed;

	if (!write_token(tx,
			 "UPDATE tokens SET (" COLUMNS ") = " PLACES " WHERE credential_id = $1",
			 token, &changed, err))
		return false;
	return changed == 1 ||
	       write_token(tx, "INSERT INTO tokens (" COLUMNS ") VALUES " PLACES, token, NULL, err);
}

static bool make_empty(const char *credential_id, struct token *out, struct err *err)
{
	*out = (struct token){
		.credential_id = str_dup(credential_id),
		.state = str_dup("none"),
		.reason = str_dup(""),
		.made_of = str_dup(""),
		.scopes_wanted = str_dup(""),
		.scopes_granted = str_dup(""),
		.calls = str_dup(""),
		.address = str_dup(""),
	};
	if (out->credential_id != NULL && out->state != NULL && out->reason != NULL &&
	    out->made_of != NULL && out->scopes_wanted != NULL && out->scopes_granted != NULL &&
	    out->calls != NULL && out->address != NULL)
		return true;
	fini_token(out);
	return err_oom(err);
}

bool token_get(struct store_tx *tx, const char *credential_id, struct token *out, struct err *err)
{
	struct db_stmt *stmt =
		db_prepare(tx, "SELECT " COLUMNS " FROM tokens WHERE credential_id = $1", err);
	bool found;

	*out = (struct token){ 0 };
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, credential_id);
	if (!row_read_one(stmt, read_token, fini_token, out, sizeof(*out), &found, err))
		return false;
	return found || make_empty(credential_id, out, err);
}

/* --- state --- */

static enum token_state age_state(const struct token *token, int64_t now_ms)
{
	if (now_ms >= token->expires_at_ms || now_ms < token->obtained_at_ms - TOKEN_CLOCK_SLACK_MS)
		return TOKEN_EXPIRED;
	return now_ms >= token->refresh_at_ms ? TOKEN_EXPIRING : TOKEN_VALID;
}

enum token_state token_state(const struct token *token, const char *made_of, int64_t now_ms)
{
	if (!str_eq(token->made_of, made_of))
		return TOKEN_NONE;
	if (str_eq(token->state, "needs_reauth"))
		return TOKEN_NEEDS_REAUTH;
	if (str_eq(token->state, "revoked"))
		return TOKEN_REVOKED;
	return str_eq(token->state, "valid") ? age_state(token, now_ms) : TOKEN_NONE;
}

/* --- the window of calls --- */

/* The calls that still count, oldest first, into `out`; returns how many. */
static int64_t recent_calls(const struct token *token, int64_t now_ms, struct buf *out,
			    int64_t *oldest_ms)
{
	const char *at = token->calls;
	int64_t count = 0, call_ms;

	while (str_next_int64(&at, &call_ms)) {
		/* One from the future was noted before the clock was set back: it says nothing. */
		if (call_ms > now_ms || call_ms <= now_ms - TOKEN_WINDOW_MS)
			continue;
		if (count++ == 0)
			*oldest_ms = call_ms;
		buf_printf(out, "%lld ", (long long)call_ms);
	}
	return count;
}

static bool throttled(struct err *err, int64_t wait_ms, const char *why)
{
	err_set(err, ERR_THROTTLED, "no new token for another %lld s: %s",
		(long long)(wait_ms + 999) / 1000, why);
	err->retry_after_ms = wait_ms;
	return false;
}

static bool is_paused(const struct token *token, int64_t now_ms)
{
	return token->paused_until_ms > now_ms &&
	       token->paused_until_ms <= now_ms + INT64_C(24) * 3600 * 1000;
}

static bool count_call(struct token *token, int64_t now_ms, struct err *err)
{
	struct buf calls = BUF_INIT;
	int64_t oldest_ms = 0;
	bool fine;

	if (is_paused(token, now_ms))
		return throttled(err, token->paused_until_ms - now_ms,
				 "the authorization server asked for a pause");
	if (recent_calls(token, now_ms, &calls, &oldest_ms) >= TOKEN_CALLS_MAX &&
	    !sabotage_is(SABOTAGE_UNCOUNTED_CALLS)) {
		buf_fini(&calls);
		return throttled(err, oldest_ms + TOKEN_WINDOW_MS - now_ms,
				 "8 were asked for within ten minutes");
	}
	buf_printf(&calls, "%lld", (long long)now_ms);
	fine = buf_ok(&calls, err);
	if (fine) {
		free(token->calls);
		token->calls = buf_take(&calls);
	}
	buf_fini(&calls);
	return fine;
}

/* --- the lease --- */

bool token_is_held(const struct token *token, int64_t now_ms)
{
	return !sabotage_is(SABOTAGE_FREE_LEASE) &&
	       lease_is_live(token->owner, token->lease_expires_at_ms, TOKEN_LEASE_MS, now_ms);
}

static bool set_text(char **text, const char *value, struct err *err)
{
	char *copy = str_dup(value);

	if (copy == NULL)
		return err_oom(err);
	free(*text);
	*text = copy;
	return true;
}

static bool take(struct store_tx *tx, struct token *token, const char *owner, int64_t now_ms,
		 struct token_lease *out, struct err *err)
{
	if (token->owner != NULL && token_is_held(token, now_ms))
		return err_set(err, ERR_BUSY, "another process asks for a new token: %.*s",
			       (int)strcspn(token->owner, " "), token->owner);
	if (!count_call(token, now_ms, err) || !set_text(&token->owner, owner, err))
		return false;
	token->fence++;
	token->taken_at_ms = now_ms;
	token->lease_expires_at_ms = now_ms + TOKEN_LEASE_MS;
	token->is_unsure = true;
	*out = (struct token_lease){ .fence = token->fence };
	snprintf(out->credential_id, sizeof(out->credential_id), "%s", token->credential_id);
	return save(tx, token, err);
}

bool token_begin(struct store_tx *tx, const char *credential_id, const char *owner, int64_t now_ms,
		 struct token_lease *out, struct err *err)
{
	struct token token;
	bool taken;

	if (!token_get(tx, credential_id, &token, err))
		return false;
	taken = take(tx, &token, owner, now_ms, out, err);
	token_fini(&token);
	return taken;
}

/* The row of who holds the lease, which is given back when the row is saved. */
static bool get_leased(struct store_tx *tx, const struct token_lease *lease, struct token *out,
		       struct err *err)
{
	if (!token_get(tx, lease->credential_id, out, err))
		return false;
	if (sabotage_is(SABOTAGE_IGNORE_FENCE) ||
	    (out->owner != NULL && out->fence == lease->fence)) {
		free(out->owner);
		out->owner = NULL;
		out->lease_expires_at_ms = 0;
		out->is_unsure = false;
		return true;
	}
	token_fini(out);
	return err_set(err, ERR_BUSY, "lease lost: another process asks for a new token");
}

/* --- how a call ends --- */

static bool fill(struct token *token, const struct token_grant *grant, struct err *err)
{
	token->generation++;
	token->is_proven = false;
	token->obtained_at_ms = grant->obtained_at_ms;
	token->refresh_at_ms = grant->refresh_at_ms;
	token->expires_at_ms = grant->expires_at_ms;
	token->paused_until_ms = 0;
	return set_text(&token->state, "valid", err) && set_text(&token->reason, "", err) &&
	       set_text(&token->made_of, grant->made_of, err) &&
	       (grant->scopes_wanted == NULL ||
		set_text(&token->scopes_wanted, grant->scopes_wanted, err)) &&
	       (grant->scopes_granted == NULL ||
		set_text(&token->scopes_granted, grant->scopes_granted, err)) &&
	       (grant->address == NULL || set_text(&token->address, grant->address, err));
}

/* The lease was given back by this very grant: its commit succeeded after all. */
static bool is_stored(const struct token *token, const struct token_lease *lease,
		      const struct token_grant *grant)
{
	return token->owner == NULL && token->fence == lease->fence &&
	       str_eq(token->state, "valid") && token->obtained_at_ms == grant->obtained_at_ms &&
	       str_eq(token->made_of, grant->made_of);
}

static bool put_granted(struct store_tx *tx, const struct token_lease *lease,
			const struct token_grant *grant, int64_t *generation, struct err *err)
{
	struct token token;
	bool done;

	if (!get_leased(tx, lease, &token, err))
		return false;
	done = fill(&token, grant, err) && save(tx, &token, err);
	*generation = token.generation;
	token_fini(&token);
	return done;
}

bool token_put(struct store_tx *tx, const struct token_lease *lease,
	       const struct token_grant *grant, int64_t *generation, struct err *err)
{
	struct token token;
	bool was_stored;

	if (!token_get(tx, lease->credential_id, &token, err))
		return false;
	was_stored = is_stored(&token, lease, grant);
	*generation = token.generation;
	token_fini(&token);
	return was_stored || put_granted(tx, lease, grant, generation, err);
}

bool token_refuse(struct store_tx *tx, const struct token_lease *lease, const char *made_of,
		  const char *reason, struct err *err)
{
	struct token token;
	bool done;

	if (!get_leased(tx, lease, &token, err))
		return false;
	done = set_text(&token.state, "needs_reauth", err) &&
	       set_text(&token.reason, reason, err) && set_text(&token.made_of, made_of, err) &&
	       save(tx, &token, err);
	token_fini(&token);
	return done;
}

bool token_pause(struct store_tx *tx, const struct token_lease *lease, int64_t until_ms,
		 struct err *err)
{
	struct token token;
	bool done;

	if (!get_leased(tx, lease, &token, err))
		return false;
	token.paused_until_ms = until_ms;
	done = save(tx, &token, err);
	token_fini(&token);
	return done;
}

bool token_fail(struct store_tx *tx, const struct token_lease *lease, bool is_unsure,
		struct err *err)
{
	struct token token;
	bool done;

	if (!get_leased(tx, lease, &token, err))
		return false;
	token.is_unsure = is_unsure;
	done = save(tx, &token, err);
	token_fini(&token);
	return done;
}

/* --- after it --- */

bool token_prove(struct store_tx *tx, const char *credential_id, int64_t generation, bool *was_news,
		 struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "UPDATE tokens SET is_proven = 1 WHERE credential_id = $1"
					  " AND generation = $2 AND is_proven = 0",
					  err);
	int64_t changed;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, credential_id);
	db_bind_int(stmt, 2, generation);
	if (!db_exec(stmt, &changed, err))
		return false;
	*was_news = changed == 1;
	return true;
}

static bool set_state(struct store_tx *tx, const char *sql, const char *credential_id,
		      struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, sql, err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, credential_id);
	return db_exec(stmt, NULL, err);
}

/* The call that a consent is counts against its new refresh token. */
static bool adopt(struct token *token, const struct token_grant *grant, struct err *err)
{
	char call[24];

	snprintf(call, sizeof(call), "%lld", (long long)grant->obtained_at_ms);
	free(token->owner);
	token->owner = NULL;
	token->lease_expires_at_ms = 0;
	token->is_unsure = false;
	if (!fill(token, grant, err) || !set_text(&token->calls, call, err))
		return false;
	token->is_proven = true;
	return true;
}

bool token_adopt(struct store_tx *tx, const char *credential_id, const struct token_grant *grant,
		 struct err *err)
{
	struct token token;
	bool done;

	if (!token_get(tx, credential_id, &token, err))
		return false;
	done = adopt(&token, grant, err) && save(tx, &token, err);
	token_fini(&token);
	return done;
}

/* The lease ends, too: the answer to a call with the old secrets is not to be stored. */
bool token_forget(struct store_tx *tx, const char *credential_id, struct err *err)
{
	return set_state(
		tx,
		"UPDATE tokens SET state = 'none', reason = '', made_of = '', owner = NULL,"
		" is_unsure = 0, paused_until_ms = 0 WHERE credential_id = $1",
		credential_id, err);
}

bool token_revoke(struct store_tx *tx, const char *credential_id, struct err *err)
{
	return set_state(tx, "UPDATE tokens SET state = 'revoked' WHERE credential_id = $1",
			 credential_id, err);
}
