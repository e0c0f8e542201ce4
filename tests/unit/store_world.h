/* An account with a session under way, and one-line ways to put, find and retire its rows. */
#ifndef MUSTER_TESTS_STORE_WORLD_H
#define MUSTER_TESTS_STORE_WORLD_H

#include "store_fixture.h"

enum { WORLD_SEEN_MAX = 64 };

struct world {
	struct fixture *fixture;
	struct store *store; /* the fixture's, or a scratch */
	struct entity_context context;
	struct lease lease;
	int64_t session;
	bool first;
	int64_t seen[WORLD_SEEN_MAX]; /* what world_put listed since world_list */
	size_t seen_count;
};

static inline void world_run(struct world *world, store_work_fn *work, void *arg)
{
	if (!store_run(world->store, STORE_WRITE, work, arg, &world->fixture->err))
		fail_msg("unit: %s", world->fixture->err.message);
}

static inline bool world_take_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;

	return lease_take(tx, world->context.account_id, "test", 1000, &world->lease, err);
}

static inline bool world_begin_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;

	return session_begin(tx, &world->lease, "full", "{}", NOW, &world->session, &world->first,
			     err);
}

static inline bool world_end_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;

	return session_end(tx, world->session, "ok", NULL, LATER, 1.5, err) &&
	       lease_release(tx, &world->lease, err);
}

/* The next session of the account, under the same lease if it is held. */
static inline void world_next_session(struct world *world)
{
	world_run(world, world_begin_unit, world);
	world->context.session_id = world->session;
	world->seen_count = 0;
}

static inline void world_begin(struct world *world, struct fixture *fixture, const char *account)
{
	*world = (struct world){ .fixture = fixture, .store = fixture->store };
	fixture_add_account(fixture, account, account);
	world->context = (struct entity_context){
		.account_id = account, .stream = "devices", .now = NOW, .log_created = true
	};
	world_run(world, world_take_unit, world);
	world_next_session(world);
}

/* --- rows --- */

struct world_put {
	struct world *world;
	struct fixture_row row;
	enum entity_outcome outcome;
	int64_t id;
};

static inline bool world_put_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world_put *put = arg;

	return fixture_upsert(tx, &put->world->context, &put->row, &put->outcome, &put->id, err);
}

/* Texts by column: "name", "One", "platform", "macos", NULL. Returns the internal id. */
static inline int64_t world_put(struct world *world, const char *entity, const char *source_id,
				enum entity_outcome *outcome, ...)
{
	struct world_put put = { .world = world };
	const char *column;
	va_list args;

	fixture_row_init(&put.row, entity, source_id);
	va_start(args, outcome);
	while ((column = va_arg(args, const char *)) != NULL)
		fixture_row_set(&put.row, column, va_arg(args, const char *));
	va_end(args);
	world_run(world, world_put_unit, &put);
	if (outcome != NULL)
		*outcome = put.outcome;
	assert_true(world->seen_count < WORLD_SEEN_MAX);
	world->seen[world->seen_count++] = put.id;
	return put.id;
}

struct world_entity {
	struct world *world;
	const struct model_entity *entity;
	struct entity_missing_list missing;
	int64_t id, count;
	const char *reason, *source_id;
	bool removed;
};

static inline bool world_list_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world_entity *at = arg;

	return session_add_batch(tx, at->world->session, at->world->context.stream,
				 at->entity->name, at->world->seen, at->world->seen_count, 0, 0,
				 err);
}

/* What was put since the last call is the stream's batch of this entity. */
static inline void world_list(struct world *world, const char *entity)
{
	struct world_entity at = { .world = world, .entity = model_entity(entity) };

	world_run(world, world_list_unit, &at);
	world->seen_count = 0;
}

static inline bool world_missing_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world_entity *at = arg;
	size_t count, duplicates;
	int64_t *ids;
	bool ok;

	if (!session_seen(tx, at->world->session, at->world->context.stream, at->entity->name, &ids,
			  &count, &duplicates, err))
		return false;
	ok = entity_find_missing(tx, &at->world->context, at->entity, ids, count, NULL,
				 &at->missing, err);
	free(ids);
	return ok;
}

/* The caller ends it with entity_missing_fini. */
static inline struct entity_missing_list world_missing(struct world *world, const char *entity)
{
	struct world_entity at = { .world = world, .entity = model_entity(entity) };

	world_run(world, world_missing_unit, &at);
	return at.missing;
}

static inline bool world_retire_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world_entity *at = arg;

	return entity_retire(tx, &at->world->context, at->entity, at->id, at->reason, &at->removed,
			     err);
}

static inline bool world_retire(struct world *world, const char *entity, int64_t id,
				const char *reason)
{
	struct world_entity at = {
		.world = world, .entity = model_entity(entity), .id = id, .reason = reason
	};

	world_run(world, world_retire_unit, &at);
	return at.removed;
}

static inline bool world_children_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world_entity *at = arg;

	return entity_retire_children(tx, &at->world->context, &at->count, err);
}

static inline int64_t world_retire_children(struct world *world)
{
	struct world_entity at = { .world = world };

	world_run(world, world_children_unit, &at);
	return at.count;
}

static inline bool world_find_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world_entity *at = arg;

	return entity_find(tx, at->world->context.account_id, at->entity, at->source_id,
			   strlen(at->source_id), &at->id, err);
}

static inline int64_t world_find(struct world *world, const char *entity, const char *source_id)
{
	struct world_entity at = { .world = world,
				   .entity = model_entity(entity),
				   .source_id = source_id };

	world_run(world, world_find_unit, &at);
	return at.id;
}

#endif
