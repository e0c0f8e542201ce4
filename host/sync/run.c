/* The course of one session, from the lease to the account's new state. */
#include "sync/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/loop.h"
#include "base/str.h"
#include "sync/outcome.h"
#include "sync/run_open.h"
#include "vault/vault.h"

/* --- units --- */

static void on_unit(void *arg, const struct err *err)
{
	struct sync_run *run = arg;
	void (*next)(struct sync_run *) = run->next;

	run->units--;
	run->next = NULL;
	/* Also of a session that was cancelled while it began. */
	if (err->kind == ERR_NONE)
		run->has_lease = run->lease.fence != 0;
	if (err->kind != ERR_NONE || run->is_ending)
		run_fail(run, err);
	else
		next(run);
}

void run_unit(struct sync_run *run, struct store *store, enum store_mode mode, store_work_fn *work,
	      void (*next)(struct sync_run *run))
{
	struct err err = ERR_INIT;

	run->next = next;
	run->units++;
	if (store_submit(store, mode, work, on_unit, run, &err))
		return;
	run->units--;
	run_fail(run, &err);
}

struct entity_context run_context(const struct sync_run *run, char now[CLOCK_TEXT_SIZE])
{
	return (struct entity_context){
		.account_id = run->account_id,
		.session_id = run->session.id,
		.stream = run->stream.name,
		.now = clock_now_text(now),
		.log_created = run->options.dry_run || !run->is_first,
	};
}

/* --- progress --- */

void run_report(struct sync_run *run, const char *label, int64_t done, int64_t total)
{
	char slug[256];
	const struct sync_progress progress = {
		.account = slug,
		.stream = run->stream.name,
		.label = label,
		.done = done,
		.total = total,
		.rows = run->session.counts.seen,
	};

	if (run->options.progress == NULL)
		return;
	snprintf(slug, sizeof(slug), "%s/%s", run->account.vendor, run->account.name);
	run->options.progress(run->options.progress_arg, &progress);
}

void run_waiting(void *arg, const char *why, int64_t ms)
{
	struct sync_run *run = arg;
	char label[200];

	snprintf(label, sizeof(label), "waiting %.1f s: %s", (double)ms / 1000.0, why);
	run_report(run, label, 0, -1);
}

/* --- heartbeat --- */

static void close_session(struct sync_run *run);

static bool renew(struct store_tx *tx, void *arg, struct err *err)
{
	struct sync_run *run = arg;

	return lease_renew(tx, &run->lease, clock_wall_ms(), err);
}

static void on_renewed(void *arg, const struct err *err)
{
	struct sync_run *run = arg;
	struct err failure = *err;

	run->is_renewing = false;
	run->units--;
	if (failure.kind == ERR_NONE)
		run_start_heartbeat(run, &failure);
	if (run->is_closing)
		close_session(run);
	else if (failure.kind != ERR_NONE || run->is_ending)
		run_fail(run, &failure);
}

/* A script that asks for ever must not keep its session and lease (reliability.md 3.12). */
static bool is_over_time(const struct sync_run *run, struct err *err)
{
	if (!run->is_reading ||
	    clock_monotonic_ms() - run->stream.started_ms <= (int64_t)STREAM_HOURS_MAX * 3600000)
		return false;
	err_set(err, ERR_OVER_LIMIT, "%s: reading took more than %d hours", run->stream.name,
		STREAM_HOURS_MAX);
	return true;
}

static void beat(void *arg)
{
	struct sync_run *run = arg;
	struct err err = ERR_INIT;

	run->heartbeat = NULL;
	run->units++;
	run->is_renewing = true;
	if (is_over_time(run, &err))
		run_fail(run, &err);
	if (store_submit(run->host->store, STORE_WRITE, renew, on_renewed, run, &err))
		return;
	on_renewed(run, &err);
}

/* Goes on until the outcome is written: also while the recording still is. */
bool run_start_heartbeat(struct sync_run *run, struct err *err)
{
	run->heartbeat = loop_timer_start(run->host->loop, LEASE_HEARTBEAT_MS, beat, run);
	return run->heartbeat != NULL ? true : err_oom(err);
}

/* --- the end --- */

static void free_run(struct sync_run *run)
{
	stream_fini(&run->stream);
	batch_drop(run);
	connector_free(run->connector);
	secrets_fini(&run->secrets);
	silence_fini(&run->silence);
	if (run->data != NULL && run->data != run->host->store)
		store_close(run->data);
	account_fini(&run->account);
	session_fini(&run->session);
	json_decref(run->dropped);
	json_decref(run->streams);
	free(run->state_before);
	free(run->reason_before);
	free(run->way_out_before);
	free(run->account_id);
	free(run);
}

static void finish(struct sync_run *run)
{
	const struct sync_changes changes = { run->data, run->session.id };
	const bool has_changes =
		run->options.dry_run && run->data != NULL && run->err.kind == ERR_NONE;
	const struct sync_result result = {
		.account = &run->account,
		.session = &run->session,
		.changes = has_changes ? &changes : NULL,
		.is_elsewhere = run->is_elsewhere,
	};
	sync_done_fn *done = run->done;
	void *arg = run->done_arg;
	struct err err = run->err;

	/* Rolled back, or its end could not be written: there is nothing to show. */
	if (run->session.outcome == NULL)
		run->session.id = 0;
	done(arg, &result, &err);
	free_run(run);
}

/* The last unit: its failure is told, but nothing follows it. */
static void on_closed(void *arg, const struct err *err)
{
	struct sync_run *run = arg;

	if (err->kind != ERR_NONE && run->err.kind == ERR_NONE)
		run->err = *err;
	finish(run);
}

/* What is past its time and cannot go keeps no session from its end. */
static void on_expired(void *arg, const struct err *err)
{
	struct sync_run *run = arg;

	if (err->kind != ERR_NONE)
		log_write(run->host->log, LOG_WARN, "what is past its time stays for now: %s",
			  err->message);
	finish(run);
}

static void on_outcome(void *arg, const struct err *err)
{
	struct sync_run *run = arg;
	struct err ignored = ERR_INIT;

	if (err->kind != ERR_NONE || run->options.dry_run ||
	    !store_submit(run->host->store, STORE_WRITE, outcome_expire, on_expired, run, &ignored))
		on_closed(run, err);
}

static void close_session(struct sync_run *run)
{
	struct err err = ERR_INIT;

	loop_timer_close(run->heartbeat);
	run->heartbeat = NULL;
	run->is_closing = true;
	if (run->is_renewing)
		return;
	if (run->has_lease &&
	    store_submit(run->host->store, STORE_WRITE, outcome_write, on_outcome, run, &err))
		return;
	if (!run->has_lease && outcome_is_lasting(run) &&
	    store_submit(run->host->store, STORE_WRITE, outcome_write_state, on_closed, run, &err))
		return;
	on_closed(run, &err);
}

static void on_gateway_finished(void *arg, const struct err *err)
{
	struct sync_run *run = arg;

	run->gateway = NULL;
	if (err->kind != ERR_NONE)
		log_write(run->host->log, LOG_WARN, "%s/%s: the recording is incomplete: %s",
			  run->account.vendor, run->account.name, err->message);
	close_session(run);
}

static void begin_end(struct sync_run *run)
{
	run->has_begun_end = true;
	if (run->gateway != NULL) {
		struct exchange_counts counts = gateway_counts(run->gateway);

		run->session.counts.requests = counts.requests;
		run->session.counts.retries = counts.retries;
		run->session.counts.bytes = counts.bytes;
		run->exchanges = counts.last;
	}
	gateway_finish(run->gateway, on_gateway_finished, run);
}

/* From now on the sandbox is not heard; what the store is doing is waited for. */
static void try_end(struct sync_run *run)
{
	const struct guest_handlers none = { 0 };

	run->is_ending = true;
	run->is_reading = false;
	if (run->connector != NULL)
		guest_set_handlers(connector_guest(run->connector), &none);
	if (run->units == 0 && run->flight == NULL && !run->is_waiting && !run->has_begun_end)
		begin_end(run);
}

void run_fail(struct sync_run *run, const struct err *err)
{
	if (err->kind != ERR_NONE && run->err.kind == ERR_NONE)
		run->err = *err;
	try_end(run);
}

/* Every stream failed: the session did, with the first reason. */
static void judge_streams(struct sync_run *run)
{
	size_t count = json_array_size(run->streams), failed = 0;

	for (size_t i = 0; i < count; i++) {
		const json_t *end = json_object_get(json_array_get(run->streams, i), "end");

		failed += str_eq(json_string_value(end), "failed");
	}
	if (count > 0 && failed == count && run->first_failure.kind != ERR_NONE)
		run->err = run->first_failure;
}

void run_streams_done(struct sync_run *run)
{
	judge_streams(run);
	try_end(run);
}

void sync_cancel(struct sync_run *run)
{
	struct err err = ERR_INIT;

	if (run->has_begun_end)
		return;
	run->is_cancelled = true;
	err_set(&err, ERR_CANCELLED, "cancelled; what was committed stays");
	run_fail(run, &err);
}

/* --- start --- */

struct sync_run *sync_start(struct host *host, const char *account_id,
			    const struct sync_options *options, sync_done_fn *done, void *arg,
			    struct err *err)
{
	struct sync_run *run;

	if (!vault_require_open(host->vault, err))
		return NULL;
	run = calloc(1, sizeof(*run));
	if (run == NULL || (run->account_id = str_dup(account_id)) == NULL) {
		free(run);
		err_oom(err);
		return NULL;
	}
	run->host = host;
	run->options = *options;
	run->done = done;
	run->done_arg = arg;
	run->err = ERR_INIT;
	run->first_failure = ERR_INIT;
	run->stream.err = ERR_INIT;
	run->dropped = json_object();
	run->streams = json_array();
	run->started_ms = clock_monotonic_ms();
	clock_now_text(run->now);
	if (run->dropped == NULL || run->streams == NULL) {
		err_oom(err);
		free_run(run);
		return NULL;
	}
	/* Nothing may end it before it was handed out. */
	run->is_waiting = true;
	run_open(run);
	run->is_waiting = false;
	if (!run->is_ending)
		return run;
	*err = run->err;
	free_run(run);
	return NULL;
}
