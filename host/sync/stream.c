/* One stream after the other: what the sandbox asks and reports while it reads, and how a stream
 * ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "connector/json_value.h"
#include "sync/run.h"

/* More than this share of unusable records, and more than a few, fails the stream
 * (reliability.md 3.12). */
enum { QUARANTINE_FEW = 10, QUARANTINE_PERCENT = 1 };

/* Warnings of a stream that its session keeps; the log has all. */
enum { WARNINGS_MAX = 10 };

static const char *const end_names[] = {
	[STREAM_OK] = "ok",	[STREAM_DEGRADED] = "degraded", [STREAM_INCOMPLETE] = "incomplete",
	[STREAM_HELD] = "held", [STREAM_FAILED] = "failed",	[STREAM_WITHDRAWN] = "withdrawn",
};

void stream_fini(struct stream *stream)
{
	for (size_t i = 0; i < stream->listed_count; i++) {
		seen_fini(&stream->listed[i].seen);
		free(stream->listed[i].filtered);
	}
	for (size_t i = 0; i < stream->raw_count; i++)
		raw_rows_fini(&stream->raw[i]);
	proof_fini(&stream->proof);
	free(stream->cursor);
	json_decref(stream->warnings);
	*stream = (struct stream){ .err = ERR_INIT };
}

/* --- the end of a stream --- */

static json_t *scopes_result(const struct proof *proof)
{
	struct proof_scopes sum = proof_count_scopes(proof);

	return json_pack("{s:s, s:I, s:I, s:I}", "entity", proof->parent->name, "read",
			 (json_int_t)sum.proven, "kept", (json_int_t)sum.kept, "failed",
			 (json_int_t)sum.spoiled);
}

static void note_result(struct sync_run *run)
{
	const struct stream *stream = &run->stream;
	double seconds = (double)(clock_monotonic_ms() - stream->started_ms) / 1000.0;
	json_t *result =
		json_pack("{s:s, s:s, s:I, s:I, s:f}", "stream", stream->name, "end",
			  end_names[stream->end], "rows", (json_int_t)stream->rows, "quarantined",
			  (json_int_t)stream->quarantined, "seconds", seconds);

	if (stream->first_bad[0] != '\0')
		json_put(&result, "first_quarantined", json_any_text(stream->first_bad));
	if (stream->reason[0] != '\0')
		json_put(&result, "reason", json_any_text(stream->reason));
	if (stream->warnings != NULL)
		json_put(&result, "warnings", json_incref(stream->warnings));
	if (stream->err.kind != ERR_NONE)
		json_put_text(&result, "kind", err_kind_info(stream->err.kind)->name);
	if (stream->proof.scope_count > 0)
		json_put(&result, "scopes", scopes_result(&stream->proof));
	if (json_array_append_new(run->streams, result) != 0 && run->err.kind == ERR_NONE)
		err_oom(&run->err);
	if (stream->end == STREAM_DEGRADED && run->degraded_hint[0] == '\0')
		snprintf(run->degraded_hint, sizeof(run->degraded_hint), "%s",
			 err_way_out(&stream->err));
	if (stream->end == STREAM_FAILED && run->first_failure.kind == ERR_NONE)
		run->first_failure = stream->err;
	run->was_degraded |= stream->end == STREAM_DEGRADED;
	run->was_held |= stream->end == STREAM_HELD;
	run->was_partial |= stream->end == STREAM_INCOMPLETE || stream->end == STREAM_FAILED ||
			    stream->quarantined > 0;
}

void stream_ended(struct sync_run *run)
{
	run->session.counts.removed += run->stream.removed;
	run->session.counts.updated += run->stream.updated;
	note_result(run);
	stream_next(run);
}

bool stream_is_too_bad(int64_t quarantined, int64_t rows)
{
	return quarantined > QUARANTINE_FEW &&
	       quarantined * 100 > (rows + quarantined) * QUARANTINE_PERCENT;
}

void stream_read_done(struct sync_run *run)
{
	struct stream *stream = &run->stream;

	if (stream->end == STREAM_OK && stream_is_too_bad(stream->quarantined, stream->rows)) {
		stream->end = STREAM_FAILED;
		err_set(&stream->err, ERR_DATA, "%s: %lld of %lld records cannot be mapped",
			stream->name, (long long)stream->quarantined,
			(long long)(stream->rows + stream->quarantined));
		snprintf(stream->reason, sizeof(stream->reason), "%s", stream->err.message);
	}
	if (stream->end != STREAM_OK) {
		stream_ended(run);
		return;
	}
	run_unit(run, run->data, STORE_WRITE, absence_judge, stream_ended);
}

static bool may_degrade(const struct stream *stream, const struct err *err)
{
	return value_bool(stream->declared, "may_degrade", false) &&
	       (err->kind == ERR_FORBIDDEN || err->kind == ERR_UNLICENSED);
}

/* What failed, and the permission that it takes in the vendor's own words where that is missing. */
static void explain(struct stream *stream, const struct err *failure)
{
	const struct value *need = value_at(value_get(stream->declared, "needs"), 0);
	const struct value *name = value_at(need, 0), *path = value_at(need, 1);

	if (failure->kind == ERR_FORBIDDEN && name != NULL && name->type == VALUE_BYTES)
		snprintf(stream->reason, sizeof(stream->reason),
			 "the permission \"%s\" (%s) is missing: %.300s", name->bytes,
			 path != NULL && path->type == VALUE_BYTES ? path->bytes : "",
			 failure->message);
	else
		snprintf(stream->reason, sizeof(stream->reason), "%.500s", failure->message);
}

static void on_read(void *arg, const struct value *result, const struct err *failure)
{
	struct sync_run *run = arg;
	struct stream *stream = &run->stream;
	struct err err = *failure;

	(void)result;
	if (run->is_ending)
		return;
	run->is_reading = false;
	if (err.kind == ERR_NONE || sabotage_is(SABOTAGE_SWALLOW_PAGE_ERROR)) {
		batch_flush(run);
		return;
	}
	err_context(&err, "%s", stream->name);
	/* A refused credential, one that another process holds, or a sandbox that is no more, ends
	 * the session; the rest one stream. */
	if (err.kind == ERR_AUTH || err.kind == ERR_BUSY || err.kind == ERR_OVER_LIMIT ||
	    err.kind == ERR_BUG || err.stop || run->is_ending) {
		run_fail(run, &err);
		return;
	}
	stream->end = may_degrade(stream, &err) ? STREAM_DEGRADED : STREAM_FAILED;
	stream->err = err;
	explain(stream, failure);
	batch_flush(run);
}

struct raw_rows *stream_raw(struct stream *stream, const struct model_entity *entity)
{
	for (size_t i = 0; i < stream->raw_count; i++) {
		if (stream->raw[i].entity == entity)
			return &stream->raw[i];
	}
	return NULL;
}

/* --- what the sandbox asks and reports --- */

void stream_request_asked(void *arg, int64_t scope)
{
	struct sync_run *run = arg;

	if (run->is_reading)
		proof_asked(&run->stream.proof, scope);
}

void stream_request_failed(void *arg, int64_t scope, const struct err *err)
{
	struct sync_run *run = arg;

	if (run->is_reading)
		proof_failed(&run->stream.proof, scope, err->message);
}

/* A call whose arguments are few. */
static void with_args(struct sync_run *run, uint32_t id, const void *args, size_t len,
		      void (*take)(struct sync_run *run, uint32_t id, const struct value *args))
{
	struct err err = ERR_INIT;
	struct value_tree *tree = value_parse(args, len, &err);

	if (tree == NULL)
		guest_fail(connector_guest(run->connector), id, &err);
	else
		take(run, id, value_root(tree));
	value_tree_free(tree);
}

static void answer_raw(struct sync_run *run, uint32_t id, const struct value *args)
{
	const struct model_entity *entity = model_entity(value_text(args, "entity", ""));
	struct raw_rows *rows = stream_raw(&run->stream, entity);
	struct raw_rows none = { 0 };
	struct buf result = BUF_INIT;

	raw_rows_put_part(rows != NULL ? rows : &none, value_int(args, "from", 0), &result);
	guest_answer(connector_guest(run->connector), id, &result);
	buf_fini(&result);
}

static void on_call(void *arg, uint32_t id, const char *method, const void *args, size_t len)
{
	struct sync_run *run = arg;
	struct guest *guest = connector_guest(run->connector);
	struct err err = ERR_INIT;

	if (!run->is_reading) {
		err_set(&err, ERR_REFUSED, "%s: no stream is being read", method);
		guest_fail(guest, id, &err);
	} else if (str_eq(method, "http")) {
		gateway_http(run->gateway, guest, id, args, len);
	} else if (str_eq(method, "emit")) {
		batch_emit(run, id, args, len);
	} else if (str_eq(method, "raw")) {
		with_args(run, id, args, len, answer_raw);
	} else if (str_eq(method, "key_set")) {
		with_args(run, id, args, len, batch_key_set);
	} else if (str_eq(method, "commit") && stream_is_events(run)) {
		with_args(run, id, args, len, batch_commit);
	} else if (str_eq(method, "crypto")) {
		gateway_crypto(run->gateway, guest, id, args, len);
	} else if (!ask_store(run, id, method, args, len)) {
		err_set(&err, ERR_REFUSED, "a sync may not call \"%s\"", method);
		guest_fail(guest, id, &err);
	}
}

static void on_page(struct sync_run *run, const struct value *args)
{
	struct err err = ERR_INIT;
	char label[64];

	if (proof_page(&run->stream.proof, args, &err) && proof_is_endless(&run->stream.proof))
		err_set(&err, ERR_DATA, "%s: pagination_loop: more than %d pages", run->stream.name,
			PROOF_PAGES_MAX);
	if (err.kind != ERR_NONE) {
		run_fail(run, &err);
		return;
	}
	if (!str_eq(value_text(args, "at", ""), "page"))
		return;
	snprintf(label, sizeof(label), "page %lld", (long long)run->stream.proof.pages);
	run_report(run, label, run->stream.proof.pages, -1);
	batch_page(run);
}

static void on_scope(struct sync_run *run, const struct value *args)
{
	const struct proof *proof = &run->stream.proof;
	struct err err = ERR_INIT;
	char label[64];

	if (!proof_scope(&run->stream.proof, args, &err)) {
		run_fail(run, &err);
		return;
	}
	snprintf(label, sizeof(label), "%s %zu", proof->parent->name, proof->scope_count);
	run_report(run, label, (int64_t)proof->scope_count, -1);
}

static bool keep_warning(struct stream *stream, const char *text, struct err *err)
{
	if (stream->warnings == NULL)
		stream->warnings = json_array();
	if (json_array_size(stream->warnings) < WARNINGS_MAX)
		json_add(&stream->warnings, json_any_text(text));
	return stream->warnings != NULL || err_oom(err);
}

static void on_log(struct sync_run *run, const struct value *args)
{
	enum log_level level = log_level_named(value_text(args, "level", NULL), LOG_INFO);
	struct err err = ERR_INIT;

	if (level == LOG_WARN && run->is_reading &&
	    !keep_warning(&run->stream, value_text(args, "text", ""), &err)) {
		run_fail(run, &err);
		return;
	}
	log_write(run->host->log, level, "%s/%s: %s", run->account.vendor, run->account.name,
		  value_text(args, "text", ""));
}

static void on_event(void *arg, const char *name, const struct value *args)
{
	struct sync_run *run = arg;

	if (str_eq(name, "log"))
		on_log(run, args);
	else if (!run->is_reading)
		return;
	else if (str_eq(name, "page"))
		on_page(run, args);
	else if (str_eq(name, "scope"))
		on_scope(run, args);
	else if (str_eq(name, "failed"))
		proof_failed(&run->stream.proof, value_int(args, "scope", 0),
			     value_text(args, "message", "?"));
	else if (str_eq(name, "single"))
		proof_single(&run->stream.proof, value_int(args, "scope", 0));
	else if (str_eq(name, "progress"))
		run_report(run, value_text(args, "label", NULL), value_int(args, "done", 0),
			   value_int(args, "total", -1));
}

static void on_gone(void *arg, const struct err *err)
{
	run_fail(arg, err);
}

void stream_handlers(struct sync_run *run, struct guest_handlers *out)
{
	*out = (struct guest_handlers){
		.call = on_call, .event = on_event, .gone = on_gone, .arg = run
	};
}

/* --- the next stream --- */

bool stream_is_wanted(const struct sync_run *run, const struct value *declared)
{
	const char *name = value_text(declared, "name", "");

	if (run->options.stream_count == 0)
		return value_bool(declared, "enabled", true);
	for (size_t i = 0; i < run->options.stream_count; i++) {
		if (str_eq(run->options.streams[i], name))
			return true;
	}
	return false;
}

/*
 * The stream of this session that `declared` depends on and that did not get through; NULL if none.
 * *child_end is its child's end then: what may be missing takes along what hangs on it.
 */
static const char *failed_parent(const struct sync_run *run, const struct value *declared,
				 enum stream_end *child_end)
{
	const struct value *depends = value_get(declared, "depends");

	for (size_t i = 0; i < json_array_size(run->streams); i++) {
		const json_t *result = json_array_get(run->streams, i);
		const char *name = json_string_value(json_object_get(result, "stream"));
		const char *end = json_string_value(json_object_get(result, "end"));

		for (size_t d = 0; d < value_count(depends); d++) {
			const struct value *parent = value_at(depends, d);

			if (parent->type != VALUE_BYTES || !str_eq(parent->bytes, name))
				continue;
			*child_end = str_eq(end, "degraded") ? STREAM_DEGRADED : STREAM_FAILED;
			if (*child_end == STREAM_DEGRADED || str_eq(end, "failed"))
				return name;
		}
	}
	return NULL;
}

/* What did not change at the vendor may not be left out: it has to be mapped anew. */
static bool must_read_all(const struct sync_run *run)
{
	return run->options.full || run->stream.is_renewed;
}

/*
 * The seed of the raw hashes: what a row is made of beside its record. And how many rows there are
 * to be fetched. A stream of events tells each row as it comes: nil.
 */
static void put_raw(struct buf *args, const struct sync_run *run)
{
	const struct stream *stream = &run->stream;
	uint8_t seed[HASH128_SIZE];

	value_put_str(args, "raw");
	if (stream_is_events(run)) {
		value_put_nil(args);
		return;
	}
	hash128(run->baseline, strlen(run->baseline), seed);
	value_put_map(args, 2);
	value_put_str(args, "seed");
	value_put_bytes(args, seed, sizeof(seed));
	value_put_str(args, "rows");
	value_put_map(args, stream->raw_count);
	for (size_t i = 0; i < stream->raw_count; i++) {
		value_put_str(args, stream->raw[i].entity->name);
		value_put_int(args, (int64_t)stream->raw[i].count);
	}
}

/* `state` is what an events stream committed last, as JSON; `full` forbids to leave out what did
 * not change at the vendor, because it has to be mapped anew; `again`: a person wants it so. */
static void put_read_args(struct buf *args, const struct sync_run *run)
{
	json_t *settings = json_loads(run->account.settings, 0, NULL);

	value_put_map(args, 8);
	value_put_str(args, "stream");
	value_put_str(args, run->stream.name);
	value_put_str(args, "settings");
	value_put_json(args, settings);
	value_put_str(args, "now");
	value_put_str(args, run->now);
	value_put_str(args, "state");
	value_put_str(args, run->options.full ? NULL : run->stream.cursor);
	value_put_str(args, "full");
	value_put_bool(args, must_read_all(run));
	value_put_str(args, "again");
	value_put_bool(args, run->options.full);
	value_put_str(args, "limit");
	value_put_int(args, run->options.limit);
	put_raw(args, run);
	json_decref(settings);
}

static size_t raw_room(const struct stream *stream)
{
	size_t room = RAW_ROWS_MAX;

	for (size_t i = 0; i < stream->raw_count; i++)
		room -= stream->raw[i].count;
	return room;
}

/* Rows of one entity that need not be told again; derived rows are few, and told whole. */
static bool load_raw(struct store_tx *tx, struct sync_run *run, const char *map, struct err *err)
{
	const struct value *maps = value_get(connector_declaration(run->connector), "maps");
	const char *entity = value_text(value_get(maps, map), "entity", "");
	struct stream *stream = &run->stream;
	struct raw_rows *rows = &stream->raw[stream->raw_count];
	char now[CLOCK_TEXT_SIZE];
	struct entity_context context = run_context(run, now);

	if (model_entity(entity) == NULL || stream_raw(stream, model_entity(entity)) != NULL ||
	    stream->raw_count == STREAM_ENTITIES_MAX)
		return true;
	rows->entity = model_entity(entity);
	rows->max = raw_room(stream);
	if (raw_rows_load(rows, tx, &context, err) && rows->count > 0) {
		stream->raw_count++;
		return true;
	}
	raw_rows_fini(rows);
	return err->kind == ERR_NONE;
}

static bool load_all_raw(struct store_tx *tx, struct sync_run *run, struct err *err)
{
	const struct value *emits = value_get(run->stream.declared, "emits");

	if (must_read_all(run) || stream_is_events(run))
		return true;
	for (size_t i = 0; i < value_count(emits); i++) {
		if (str_eq(value_text(emits, emits->keys[i], ""), "primary") &&
		    !load_raw(tx, run, emits->keys[i], err))
			return false;
	}
	return true;
}

/* A unit: what the stream's last session left. */
static bool read_state(struct store_tx *tx, void *arg, struct err *err)
{
	struct sync_run *run = arg;
	struct stream *stream = &run->stream;
	struct stream_state state;

	if (!stream_state_get(tx, run->account_id, stream->name, &state, err))
		return false;
	stream->cursor = state.cursor;
	state.cursor = NULL;
	stream->is_renewed = state.baseline == NULL || !str_eq(state.baseline, run->baseline);
	stream_state_fini(&state);
	return load_all_raw(tx, run, err);
}

static void send_read(struct sync_run *run)
{
	const struct value *calls = value_get(run->stream.declared, "calls");
	struct buf args = BUF_INIT;
	struct err err = ERR_INIT;

	run_report(run, "starting", 0, -1);
	put_read_args(&args, run);
	run->is_reading = true;
	if (!gateway_allow(run->gateway, calls, &err) ||
	    !guest_call(connector_guest(run->connector), "read", &args, on_read, run, &err)) {
		run->is_reading = false;
		run_fail(run, &err);
	}
	buf_fini(&args);
}

static void start(struct sync_run *run, const struct value *declared)
{
	enum stream_end child_end = STREAM_OK;
	const char *parent = failed_parent(run, declared, &child_end);

	run->stream.declared = declared;
	run->stream.name = value_text(declared, "name", "");
	run->stream.started_ms = clock_monotonic_ms();
	if (parent == NULL) {
		run_unit(run, run->data, STORE_READ, read_state, send_read);
		return;
	}
	run->stream.end = child_end;
	snprintf(run->stream.reason, sizeof(run->stream.reason), "not read: it depends on %s",
		 parent);
	stream_ended(run);
}

bool stream_is_events(const struct sync_run *run)
{
	return str_eq(value_text(run->stream.declared, "mode", "snapshot"), "events");
}

void stream_next(struct sync_run *run)
{
	const struct value *streams = value_get(connector_declaration(run->connector), "streams");

	stream_fini(&run->stream);
	while (run->stream_index < value_count(streams)) {
		const struct value *declared = value_at(streams, run->stream_index++);

		if (stream_is_wanted(run, declared)) {
			start(run, declared);
			return;
		}
	}
	silence_next(run);
}
