/* The rows of a batch, in its transaction. */
#include "sync/batch_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sabotage.h"
#include "base/str.h"
#include "store/enrich.h"

enum { EVENT_AHEAD_MS = 86400000 /* after the session's start; clocks may differ by so much */ };

static const char AHEAD[] = "its event is dated more than a day ahead of this machine's clock";
static const char UNDATED[] = "its event has no time that can be read";

void batch_rows_fini(struct batch_rows *rows)
{
	for (size_t i = 0; i < rows->seen_count; i++) {
		free(rows->seen[i].ids.items);
		free(rows->seen[i].enriched.items);
	}
	free(rows->no_id.items);
	free(rows->doubled.items);
	json_decref(rows->dropped);
	buf_fini(&rows->scratch);
}

static bool push_id(struct batch_ids *ids, int64_t id, struct err *err)
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

/* --- where the rows come from --- */

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

/* The batch's place for the entity; false when there is no room. */
static bool find_ids(struct batch_rows *rows, const struct model_entity *entity)
{
	size_t at = 0;

	while (at < rows->seen_count && rows->seen[at].entity != entity)
		at++;
	if (at == STREAM_ENTITIES_MAX)
		return false;
	if (at == rows->seen_count)
		rows->seen[rows->seen_count++].entity = entity;
	rows->ids = &rows->seen[at].ids;
	rows->enriched = &rows->seen[at].enriched;
	return true;
}

/*
 * What makes an event unusable; NULL = nothing. One without a time has no place among the others,
 * one of the future would outlive every true one of its row.
 */
static const char *event_problem(const struct sync_run *run, const struct event_stamp *event)
{
	char at[CLOCK_TEXT_SIZE] = "";
	int64_t start_ms, at_ms;

	if (event->id == NULL)
		return NULL;
	if (event->at_len < sizeof(at))
		memcpy(at, event->at, event->at_len);
	if (!clock_parse(at, &at_ms))
		return UNDATED;
	if (clock_parse(run->now, &start_ms) && at_ms > start_ms + EVENT_AHEAD_MS)
		return AHEAD;
	return NULL;
}

static void on_begin(void *arg, const struct rows_origin *origin)
{
	struct batch_rows *rows = arg;
	const struct value *emits = value_get(rows->run->stream.declared, "emits");

	rows->origin = origin;
	rows->is_told = stream_is_events(rows->run);
	rows->event_problem = event_problem(rows->run, &origin->event);
	rows->is_derived = str_eq(value_text(emits, origin->map, "primary"), "derived");
	rows->listed = find_listed(&rows->run->stream, origin->entity);
	rows->raw = stream_raw(&rows->run->stream, origin->entity);
	if (!find_ids(rows, origin->entity))
		rows->listed = NULL;
}

static bool has_room(const struct batch_rows *rows, struct err *err)
{
	if (rows->listed != NULL)
		return true;
	return err_set(err, ERR_BUG, "a stream emits at most %d entities", STREAM_ENTITIES_MAX);
}

/* --- records that cannot be used --- */

/* What was added to the row before stays: nobody said that it is no more. */
static bool keep_addition(struct batch_rows *rows, const struct model_entity *entity,
			  const char *text, size_t len, struct err *err)
{
	int64_t id = 0;

	if (text != NULL && !enrich_find(rows->tx, rows->context.account_id, entity,
					 rows->origin->match, text, len, &id, err))
		return false;
	return id == 0 || push_id(rows->enriched, id, err);
}

/* With an id it counts as seen: a row we cannot read is no row that is gone. */
static bool see_unread(struct batch_rows *rows, const struct model_entity *entity,
		       const char *source_id, size_t len, struct err *err)
{
	int64_t live = 0;

	if (rows->origin->op == ROWS_ENRICH)
		return keep_addition(rows, entity, source_id, len, err);
	if (source_id == NULL)
		return push_id(&rows->no_id, rows->origin->scope, err);
	if (!entity_find(rows->tx, rows->context.account_id, entity, source_id, len, &live, err))
		return false;
	return live == 0 || sabotage_is(SABOTAGE_QUARANTINED_IS_UNSEEN) ||
	       push_id(rows->ids, live, err);
}

static bool quarantine(struct batch_rows *rows, const struct model_entity *entity,
		       const char *source_id, size_t len, const char *reason, const char *excerpt,
		       struct err *err)
{
	char *id = source_id != NULL ? str_dup_len(source_id, len) : NULL;
	bool fine;

	if (rows->quarantined++ == 0)
		snprintf(rows->first_bad, sizeof(rows->first_bad), "%s", reason);
	rows->counts.quarantined++;
	fine = quarantine_add(rows->tx, rows->context.session_id, rows->context.stream,
			      entity->name, id, reason, excerpt, rows->context.now, err);
	free(id);
	return fine && see_unread(rows, entity, source_id, len, err);
}

/* --- rows of a listing --- */

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

static bool upsert(struct batch_rows *rows, const struct entity_row *row,
		   enum entity_outcome *outcome, int64_t *id, struct err *err)
{
	uint8_t hash[HASH128_SIZE];

	entity_hash(row, &rows->scratch, hash);
	if (!buf_ok(&rows->scratch, err) ||
	    !entity_upsert(rows->tx, &rows->context, row, hash, outcome, id, err))
		return false;
	rows->context.expects_new = *outcome == ENTITY_CREATED;
	rows->counts.seen++;
	count_outcome(&rows->counts, *outcome);
	return true;
}

/*
 * Is the row a child of the parent that it was listed for? If another parent's name stands in it,
 * neither parent's listing would be true.
 */
static bool is_in_scope(const struct rows_origin *origin, const struct entity_row *row)
{
	int column = origin->parent != NULL ? model_parent_column(row->entity, origin->parent) : -1;
	const struct entity_cell *cell = column >= 0 ? &row->cells[column] : NULL;

	return cell == NULL || (cell->text != NULL && cell->len == origin->parent_id.len &&
				memcmp(cell->text, origin->parent_id.at, cell->len) == 0);
}

/* Is it a row that was told as the same as before, or may be later on? */
static bool note_raw(struct batch_rows *rows, const struct entity_row *row, bool *again,
		     struct err *err)
{
	int64_t id = 0;

	if (*again || rows->raw == NULL)
		return true;
	if (!entity_find(rows->tx, rows->context.account_id, row->entity, row->source_id,
			 row->source_id_len, &id, err))
		return false;
	raw_rows_list_id(rows->raw, id, again);
	return true;
}

static bool note_again(struct batch_rows *rows, struct err *err)
{
	return rows->is_derived || push_id(&rows->doubled, rows->origin->scope, err);
}

static bool listed_row(struct batch_rows *rows, const struct entity_row *row, struct err *err)
{
	enum entity_outcome outcome;
	bool again;
	int64_t id;

	if (!is_in_scope(rows->origin, row))
		return quarantine(rows, row->entity, row->source_id, row->source_id_len,
				  "it was listed for another parent than the one it names", "",
				  err);
	if (!seen_add(&rows->listed->seen, row->source_id, row->source_id_len, &again, err) ||
	    !note_raw(rows, row, &again, err))
		return false;
	if (again)
		return note_again(rows, err);
	if (!upsert(rows, row, &outcome, &id, err))
		return false;
	rows->listed->added += outcome == ENTITY_CREATED || outcome == ENTITY_RESTORED;
	return push_id(rows->ids, id, err);
}

/* --- rows of an event --- */

/* Of no event, in a stream of events: what comes last stands, however often the row is told. */
static bool told_row(struct batch_rows *rows, const struct entity_row *row, struct err *err)
{
	enum entity_outcome outcome;
	int64_t id;

	return upsert(rows, row, &outcome, &id, err);
}

static bool retire_row(struct batch_rows *rows, const struct model_entity *entity,
		       const char *source_id, size_t len, const char *reason, bool *removed,
		       struct err *err)
{
	int64_t id;

	*removed = false;
	if (!entity_find(rows->tx, rows->context.account_id, entity, source_id, len, &id, err) ||
	    (id != 0 && !entity_retire(rows->tx, &rows->context, entity, id, reason, removed, err)))
		return false;
	rows->counts.removed += *removed;
	return true;
}

static bool remove_row(struct batch_rows *rows, const struct entity_row *row, struct err *err)
{
	bool removed;

	if (!retire_row(rows, row->entity, row->source_id, row->source_id_len, "deleted", &removed,
			err))
		return false;
	rows->counts.seen++;
	rows->counts.unchanged += !removed;
	return true;
}

/* A rule drops what the row has become. */
static bool filter_row(struct batch_rows *rows, const struct model_entity *entity,
		       const char *source_id, size_t len, struct err *err)
{
	bool is_news, removed;

	if (!event_mark(rows->tx, &rows->context, entity, source_id, len, &rows->origin->event,
			&is_news, err))
		return false;
	return !is_news || retire_row(rows, entity, source_id, len, "filtered", &removed, err);
}

/* Nobody knows the row that is to change: there is nothing to add the fields to. */
static bool patch_row(struct batch_rows *rows, const struct entity_row *row, struct err *err)
{
	enum entity_outcome outcome;
	bool is_there;

	if (!entity_patch(rows->tx, &rows->context, row, &is_there, &outcome, err))
		return false;
	rows->counts.skipped += !is_there;
	rows->counts.seen += is_there;
	if (is_there)
		count_outcome(&rows->counts, outcome);
	return true;
}

static bool event_row(struct batch_rows *rows, const struct entity_row *row, struct err *err)
{
	const struct rows_origin *origin = rows->origin;
	enum entity_outcome outcome;
	bool is_news;
	int64_t id;

	if (!event_mark(rows->tx, &rows->context, row->entity, row->source_id, row->source_id_len,
			&origin->event, &is_news, err))
		return false;
	if (!is_news) { /* told before, or overtaken by a later event */
		rows->counts.seen++;
		rows->counts.unchanged++;
		return true;
	}
	switch (origin->op) {
	case ROWS_UPSERT:
		return upsert(rows, row, &outcome, &id, err);
	case ROWS_REMOVE:
		return remove_row(rows, row, err);
	case ROWS_PATCH:
		return patch_row(rows, row, err);
	case ROWS_ENRICH:
		break;
	}
	return true;
}

/* --- additions to other streams' rows --- */

/* Where nobody is meant, or not one alone, nothing is written: a wrong guess would be a wrong row.
 */
static bool enrich_row(struct batch_rows *rows, const struct entity_row *row, struct err *err)
{
	enum entity_outcome outcome;
	int64_t id;

	if (!enrich_find(rows->tx, rows->context.account_id, row->entity, rows->origin->match,
			 row->source_id, row->source_id_len, &id, err))
		return false;
	if (id == 0) {
		rows->counts.skipped++;
		return true;
	}
	if (!enrich_set(rows->tx, &rows->context, row, id, &outcome, err))
		return false;
	rows->counts.seen++;
	count_outcome(&rows->counts, outcome);
	return push_id(rows->enriched, id, err);
}

/* --- one payload --- */

static bool take_row(struct batch_rows *rows, const struct entity_row *row, struct err *err)
{
	if (rows->origin->op == ROWS_ENRICH)
		return enrich_row(rows, row, err);
	if (rows->origin->event.id != NULL)
		return event_row(rows, row, err);
	return rows->is_told ? told_row(rows, row, err) : listed_row(rows, row, err);
}

static bool on_row(void *arg, const struct entity_row *row, const char *problem, struct err *err)
{
	struct batch_rows *rows = arg;

	if (!has_room(rows, err))
		return false;
	if (rows->origin->op == ROWS_ENRICH && row->source_id_len == 0) {
		rows->counts.skipped++; /* a match with nothing finds nobody */
		return true;
	}
	if (problem == NULL)
		problem = rows->event_problem;
	if (problem != NULL)
		return quarantine(rows, row->entity, row->source_id_len > 0 ? row->source_id : NULL,
				  row->source_id_len, problem, "", err);
	return take_row(rows, row, err) || err_context(err, "%s %.*s", row->entity->name,
						       (int)row->source_id_len, row->source_id);
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

static bool count_dropped(struct batch_rows *rows, const char *rule, struct err *err)
{
	json_int_t before = json_integer_value(json_object_get(rows->dropped, rule));

	rows->counts.dropped++;
	json_put(&rows->dropped, rule, json_integer(before + 1));
	return rows->dropped != NULL || err_oom(err);
}

/*
 * A rule dropped a record without an id. Whose it was nobody knows: perhaps that of a row which the
 * rule would have kept, had the record been whole.
 */
static bool note_unnamed(struct batch_rows *rows, struct err *err)
{
	bool is_listed = !rows->is_told && !rows->is_derived && rows->origin->op != ROWS_ENRICH;

	return !is_listed || push_id(&rows->no_id, rows->origin->scope, err);
}

static bool on_dropped(void *arg, const struct model_entity *entity, const char *rule,
		       const char *source_id, size_t len, struct err *err)
{
	struct batch_rows *rows = arg;
	int64_t live = 0;

	if (!has_room(rows, err))
		return false;
	if (rule != NULL && !count_dropped(rows, rule, err))
		return false;
	if (source_id == NULL || len == 0)
		return note_unnamed(rows, err);
	if (rows->event_problem != NULL)
		return quarantine(rows, entity, source_id, len, rows->event_problem, "", err);
	if (rows->origin->event.id != NULL)
		return filter_row(rows, entity, source_id, len, err);
	if (!entity_find(rows->tx, rows->context.account_id, entity, source_id, len, &live, err))
		return false;
	return live == 0 || push_filtered(rows->listed, live, err);
}

static bool on_bad(void *arg, const struct model_entity *entity, const char *source_id, size_t len,
		   const char *reason, const char *excerpt, struct err *err)
{
	struct batch_rows *rows = arg;

	if (!has_room(rows, err))
		return false;
	if (reason == NULL)
		return see_unread(rows, entity, source_id, len, err);
	return quarantine(rows, entity, source_id, len, reason, excerpt, err);
}

/* Nothing is written: that the row is there is noted, and that is all. */
static bool on_same(void *arg, uint32_t place, struct err *err)
{
	struct batch_rows *rows = arg;
	bool is_listing = rows->origin->op == ROWS_UPSERT && !rows->is_told;
	bool again = false;
	int64_t id = 0;

	if (!has_room(rows, err))
		return false;
	if (rows->raw != NULL && is_listing)
		id = raw_rows_list_at(rows->raw, place, &again);
	if (id == 0)
		return rows_broken(err, "same names a row that the host did not tell of");
	if (again)
		return note_again(rows, err);
	rows->counts.seen++;
	rows->counts.unchanged++;
	return push_id(rows->ids, id, err);
}

static bool on_skipped(void *arg, int64_t count, struct err *err)
{
	struct batch_rows *rows = arg;

	(void)err;
	rows->counts.skipped += count;
	return true;
}

bool batch_rows_apply(struct batch_rows *rows, const void *payload, size_t len, struct err *err)
{
	const struct rows_sink sink = {
		.begin = on_begin,
		.row = on_row,
		.dropped = on_dropped,
		.bad = on_bad,
		.skipped = on_skipped,
		.same = on_same,
		.arg = rows,
	};

	return rows_walk(payload, len, &sink, err);
}

static bool end_removals(struct batch_rows *rows, struct err *err)
{
	int64_t children;

	if (rows->counts.removed == 0)
		return true;
	if (!entity_retire_children(rows->tx, &rows->context, &children, err))
		return false;
	rows->counts.removed += children;
	return true;
}

const char *batch_enriched_name(const struct model_entity *entity, char out[ENRICHED_NAME_SIZE])
{
	snprintf(out, ENRICHED_NAME_SIZE, "enriched %s", entity->name);
	return out;
}

static bool note_seen(struct batch_rows *rows, const char *name, const struct batch_ids *ids,
		      int64_t last_exchange, struct err *err)
{
	return ids->count == 0 ||
	       session_add_batch(rows->tx, rows->context.session_id, rows->context.stream, name,
				 ids->items, ids->count, 0, last_exchange, err);
}

bool batch_rows_end(struct batch_rows *rows, int64_t last_exchange, struct err *err)
{
	char enriched[ENRICHED_NAME_SIZE];

	for (size_t i = 0; i < rows->seen_count; i++) {
		const struct model_entity *entity = rows->seen[i].entity;

		batch_enriched_name(entity, enriched);
		if (!note_seen(rows, entity->name, &rows->seen[i].ids, last_exchange, err) ||
		    !note_seen(rows, enriched, &rows->seen[i].enriched, last_exchange, err))
			return false;
	}
	return end_removals(rows, err);
}
