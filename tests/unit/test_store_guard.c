/* Held removals: kept, replaced, approved for exactly one set, expired, applied. */
#include "store/guard.h"
#include "store_world.h"

struct hold {
	struct world *world;
	const char *hash;
	size_t count;
	int64_t id;
	const char *now;
	bool approved;
};

static bool save(struct store_tx *tx, void *arg, struct err *err)
{
	struct hold *hold = arg;
	struct held_item items[] = { { "device", "d1", "One", "missing" },
				     { "device", "d2", "Two", "missing" } };
	struct held_set set = { .account_id = "acc",
				.session_id = hold->world->session,
				.stream = "devices",
				.set_hash = (char *)hold->hash,
				.rule = "share",
				.summary = "2 of 3 devices are missing (66.7 %)",
				.held_at = NOW };

	return held_save(tx, &set, items, hold->count, &hold->id, err);
}

static bool approve(struct store_tx *tx, void *arg, struct err *err)
{
	struct hold *hold = arg;

	return held_approve(tx, hold->id, "ann", NOW, LATER, err);
}

static bool is_approved(struct store_tx *tx, void *arg, struct err *err)
{
	struct hold *hold = arg;

	return held_is_approved(tx, "acc", "devices", hold->hash, hold->now, &hold->approved, err);
}

static bool mark_applied(struct store_tx *tx, void *arg, struct err *err)
{
	struct hold *hold = arg;

	return held_mark_applied(tx, "acc", "devices", hold->hash, LATER, err);
}

static bool drop(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return held_drop(tx, "acc", "devices", err);
}

static bool approved_at(struct fixture *fixture, const char *hash, const char *now)
{
	struct hold hold = { .hash = hash, .now = now };

	fixture_read(fixture, is_approved, &hold);
	return hold.approved;
}

static void an_approval_is_bound_to_its_set_and_expires(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	struct hold hold = { .world = &world, .hash = "aa", .count = 2 };

	world_begin(&world, fixture, "acc");
	fixture_write(fixture, save, &hold);
	assert_false(approved_at(fixture, "aa", NOW));
	fixture_write(fixture, approve, &hold);
	assert_true(approved_at(fixture, "aa", NOW));
	assert_false(approved_at(fixture, "bb", NOW));
	assert_false(approved_at(fixture, "aa", LATER));
	fixture_write(fixture, mark_applied, &hold);
	assert_false(approved_at(fixture, "aa", NOW));
	assert_false(store_run(fixture->store, STORE_WRITE, approve, &hold, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_MISSING);
}

static void another_set_replaces_it_the_same_stays(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	struct hold first = { .world = &world, .hash = "aa", .count = 2 };
	struct hold other = { .world = &world, .hash = "bb", .count = 1 };
	int64_t id;

	world_begin(&world, fixture, "acc");
	fixture_write(fixture, save, &first);
	id = first.id;
	fixture_write(fixture, approve, &first);
	fixture_write(fixture, save, &first);
	assert_int_equal(first.id, id);
	assert_true(approved_at(fixture, "aa", NOW));
	fixture_write(fixture, save, &other);
	assert_int_not_equal(other.id, id);
	assert_false(approved_at(fixture, "aa", NOW));
	assert_query(fixture, "SELECT set_hash, item_count FROM held_removals", "bb|1\n");
	assert_query(fixture, "SELECT count(*) FROM held_removal_items", "1\n");
	fixture_write(fixture, drop, NULL);
	assert_query(fixture, "SELECT count(*) FROM held_removals", "0\n");
	assert_query(fixture, "SELECT count(*) FROM held_removal_items", "0\n");
}

static void an_applied_set_is_history(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	struct hold hold = { .world = &world, .hash = "aa", .count = 2 };
	int64_t id;

	world_begin(&world, fixture, "acc");
	fixture_write(fixture, save, &hold);
	id = hold.id;
	fixture_write(fixture, approve, &hold);
	fixture_write(fixture, mark_applied, &hold);
	fixture_write(fixture, save, &hold); /* the same rows are missing once more */
	assert_int_not_equal(hold.id, id);
	assert_false(approved_at(fixture, "aa", NOW));
	fixture_write(fixture, drop, NULL);
	assert_query(fixture, "SELECT count(*) FROM held_removals", "1\n");
}

static bool list(struct store_tx *tx, void *arg, struct err *err)
{
	struct held_set *sets;
	struct held_item *items;
	size_t count;

	if (!held_list(tx, arg, &sets, &count, err))
		return false;
	assert_int_equal(count, 1);
	assert_string_equal(sets[0].rule, "share");
	assert_string_equal(sets[0].summary, "2 of 3 devices are missing (66.7 %)");
	assert_int_equal(sets[0].count, 2);
	assert_null(sets[0].approved_at);
	if (!held_items(tx, sets[0].id, &items, &count, err))
		return false;
	held_list_fini(sets, 1);
	assert_int_equal(count, 2);
	assert_string_equal(items[1].source_id, "d2");
	assert_string_equal(items[1].label, "Two");
	held_items_fini(items, count);
	if (!held_list(tx, "other", &sets, &count, err))
		return false;
	assert_int_equal(count, 0);
	held_list_fini(sets, count);
	return true;
}

static void what_waits_is_listed(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	struct hold hold = { .world = &world, .hash = "aa", .count = 2 };

	world_begin(&world, fixture, "acc");
	fixture_write(fixture, save, &hold);
	fixture_read(fixture, list, NULL);
	fixture_read(fixture, list, "acc");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(an_approval_is_bound_to_its_set_and_expires),
		T(another_set_replaces_it_the_same_stays),
		T(an_applied_set_is_history),
		T(what_waits_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
