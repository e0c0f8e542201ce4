/* The raw hash of a row: it stands and falls with the content that it was made with. */
#include "store/entity_raw.h"
#include "store_world.h"
#include "sync/raw_rows.h"

struct put {
	struct world *world;
	const char *id, *name, *raw; /* raw: 16 bytes, or NULL */
	enum entity_outcome outcome;
	int64_t row_id;
};

static bool put_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct put *put = arg;
	struct fixture_row row;

	fixture_row_init(&row, "device", put->id);
	fixture_row_set(&row, "name", put->name);
	row.row.raw = (const uint8_t *)put->raw;
	return fixture_upsert(tx, &put->world->context, &row, &put->outcome, &put->row_id, err);
}

static enum entity_outcome put(struct world *world, const char *id, const char *name,
			       const char *raw)
{
	struct put one = { .world = world, .id = id, .name = name, .raw = raw };

	world_run(world, put_unit, &one);
	return one.outcome;
}

static bool patch_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct put *put = arg;
	struct fixture_row row;
	bool is_there;

	fixture_row_init(&row, "device", put->id);
	fixture_row_set(&row, "name", put->name);
	return entity_patch(tx, &put->world->context, &row.row, &is_there, &put->outcome, err);
}

static const char raw_a[] = "aaaaaaaaaaaaaaaa", raw_b[] = "bbbbbbbbbbbbbbbb";

#define RAW "SELECT source_id, CAST(raw_hash AS TEXT) FROM devices ORDER BY id"

static void it_is_written_with_the_content(void **state)
{
	struct fixture *fixture = *state;
	struct world world;

	world_begin(&world, fixture, "acc");
	put(&world, "d1", "One", raw_a);
	put(&world, "d2", "Two", NULL);
	assert_query(fixture, RAW, "d1|aaaaaaaaaaaaaaaa\nd2|\n");
	assert_int_equal(put(&world, "d1", "Eins", raw_b), ENTITY_UPDATED);
	assert_query(fixture, RAW, "d1|bbbbbbbbbbbbbbbb\nd2|\n");
	assert_int_equal(put(&world, "d1", "One", NULL), ENTITY_UPDATED);
	assert_query(fixture, RAW, "d1|\nd2|\n");
}

/* Nothing but the hash is written, and nothing logged. */
static void another_record_may_have_the_same_content(void **state)
{
	struct fixture *fixture = *state;
	struct world world;

	world_begin(&world, fixture, "acc");
	put(&world, "d1", "One", raw_a);
	world.context.now = LATER;
	assert_int_equal(put(&world, "d1", "One", raw_b), ENTITY_UNCHANGED);
	assert_query(fixture, RAW, "d1|bbbbbbbbbbbbbbbb\n");
	assert_query(fixture, "SELECT updated_at = '" NOW "' FROM devices", "1\n");
	assert_query(fixture, "SELECT count(*) FROM changes", "1\n");
	assert_int_equal(put(&world, "d1", "One", NULL), ENTITY_UNCHANGED);
	assert_query(fixture, RAW, "d1|bbbbbbbbbbbbbbbb\n");
}

/* Two streams of one row would write it in turns, each session anew. */
static void of_a_shared_row_the_first_one_stays(void **state)
{
	struct fixture *fixture = *state;
	struct world world;

	world_begin(&world, fixture, "acc");
	put(&world, "d1", "One", raw_a);
	world.context.stream = "details";
	put(&world, "d1", "One", raw_b);
	put(&world, "d1", "One", raw_b);
	assert_query(fixture, RAW, "d1|aaaaaaaaaaaaaaaa\n");
	put(&world, "d1", "Two", raw_b);
	assert_query(fixture, RAW, "d1|bbbbbbbbbbbbbbbb\n");
}

static void a_patch_takes_it_away(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	struct put patch = { .world = &world, .id = "d1", .name = "Patched" };

	world_begin(&world, fixture, "acc");
	put(&world, "d1", "One", raw_a);
	world_run(&world, patch_unit, &patch);
	assert_query(fixture, RAW, "d1|\n");
}

static bool note(void *arg, int64_t id, const uint8_t raw[HASH128_SIZE], struct err *err)
{
	struct buf *out = arg;

	buf_printf(out, "%lld %.16s\n", (long long)id, (const char *)raw);
	return buf_ok(out, err);
}

static bool retire_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	const struct model_entity *entity = model_entity("device");
	int64_t id;
	bool removed;

	return entity_find(tx, world->context.account_id, entity, "d6", 2, &id, err) &&
	       entity_retire(tx, &world->context, entity, id, "missing", &removed, err);
}

struct each {
	struct world *world;
	struct buf out;
};

static bool each_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct each *each = arg;

	return entity_each_raw(tx, &each->world->context, model_entity("device"), note, &each->out,
			       err);
}

/* Live rows, of this account, that this stream vouches for, whose raw hash is known. */
static void those_that_count_are_listed(void **state)
{
	struct fixture *fixture = *state;
	struct world world, other;
	struct each each = { .world = &world };

	world_begin(&world, fixture, "acc");
	world_begin(&other, fixture, "other");
	put(&world, "d1", "One", raw_a);
	put(&world, "d2", "Two", NULL);
	put(&other, "d3", "Three", raw_a);
	world.context.stream = "details";
	put(&world, "d4", "Four", raw_a);
	world.context.stream = "devices";
	put(&world, "d5", "Five", raw_b);
	put(&world, "d6", "Six", raw_b);
	world_run(&world, retire_unit, &world);
	world_run(&world, each_unit, &each);
	assert_string_equal(buf_text(&each.out), "1 aaaaaaaaaaaaaaaa\n5 bbbbbbbbbbbbbbbb\n");
	buf_fini(&each.out);
}

struct loading {
	struct world *world;
	struct raw_rows rows;
};

static bool load_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct loading *loading = arg;

	return raw_rows_load(&loading->rows, tx, &loading->world->context, err);
}

/* What is beyond it is told whole, as if it had no hash. */
static void so_many_are_loaded(void **state)
{
	struct world world;
	struct loading loading = { .world = &world,
				   .rows = { .entity = model_entity("device"), .max = 2 } };
	bool again = false;

	world_begin(&world, *state, "acc");
	put(&world, "d1", "One", raw_a);
	put(&world, "d2", "Two", raw_b);
	put(&world, "d3", "Three", raw_b);
	world_run(&world, load_unit, &loading);
	assert_int_equal(loading.rows.count, 2);
	assert_int_equal(raw_rows_list_at(&loading.rows, 2, &again), 0);
	assert_int_equal(raw_rows_list_at(&loading.rows, 1, &again), 2);
	assert_false(again);
	raw_rows_list_id(&loading.rows, 3, &again);
	assert_false(again);
	raw_rows_list_id(&loading.rows, 2, &again);
	assert_true(again);
	raw_rows_fini(&loading.rows);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_written_with_the_content),	T(another_record_may_have_the_same_content),
		T(of_a_shared_row_the_first_one_stays), T(a_patch_takes_it_away),
		T(those_that_count_are_listed),		T(so_many_are_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
