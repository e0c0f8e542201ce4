/* Additions of one stream to the rows of another: precedence, withdrawal, restored rows. */
#include "store/enrich.h"
#include "store_world.h"

struct addition {
	struct world *world;
	struct fixture_row row;
	const char *stream;
	int64_t id;
	enum entity_outcome outcome;
};

static bool set_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct addition *at = arg;
	struct entity_context context = at->world->context;

	context.stream = at->stream;
	return enrich_set(tx, &context, &at->row.row, at->id, &at->outcome, err);
}

/* `stream` says this of the device; custom NULL = nothing. */
static enum entity_outcome add(struct world *world, int64_t id, const char *stream,
			       const char *hostname, const char *model, const char *custom)
{
	struct addition at = { .world = world, .stream = stream, .id = id };

	fixture_row_init(&at.row, "device", "ignored");
	if (hostname != NULL)
		fixture_row_set(&at.row, "hostname", hostname);
	if (model != NULL)
		fixture_row_set(&at.row, "model", model);
	at.row.row.custom = custom;
	at.row.row.custom_len = custom != NULL ? strlen(custom) : 0;
	world_run(world, set_unit, &at);
	return at.outcome;
}

struct withdrawal {
	struct world *world;
	const char *stream;
	const int64_t *kept;
	size_t kept_count;
	int64_t count;
};

static bool withdraw_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct withdrawal *at = arg;
	struct entity_context context = at->world->context;

	context.stream = at->stream;
	return enrich_withdraw(tx, &context, model_entity("device"), at->kept, at->kept_count,
			       &at->count, err);
}

static int64_t withdraw(struct world *world, const char *stream, const int64_t *kept, size_t count)
{
	struct withdrawal at = { world, stream, kept, count, 0 };

	world_run(world, withdraw_unit, &at);
	return at.count;
}

static void the_owner_comes_first_then_streams_by_name(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	id = world_put(&world, "device", "d1", NULL, "name", "One", "hostname", "own", NULL);
	assert_int_equal(add(&world, id, "b", "from b", "B", "{\"x\":1}"), ENTITY_UPDATED);
	assert_int_equal(add(&world, id, "a", "from a", "A", "{\"x\":2,\"y\":3}"), ENTITY_UPDATED);
	assert_query(fixture, "SELECT hostname, model, custom FROM devices",
		     "own|A|{\"x\":2,\"y\":3}\n");
	assert_int_equal(add(&world, id, "a", "from a", "A", "{\"x\":2,\"y\":3}"),
			 ENTITY_UNCHANGED);
	assert_int_equal(withdraw(&world, "a", NULL, 0), 1);
	assert_query(fixture, "SELECT hostname, model, custom FROM devices", "own|B|{\"x\":1}\n");
	assert_int_equal(withdraw(&world, "b", NULL, 0), 1);
	assert_query(fixture, "SELECT hostname, model IS NULL, custom IS NULL FROM devices",
		     "own|1|1\n");
}

static void an_owner_that_falls_silent_gives_way(void **state)
{
	struct fixture *fixture = *state;
	enum entity_outcome outcome;
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	id = world_put(&world, "device", "d1", NULL, "hostname", "own", NULL);
	assert_int_equal(add(&world, id, "a", "added", NULL, NULL), ENTITY_UNCHANGED);
	world_put(&world, "device", "d1", &outcome, "name", "One", NULL);
	assert_int_equal(outcome, ENTITY_UPDATED);
	assert_query(fixture, "SELECT name, hostname FROM devices", "One|added\n");
	world_put(&world, "device", "d1", &outcome, "name", "One", NULL);
	assert_int_equal(outcome, ENTITY_UNCHANGED);
	world_put(&world, "device", "d1", NULL, "name", "One", "hostname", "again", NULL);
	assert_query(fixture, "SELECT hostname FROM devices", "again\n");
}

static void only_rows_that_are_kept_keep_them(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	int64_t ids[3];

	world_begin(&world, fixture, "acc");
	ids[0] = world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	ids[1] = world_put(&world, "device", "d2", NULL, "name", "Two", NULL);
	ids[2] = world_put(&world, "device", "d3", NULL, "name", "Three", NULL);
	for (int i = 0; i < 3; i++)
		add(&world, ids[i], "a", "added", NULL, NULL);
	assert_int_equal(withdraw(&world, "a", &ids[1], 1), 2);
	assert_query(fixture, "SELECT source_id FROM devices WHERE hostname = 'added'", "d2\n");
}

static bool find_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct addition *at = arg;

	return enrich_find(tx, at->world->context.account_id, model_entity("device"), at->stream,
			   "twin", 4, &at->id, err);
}

static void a_match_that_is_not_one_row_is_none(void **state)
{
	struct fixture *fixture = *state;
	struct addition at = { .stream = "name" };
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	at.world = &world;
	world_run(&world, find_unit, &at);
	assert_int_equal(at.id, 0);
	id = world_put(&world, "device", "d1", NULL, "name", "twin", NULL);
	world_run(&world, find_unit, &at);
	assert_int_equal(at.id, id);
	world_put(&world, "device", "d2", NULL, "name", "twin", NULL);
	world_run(&world, find_unit, &at);
	assert_int_equal(at.id, 0);
	at.stream = "no such column; --";
	assert_false(store_run(fixture->store, STORE_WRITE, find_unit, &at, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_BUG);
}

static void a_row_that_comes_back_brings_them_along(void **state)
{
	struct fixture *fixture = *state;
	enum entity_outcome outcome;
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	id = world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	add(&world, id, "a", "added", NULL, NULL);
	world_retire(&world, "device", id, "missing");
	world_put(&world, "device", "d1", &outcome, "name", "One", NULL);
	assert_int_equal(outcome, ENTITY_RESTORED);
	assert_query(fixture, "SELECT hostname FROM devices", "added\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(the_owner_comes_first_then_streams_by_name),
		T(an_owner_that_falls_silent_gives_way),
		T(only_rows_that_are_kept_keep_them),
		T(a_match_that_is_not_one_row_is_none),
		T(a_row_that_comes_back_brings_them_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
