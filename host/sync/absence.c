/*
 * What a stream's listing no longer shows: proven, judged by the guard, then removed or held; all
 * in the one transaction that marks the listing complete.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sabotage.h"
#include "base/str.h"
#include "crypto/digest.h"
#include "store/enrich.h"
#include "store/event.h"
#include "store/guard.h"
#include "sync/batch_rows.h"
#include "sync/guard.h"
#include "sync/run.h"
#include "sync/scopes.h"

/* A row that would go. */
struct goner {
	const struct model_entity *entity;
	struct entity_missing *row; /* in its list */
	const char *reason;	    /* "missing", "filtered", "parent", "unread" */
};

struct judgement {
	struct sync_run *run;
	struct store_tx *tx;
	struct entity_context context;
	char now[CLOCK_TEXT_SIZE];
	struct entity_missing_list lists[STREAM_ENTITIES_MAX];
	size_t list_count;
	struct goner *goners;
	size_t count, size;
	bool is_new_baseline;
	bool is_unread;	 /* the entities being judged are not listed by the stream any more */
	bool has_unread; /* rows of such entities would go */
	struct scopes scopes;
	struct guard_limits limits;
	const char *rule; /* of the first entity that is blocked; NULL = none is */
	char summary[256];
	char set_hash[65];
};

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* --- what is missing --- */

static struct listed *listed_of(struct stream *stream, const struct model_entity *entity)
{
	for (size_t i = 0; i < stream->listed_count; i++) {
		if (stream->listed[i].entity == entity)
			return &stream->listed[i];
	}
	return NULL;
}

static bool is_filtered(const struct listed *listed, int64_t id)
{
	return listed != NULL && listed->filtered_count > 0 &&
	       bsearch(&id, listed->filtered, listed->filtered_count, sizeof(id), by_id) != NULL;
}

static bool add_goner(struct judgement *judgement, const struct model_entity *entity,
		      struct entity_missing *row, const char *reason, struct err *err)
{
	if (judgement->count == judgement->size) {
		size_t size = judgement->size == 0 ? 64 : judgement->size * 2;
		struct goner *goners = realloc(judgement->goners, size * sizeof(*goners));

		if (goners == NULL)
			return err_oom(err);
		judgement->goners = goners;
		judgement->size = size;
	}
	judgement->goners[judgement->count++] = (struct goner){ entity, row, reason };
	return true;
}

/* Why rows go that the vendor may well have still. */
static const char *unread_words(const struct judgement *judgement)
{
	if (!judgement->is_unread)
		return "";
	return judgement->run->stream.is_silent ? ": the stream is not read any more"
						: ": the stream does not list them any more";
}

static void summarize(struct judgement *judgement, const struct model_entity *entity,
		      const struct guard_case *loss, const char *rule)
{
	judgement->rule = rule;
	snprintf(judgement->summary, sizeof(judgement->summary),
		 "%lld of %lld %s would be removed (%.1f %%)%s", (long long)loss->missing,
		 (long long)loss->live, entity->table,
		 100.0 * (double)loss->missing / (double)loss->live, unread_words(judgement));
}

static const char *missing_reason(const struct judgement *judgement)
{
	return judgement->is_unread ? "unread" : "missing";
}

/* Collects one entity's goners and asks the guard about them. */
static bool collect(struct judgement *judgement, const struct model_entity *entity,
		    struct entity_missing_list *list, int64_t seen, struct err *err)
{
	struct listed *listed = listed_of(&judgement->run->stream, entity);
	int64_t added = listed != NULL ? listed->added : 0;
	struct guard_case loss = { .live = list->live - added, .seen = seen - added };
	const char *rule;

	if (listed != NULL && listed->filtered_count > 0)
		qsort(listed->filtered, listed->filtered_count, sizeof(*listed->filtered), by_id);
	for (size_t i = 0; i < list->count; i++) {
		struct entity_missing *row = &list->items[i];
		bool filtered = is_filtered(listed, row->id);
		const char *reason = filtered ? "filtered" : missing_reason(judgement);

		if (judgement->is_new_baseline && !filtered && !judgement->is_unread)
			continue;
		if (row->follows_parent && !filtered)
			reason = "parent";
		if (!add_goner(judgement, entity, row, reason, err))
			return false;
		loss.missing += !row->has_other_voice && !row->follows_parent;
	}
	/* Nothing is listed by a stream that is not read: what others vouch for stands for it. */
	if (judgement->is_unread)
		loss.seen = loss.live - loss.missing;
	judgement->has_unread |= judgement->is_unread && list->count > 0;
	rule = guard_blocks(entity->guard, &loss, &judgement->limits);
	if (rule != NULL && judgement->rule == NULL)
		summarize(judgement, entity, &loss, rule);
	return true;
}

/* Rows by parents that were not to be judged count as seen for the guard: nothing says otherwise.
 */
static bool find_missing(struct judgement *judgement, const struct model_entity *entity,
			 const struct entity_scope *scope, struct err *err)
{
	struct entity_missing_list *list = &judgement->lists[judgement->list_count];
	size_t seen_count, doubled;
	int64_t *seen = NULL, kept;
	bool fine;

	if (judgement->list_count == STREAM_ENTITIES_MAX)
		return err_set(err, ERR_BUG, "more than %d entities are judged",
			       STREAM_ENTITIES_MAX);
	fine = session_seen(judgement->tx, judgement->context.session_id, judgement->context.stream,
			    entity->name, &seen, &seen_count, &doubled, err) &&
	       entity_find_missing(judgement->tx, &judgement->context, entity, seen, seen_count,
				   scope, list, err);
	free(seen);
	if (!fine)
		return false;
	judgement->list_count++;
	kept = scope != NULL ? list->live - (int64_t)list->count : (int64_t)seen_count;
	return collect(judgement, entity, list, kept, err);
}

/* Every entity that the stream may emit, each once: also those of which it showed nothing. */
static size_t emitted(const struct sync_run *run,
		      const struct model_entity *entities[STREAM_ENTITIES_MAX])
{
	const struct value *declared = connector_declaration(run->connector);
	const struct value *emits = value_get(run->stream.declared, "emits");
	size_t count = 0;

	for (size_t i = 0; i < value_count(emits); i++) {
		const struct value *map = value_get(value_get(declared, "maps"), emits->keys[i]);
		const char *name = value_text(map, "entity", emits->keys[i]);
		const struct model_entity *entity = model_entity(name);
		size_t known = 0;

		while (known < count && entities[known] != entity)
			known++;
		if (entity != NULL && known == count && count < STREAM_ENTITIES_MAX)
			entities[count++] = entity;
	}
	return count;
}

/* Does the stream list the parents, too, instead of taking them from the store? */
static bool lists_parents(const struct proof *proof, const struct model_entity *const *entities,
			  size_t count)
{
	for (size_t i = 0; proof->has_evidence && i < count; i++) {
		if (entities[i] == proof->parent)
			return true;
	}
	return false;
}

static bool is_child(const struct model_entity *entity, const struct model_entity *parent)
{
	return model_parent_column(entity, parent) >= 0;
}

static bool find_parents(struct judgement *judgement, struct err *err)
{
	const struct entity_missing_list *list = &judgement->lists[judgement->list_count];
	const struct entity_scope scope = scopes_parents(&judgement->scopes);

	return find_missing(judgement, scope.parent, &scope, err) &&
	       scopes_note_going(&judgement->scopes, list, err);
}

/*
 * By parents: first they themselves if the stream lists them, then the children, of the parents
 * whose scopes are proven. What is nobody's child (the catalogue of apps beside the installations)
 * can only be judged when every parent was read.
 */
static bool find_scoped(struct judgement *judgement, const struct model_entity *const *entities,
			size_t count, struct err *err)
{
	const struct proof *proof = &judgement->run->stream.proof;
	const struct entity_scope scope = scopes_entity(&judgement->scopes);
	bool has_parents = lists_parents(proof, entities, count);
	struct buf ignored = BUF_INIT;
	bool fine = !has_parents || find_parents(judgement, err);

	for (size_t i = 0; fine && i < count; i++)
		fine = !is_child(entities[i], proof->parent) ||
		       find_missing(judgement, entities[i], &scope, err);
	if (fine && scopes_are_whole(&judgement->scopes, &ignored)) {
		for (size_t i = 0; fine && i < count; i++)
			fine = is_child(entities[i], proof->parent) ||
			       (has_parents && entities[i] == proof->parent) ||
			       find_missing(judgement, entities[i], NULL, err);
	}
	buf_fini(&ignored);
	return fine;
}

static bool find_each(struct judgement *judgement, const struct model_entity *const *entities,
		      size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!find_missing(judgement, entities[i], NULL, err))
			return false;
	}
	return true;
}

/* What the stream emitted once and, by its new declaration, does not emit any more; all that it
 * vouches for if nothing declares it. */
static bool find_unemitted(struct judgement *judgement, const struct model_entity *const *emitted,
			   size_t emitted_count, struct err *err)
{
	size_t count;
	const struct model_entity *entities = model_entities(&count);

	judgement->is_unread = true;
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < emitted_count && emitted[at] != &entities[i])
			at++;
		if (at == emitted_count && !find_missing(judgement, &entities[i], NULL, err))
			return false;
	}
	judgement->is_unread = false;
	return true;
}

static bool find_all(struct judgement *judgement, struct err *err)
{
	const struct model_entity *entities[STREAM_ENTITIES_MAX];
	const struct proof *proof = &judgement->run->stream.proof;
	size_t count = emitted(judgement->run, entities);

	if (!scopes_open(&judgement->scopes, proof, judgement->tx, judgement->context.account_id,
			 err))
		return false;
	if (!(proof->scope_count > 0 ? find_scoped(judgement, entities, count, err)
				     : find_each(judgement, entities, count, err)))
		return false;
	return !judgement->is_new_baseline || find_unemitted(judgement, entities, count, err);
}

/* --- held --- */

static int by_line(const void *a, const void *b)
{
	const struct goner *x = a, *y = b;
	int order = strcmp(x->entity->name, y->entity->name);

	return order != 0 ? order : strcmp(x->row->source_id, y->row->source_id);
}

/* A row that only loses a voice stays as it is: nobody is asked about it. */
static bool is_asked_about(const struct goner *goner)
{
	return !goner->row->has_other_voice || goner->row->follows_parent;
}

static bool hash_set(struct judgement *judgement, struct err *err)
{
	struct buf lines = BUF_INIT;
	bool fine;

	qsort(judgement->goners, judgement->count, sizeof(*judgement->goners), by_line);
	for (size_t i = 0; i < judgement->count; i++) {
		if (is_asked_about(&judgement->goners[i]) &&
		    !sabotage_is(SABOTAGE_UNBOUND_APPROVAL))
			guard_put_line(&lines, judgement->goners[i].entity->name,
				       judgement->goners[i].row->source_id);
	}
	fine = buf_ok(&lines, err) &&
	       digest_sha256_hex(buf_text(&lines), lines.len, judgement->set_hash, err);
	buf_fini(&lines);
	return fine;
}

static size_t fill_items(const struct judgement *judgement, struct held_item *items)
{
	size_t count = 0;

	for (size_t i = 0; i < judgement->count; i++) {
		const struct goner *goner = &judgement->goners[i];

		if (is_asked_about(goner))
			items[count++] = (struct held_item){
				.entity = (char *)(uintptr_t)goner->entity->name,
				.source_id = goner->row->source_id,
				.label = goner->row->label,
				.reason = (char *)(uintptr_t)goner->reason,
			};
	}
	return count;
}

static bool hold(struct judgement *judgement, struct err *err)
{
	struct held_item *items = calloc(judgement->count, sizeof(*items));
	struct stream *stream = &judgement->run->stream;
	struct held_set set = {
		.account_id = judgement->run->account_id,
		.session_id = judgement->context.session_id,
		.stream = (char *)(uintptr_t)stream->name,
		.set_hash = judgement->set_hash,
		.rule = (char *)(uintptr_t)judgement->rule,
		.summary = judgement->summary,
		.held_at = judgement->now,
	};
	size_t count;
	int64_t id;
	bool fine;

	if (items == NULL)
		return err_oom(err);
	count = fill_items(judgement, items);
	set.count = (int64_t)count;
	fine = held_save(judgement->tx, &set, items, count, &id, err);
	free(items);
	stream->end = STREAM_HELD;
	snprintf(stream->reason, sizeof(stream->reason), "%s", judgement->summary);
	return fine;
}

/* --- removed --- */

/* A log that is read again one day starts from its beginning: its events are to count then. */
static bool retire(struct judgement *judgement, const struct goner *goner, bool *removed,
		   struct err *err)
{
	const struct entity_context *context = &judgement->context;

	return entity_retire(judgement->tx, context, goner->entity, goner->row->id, goner->reason,
			     removed, err) &&
	       (!judgement->run->stream.is_silent ||
		event_forget(judgement->tx, context->account_id, goner->entity,
			     goner->row->source_id, err));
}

static bool retire_all(struct judgement *judgement, struct err *err)
{
	int64_t *removed_rows = &judgement->run->stream.removed, children = 0;

	for (size_t i = 0; i < judgement->count; i++) {
		bool removed;

		if (!retire(judgement, &judgement->goners[i], &removed, err))
			return false;
		*removed_rows += removed;
	}
	if (judgement->count > 0 &&
	    !entity_retire_children(judgement->tx, &judgement->context, &children, err))
		return false;
	*removed_rows += children;
	return true;
}

static bool decide(struct judgement *judgement, struct err *err)
{
	const char *account = judgement->run->account_id, *stream = judgement->context.stream;
	bool approved = false;

	if (judgement->rule == NULL)
		return held_drop(judgement->tx, account, stream, err) && retire_all(judgement, err);
	if (!hash_set(judgement, err) ||
	    !held_is_approved(judgement->tx, account, stream, judgement->set_hash, judgement->now,
			      &approved, err))
		return false;
	if (!approved)
		return hold(judgement, err);
	return retire_all(judgement, err) &&
	       held_mark_applied(judgement->tx, account, stream, judgement->set_hash,
				 judgement->now, err);
}

/* --- the unit --- */

static bool note_complete(struct judgement *judgement, const struct stream_state *before,
			  struct err *err)
{
	struct sync_run *run = judgement->run;
	const struct stream_state state = { .cursor = before->cursor,
					    .baseline = run->baseline,
					    .completed_at = judgement->now,
					    .completed_session = run->session.id };

	return stream_state_set(judgement->tx, run->account_id, run->stream.name, &state, err);
}

static bool withdraw_addition(struct judgement *judgement, const struct model_entity *entity,
			      struct err *err)
{
	char name[ENRICHED_NAME_SIZE];
	size_t count, doubled;
	int64_t *kept = NULL, changed = 0;
	bool fine;

	fine = session_seen(judgement->tx, judgement->context.session_id, judgement->context.stream,
			    batch_enriched_name(entity, name), &kept, &count, &doubled, err) &&
	       enrich_withdraw(judgement->tx, &judgement->context, entity, kept, count, &changed,
			       err);
	judgement->run->stream.updated += changed;
	free(kept);
	return fine;
}

/* Fields that the stream added to others' rows before, and not now. */
static bool withdraw_additions(struct judgement *judgement, struct err *err)
{
	size_t count;
	const struct model_entity *entities = model_entities(&count);

	for (size_t i = 0; i < count; i++) {
		if (!withdraw_addition(judgement, &entities[i], err))
			return false;
	}
	return true;
}

/* A hole in one parent's part leaves the others' proof alone, but the stream is not complete. */
static bool note_end(struct judgement *judgement, const struct stream_state *before,
		     struct err *err)
{
	struct stream *stream = &judgement->run->stream;
	struct buf why = BUF_INIT;
	bool is_whole = scopes_are_whole(&judgement->scopes, &why);
	bool fine = !is_whole || withdraw_additions(judgement, err);
	/* As long as what it emits no more is held, the declaration that says so stays new. */
	bool stays_new = stream->end == STREAM_HELD && judgement->has_unread;

	if (why.len > 0 && stream->end == STREAM_OK) {
		stream->end = STREAM_INCOMPLETE;
		snprintf(stream->reason, sizeof(stream->reason), "%s", buf_text(&why));
	}
	if (fine && why.len == 0 && !stays_new)
		fine = buf_ok(&why, err) && note_complete(judgement, before, err);
	buf_fini(&why);
	return fine;
}

/* A stream whose voice nobody speaks with any more: it is forgotten once no row hears it. */
static bool withdraw(struct judgement *judgement, struct err *err)
{
	struct stream *stream = &judgement->run->stream;

	stream->end = STREAM_WITHDRAWN;
	if (!find_unemitted(judgement, NULL, 0, err) || !decide(judgement, err) ||
	    !withdraw_additions(judgement, err))
		return false;
	return stream->end == STREAM_HELD ||
	       stream_state_drop(judgement->tx, judgement->run->account_id, stream->name, err);
}

static bool complete(struct judgement *judgement, struct err *err)
{
	struct sync_run *run = judgement->run;
	struct stream_state before = { 0 };
	bool fine;

	if (!stream_state_get(judgement->tx, run->account_id, run->stream.name, &before, err))
		return false;
	judgement->is_new_baseline =
		!sabotage_is(SABOTAGE_IGNORE_BASELINE) &&
		(before.baseline == NULL || !str_eq(before.baseline, run->baseline));
	fine = find_all(judgement, err) && decide(judgement, err) &&
	       note_end(judgement, &before, err);
	scopes_fini(&judgement->scopes);
	stream_state_fini(&before);
	return fine;
}

/* What happened is no list of what is there: nothing is missing from it. */
static bool note_events_end(struct judgement *judgement, struct err *err)
{
	struct sync_run *run = judgement->run;
	struct stream_state before = { 0 };
	bool fine =
		stream_state_get(judgement->tx, run->account_id, run->stream.name, &before, err) &&
		note_complete(judgement, &before, err);

	stream_state_fini(&before);
	return fine;
}

static bool is_proven(const struct sync_run *run, struct buf *why)
{
	if (sabotage_is(SABOTAGE_INCOMPLETE_IS_COMPLETE) ||
	    (sabotage_is(SABOTAGE_SWALLOW_PAGE_ERROR) && run->stream.proof.failed > 0))
		return true;
	return stream_is_events(run) ? proof_is_whole(&run->stream.proof, why)
				     : proof_holds(&run->stream.proof, why);
}

bool absence_judge(struct store_tx *tx, void *arg, struct err *err)
{
	struct sync_run *run = arg;
	struct judgement judgement = { .run = run, .tx = tx };
	struct session_counts counts = run->session.counts;
	struct buf why = BUF_INIT;
	bool fine;

	judgement.context = run_context(run, judgement.now);
	fine = lease_check(tx, &run->lease, err) && guard_read_limits(tx, &judgement.limits, err);
	if (run->stream.is_silent) {
		fine = fine && withdraw(&judgement, err);
	} else if (fine && is_proven(run, &why)) {
		fine = stream_is_events(run) ? note_events_end(&judgement, err)
					     : complete(&judgement, err);
	} else {
		run->stream.end = STREAM_INCOMPLETE;
		snprintf(run->stream.reason, sizeof(run->stream.reason), "%s", buf_text(&why));
	}
	counts.removed += run->stream.removed;
	counts.updated += run->stream.updated;
	fine = fine && session_update(tx, run->session.id, &counts, NULL, NULL, err);
	for (size_t i = 0; i < judgement.list_count; i++)
		entity_missing_fini(&judgement.lists[i]);
	free(judgement.goners);
	buf_fini(&why);
	return fine;
}
