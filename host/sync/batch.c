/*
 * Batches: rows of whole pages, collected on the loop's thread and applied in one transaction on
 * the store's. While one batch is being committed the next one is collected; when that is full,
 * too, the sandbox waits for its answers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "store/event.h"
#include "sync/batch_rows.h"
#include "sync/key_list.h"
#include "sync/run.h"

enum {
	/* A batch writes a page of an index once, however many of its rows lie there: twice the
	 * rows took a tenth off a first sync's time in the store, more rows nothing. */
	BATCH_ROWS = 10000,
	BATCH_BYTES = 5 * 1024 * 1024,
	BATCH_AGE_MS = 1000,
	/* Without a page boundary in sight: derived rows at the end of a stream, enormous pages. */
	BATCH_ROWS_MAX = 20000,
	BATCH_BYTES_MAX = 8 * 1024 * 1024,
	QUARANTINE_MAX = 100,
	STATE_MAX = 64 * 1024, /* of what an events stream commits */
};

struct payload {
	char *data;
	size_t len;
};

struct batch {
	struct sync_run *run;
	struct payload *payloads;
	size_t count, size;
	int64_t row_count, bytes, started_ms;
	uint32_t *unanswered;
	size_t unanswered_count;
	struct key_list keys;
	char *cursor;  /* JSON, of an events stream; NULL = it does not move */
	bool is_flush; /* the stream ends with this one */
	int64_t last_exchange;
	struct session_counts before;
	char now[CLOCK_TEXT_SIZE];
	struct batch_rows rows; /* what the unit finds out */
};

static struct batch *batch_new(struct sync_run *run)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return NULL;
	batch->run = run;
	batch->started_ms = clock_monotonic_ms();
	batch->rows = (struct batch_rows){ .run = run, .dropped = json_object() };
	return batch;
}

void batch_free(struct batch *batch)
{
	if (batch == NULL)
		return;
	for (size_t i = 0; i < batch->count; i++)
		free(batch->payloads[i].data);
	free(batch->payloads);
	free(batch->unanswered);
	key_list_fini(&batch->keys);
	free(batch->cursor);
	batch_rows_fini(&batch->rows);
	free(batch);
}

/* --- the unit: one transaction --- */

static void add_counts(struct session_counts *sum, const struct session_counts *more)
{
	sum->seen += more->seen;
	sum->created += more->created;
	sum->updated += more->updated;
	sum->unchanged += more->unchanged;
	sum->restored += more->restored;
	sum->removed += more->removed;
	sum->dropped += more->dropped;
	sum->quarantined += more->quarantined;
	sum->skipped += more->skipped;
}

/* Events take effect in the order in which they happened; what is of no event comes first. */
struct happening {
	size_t index;
	struct event_stamp stamp;
};

static int by_time(const void *a, const void *b)
{
	const struct happening *x = a, *y = b;
	int order = event_compare(&x->stamp, &y->stamp);

	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static bool read_happening(const struct payload *payload, size_t index, struct happening *out,
			   struct err *err)
{
	struct rows_payload members;
	struct rows_origin origin;

	if (!rows_payload_read(payload->data, payload->len, &members, err) ||
	    !rows_payload_origin(&members, &origin, err))
		return false;
	*out = (struct happening){ .index = index, .stamp = origin.event };
	return true;
}

static bool apply_events(struct batch *batch, struct err *err)
{
	struct happening *order = calloc(batch->count + 1, sizeof(*order));
	bool fine = order != NULL || err_oom(err);

	for (size_t i = 0; fine && i < batch->count; i++)
		fine = read_happening(&batch->payloads[i], i, &order[i], err);
	if (fine)
		qsort(order, batch->count, sizeof(*order), by_time);
	for (size_t i = 0; fine && i < batch->count; i++) {
		const struct payload *payload = &batch->payloads[order[i].index];

		fine = batch_rows_apply(&batch->rows, payload->data, payload->len, err);
	}
	free(order);
	return fine;
}

static bool apply_payloads(struct batch *batch, struct err *err)
{
	if (stream_is_events(batch->run))
		return apply_events(batch, err);
	for (size_t i = 0; i < batch->count; i++) {
		if (!batch_rows_apply(&batch->rows, batch->payloads[i].data, batch->payloads[i].len,
				      err))
			return false;
	}
	return true;
}

/*
 * Where a stream of events goes on from, together with the rows that led there. It stays where it
 * is while the stream is failing over rows that cannot be used: mended, they have to come again.
 */
static bool apply_cursor(struct batch *batch, struct store_tx *tx, struct err *err)
{
	const struct entity_context *context = &batch->rows.context;
	const struct stream *stream = &batch->run->stream;
	int64_t bad = stream->quarantined + batch->rows.quarantined;

	return batch->cursor == NULL || bad > QUARANTINE_MAX ||
	       stream_is_too_bad(bad, stream->rows + batch->rows.counts.seen) ||
	       stream_state_set_cursor(tx, context->account_id, context->stream, batch->cursor,
				       err);
}

/* The fault cursor-first: what is still to come is taken for read. */
static bool apply_cursor_first(struct store_tx *tx, void *arg, struct err *err)
{
	struct batch *batch = arg;

	batch->rows.context = run_context(batch->run, batch->now);
	return apply_cursor(batch, tx, err);
}

static bool apply(struct store_tx *tx, void *arg, struct err *err)
{
	struct batch *batch = arg;
	struct session_counts counts = batch->before;

	batch->rows.tx = tx;
	batch->rows.context = run_context(batch->run, batch->now);
	if (!lease_check(tx, &batch->run->lease, err) || !apply_payloads(batch, err) ||
	    !key_list_apply(&batch->keys, tx, batch->rows.context.account_id, err) ||
	    !batch_rows_end(&batch->rows, batch->last_exchange, err) ||
	    !apply_cursor(batch, tx, err))
		return false;
	add_counts(&counts, &batch->rows.counts);
	return session_update(tx, batch->rows.context.session_id, &counts, NULL, NULL, err);
}

/* --- committing, on the loop's thread --- */

static void answer_waiting(struct sync_run *run, struct batch *batch)
{
	struct buf empty = BUF_INIT;

	value_put_map(&empty, 0);
	for (size_t i = 0; i < batch->unanswered_count; i++)
		guest_answer(connector_guest(run->connector), batch->unanswered[i], &empty);
	batch->unanswered_count = 0;
	buf_fini(&empty);
}

static void merge_dropped(json_t **sum, json_t *more)
{
	const char *rule;
	json_t *count;

	json_object_foreach(more, rule, count)
	{
		json_int_t before = json_integer_value(json_object_get(*sum, rule));

		json_put(sum, rule, json_integer(before + json_integer_value(count)));
	}
}

static void take_findings(struct sync_run *run, const struct batch_rows *rows)
{
	struct stream *stream = &run->stream;

	add_counts(&run->session.counts, &rows->counts);
	merge_dropped(&run->dropped, rows->dropped);
	if (stream->quarantined == 0)
		snprintf(stream->first_bad, sizeof(stream->first_bad), "%s", rows->first_bad);
	stream->quarantined += rows->quarantined;
	stream->rows += rows->counts.seen;
	for (size_t i = 0; i < rows->no_id.count; i++)
		proof_no_id(&stream->proof, rows->no_id.items[i]);
	for (size_t i = 0; i < rows->doubled.count; i++)
		proof_doubled(&stream->proof, rows->doubled.items[i]);
}

/* Too much of what the vendor says cannot be used (reliability.md 3.12). */
static bool is_poisoned(const struct sync_run *run, struct err *err)
{
	int64_t bad = run->stream.quarantined;

	if (bad <= QUARANTINE_MAX)
		return false;
	err_set(err, ERR_DATA, "%s: more than %d records cannot be mapped", run->stream.name,
		QUARANTINE_MAX);
	err_hint(err, "see the reasons: muster sessions show %lld", (long long)run->session.id);
	return true;
}

static void commit(struct sync_run *run);

static void on_committed(void *arg, const struct err *failure)
{
	struct batch *batch = arg;
	struct sync_run *run = batch->run;
	bool was_last = batch->is_flush;
	struct err err = *failure;

	run->flight = NULL;
	if (err.kind == ERR_NONE) {
		take_findings(run, &batch->rows);
		is_poisoned(run, &err);
	}
	batch_free(batch);
	if (err.kind != ERR_NONE || run->is_ending) {
		run_fail(run, &err);
		return;
	}
	run_report(run, NULL, 0, -1);
	if (run->batch != NULL && run->batch->is_flush)
		commit(run);
	else if (was_last)
		stream_read_done(run);
	else if (run->batch != NULL)
		answer_waiting(run, run->batch);
}

static void commit(struct sync_run *run)
{
	struct batch *batch = run->batch;
	struct err err = ERR_INIT;

	run->batch = NULL;
	run->flight = batch;
	batch->before = run->session.counts;
	batch->last_exchange = gateway_counts(run->gateway).last;
	answer_waiting(run, batch);
	if (store_submit(run->data, STORE_WRITE, apply, on_committed, batch, &err))
		return;
	run->flight = NULL;
	batch_free(batch);
	run_fail(run, &err);
}

/* --- collecting --- */

static struct batch *collecting(struct sync_run *run, struct err *err)
{
	if (run->batch == NULL)
		run->batch = batch_new(run);
	if (run->batch == NULL)
		err_oom(err);
	return run->batch;
}

static bool add_payload(struct batch *batch, const void *args, size_t len, struct err *err)
{
	struct payload *payloads;

	if (batch->count == batch->size) {
		size_t size = batch->size == 0 ? 16 : batch->size * 2;

		payloads = realloc(batch->payloads, size * sizeof(*payloads));
		if (payloads == NULL)
			return err_oom(err);
		batch->payloads = payloads;
		batch->size = size;
	}
	payloads = batch->payloads;
	payloads[batch->count].data = str_dup_len(args, len);
	if (payloads[batch->count].data == NULL)
		return err_oom(err);
	payloads[batch->count++].len = len;
	batch->row_count += rows_count(args, len);
	batch->bytes += (int64_t)len;
	return true;
}

static bool add_unanswered(struct batch *batch, uint32_t id, struct err *err)
{
	uint32_t *ids = realloc(batch->unanswered, (batch->unanswered_count + 1) * sizeof(*ids));

	if (ids == NULL)
		return err_oom(err);
	batch->unanswered = ids;
	ids[batch->unanswered_count++] = id;
	return true;
}

static bool is_full(const struct batch *batch)
{
	return batch->row_count >= BATCH_ROWS || batch->bytes >= BATCH_BYTES;
}

/* A call was taken in: there is room for more, or it waits for its answer. */
static void settle(struct sync_run *run, struct batch *batch)
{
	if (run->flight == NULL &&
	    (batch->row_count >= BATCH_ROWS_MAX || batch->bytes >= BATCH_BYTES_MAX))
		commit(run);
	else if (run->flight == NULL || !is_full(batch))
		answer_waiting(run, batch);
}

void batch_emit(struct sync_run *run, uint32_t id, const void *args, size_t len)
{
	struct err err = ERR_INIT;
	struct batch *batch = collecting(run, &err);

	if (batch == NULL || !add_payload(batch, args, len, &err) ||
	    !add_unanswered(batch, id, &err)) {
		run_fail(run, &err);
		return;
	}
	settle(run, batch);
}

void batch_commit(struct sync_run *run, uint32_t id, const struct value *args)
{
	const char *state = value_text(args, "state", "");
	struct err err = ERR_INIT;
	struct batch *batch;
	char *cursor;

	if (*state == '\0' || strlen(state) > STATE_MAX) {
		err_set(&err, ERR_OVER_LIMIT, "commit: the state must be a text of 1 to %d bytes",
			STATE_MAX);
		guest_fail(connector_guest(run->connector), id, &err);
		return;
	}
	batch = collecting(run, &err);
	cursor = str_dup(state);
	if (batch == NULL || cursor == NULL || !add_unanswered(batch, id, &err)) {
		free(cursor);
		if (err.kind == ERR_NONE)
			err_oom(&err);
		run_fail(run, &err);
		return;
	}
	/* Of a limited reading only a part was taken: it must not go on behind the rest. */
	if (run->options.limit > 0) {
		free(cursor);
		cursor = NULL;
	}
	free(batch->cursor);
	batch->cursor = cursor;
	if (sabotage_is(SABOTAGE_CURSOR_FIRST))
		store_run(run->data, STORE_WRITE, apply_cursor_first, batch, &err);
	batch_page(run);
	if (run->batch != NULL)
		settle(run, run->batch);
}

void batch_page(struct sync_run *run)
{
	struct batch *batch = run->batch;

	if (batch == NULL || run->flight != NULL)
		return;
	if (is_full(batch) || clock_monotonic_ms() - batch->started_ms >= BATCH_AGE_MS)
		commit(run);
}

void batch_flush(struct sync_run *run)
{
	struct err err = ERR_INIT;
	struct batch *batch = collecting(run, &err);

	if (batch == NULL) {
		run_fail(run, &err);
		return;
	}
	batch->is_flush = true;
	if (run->flight == NULL)
		commit(run);
}

bool batch_is_idle(const struct sync_run *run)
{
	return run->flight == NULL;
}

void batch_drop(struct sync_run *run)
{
	batch_free(run->batch);
	run->batch = NULL;
}

/* --- host.store --- */

void batch_key_set(struct sync_run *run, uint32_t id, const struct value *args)
{
	struct guest *guest = connector_guest(run->connector);
	struct err err = ERR_INIT;
	struct batch *batch = collecting(run, &err);
	size_t size = 0;

	if (batch == NULL || !key_list_add(&batch->keys, value_text(args, "key", ""),
					   value_get(args, "value"), &size, &err)) {
		guest_fail(guest, id, &err);
		return;
	}
	batch->bytes += (int64_t)size;
	if (!add_unanswered(batch, id, &err)) {
		run_fail(run, &err);
		return;
	}
	settle(run, batch);
}

bool batch_find_key(const struct sync_run *run, const char *key, const char **value, size_t *len)
{
	const struct key_set *set = NULL;

	if (run->batch != NULL)
		set = key_list_find(&run->batch->keys, key);
	if (set == NULL && run->flight != NULL)
		set = key_list_find(&run->flight->keys, key);
	if (set == NULL)
		return false;
	*value = set->value;
	*len = set->len;
	return true;
}
