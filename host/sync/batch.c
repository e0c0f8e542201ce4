/*
 * Batches: rows of whole pages, collected on the loop's thread and applied in one transaction on
 * the store's. While one batch is being committed the next one is collected; when that is full,
 * too, the sandbox waits for its answers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "connector/json_value.h"
#include "sync/key_list.h"
#include "sync/rows.h"
#include "sync/run.h"

enum {
	BATCH_ROWS = 4000,
	BATCH_BYTES = 2 * 1024 * 1024,
	BATCH_AGE_MS = 1000,
	/* Without a page boundary in sight: derived rows at the end of a stream, enormous pages. */
	BATCH_ROWS_MAX = 20000,
	BATCH_BYTES_MAX = 8 * 1024 * 1024,
	QUARANTINE_MAX = 100,
};

struct payload {
	char *data;
	size_t len;
};

struct ids {
	const struct model_entity *entity;
	int64_t *items;
	size_t count, size;
};

struct batch {
	struct sync_run *run;
	struct payload *payloads;
	size_t count, size;
	int64_t rows, bytes, started_ms;
	uint32_t *unanswered;
	size_t unanswered_count;
	struct key_list keys;
	bool is_flush; /* the stream ends with this one */
	int64_t last_exchange;

	/* what the unit finds out */
	struct session_counts counts, before;
	struct ids ids[STREAM_ENTITIES_MAX];
	size_t ids_count;
	json_t *dropped;
	int64_t no_id, doubled, quarantined;
	char first_bad[STREAM_BAD_MAX];
	struct store_tx *tx;
	struct entity_context context;
	char now[CLOCK_TEXT_SIZE];
	struct buf scratch;
	struct listed *listed; /* of the payload being walked */
	struct ids *listed_ids;
	bool is_derived;
};

static struct batch *batch_new(struct sync_run *run)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return NULL;
	batch->run = run;
	batch->started_ms = clock_monotonic_ms();
	batch->dropped = json_object();
	return batch;
}

void batch_free(struct batch *batch)
{
	if (batch == NULL)
		return;
	for (size_t i = 0; i < batch->count; i++)
		free(batch->payloads[i].data);
	for (size_t i = 0; i < batch->ids_count; i++)
		free(batch->ids[i].items);
	free(batch->payloads);
	free(batch->unanswered);
	key_list_fini(&batch->keys);
	json_decref(batch->dropped);
	buf_fini(&batch->scratch);
	free(batch);
}

/* --- the unit: one transaction --- */

static bool push_id(struct ids *ids, int64_t id, struct err *err)
{
	if (ids->count == ids->size) {
		size_t size = ids->size == 0 ? 256 : ids->size * 2;
		int64_t *items = realloc(ids->items, size * sizeof(*items));

		if (items == NULL)
			return err_oom(err);
		ids->items = items;
		ids->size = size;
	}
	ids->items[ids->count++] = id;
	return true;
}

static struct listed *find_listed(struct stream *stream, const struct model_entity *entity)
{
	for (size_t i = 0; i < stream->listed_count; i++) {
		if (stream->listed[i].entity == entity)
			return &stream->listed[i];
	}
	if (stream->listed_count == STREAM_ENTITIES_MAX)
		return NULL;
	stream->listed[stream->listed_count].entity = entity;
	return &stream->listed[stream->listed_count++];
}

static struct ids *find_ids(struct batch *batch, const struct model_entity *entity)
{
	for (size_t i = 0; i < batch->ids_count; i++) {
		if (batch->ids[i].entity == entity)
			return &batch->ids[i];
	}
	if (batch->ids_count == STREAM_ENTITIES_MAX)
		return NULL;
	batch->ids[batch->ids_count].entity = entity;
	return &batch->ids[batch->ids_count++];
}

static void on_begin(void *arg, const char *map, const struct model_entity *entity)
{
	struct batch *batch = arg;
	const struct value *emits = value_get(batch->run->stream.declared, "emits");

	batch->is_derived = str_eq(value_text(emits, map, "primary"), "derived");
	batch->listed = find_listed(&batch->run->stream, entity);
	batch->listed_ids = find_ids(batch, entity);
}

static bool has_room(const struct batch *batch, struct err *err)
{
	if (batch->listed != NULL && batch->listed_ids != NULL)
		return true;
	return err_set(err, ERR_BUG, "a stream emits at most %d entities", STREAM_ENTITIES_MAX);
}

/* With an id it counts as seen: a row we cannot read is no row that is gone. */
static bool see_unread(struct batch *batch, const struct model_entity *entity,
		       const char *source_id, size_t len, struct err *err)
{
	int64_t live = 0;

	if (source_id == NULL) {
		batch->no_id++;
		return true;
	}
	if (!entity_find(batch->tx, batch->context.account_id, entity, source_id, len, &live, err))
		return false;
	return live == 0 || push_id(batch->listed_ids, live, err);
}

static bool quarantine(struct batch *batch, const struct model_entity *entity,
		       const char *source_id, size_t len, const char *reason, const char *excerpt,
		       struct err *err)
{
	char *id = source_id != NULL ? str_dup_len(source_id, len) : NULL;
	bool fine;

	if (batch->quarantined++ == 0)
		snprintf(batch->first_bad, sizeof(batch->first_bad), "%s", reason);
	batch->counts.quarantined++;
	fine = quarantine_add(batch->tx, batch->context.session_id, batch->context.stream,
			      entity->name, id, reason, excerpt, batch->now, err);
	free(id);
	return fine && see_unread(batch, entity, source_id, len, err);
}

static void count_outcome(struct session_counts *counts, enum entity_outcome outcome)
{
	switch (outcome) {
	case ENTITY_CREATED:
		counts->created++;
		return;
	case ENTITY_UPDATED:
		counts->updated++;
		return;
	case ENTITY_UNCHANGED:
		counts->unchanged++;
		return;
	case ENTITY_RESTORED:
		counts->restored++;
		return;
	}
}

static bool on_row(void *arg, const struct entity_row *row, const char *problem, struct err *err)
{
	struct batch *batch = arg;
	uint8_t hash[HASH128_SIZE];
	enum entity_outcome outcome;
	bool again;
	int64_t id;

	if (!has_room(batch, err))
		return false;
	if (problem != NULL)
		return quarantine(batch, row->entity,
				  row->source_id_len > 0 ? row->source_id : NULL,
				  row->source_id_len, problem, "", err);
	if (!seen_add(&batch->listed->seen, row->source_id, row->source_id_len, &again, err))
		return false;
	if (again) {
		batch->doubled += !batch->is_derived;
		return true;
	}
	entity_hash(row, &batch->scratch, hash);
	if (!buf_ok(&batch->scratch, err) ||
	    !entity_upsert(batch->tx, &batch->context, row, hash, &outcome, &id, err))
		return err_context(err, "%s %.*s", row->entity->name, (int)row->source_id_len,
				   row->source_id);
	batch->counts.seen++;
	count_outcome(&batch->counts, outcome);
	batch->listed->added += outcome == ENTITY_CREATED || outcome == ENTITY_RESTORED;
	return push_id(batch->listed_ids, id, err);
}

static bool push_filtered(struct listed *listed, int64_t id, struct err *err)
{
	int64_t *items =
		realloc(listed->filtered, (listed->filtered_count + 1) * sizeof(*listed->filtered));

	if (items == NULL)
		return err_oom(err);
	listed->filtered = items;
	items[listed->filtered_count++] = id;
	return true;
}

static void count_dropped(struct batch *batch, const char *rule)
{
	json_int_t before = json_integer_value(json_object_get(batch->dropped, rule));

	batch->counts.dropped++;
	json_object_set_new(batch->dropped, rule, json_integer(before + 1));
}

static bool on_dropped(void *arg, const struct model_entity *entity, const char *rule,
		       const char *source_id, size_t len, struct err *err)
{
	struct batch *batch = arg;
	int64_t live = 0;

	if (!has_room(batch, err))
		return false;
	if (rule != NULL)
		count_dropped(batch, rule);
	if (source_id == NULL || len == 0)
		return true;
	if (!entity_find(batch->tx, batch->context.account_id, entity, source_id, len, &live, err))
		return false;
	return live == 0 || push_filtered(batch->listed, live, err);
}

static bool on_bad(void *arg, const struct model_entity *entity, const char *source_id, size_t len,
		   const char *reason, const char *excerpt, struct err *err)
{
	struct batch *batch = arg;

	if (!has_room(batch, err))
		return false;
	if (reason == NULL)
		return see_unread(batch, entity, source_id, len, err);
	return quarantine(batch, entity, source_id, len, reason, excerpt, err);
}

static bool on_skipped(void *arg, int64_t count, struct err *err)
{
	struct batch *batch = arg;

	(void)err;
	batch->counts.skipped += count;
	return true;
}

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

static bool apply_payloads(struct batch *batch, struct err *err)
{
	const struct rows_sink sink = {
		.begin = on_begin,
		.row = on_row,
		.dropped = on_dropped,
		.bad = on_bad,
		.skipped = on_skipped,
		.arg = batch,
	};

	for (size_t i = 0; i < batch->count; i++) {
		if (!rows_walk(batch->payloads[i].data, batch->payloads[i].len, &sink, err))
			return false;
	}
	return true;
}

static bool apply_seen(struct batch *batch, struct err *err)
{
	for (size_t i = 0; i < batch->ids_count; i++) {
		const struct ids *ids = &batch->ids[i];

		if (ids->count > 0 &&
		    !session_add_batch(batch->tx, batch->context.session_id, batch->context.stream,
				       ids->entity->name, ids->items, ids->count, 0,
				       batch->last_exchange, err))
			return false;
	}
	return true;
}

static bool apply(struct store_tx *tx, void *arg, struct err *err)
{
	struct batch *batch = arg;
	struct session_counts counts = batch->before;

	batch->tx = tx;
	batch->context = run_context(batch->run, batch->now);
	if (!lease_check(tx, &batch->run->lease, err) || !apply_payloads(batch, err) ||
	    !key_list_apply(&batch->keys, tx, batch->context.account_id, err) ||
	    !apply_seen(batch, err))
		return false;
	add_counts(&counts, &batch->counts);
	return session_update(tx, batch->context.session_id, &counts, NULL, NULL, err);
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

static void merge_dropped(json_t *sum, json_t *more)
{
	const char *rule;
	json_t *count;

	json_object_foreach(more, rule, count)
	{
		json_int_t before = json_integer_value(json_object_get(sum, rule));

		json_object_set_new(sum, rule, json_integer(before + json_integer_value(count)));
	}
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
		add_counts(&run->session.counts, &batch->counts);
		merge_dropped(run->dropped, batch->dropped);
		if (run->stream.quarantined == 0)
			snprintf(run->stream.first_bad, sizeof(run->stream.first_bad), "%s",
				 batch->first_bad);
		run->stream.quarantined += batch->quarantined;
		run->stream.rows += batch->counts.seen;
		run->stream.proof.no_id += batch->no_id;
		run->stream.proof.doubled += batch->doubled;
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
	batch->rows += rows_count(args, len);
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
	return batch->rows >= BATCH_ROWS || batch->bytes >= BATCH_BYTES;
}

/* A call was taken in: there is room for more, or it waits for its answer. */
static void settle(struct sync_run *run, struct batch *batch)
{
	if (run->flight == NULL &&
	    (batch->rows >= BATCH_ROWS_MAX || batch->bytes >= BATCH_BYTES_MAX))
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
