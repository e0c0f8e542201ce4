/* muster sync: accounts into the store, some at a time. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/loop.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/host.h"
#include "cli/progress.h"
#include "cli/sync_choice.h"
#include "cli/sync_report.h"
#include "cli/verbs.h"
#include "store/config.h"
#include "sync/schedule.h"

enum { AT_A_TIME_MAX = 16, STREAMS_MAX = 64, EXIT_SIGINT = 130, EXIT_SIGTERM = 143 };

struct syncing;

/* One of the sessions under way. */
struct slot {
	struct syncing *syncing;
	struct sync_run *run; /* NULL = free */
	char slug[ACCOUNT_SLUG_SIZE];
};

struct syncing {
	struct cli *cli;
	struct account *accounts;
	size_t count;
	size_t next; /* account to start */
	size_t running;
	struct slot slots[AT_A_TIME_MAX];
	size_t slot_count;
	struct sync_options options;
	const char *streams[STREAMS_MAX];
	struct progress *progress;
	bool is_cancelled;
	int signal_exit_code;
	struct loop_signal *on_int, *on_term;
	struct err err; /* of the output */
};

static bool read_slot_count(struct store_tx *tx, void *arg, struct err *err)
{
	struct syncing *syncing = arg;
	int64_t count;

	if (!config_get(tx, CONFIG_SYNC_PARALLEL, &count, NULL, err))
		return false;
	syncing->slot_count = count < AT_A_TIME_MAX ? (size_t)count : AT_A_TIME_MAX;
	return true;
}

static bool take_options(struct syncing *syncing, struct err *err)
{
	const struct parsed *parsed = &syncing->cli->parsed;
	struct sync_options *options = &syncing->options;
	const char *stream;
	size_t at = 0;

	options->dry_run = parsed_has(parsed, "dry-run");
	options->full = parsed_has(parsed, "full");
	options->only_due = parsed_has(parsed, "due");
	options->no_recording = parsed_has(parsed, "no-recording");
	options->limit = parsed_number(parsed, "limit", 0);
	while ((stream = parsed_next(parsed, "stream", &at))) {
		if (options->stream_count == STREAMS_MAX)
			return err_set(err, ERR_USAGE, "more than %d times --stream", STREAMS_MAX);
		syncing->streams[options->stream_count++] = stream;
	}
	options->streams = options->stream_count ? syncing->streams : NULL;
	return true;
}

/* --- running --- */

static void on_progress(void *arg, const struct sync_progress *now)
{
	struct syncing *syncing = arg;

	progress_update(syncing->progress, now);
}

static void start_more(struct syncing *syncing);

/* The session's result; what cannot be written ends everything. */
static void report(struct syncing *syncing, const struct sync_result *result, const char *slug,
		   const struct err *err)
{
	struct err failure = ERR_INIT;

	progress_end(syncing->progress, slug);
	if (sync_report(syncing->cli, slug, result, err, &failure) || syncing->err.kind != ERR_NONE)
		return;
	syncing->err = failure;
	syncing->is_cancelled = true;
}

/* What a timer that comes too early, or on two hosts at once, has nothing to say about. */
static bool is_nothing(const struct syncing *syncing, const struct sync_result *result)
{
	return syncing->options.only_due && result->is_elsewhere;
}

static void on_done(void *arg, const struct sync_result *result, const struct err *err)
{
	struct slot *slot = arg;
	struct syncing *syncing = slot->syncing;

	slot->run = NULL;
	syncing->running--;
	if (is_nothing(syncing, result))
		cli_note(syncing->cli, "%s.", err->message);
	else
		report(syncing, result, slot->slug, err);
	start_more(syncing);
	if (syncing->running == 0)
		loop_stop(syncing->cli->host.loop);
}

static struct slot *free_slot(struct syncing *syncing)
{
	for (size_t i = 0; i < syncing->slot_count; i++) {
		if (!syncing->slots[i].run)
			return &syncing->slots[i];
	}
	return NULL;
}

static void start_one(struct syncing *syncing, struct slot *slot, const struct account *account)
{
	struct err err = ERR_INIT;

	slot->syncing = syncing;
	accounts_slug(account, slot->slug);
	if (!syncing->options.only_due || schedule_may_ask(account, &err))
		slot->run = sync_start(&syncing->cli->host, account->id, &syncing->options, on_done,
				       slot, &err);
	if (slot->run)
		syncing->running++;
	else
		report(syncing, NULL, slot->slug, &err);
}

static void start_more(struct syncing *syncing)
{
	struct slot *slot;

	while (!syncing->is_cancelled && syncing->next < syncing->count &&
	       (slot = free_slot(syncing)))
		start_one(syncing, slot, &syncing->accounts[syncing->next++]);
}

/* --- signals --- */

/* The first one lets sessions end in order; the second ends the process: nothing is lost either. */
static void cancel(struct syncing *syncing, int exit_code)
{
	if (syncing->signal_exit_code)
		_exit(exit_code);
	syncing->signal_exit_code = exit_code;
	syncing->is_cancelled = true;
	progress_clear(syncing->progress);
	cli_warn(syncing->cli, "Ending: what was read so far is stored. Once more ends at once.");
	for (size_t i = 0; i < syncing->slot_count; i++) {
		if (syncing->slots[i].run)
			sync_cancel(syncing->slots[i].run);
	}
}

static void on_int(void *arg)
{
	cancel(arg, EXIT_SIGINT);
}

static void on_term(void *arg)
{
	cancel(arg, EXIT_SIGTERM);
}

static bool run(struct syncing *syncing, struct err *err)
{
	struct loop *loop = syncing->cli->host.loop;

	syncing->on_int = loop_signal_start(loop, SIGINT, on_int, syncing, err);
	syncing->on_term =
		syncing->on_int ? loop_signal_start(loop, SIGTERM, on_term, syncing, err) : NULL;
	if (syncing->on_term) {
		start_more(syncing);
		while (syncing->running > 0)
			loop_run(loop);
	}
	if (syncing->on_int)
		loop_signal_close(syncing->on_int);
	if (syncing->on_term)
		loop_signal_close(syncing->on_term);
	if (syncing->err.kind != ERR_NONE)
		*err = syncing->err;
	return syncing->on_term && syncing->err.kind == ERR_NONE;
}

bool verb_sync(struct cli *cli, struct err *err)
{
	struct syncing syncing = { .cli = cli, .err = ERR_INIT };
	bool done = take_options(&syncing, err) &&
		    store_run(cli->host.store, STORE_READ, read_slot_count, &syncing, err) &&
		    sync_choose(cli, &syncing.accounts, &syncing.count, err) &&
		    (syncing.count == 0 || host_need_secrets(cli, err)) &&
		    (syncing.progress = progress_new(cli, PROGRESS_PLAIN_MS, err)) != NULL;

	syncing.options.progress = on_progress;
	syncing.options.progress_arg = &syncing;
	done = done && run(&syncing, err);
	progress_free(syncing.progress);
	account_list_fini(syncing.accounts, syncing.count);
	if (syncing.signal_exit_code)
		cli_outcome(cli, syncing.signal_exit_code);
	return done;
}
