/* Canonical rows: created, unchanged, updated, missing, retired, restored; the change log. */
#include "store_fixture.h"

struct world {
	struct fixture *fixture;
	struct entity_context context;
	struct lease lease;
	int64_t session;
	bool first;
};

static bool begin_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;

	return lease_take(tx, "acc", "test", 1000, &world->lease, err) &&
	       session_begin(tx, &world->lease, "full", "{}", NOW, &world->session, &world->first,
			     err);
}

static void begin(struct world *world, struct fixture *fixture)
{
	*world = (struct world){ .fixture = fixture };
	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, begin_unit, world);
	world->context = (struct entity_context){ .account_id = "acc",
						  .session_id = world->session,
						  .stream = "devices",
						  .now = NOW,
						  .log_created = true };
}

struct upsert {
	struct world *world;
	struct fixture_row row;
	enum entity_outcome outcome;
	int64_t id;
};

static bool upsert_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct upsert *upsert = arg;

	upsert->row.row.cells = upsert->row.cells;
	return fixture_upsert(tx, &upsert->world->context, &upsert->row, &upsert->outcome,
			      &upsert->id, err);
}

static enum entity_outcome put_device(struct world *world, const char *source_id, const char *name,
				      int64_t *id)
{
	struct upsert upsert = { .world = world };

	fixture_row_init(&upsert.row, "device", source_id);
	fixture_row_set(&upsert.row, "name", name);
	fixture_row_set(&upsert.row, "mac_addresses", "[\"aa\"]");
	fixture_row_flag(&upsert.row, "is_managed", true);
	fixture_write(world->fixture, upsert_unit, &upsert);
	*id = upsert.id;
	return upsert.outcome;
}

static void each_real_change_is_logged_once(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	int64_t first, again;

	begin(&world, fixture);
	assert_int_equal(put_device(&world, "d1", "One", &first), ENTITY_CREATED);
	assert_int_equal(put_device(&world, "d1", "One", &again), ENTITY_UNCHANGED);
	assert_int_equal(first, again);
	assert_int_equal(put_device(&world, "d1", "Two \"x\"\n", &again), ENTITY_UPDATED);
	assert_int_equal(first, again);
	assert_query(fixture, "SELECT kind, before ->> '$.name', after FROM changes ORDER BY seq",
		     "created||{\"name\":\"One\",\"is_managed\":true,\"mac_addresses\":[\"aa\"]}\n"
		     "updated|One|{\"name\":\"Two \\\"x\\\"\\n\"}\n");
	assert_query(fixture, "SELECT json_valid(before) FROM changes WHERE kind = 'updated'",
		     "1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_real_change_is_logged_once, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
