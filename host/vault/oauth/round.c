/* The store's side of a renewal. */
#include "vault/oauth/round.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "store/credential.h"
#include "vault/oauth/scopes.h"

void round_fini(struct round *round)
{
	oauth_answer_fini(&round->answer);
	secret_fini(&round->token);
	secret_fini(&round->refresh_token);
}

/* --- look --- */

static bool read_field(struct store_tx *tx, const struct round *round, const char *field,
		       struct secret *out, struct err *err)
{
	const struct renewer_options *options = round->options;

	return vault_get_field(options->vault, tx, options->credential_id, options->provider, field,
			       out, err);
}

static bool is_young(const struct token *token, int64_t now_ms)
{
	int64_t age_ms = now_ms - token->obtained_at_ms;

	return age_ms >= 0 && age_ms < ROUND_YOUNG_MS;
}

static bool have(struct store_tx *tx, struct round *round, const struct token *token,
		 int64_t now_ms, struct err *err)
{
	round->step = ROUND_HAVE;
	round->generation = token->generation;
	round->is_proven = token->is_proven;
	round->is_old = !token->is_proven && !is_young(token, now_ms);
	round->fresh_ms =
		token->refresh_at_ms > now_ms ? token->refresh_at_ms - now_ms : ROUND_RESPITE_MS;
	return read_field(tx, round, TOKEN_FIELD_ACCESS, &round->token, err);
}

static bool needs_person(const struct token *token, enum token_state state, struct err *err)
{
	err_set(err, ERR_AUTH, "%s",
		state == TOKEN_REVOKED ? "the authorization was revoked" : token->reason);
	return false;
}

/* May the server be asked for another token at all? */
static bool may_ask(const struct round *round, const struct token *token, enum token_state state,
		    int64_t now_ms, struct err *err)
{
	if (state == TOKEN_NEEDS_REAUTH || state == TOKEN_REVOKED)
		return needs_person(token, state, err);
	if ((state == TOKEN_VALID || state == TOKEN_EXPIRING) &&
	    token->generation == round->refused && !token->is_proven && is_young(token, now_ms))
		return err_set(err, ERR_AUTH, ROUND_REFUSED_AT_ONCE);
	return true;
}

/*
 * Another region's server may be another company's: what one gave is for it alone (RFC 9700, 4.4),
 * also when settings change, or accounts of two places share a credential.
 */
static bool is_given_there(const struct round *round, const struct token *token, struct err *err)
{
	const struct renewer_options *options = round->options;

	return !options->grant.has_refresh_token || token->address[0] == '\0' ||
	       str_eq(token->address, options->address) ||
	       err_set(err, ERR_AUTH, "the consent was given at %s, not at %s", token->address,
		       options->address);
}

/* Somebody asks, or did a moment ago and nobody knows what came of it. */
static bool is_unsettled(const struct round *round, const struct token *token, int64_t now_ms)
{
	int64_t since_ms = now_ms - token->taken_at_ms;

	return !sabotage_is(SABOTAGE_FREE_LEASE) &&
	       (token_is_held(token, now_ms) ||
		(token->is_unsure && since_ms >= 0 && since_ms < round->retry_ms));
}

static bool has_room(const struct round *round, struct err *err)
{
	int64_t bytes = file_free_bytes(store_path(round->options->store));

	return bytes < 0 || bytes >= ROUND_RESERVE_BYTES || sabotage_is(SABOTAGE_NO_RESERVE) ||
	       err_set(err, ERR_STORE,
		       "no room to store a new token: %" PRId64 " bytes free, 4 MiB needed", bytes);
}

/* The old one's place is empty but for the time until the new one worked. */
static bool look_for_before(struct store_tx *tx, struct round *round, struct err *err)
{
	struct credential_field field;
	struct err missing = ERR_INIT;

	round->has_before = credential_field_get(tx, round->options->credential_id,
						 TOKEN_FIELD_BEFORE, &field, &missing);
	if (round->has_before)
		credential_field_fini(&field);
	if (round->has_before || missing.kind == ERR_MISSING)
		return true;
	*err = missing;
	return false;
}

static bool read_refresh_token(struct store_tx *tx, struct round *round, struct err *err)
{
	const char *field = round->use_before ? TOKEN_FIELD_BEFORE : TOKEN_FIELD_REFRESH;

	if (!round->options->grant.has_refresh_token)
		return true;
	if (!look_for_before(tx, round, err))
		return false;
	if (read_field(tx, round, field, &round->refresh_token, err))
		return true;
	return err->kind == ERR_MISSING &&
	       err_set(err, ERR_AUTH, "nobody has consented to this access yet");
}

static bool begin(struct store_tx *tx, struct round *round, int64_t now_ms, struct err *err)
{
	char owner[PROCESS_NAME_SIZE];

	round->step = ROUND_CALL;
	return has_room(round, err) && read_refresh_token(tx, round, err) &&
	       token_begin(tx, round->options->credential_id, process_name(owner), now_ms,
			   &round->lease, err);
}

/* Than the one that the vendor did not take: somebody else may have renewed it by now. */
static bool is_other(const struct round *round, const struct token *token)
{
	if (sabotage_is(SABOTAGE_RENEW_REGARDLESS))
		return round->refused == 0;
	return token->generation > round->refused;
}

static bool look(struct store_tx *tx, struct round *round, const struct token *token,
		 int64_t now_ms, struct err *err)
{
	enum token_state state = token_state(token, round->options->made_of, now_ms);
	bool is_usable =
		(state == TOKEN_VALID || state == TOKEN_EXPIRING) && is_other(round, token);

	if (is_usable && state == TOKEN_VALID)
		return have(tx, round, token, now_ms, err);
	if (!may_ask(round, token, state, now_ms, err) || !is_given_there(round, token, err))
		return false;
	if (is_unsettled(round, token, now_ms)) {
		round->step = ROUND_WAIT;
		return !is_usable || have(tx, round, token, now_ms, err);
	}
	if (begin(tx, round, now_ms, err))
		return true;
	if (!is_usable || (err->kind != ERR_THROTTLED && err->kind != ERR_STORE))
		return false;
	*err = ERR_INIT;
	return have(tx, round, token, now_ms, err);
}

bool round_look(struct store_tx *tx, void *arg, struct err *err)
{
	struct round *round = arg;
	struct token token;
	bool done;

	if (!token_get(tx, round->options->credential_id, &token, err))
		return false;
	done = look(tx, round, &token, clock_wall_ms(), err);
	token_fini(&token);
	return done;
}

/* --- note --- */

static bool put_field(struct store_tx *tx, const struct round *round, const char *field,
		      const struct secret *value, struct err *err)
{
	const struct renewer_options *options = round->options;

	return vault_put_field(options->vault, tx, options->credential_id, options->provider, field,
			       value, err);
}

/* 80 % of its life, 5 % more or less, so that many accounts do not ask at the same moment (TR6). */
static bool when_to_renew(int64_t lives_ms, int64_t *after_ms, struct err *err)
{
	uint32_t drawn;

	if (!random_bytes(&drawn, sizeof(drawn), err))
		return false;
	*after_ms = lives_ms * (750 + drawn % 101) / 1000;
	return true;
}

bool round_set_times(int64_t asked_at_ms, int64_t lives_ms, struct token_grant *out,
		     struct err *err)
{
	int64_t after_ms;

	out->obtained_at_ms = asked_at_ms;
	out->refresh_at_ms = out->expires_at_ms = INT64_MAX;
	if (lives_ms == 0)
		return true;
	if (!when_to_renew(lives_ms, &after_ms, err))
		return false;
	out->refresh_at_ms = asked_at_ms + after_ms;
	out->expires_at_ms = asked_at_ms + lives_ms;
	return true;
}

static bool is_rotated(const struct round *round)
{
	const struct secret *now = &round->answer.refresh_token, *old = &round->refresh_token;

	return now->len > 0 && !digest_equal(now->data, now->len, old->data, old->len);
}

/* The new refresh token in front, the one that was used behind it. */
static bool put_refresh_tokens(struct store_tx *tx, const struct round *round, struct err *err)
{
	if (!round->options->grant.has_refresh_token)
		return true;
	if (!is_rotated(round))
		return !round->use_before ||
		       put_field(tx, round, TOKEN_FIELD_REFRESH, &round->refresh_token, err);
	return put_field(tx, round, TOKEN_FIELD_BEFORE, &round->refresh_token, err) &&
	       put_field(tx, round, TOKEN_FIELD_REFRESH, &round->answer.refresh_token, err);
}

static bool put_grant(struct store_tx *tx, struct round *round, const char *granted,
		      struct err *err)
{
	struct token_grant grant = {
		.made_of = round->options->made_of,
		.scopes_wanted = round->options->grant.has_refresh_token
					 ? NULL
					 : round->options->scopes_wanted,
		.scopes_granted = granted,
		.address = round->options->address,
	};

	return round_set_times(round->asked_at_ms, round->answer.lives_ms, &grant, err) &&
	       token_put(tx, &round->lease, &grant, &round->generation, err) &&
	       put_field(tx, round, TOKEN_FIELD_ACCESS, &round->answer.access_token, err) &&
	       put_refresh_tokens(tx, round, err);
}

/*
 * A server that does not tell the scopes gave those that were asked for (RFC 6749, 5.1), or on a
 * refresh those that were consented to (6): what is known of them stays. Fewer than were wanted are
 * no failure: the vendor refuses what they do not cover, and that costs the streams that need it.
 */
static bool note_grant(struct store_tx *tx, struct round *round, struct err *err)
{
	const char *told = round->answer.scopes;
	bool is_kept = told == NULL && round->options->grant.has_refresh_token;
	struct buf granted = BUF_INIT;
	bool done = scopes_unite(told != NULL ? told : round->options->scopes_wanted, "", &granted,
				 err) &&
		    put_grant(tx, round, is_kept ? NULL : buf_text(&granted), err);

	buf_fini(&granted);
	round->fresh_ms = round->answer.lives_ms > 0 ? round->answer.lives_ms / 10 * 7 : INT64_MAX;
	return done;
}

static bool note(struct store_tx *tx, struct round *round, struct err *err)
{
	bool may_fall_back = round->has_before && !round->use_before;

	switch (round->answer.verdict) {
	case OAUTH_GRANTED:
		return note_grant(tx, round, err);
	case OAUTH_THROTTLED:
		return token_pause(tx, &round->lease, clock_wall_ms() + round->answer.wait_ms, err);
	case OAUTH_REFUSED:
		if (round->options->grant.has_refresh_token && !may_fall_back)
			return token_refuse(tx, &round->lease, round->options->made_of,
					    round->why.message, err);
		break;
	case OAUTH_FORBIDDEN:
		break;
	case OAUTH_FAILED:
		return token_fail(tx, &round->lease, round->options->grant.has_refresh_token, err);
	}
	return token_fail(tx, &round->lease, false, err);
}

bool round_note(struct store_tx *tx, void *arg, struct err *err)
{
	struct round *round = arg;
	bool done = note(tx, round, err);

	round->is_overtaken = !done && err->kind == ERR_BUSY;
	return done;
}
