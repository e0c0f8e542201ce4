/* The scratch of a dry run: leaves no trace, holds no lock, and equals the real run. */
#include "store/account.h"
#include "store/change.h"
#include "store/db.h"
#include "store/script_key.h"
#include "store/setting.h"
#include "store_world.h"

/* A day at the vendor: one row changes, one goes with its child, one comes. */
static void one_day(struct world *world)
{
	struct entity_missing_list missing;

	world->context.now = LATER;
	world_put(world, "device", "d1", NULL, "name", "One, renamed", NULL);
	world_put(world, "device", "d3", NULL, "name", "Three", NULL);
	world_list(world, "device");
	missing = world_missing(world, "device");
	assert_int_equal(missing.count, 1);
	entity_missing_fini(&missing);
}

struct difference {
	struct world *world;
	struct buf text;
};

static bool read_changes(struct store_tx *tx, void *arg, struct err *err)
{
	struct difference *difference = arg;
	struct db_stmt *stmt = db_prepare(
		tx,
		"SELECT entity || ' ' || source_id || ' ' || kind || ' ' || after FROM changes"
		" WHERE session_id = $1 ORDER BY seq",
		err);
	bool has_row;

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, difference->world->session);
	while (db_step(stmt, &has_row, err) && has_row) {
		buf_str(&difference->text, db_column_text(stmt, 0, NULL));
		buf_char(&difference->text, '\n');
	}
	return !has_row;
}

static struct buf changes_of(struct world *world)
{
	struct difference difference = { .world = world };

	world_run(world, read_changes, &difference);
	return difference.text;
}

/* Removes what is missing, and what goes with it. */
static void apply(struct world *world)
{
	struct entity_missing_list missing = world_missing(world, "device");

	for (size_t i = 0; i < missing.count; i++)
		assert_true(world_retire(world, "device", missing.items[i].id, "missing"));
	entity_missing_fini(&missing);
	assert_int_equal(world_retire_children(world), 1);
}

static void begin_with_two_devices(struct world *world, struct fixture *fixture)
{
	world_begin(world, fixture, "acc");
	world_put(world, "device", "d1", NULL, "name", "One", NULL);
	world_put(world, "device", "d2", NULL, "name", "Two", NULL);
	world_put(world, "device_app", "d2/a", NULL, "device_source_id", "d2", "app_source_id", "a",
		  NULL);
	world_run(world, world_end_unit, world);
	world_run(world, world_take_unit, world);
}

static void a_dry_run_equals_the_real_one_and_leaves_no_trace(void **state)
{
	struct fixture *fixture = *state;
	static const char all[] = "SELECT (SELECT count(*) FROM changes),"
				  " (SELECT count(*) FROM sessions),"
				  " (SELECT group_concat(name) FROM devices),"
				  " (SELECT count(*) FROM session_batches)";
	struct world real, dry;
	struct buf before = BUF_INIT, real_changes, dry_changes;

	begin_with_two_devices(&real, fixture);
	fixture_query(fixture, all, &before);
	dry = real;
	dry.store = store_open_scratch(fixture->store, "acc", &fixture->err);
	assert_non_null(dry.store);
	world_next_session(&dry);
	one_day(&dry);
	apply(&dry);
	dry_changes = changes_of(&dry);
	assert_query(fixture, all, buf_text(&before));
	store_close(dry.store);
	assert_query(fixture, all, buf_text(&before));
	world_next_session(&real);
	one_day(&real);
	apply(&real);
	real_changes = changes_of(&real);
	assert_string_equal(buf_text(&dry_changes), buf_text(&real_changes));
	assert_non_null(strstr(buf_text(&real_changes), "device_app d2/a removed"));
	buf_fini(&before);
	buf_fini(&dry_changes);
	buf_fini(&real_changes);
}

static bool name_change(void *arg, const struct change_entry *change, struct err *err)
{
	(void)err;
	buf_printf(arg, "%s %s\n", change->source_id, change->kind);
	return true;
}

static bool read_first_two(struct store_tx *tx, void *arg, struct err *err)
{
	struct difference *difference = arg;

	return change_each(tx, difference->world->session, 2, name_change, &difference->text, err);
}

static bool read_all(struct store_tx *tx, void *arg, struct err *err)
{
	struct difference *difference = arg;

	return change_each(tx, difference->world->session, 0, name_change, &difference->text, err);
}

static void changes_are_read_in_order_and_no_more_than_asked_for(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	struct difference first = { .world = &world }, all = { .world = &world };

	begin_with_two_devices(&world, fixture);
	world_next_session(&world);
	one_day(&world);
	apply(&world);
	world_run(&world, read_first_two, &first);
	assert_string_equal(buf_text(&first.text), "d1 updated\nd3 created\n");
	world_run(&world, read_all, &all);
	assert_string_equal(buf_text(&all.text),
			    "d1 updated\nd3 created\nd2 removed\nd2/a removed\n");
	buf_fini(&first.text);
	buf_fini(&all.text);
}

static bool set_setting(struct store_tx *tx, void *arg, struct err *err)
{
	return setting_set(tx, "key", arg, err);
}

static bool set_state(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return account_set_state(tx, "acc", "ok", "", "", NOW, err);
}

static void a_scratch_writes_no_other_table(void **state)
{
	struct fixture *fixture = *state;
	struct store *scratch;
	struct world world;

	begin_with_two_devices(&world, fixture);
	scratch = store_open_scratch(fixture->store, "acc", &fixture->err);
	assert_false(store_run(scratch, STORE_WRITE, set_setting, "x", &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_STORE);
	assert_false(store_run(scratch, STORE_WRITE, set_state, NULL, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_STORE);
	store_close(scratch);
	assert_query(fixture, "SELECT count(*) FROM settings WHERE key = 'key'", "0\n");
	assert_query(fixture, "SELECT state FROM accounts", "new\n");
}

static bool write_within(struct store_tx *tx, void *arg, struct err *err)
{
	struct fixture *fixture = arg;

	(void)tx;
	return store_run(fixture->store, STORE_WRITE, set_setting, "while dry", err);
}

/* A unit of the scratch waits for a unit of the project's writer: no lock is in the way. */
static void a_scratch_holds_no_lock(void **state)
{
	struct fixture *fixture = *state;
	struct store *scratch;
	struct world world;

	begin_with_two_devices(&world, fixture);
	scratch = store_open_scratch(fixture->store, "acc", &fixture->err);
	assert_ok(fixture, store_run(scratch, STORE_WRITE, write_within, fixture, &fixture->err));
	store_close(scratch);
	assert_query(fixture, "SELECT value FROM settings WHERE key = 'key'", "while dry\n");
}

static bool keys_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct buf value = BUF_INIT;
	bool found, ok;

	ok = script_key_get(tx, "account:acc", "k", &found, &value, err) &&
	     script_key_set(tx, "account:acc", "k", "dry", 3, err);
	assert_true(found);
	assert_string_equal(buf_text(&value), arg);
	buf_fini(&value);
	return ok;
}

static bool add_key_unit(struct store_tx *tx, void *arg, struct err *err)
{
	return script_key_set(tx, "account:acc", "k", arg, strlen(arg), err);
}

static void a_scratch_begins_with_the_accounts_rows_alone(void **state)
{
	struct fixture *fixture = *state;
	struct world world, other, dry;

	begin_with_two_devices(&world, fixture);
	world_begin(&other, fixture, "other");
	world_put(&other, "device", "theirs", NULL, NULL);
	fixture_write(fixture, add_key_unit, "real");
	dry = world;
	dry.store = store_open_scratch(fixture->store, "acc", &fixture->err);
	assert_string_equal(store_install_id(dry.store), store_install_id(fixture->store));
	world_run(&dry, keys_unit, "real");
	world_run(&dry, keys_unit, "dry");
	assert_int_not_equal(world_find(&dry, "device", "d1"), 0);
	dry.context.account_id = "other";
	assert_int_equal(world_find(&dry, "device", "theirs"), 0);
	store_close(dry.store);
	fixture_write(fixture, keys_unit, "real");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(a_dry_run_equals_the_real_one_and_leaves_no_trace),
		T(changes_are_read_in_order_and_no_more_than_asked_for),
		T(a_scratch_writes_no_other_table),
		T(a_scratch_holds_no_lock),
		T(a_scratch_begins_with_the_accounts_rows_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
