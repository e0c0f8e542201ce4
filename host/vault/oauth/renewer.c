/* The access token of a credential. Its units: round.c. */
#include "vault/oauth/renewer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "store/credential.h"
#include "vault/oauth/round.h"

enum {
	RETRY_MS = 2000,
	POLL_MS = 200,
	WAIT_MS = TOKEN_LEASE_MS + 15000, /* a lease that is dead by then was taken over */
	ATTEMPTS = 2,
	NOTE_ATTEMPTS = 5,
	NOTE_RETRY_MS = 500,
};

struct waiter {
	int64_t refused;
	renewer_done_fn *done;
	void *ctx;
	struct waiter *next;
};

struct renewer {
	struct renewer_options options;
	char *credential_id, *provider, *made_of, *scopes_wanted, *address;
	struct waiter *waiters;

	/* the token in hand */
	struct secret token;
	int64_t generation;
	int64_t until_ms; /* monotonic: looked for again after that */
	int64_t proven;	  /* the last generation that the vendor took */
	bool is_old;	  /* not ours, and so old that it may have been revoked unused */

	/* the renewal under way */
	bool is_busy;
	int units; /* of the store */
	struct loop_timer *timer;
	loop_timer_fn *on_timer;
	struct round round;
	struct oauth_request request;
	int attempts, note_attempts;
	bool use_before;
	int64_t waiting_since_ms;

	void (*finished)(void *arg);
	void *finished_arg;
};

static void begin(struct renewer *renewer);
static void look(struct renewer *renewer);

/* --- the end --- */

static void free_renewer(struct renewer *renewer)
{
	round_fini(&renewer->round);
	oauth_request_fini(&renewer->request);
	secret_fini(&renewer->token);
	free(renewer->credential_id);
	free(renewer->provider);
	free(renewer->made_of);
	free(renewer->scopes_wanted);
	free(renewer->address);
	free(renewer);
}

/* True if there was nothing more to wait for. */
static bool end_if_finished(struct renewer *renewer)
{
	void (*finished)(void *) = renewer->finished;
	void *arg = renewer->finished_arg;

	if (finished == NULL || renewer->is_busy || renewer->units > 0)
		return false;
	free_renewer(renewer);
	finished(arg);
	return true;
}

/* --- those who wait --- */

static struct waiter *take_waiters(struct renewer *renewer)
{
	struct waiter *first = renewer->waiters;

	renewer->waiters = NULL;
	return first;
}

static void forget_waiters(struct renewer *renewer)
{
	struct waiter *waiter = take_waiters(renewer);

	while (waiter != NULL) {
		struct waiter *next = waiter->next;

		free(waiter);
		waiter = next;
	}
}

/* Ends the renewal. Each callback may ask again, or finish the renewer: it goes last. */
static void answer_all(struct renewer *renewer, const struct err *err)
{
	struct waiter *waiter = take_waiters(renewer);
	const struct err why = *err;
	bool has_token = why.kind == ERR_NONE;

	while (waiter != NULL) {
		struct waiter *next = waiter->next;

		if (renewer->finished == NULL)
			waiter->done(waiter->ctx, has_token ? &renewer->token : NULL,
				     has_token ? renewer->generation : 0, &why);
		free(waiter);
		waiter = next;
	}
	renewer->is_busy = false;
	if (!end_if_finished(renewer) && renewer->waiters != NULL)
		begin(renewer);
}

/* --- a token --- */

static void adopt(struct renewer *renewer, struct secret *token, int64_t generation,
		  int64_t fresh_ms)
{
	const struct err none = ERR_INIT;
	int64_t now_ms = clock_monotonic_ms();

	secret_fini(&renewer->token);
	renewer->token = *token;
	*token = SECRET_INIT;
	renewer->generation = generation;
	renewer->until_ms = fresh_ms < INT64_MAX - now_ms ? now_ms + fresh_ms : INT64_MAX;
	answer_all(renewer, &none);
}

/* --- units and timers --- */

static bool submit(struct renewer *renewer, store_work_fn *work, store_done_fn *done, void *arg,
		   struct err *err)
{
	if (!store_submit(renewer->options.store, STORE_WRITE, work, done, arg, err))
		return false;
	renewer->units++;
	return true;
}

static void wait_for(struct renewer *renewer, int64_t ms, loop_timer_fn *then)
{
	struct err err = ERR_INIT;

	renewer->timer = loop_timer_start(renewer->options.loop, ms, then, renewer);
	renewer->on_timer = then;
	if (renewer->timer != NULL)
		return;
	err_oom(&err);
	answer_all(renewer, &err);
}

static void on_time(void *arg)
{
	struct renewer *renewer = arg;

	renewer->timer = NULL;
	look(renewer);
}

/* --- 3: note --- */

static void note(struct renewer *renewer);

static void on_note_time(void *arg)
{
	struct renewer *renewer = arg;

	renewer->timer = NULL;
	note(renewer);
}

/* Stored it is by now: what fails here does not lose a rotated token. */
static void hand_out(struct renewer *renewer)
{
	struct round *round = &renewer->round;

	round->why = ERR_INIT;
	if (oauth_answer_redact(&round->answer, renewer->options.redact, &round->why)) {
		renewer->is_old = false;
		adopt(renewer, &round->answer.access_token, round->generation, round->fresh_ms);
	} else {
		answer_all(renewer, &round->why);
	}
}

/* After an outcome that is no grant: once more, or with the refresh token before the last? */
static bool goes_on(struct renewer *renewer)
{
	const struct round *round = &renewer->round;

	if (renewer->finished != NULL)
		return false;
	if (round->answer.verdict == OAUTH_FAILED && ++renewer->attempts < ATTEMPTS) {
		wait_for(renewer, round->retry_ms, on_time);
		return true;
	}
	if (round->answer.verdict == OAUTH_REFUSED && round->has_before && !round->use_before) {
		renewer->use_before = true;
		look(renewer);
		return true;
	}
	return false;
}

static void conclude(struct renewer *renewer)
{
	if (renewer->round.answer.verdict == OAUTH_GRANTED)
		hand_out(renewer);
	else if (!goes_on(renewer))
		answer_all(renewer, &renewer->round.why);
}

/*
 * An answer that could not be stored, perhaps as the database is locked, is tried again, as long as
 * our lease may live: a rotated token exists nowhere else. Once another process has taken the
 * lease, its token is the one.
 */
static void on_noted(void *arg, const struct err *err)
{
	struct renewer *renewer = ((struct round *)arg)->renewer;

	renewer->units--;
	if (err->kind == ERR_NONE)
		conclude(renewer);
	else if (renewer->round.is_overtaken && renewer->finished == NULL)
		look(renewer);
	else if (!renewer->round.is_overtaken && ++renewer->note_attempts < NOTE_ATTEMPTS)
		wait_for(renewer, NOTE_RETRY_MS, on_note_time);
	else
		answer_all(renewer, err);
}

static void note(struct renewer *renewer)
{
	struct err err = ERR_INIT;

	if (renewer->credential_id == NULL || sabotage_is(SABOTAGE_USE_UNSTORED)) {
		renewer->round.generation = renewer->generation + 1;
		renewer->round.fresh_ms = INT64_MAX;
		conclude(renewer);
	} else if (!submit(renewer, round_note, on_noted, &renewer->round, &err)) {
		answer_all(renewer, &err);
	}
}

/* --- 2: call --- */

static void take_failure(struct round *round, const struct err *err)
{
	round->why = *err;
	if (err->kind != ERR_THROTTLED)
		return;
	round->answer.verdict = OAUTH_THROTTLED;
	round->answer.wait_ms = err->retry_after_ms;
}

static void on_answer(void *ctx, int status, const void *body, size_t len, const struct err *err)
{
	struct renewer *renewer = ctx;
	struct round *round = &renewer->round;

	oauth_request_fini(&renewer->request);
	if (err->kind != ERR_NONE)
		take_failure(round, err);
	else
		oauth_answer_judge(&round->answer, renewer->options.reading, status, body, len,
				   &round->why);
	note(renewer);
}

/* Nothing was sent: the outcome is known, and the same request would fail again. */
static void fail_call(struct renewer *renewer, const struct err *err)
{
	renewer->round.why = *err;
	renewer->round.answer.verdict = OAUTH_FORBIDDEN;
	note(renewer);
}

static void call(struct renewer *renewer)
{
	const struct renewer_options *options = &renewer->options;
	struct round *round = &renewer->round;
	struct err err = ERR_INIT;

	round->asked_at_ms = clock_wall_ms();
	round->answer.verdict = OAUTH_FAILED;
	if (!options->grant.write(options->grant.arg,
				  options->grant.has_refresh_token ? &round->refresh_token : NULL,
				  &renewer->request, &err) ||
	    !options->transport.send(options->transport.arg, &renewer->request, on_answer, renewer,
				     &err)) {
		oauth_request_fini(&renewer->request);
		fail_call(renewer, &err);
	}
}

/* --- 1: look --- */

static void adopt_stored(struct renewer *renewer)
{
	struct round *round = &renewer->round;

	renewer->is_old = round->is_old;
	if (round->is_proven)
		renewer->proven = round->generation;
	adopt(renewer, &round->token, round->generation, round->fresh_ms);
}

static void wait_for_other(struct renewer *renewer)
{
	struct err err = ERR_INIT;
	int64_t now_ms = clock_monotonic_ms();

	if (renewer->waiting_since_ms == 0)
		renewer->waiting_since_ms = now_ms;
	if (now_ms - renewer->waiting_since_ms < renewer->options.wait_ms) {
		wait_for(renewer, renewer->options.poll_ms, on_time);
		return;
	}
	err_set(&err, ERR_BUSY, "another process asks for a new token and does not end");
	answer_all(renewer, &err);
}

static void on_looked(void *arg, const struct err *err)
{
	struct round *round = arg;
	struct renewer *renewer = round->renewer;

	renewer->units--;
	if (err->kind != ERR_NONE || (round->step == ROUND_WAIT && renewer->finished != NULL))
		answer_all(renewer, err);
	else if (round->step == ROUND_HAVE)
		adopt_stored(renewer);
	else if (round->step == ROUND_CALL)
		call(renewer);
	else
		wait_for_other(renewer);
}

static int64_t highest_refused(const struct renewer *renewer)
{
	int64_t highest = 0;

	for (const struct waiter *at = renewer->waiters; at != NULL; at = at->next)
		highest = at->refused > highest ? at->refused : highest;
	return highest;
}

static void look(struct renewer *renewer)
{
	struct err err = ERR_INIT;

	round_fini(&renewer->round);
	renewer->round = (struct round){
		.renewer = renewer,
		.options = &renewer->options,
		.refused = highest_refused(renewer),
		.use_before = renewer->use_before,
		.retry_ms = renewer->options.retry_ms,
		.why = ERR_INIT,
	};
	if (renewer->credential_id == NULL)
		call(renewer);
	else if (!submit(renewer, round_look, on_looked, &renewer->round, &err))
		answer_all(renewer, &err);
}

/*
 * Of a test, where no row says so: the rule of round.c. And a consent that is not stored is not
 * refreshed: a rotated token would be nobody's.
 */
static bool is_refused_at_once(const struct renewer *renewer)
{
	return renewer->credential_id == NULL &&
	       (renewer->options.grant.has_refresh_token ||
		(renewer->generation > renewer->proven &&
		 highest_refused(renewer) == renewer->generation));
}

static void begin(struct renewer *renewer)
{
	struct err err = ERR_INIT;

	renewer->is_busy = true;
	renewer->attempts = renewer->note_attempts = 0;
	renewer->use_before = false;
	renewer->waiting_since_ms = 0;
	if (is_refused_at_once(renewer)) {
		err_set(&err, ERR_AUTH, ROUND_REFUSED_AT_ONCE);
		answer_all(renewer, &err);
	} else {
		look(renewer);
	}
}

/* --- what others call --- */

static bool keep_texts(struct renewer *renewer, const struct renewer_options *options)
{
	struct renewer_options *own = &renewer->options;

	own->credential_id = renewer->credential_id = str_dup(options->credential_id);
	own->provider = renewer->provider = str_dup(options->provider);
	own->made_of = renewer->made_of = str_dup(options->made_of);
	own->scopes_wanted = renewer->scopes_wanted = str_dup(options->scopes_wanted);
	own->address = renewer->address = str_dup(options->address);
	return (own->credential_id != NULL || options->credential_id == NULL) &&
	       own->provider != NULL && own->made_of != NULL && own->scopes_wanted != NULL &&
	       own->address != NULL;
}

struct renewer *renewer_new(const struct renewer_options *options, struct err *err)
{
	struct renewer *renewer = calloc(1, sizeof(*renewer));

	if (renewer != NULL) {
		renewer->options = *options;
		if (options->retry_ms == 0)
			renewer->options.retry_ms = RETRY_MS;
		if (options->poll_ms == 0)
			renewer->options.poll_ms = POLL_MS;
		if (options->wait_ms == 0)
			renewer->options.wait_ms = WAIT_MS;
		if (keep_texts(renewer, options))
			return renewer;
		free_renewer(renewer);
	}
	err_oom(err);
	return NULL;
}

bool renewer_give(struct renewer *renewer, const struct secret *token, struct err *err)
{
	secret_fini(&renewer->token);
	if (!secret_from(&renewer->token, token->data, token->len, err))
		return false;
	renewer->generation++;
	renewer->until_ms = INT64_MAX;
	return true;
}

static bool is_at_hand(const struct renewer *renewer, int64_t refused)
{
	return renewer->token.len > 0 && renewer->generation > refused &&
	       clock_monotonic_ms() < renewer->until_ms;
}

bool renewer_get(struct renewer *renewer, int64_t refused, renewer_done_fn *done, void *ctx,
		 struct err *err)
{
	const struct err none = ERR_INIT;
	struct waiter *waiter;

	if (is_at_hand(renewer, refused)) {
		done(ctx, &renewer->token, renewer->generation, &none);
		return true;
	}
	waiter = malloc(sizeof(*waiter));
	if (waiter == NULL)
		return err_oom(err);
	*waiter = (struct waiter){ refused, done, ctx, renewer->waiters };
	renewer->waiters = waiter;
	if (!renewer->is_busy)
		begin(renewer);
	return true;
}

bool renewer_may_replace(const struct renewer *renewer, int64_t generation)
{
	if (renewer->credential_id == NULL && renewer->options.grant.has_refresh_token)
		return false;
	return generation < renewer->generation || generation <= renewer->proven || renewer->is_old;
}

/* --- proof --- */

struct proof {
	struct renewer *renewer;
	int64_t generation;
};

static bool store_proof(struct store_tx *tx, void *arg, struct err *err)
{
	const struct proof *proof = arg;
	const char *id = proof->renewer->credential_id;
	bool was_news;

	return token_prove(tx, id, proof->generation, &was_news, err) &&
	       (!was_news || credential_field_delete(tx, id, TOKEN_FIELD_BEFORE, err));
}

/* What could not be stored is stored with the next session's first success. */
static void on_proven(void *arg, const struct err *err)
{
	struct proof *proof = arg;
	struct renewer *renewer = proof->renewer;

	(void)err;
	free(proof);
	renewer->units--;
	end_if_finished(renewer);
}

void renewer_prove(struct renewer *renewer, int64_t generation)
{
	struct err ignored = ERR_INIT;
	struct proof *proof;

	if (generation <= renewer->proven)
		return;
	renewer->proven = generation;
	proof = renewer->credential_id != NULL ? malloc(sizeof(*proof)) : NULL;
	if (proof == NULL)
		return;
	*proof = (struct proof){ renewer, generation };
	if (!submit(renewer, store_proof, on_proven, proof, &ignored))
		free(proof);
}

void renewer_finish(struct renewer *renewer, void (*finished)(void *arg), void *arg)
{
	if (renewer == NULL) {
		finished(arg);
		return;
	}
	renewer->finished = finished;
	renewer->finished_arg = arg;
	forget_waiters(renewer);
	if (renewer->timer != NULL && renewer->on_timer == on_time) {
		loop_timer_close(renewer->timer);
		renewer->is_busy = false;
	}
	end_if_finished(renewer);
}
