/* What a session leaves behind. */
#include "sync/outcome.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "connector/json_value.h"
#include "store/recording.h"
#include "sync/retention.h"

static const char *outcome_of(const struct sync_run *run)
{
	if (run->is_cancelled)
		return "cancelled";
	if (run->err.kind != ERR_NONE)
		return "failed";
	if (run->was_held)
		return "held";
	if (run->was_partial)
		return "partial";
	return run->was_degraded ? "degraded" : "ok";
}

static void put_warnings(struct buf *out, const char *stream, const json_t *warnings)
{
	size_t i;
	json_t *warning;

	json_array_foreach(warnings, i, warning) buf_printf(
		out, "%s%s: %s", out->len > 0 ? "; " : "", stream, json_string_value(warning));
}

/* "devices: 312 of 900 devices would be removed (34.7 %); apps: ..." from the streams that fell
 * short. */
static void put_reasons(struct buf *out, const struct sync_run *run)
{
	for (size_t i = 0; i < json_array_size(run->streams); i++) {
		const json_t *result = json_array_get(run->streams, i);
		const char *name = json_string_value(json_object_get(result, "stream"));
		const char *reason = json_string_value(json_object_get(result, "reason"));
		json_int_t bad = json_integer_value(json_object_get(result, "quarantined"));
		const char *first = json_string_value(json_object_get(result, "first_quarantined"));

		if (reason != NULL)
			buf_printf(out, "%s%s: %s", out->len > 0 ? "; " : "", name, reason);
		put_warnings(out, name, json_object_get(result, "warnings"));
		if (bad > 0)
			buf_printf(out, "%s%s: %lld record(s) quarantined, the first: %s",
				   out->len > 0 ? "; " : "", name, (long long)bad,
				   first != NULL ? first : "?");
	}
}

static const char *state_of_error(const struct err *err)
{
	return err->kind == ERR_AUTH ? "needs-auth" : "failed";
}

static void put_way_out(struct buf *out, const struct sync_run *run, const char *outcome)
{
	if (run->err.kind != ERR_NONE)
		buf_str(out, err_way_out(&run->err));
	else if (str_eq(outcome, "held"))
		buf_str(out, "look at them: muster removals");
	else if (str_eq(outcome, "degraded"))
		buf_str(out, run->degraded_hint);
	else if (str_eq(outcome, "partial"))
		buf_printf(out, "see what fell short: muster sessions show %lld",
			   (long long)run->session.id);
}

static bool write_state(struct sync_run *run, struct store_tx *tx, const char *outcome,
			const char *now, struct err *err)
{
	struct buf reason = BUF_INIT, way_out = BUF_INIT;
	const char *state = outcome;
	bool ended_well, fine;

	if (run->is_cancelled) {
		/* A session that somebody stopped says nothing about the account. */
		fine = account_set_state(tx, run->account_id,
					 str_eq(run->state_before, "syncing") ? "stale"
									      : run->state_before,
					 run->reason_before, run->way_out_before, now, err);
		return fine &&
		       account_set_last_session(tx, run->account_id, run->session.id, NULL, err);
	}
	if (run->err.kind != ERR_NONE) {
		state = state_of_error(&run->err);
		str_put_utf8(&reason, run->err.message);
	} else {
		put_reasons(&reason, run);
	}
	ended_well =
		str_eq(outcome, "ok") || str_eq(outcome, "degraded") || str_eq(outcome, "partial");
	put_way_out(&way_out, run, outcome);
	fine = buf_ok(&reason, err) && buf_ok(&way_out, err) &&
	       account_set_state(tx, run->account_id, state, buf_text(&reason), buf_text(&way_out),
				 now, err) &&
	       account_set_last_session(tx, run->account_id, run->session.id,
					ended_well ? now : NULL, err);
	buf_fini(&reason);
	buf_fini(&way_out);
	return fine;
}

static char *error_json(const struct err *err)
{
	if (err->kind == ERR_NONE)
		return NULL;
	return json_text_take(json_pack("{s:s, s:o, s:o, s:i}", "kind",
					err_kind_info(err->kind)->name, "message",
					json_any_text(err->message), "hint",
					json_any_text(err_way_out(err)), "status", err->status));
}

static bool write_session(struct sync_run *run, struct store_tx *tx, const char *outcome,
			  const char *now, struct err *err)
{
	double seconds = (double)(clock_monotonic_ms() - run->started_ms) / 1000.0;
	char *dropped = json_dumps(run->dropped, JSON_COMPACT | JSON_SORT_KEYS);
	char *streams = json_dumps(run->streams, JSON_COMPACT);
	char *error = error_json(&run->err);
	bool fine;

	fine = ((dropped != NULL && streams != NULL) || err_oom(err)) &&
	       session_update(tx, run->session.id, &run->session.counts, dropped, streams, err) &&
	       session_end(tx, run->session.id, outcome, error, now, seconds, err);
	free(dropped);
	free(streams);
	free(error);
	return fine;
}

/* What the caller gets to see is what the store holds. */
static bool read_back(struct sync_run *run, struct store_tx *tx, struct err *err)
{
	struct session session;
	struct account account;

	if (!session_get(tx, run->session.id, &session, err))
		return false;
	session_fini(&run->session);
	run->session = session;
	if (!account_get(tx, run->account_id, &account, err))
		return false;
	account_fini(&run->account);
	run->account = account;
	return true;
}

bool outcome_write(struct store_tx *tx, void *arg, struct err *err)
{
	struct sync_run *run = arg;
	const char *outcome = outcome_of(run);
	char now[CLOCK_TEXT_SIZE];

	clock_now_text(now);
	if (!lease_check(tx, &run->lease, err) || !write_session(run, tx, outcome, now, err))
		return false;
	if (!run->options.dry_run && !write_state(run, tx, outcome, now, err))
		return false;
	if (run->is_recording &&
	    !recording_end(tx, run->session.id, run->exchanges, run->recorded_bytes, err))
		return false;
	return lease_release(tx, &run->lease, err) && read_back(run, tx, err);
}

bool outcome_expire(struct store_tx *tx, void *arg, struct err *err)
{
	const struct sync_run *run = arg;

	return retention_apply(tx, run->host->recordings_dir, err);
}

bool outcome_is_lasting(const struct sync_run *run)
{
	enum err_kind kind = run->err.kind;

	if (run->account.id == NULL || run->account.is_paused || run->options.dry_run)
		return false;
	return kind == ERR_CONFIG || kind == ERR_BUG || kind == ERR_OVER_LIMIT ||
	       kind == ERR_MISSING;
}

bool outcome_write_state(struct store_tx *tx, void *arg, struct err *err)
{
	struct sync_run *run = arg;
	const char *state = run->needs_approval ? "needs-approval" : "failed";
	char now[CLOCK_TEXT_SIZE];

	return account_set_state(tx, run->account_id, state, run->err.message,
				 err_way_out(&run->err), clock_now_text(now), err);
}

/* --- the dry run's changes --- */

struct reading {
	int64_t session_id, limit;
	change_fn *each;
	void *arg;
};

static bool read_changes(struct store_tx *tx, void *arg, struct err *err)
{
	const struct reading *reading = arg;

	return change_each(tx, reading->session_id, reading->limit, reading->each, reading->arg,
			   err);
}

bool sync_changes_each(const struct sync_changes *changes, int64_t limit, change_fn *each,
		       void *arg, struct err *err)
{
	struct reading reading = { changes->session_id, limit, each, arg };

	return store_run(changes->store, STORE_READ, read_changes, &reading, err);
}
