/* The opening of a session. Each step is a function that starts the next one. */
#include "sync/run_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "store/credential.h"
#include "store/recording.h"
#include "sync/schedule.h"
#include "vault/vault.h"

/* --- 5: the way out opens, streams begin --- */

static struct recording *open_recording(struct sync_run *run)
{
	struct recording *recording = NULL;
	struct err err = ERR_INIT;
	uint8_t key[32];
	char context[32];

	if (!run->is_recording)
		return NULL;
	snprintf(context, sizeof(context), "%lld", (long long)run->session.id);
	if (!vault_derive(run->host->vault, "recording", context, key, &err) ||
	    !recording_start(&recording, run->host->recordings_dir, run->session.id, key, &err))
		log_write(run->host->log, LOG_WARN, "%s/%s: no recording of this session: %s",
			  run->account.vendor, run->account.name, err.message);
	secret_wipe(key, sizeof(key));
	return recording;
}

static void open_gateway(struct sync_run *run)
{
	struct guest_handlers handlers;
	struct err err = ERR_INIT;
	const struct gateway_options options = {
		.account = &run->account,
		.declaration = connector_declaration(run->connector),
		.secrets = run->secrets.named,
		.secret_count = run->secrets.count,
		.credential_id = run->account.credential_id,
		.recording = open_recording(run),
		.asked = stream_request_asked,
		.failed = stream_request_failed,
		.waiting = run_waiting,
		.arg = run,
	};

	run->gateway = gateway_open(run->host, &options, &err);
	if (run->gateway == NULL) {
		run_fail(run, &err);
		return;
	}
	stream_handlers(run, &handlers);
	guest_set_handlers(connector_guest(run->connector), &handlers);
	stream_next(run);
}

/* --- 4: a dry run gets its scratch --- */

static void fill_scratch(void *arg)
{
	struct sync_run *run = arg;

	run->data = store_open_scratch(run->host->store, run->account_id, &run->scratch_err);
}

static void on_scratch(void *arg)
{
	struct sync_run *run = arg;

	run->is_waiting = false;
	if (run->data == NULL || run->is_ending)
		run_fail(run, &run->scratch_err);
	else
		open_gateway(run);
}

static void open_data(struct sync_run *run)
{
	struct err err = ERR_INIT;

	if (!run->options.dry_run) {
		run->data = run->host->store;
		open_gateway(run);
		return;
	}
	run->scratch_err = ERR_INIT;
	run->is_waiting = true;
	if (loop_work(run->host->loop, fill_scratch, on_scratch, run, &err))
		return;
	run->is_waiting = false;
	run_fail(run, &err);
}

/* --- 3: one transaction: lease, session, credential --- */

/* Under the lease: whoever held it before may have synced the account. */
static bool is_still_due(struct store_tx *tx, struct sync_run *run, struct err *err)
{
	struct account account = { 0 };
	bool is_due;

	if (!run->options.only_due)
		return true;
	if (!account_get(tx, run->account_id, &account, err))
		return false;
	is_due = schedule_is_due(&account, clock_wall_ms());
	account_fini(&account);
	run->is_elsewhere = !is_due;
	return is_due || err_set(err, ERR_BUSY, "%s/%s was synced by another process",
				 run->account.vendor, run->account.name);
}

static bool take_lease(struct store_tx *tx, struct sync_run *run, struct err *err)
{
	char owner[PROCESS_NAME_SIZE];

	if (lease_take(tx, run->account_id, process_name(owner), clock_wall_ms(), &run->lease, err))
		return true;
	run->is_elsewhere = err->kind == ERR_BUSY;
	return err_context(err, "%s/%s", run->account.vendor, run->account.name);
}

static bool begin(struct store_tx *tx, void *arg, struct err *err)
{
	struct sync_run *run = arg;
	char file[RECORDING_NAME_SIZE];
	const char *kind = run->options.dry_run ? "dry-run" : "full";

	if (!take_lease(tx, run, err) || !is_still_due(tx, run, err) ||
	    !session_begin(tx, &run->lease, kind, connector_fingerprint(run->connector), run->now,
			   &run->session.id, &run->is_first, err) ||
	    !secrets_read(&run->secrets, run->host->vault, tx, &run->account,
			  connector_declaration(run->connector), err) ||
	    (run->account.credential_id != NULL &&
	     !credential_touch(tx, run->account.credential_id, run->now, err)))
		return false;
	if (run->is_recording &&
	    !recording_add(tx, run->session.id, run->account_id,
			   recording_file_name(run->session.id, file), run->now, err))
		return false;
	return run->options.dry_run ||
	       (silence_note(tx, run, err) &&
		account_set_state(tx, run->account_id, "syncing", "", "", run->now, err));
}

static void on_begun(struct sync_run *run)
{
	struct err err = ERR_INIT;

	if (run_start_heartbeat(run, &err))
		open_data(run);
	else
		run_fail(run, &err);
}

/* --- 2: the connector is what was approved --- */

static bool is_approved(struct sync_run *run, struct err *err)
{
	return connector_check_approval(run->connector, &run->account, &run->needs_approval, err);
}

/* What a listing depends on: with another connector, mapping or setting absence means nothing yet.
 */
static bool make_baseline(struct sync_run *run, struct err *err)
{
	struct buf text = BUF_INIT;
	bool fine;

	buf_printf(&text, "%s\n%s", connector_fingerprint(run->connector), run->account.settings);
	fine = buf_ok(&text, err) &&
	       digest_sha256_hex(buf_text(&text), text.len, run->baseline, err);
	buf_fini(&text);
	return fine;
}

/* --stream names that the connector does not have. */
static bool has_streams(const struct sync_run *run, struct err *err)
{
	const struct value *streams = value_get(connector_declaration(run->connector), "streams");
	const char *names[64];
	size_t count = 0;

	for (; count < value_count(streams) && count < 64; count++)
		names[count] = value_text(value_at(streams, count), "name", "");
	for (size_t i = 0; i < run->options.stream_count; i++) {
		const char *wanted = run->options.streams[i], *near;
		size_t n = 0;

		while (n < count && !str_eq(names[n], wanted))
			n++;
		if (n < count)
			continue;
		near = str_nearest(wanted, names, count);
		err_set(err, ERR_USAGE, "%s has no stream \"%s\"", run->account.vendor, wanted);
		if (near != NULL)
			err_hint(err, "did you mean %s?", near);
		return false;
	}
	return true;
}

static void on_connector(void *arg, struct connector *connector, const struct err *failure)
{
	struct sync_run *run = arg;
	struct err err = *failure;

	run->is_waiting = false;
	run->connector = connector;
	if (connector != NULL && !run->is_ending && is_approved(run, &err) &&
	    has_streams(run, &err) && make_baseline(run, &err))
		run_unit(run, run->host->store, STORE_WRITE, begin, on_begun);
	else
		run_fail(run, &err);
}

/* --- 1: the account --- */

static bool read_account(struct store_tx *tx, void *arg, struct err *err)
{
	struct sync_run *run = arg;

	return account_get(tx, run->account_id, &run->account, err);
}

static bool is_ready(const struct account *account, bool dry_run, struct err *err)
{
	if (account->archived_at != NULL)
		return err_set(err, ERR_MISSING, "%s/%s was replaced and archived", account->vendor,
			       account->name);
	if (account->is_paused && !dry_run) {
		err_set(err, ERR_CONFIG, "%s/%s is paused", account->vendor, account->name);
		return err_hint(err,
				"muster accounts resume %s/%s (a dry run is possible: --dry-run)",
				account->vendor, account->name);
	}
	return true;
}

static void on_account(struct sync_run *run)
{
	struct err err = ERR_INIT;

	run->state_before = str_dup(run->account.state);
	run->reason_before = str_dup(run->account.state_reason);
	run->way_out_before = str_dup(run->account.state_way_out);
	run->is_recording = run->account.is_recording && !run->options.no_recording;
	if (!is_ready(&run->account, run->options.dry_run, &err)) {
		run_fail(run, &err);
		return;
	}
	run->is_waiting = true;
	if (connector_load(run->host, run->account.vendor, run->account.name, on_connector, run,
			   &err))
		return;
	run->is_waiting = false;
	run_fail(run, &err);
}

void run_open(struct sync_run *run)
{
	run_unit(run, run->host->store, STORE_READ, read_account, on_account);
}
