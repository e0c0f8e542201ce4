/* Events: the last one of a row wins, however they come; rows of which only some fields are told;
 * what a listing by parents may judge. */
#include "store/event.h"
#include "store_world.h"

/* --- stamps --- */

static struct event_stamp stamp_of(const char *at, const char *id)
{
	return (struct event_stamp){ at, strlen(at), id, strlen(id) };
}

struct mark {
	struct world *world;
	const char *source_id;
	struct event_stamp stamp;
	bool is_news;
};

static bool mark_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct mark *mark = arg;

	return event_mark(tx, &mark->world->context, model_entity("device_app"), mark->source_id,
			  strlen(mark->source_id), &mark->stamp, &mark->is_news, err);
}

static bool is_news(struct world *world, const char *source_id, const char *at, const char *id)
{
	struct mark mark = { .world = world, .source_id = source_id, .stamp = stamp_of(at, id) };

	world_run(world, mark_unit, &mark);
	return mark.is_news;
}

static void times_are_ordered_as_they_happened(void **state)
{
	static const char *const ascending[] = {
		"2026-03-02T09:14:54.999Z", "2026-03-02T09:14:55Z",	   "2026-03-02T09:14:55.1Z",
		"2026-03-02T09:14:55.12Z",  "2026-03-02T09:14:55.120001Z", "2026-03-02T09:14:56Z",
	};
	const struct event_stamp nothing = { 0 };

	(void)state;
	for (size_t i = 1; i < sizeof(ascending) / sizeof(ascending[0]); i++) {
		struct event_stamp a = stamp_of(ascending[i - 1], "z"),
				   b = stamp_of(ascending[i], "a");

		assert_true(event_compare(&a, &b) < 0);
		assert_true(event_compare(&b, &a) > 0);
		assert_true(event_compare(&nothing, &a) < 0);
		assert_int_equal(event_compare(&a, &a), 0);
	}
}

static void a_row_knows_its_last_event(void **state)
{
	struct fixture *fixture = *state;
	struct world world;

	world_begin(&world, fixture, "acc");
	assert_true(is_news(&world, "a", "2026-03-02T09:00:00Z", "e5"));
	assert_false(is_news(&world, "a", "2026-03-02T09:00:00Z", "e5"));
	assert_false(is_news(&world, "a", "2026-03-02T08:59:59.9Z", "e9"));
	assert_false(is_news(&world, "a", "2026-03-02T09:00:00Z", "e4"));
	assert_true(is_news(&world, "a", "2026-03-02T09:00:00Z", "e6"));
	assert_true(is_news(&world, "b", "2026-03-01T00:00:00Z", "e1"));
	assert_query(fixture, "SELECT source_id, at, event_id FROM event_marks ORDER BY source_id",
		     "a|2026-03-02T09:00:00Z|e6\nb|2026-03-01T00:00:00Z|e1\n");
}

static bool forget_unit(struct store_tx *tx, void *arg, struct err *err)
{
	const struct mark *mark = arg;

	return event_forget(tx, mark->world->context.account_id, model_entity("device_app"),
			    mark->source_id, err);
}

static void a_forgotten_event_is_news_again(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	struct mark mark = { .world = &world, .source_id = "a" };

	world_begin(&world, fixture, "acc");
	assert_true(is_news(&world, "a", "2026-03-02T09:00:00Z", "e5"));
	assert_true(is_news(&world, "b", "2026-03-02T09:00:00Z", "e5"));
	world_run(&world, forget_unit, &mark);
	assert_true(is_news(&world, "a", "2026-03-02T09:00:00Z", "e5"));
	assert_false(is_news(&world, "b", "2026-03-02T09:00:00Z", "e5"));
}

static bool expire_unit(struct store_tx *tx, void *arg, struct err *err)
{
	return event_expire(tx, arg, err);
}

static void old_stamps_are_forgotten(void **state)
{
	struct fixture *fixture = *state;
	char before[] = "2026-03-02T00:00:00.000Z";
	struct world world;

	world_begin(&world, fixture, "acc");
	is_news(&world, "a", "2026-03-01T23:59:59Z", "e1");
	is_news(&world, "b", "2026-03-02T00:00:01Z", "e2");
	world_run(&world, expire_unit, before);
	assert_query(fixture, "SELECT source_id FROM event_marks", "b\n");
}

/* --- patches --- */

struct patch {
	struct world *world;
	struct fixture_row row;
	enum entity_outcome outcome;
	bool is_there;
};

static bool patch_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct patch *patch = arg;

	return entity_patch(tx, &patch->world->context, &patch->row.row, &patch->is_there,
			    &patch->outcome, err);
}

static void a_patch_leaves_what_it_does_not_tell(void **state)
{
	struct fixture *fixture = *state;
	struct world_put put;
	struct patch patch;
	struct world world;

	world_begin(&world, fixture, "acc");
	put = (struct world_put){ .world = &world };
	fixture_row_init(&put.row, "device", "d1");
	fixture_row_set(&put.row, "name", "One");
	fixture_row_set(&put.row, "hostname", "one");
	fixture_row_flag(&put.row, "is_managed", true);
	put.row.row.custom = "{\"a\":1,\"b\":2}";
	put.row.row.custom_len = strlen(put.row.row.custom);
	world_run(&world, world_put_unit, &put);

	patch = (struct patch){ .world = &world };
	fixture_row_init(&patch.row, "device", "d1");
	fixture_row_set(&patch.row, "name", "Two");
	patch.row.row.custom = "{\"b\":3,\"c\":4}";
	patch.row.row.custom_len = strlen(patch.row.row.custom);
	world_run(&world, patch_unit, &patch);
	assert_true(patch.is_there);
	assert_int_equal(patch.outcome, ENTITY_UPDATED);
	assert_query(fixture, "SELECT name, hostname, is_managed, custom FROM devices",
		     "Two|one|1|{\"a\":1,\"b\":3,\"c\":4}\n");
	world_run(&world, patch_unit, &patch);
	assert_int_equal(patch.outcome, ENTITY_UNCHANGED);
}

/* Else the row would outlive its last listing: the log of changes never lists it. */
static void a_patch_vouches_for_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct patch patch;
	struct world world;

	world_begin(&world, fixture, "acc");
	world.context.stream = "listing";
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	patch = (struct patch){ .world = &world };
	fixture_row_init(&patch.row, "device", "d1");
	fixture_row_set(&patch.row, "name", "Two");
	world.context.stream = "log";
	world_run(&world, patch_unit, &patch);
	assert_query(fixture, "SELECT name, streams FROM devices", "Two|[\"listing\"]\n");
	fixture_row_set(&patch.row, "name", "Two");
	world_run(&world, patch_unit, &patch);
	assert_query(fixture, "SELECT name, streams FROM devices", "Two|[\"listing\"]\n");
}

static void a_patch_of_nobody_writes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct patch patch;
	struct world world;

	world_begin(&world, fixture, "acc");
	patch = (struct patch){ .world = &world };
	fixture_row_init(&patch.row, "device", "d1");
	fixture_row_set(&patch.row, "name", "Two");
	world_run(&world, patch_unit, &patch);
	assert_false(patch.is_there);
	assert_query(fixture, "SELECT count(*) FROM devices", "0\n");
}

/* --- listings by parents --- */

static bool judge_d1(void *arg, const char *parent_id, size_t len, bool *is_judged, struct err *err)
{
	int *asked = arg;

	(void)err;
	(*asked)++;
	*is_judged = len == 2 && memcmp(parent_id, "d1", 2) == 0;
	return true;
}

struct scoped {
	struct world *world;
	struct entity_scope scope;
	struct entity_missing_list missing;
};

static bool scoped_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct scoped *scoped = arg;

	return entity_find_missing(tx, &scoped->world->context, model_entity("device_app"), NULL, 0,
				   &scoped->scope, &scoped->missing, err);
}

static void only_children_of_judged_parents_are_missing(void **state)
{
	struct fixture *fixture = *state;
	struct scoped scoped;
	struct world world;
	int asked = 0;

	world_begin(&world, fixture, "acc");
	world_put(&world, "device_app", "a", NULL, "device_source_id", "d1", NULL);
	world_put(&world, "device_app", "b", NULL, "device_source_id", "d2", NULL);
	world_put(&world, "device_app", "c", NULL, "app_source_id", "x", NULL); /* nobody's */
	scoped = (struct scoped){
		.world = &world,
		.scope = { .parent = model_entity("device"), .judge = judge_d1, .arg = &asked },
	};
	world_run(&world, scoped_unit, &scoped);
	assert_int_equal(asked, 2);
	assert_int_equal(scoped.missing.count, 1);
	assert_string_equal(scoped.missing.items[0].source_id, "a");
	assert_int_equal(scoped.missing.live, 3);
	entity_missing_fini(&scoped.missing);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_ordered_as_they_happened),
		T(a_row_knows_its_last_event),
		T(a_forgotten_event_is_news_again),
		T(old_stamps_are_forgotten),
		T(a_patch_leaves_what_it_does_not_tell),
		T(a_patch_vouches_for_nothing),
		T(a_patch_of_nobody_writes_nothing),
		T(only_children_of_judged_parents_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
