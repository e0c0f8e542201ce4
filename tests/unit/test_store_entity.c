/* Canonical rows: created, unchanged, updated, missing, retired, restored; the change log. */
#include "store_world.h"

/* --- writing --- */

static void each_real_change_is_logged_once(void **state)
{
	struct fixture *fixture = *state;
	enum entity_outcome outcome;
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	id = world_put(&world, "device", "d1", &outcome, "name", "One", "mac_addresses", "[\"aa\"]",
		       NULL);
	assert_int_equal(outcome, ENTITY_CREATED);
	assert_int_equal(world_put(&world, "device", "d1", &outcome, "name", "One", "mac_addresses",
				   "[\"aa\"]", NULL),
			 id);
	assert_int_equal(outcome, ENTITY_UNCHANGED);
	assert_int_equal(
		world_put(&world, "device", "d1", &outcome, "name", "Two \"x\"\n\x01\\", NULL), id);
	assert_int_equal(outcome, ENTITY_UPDATED);
	assert_query(fixture,
		     "SELECT kind, before ->> '$.name', before -> '$.mac_addresses', after"
		     " FROM changes ORDER BY seq",
		     "created|||{\"name\":\"One\",\"mac_addresses\":[\"aa\"]}\n"
		     "updated|One|[\"aa\"]|"
		     "{\"name\":\"Two \\\"x\\\"\\n\\u0001\\\\\",\"mac_addresses\":null}\n");
	assert_query(fixture, "SELECT sum(json_valid(before)), sum(json_valid(after)) FROM changes",
		     "1|2\n");
	assert_query(fixture,
		     "SELECT after ->> '$.name' = (SELECT name FROM devices) FROM changes"
		     " WHERE kind = 'updated'",
		     "1\n");
}

static void creations_of_a_first_session_are_implied(void **state)
{
	struct fixture *fixture = *state;
	struct world world;

	world_begin(&world, fixture, "acc");
	world.context.log_created = false;
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	world_put(&world, "device", "d1", NULL, "name", "Two", NULL);
	assert_query(fixture, "SELECT kind FROM changes", "updated\n");
}

static void flags_and_custom_are_part_of_the_content(void **state)
{
	struct fixture *fixture = *state;
	struct world_put put;
	struct world world;

	world_begin(&world, fixture, "acc");
	put = (struct world_put){ .world = &world };
	fixture_row_init(&put.row, "device", "d1");
	fixture_row_flag(&put.row, "is_managed", false);
	put.row.row.custom = "{\"a\":1}";
	put.row.row.custom_len = 7;
	world_run(&world, world_put_unit, &put);
	assert_query(fixture, "SELECT is_managed, is_encrypted IS NULL, custom FROM devices",
		     "0|1|{\"a\":1}\n");
	world_run(&world, world_put_unit, &put);
	assert_int_equal(put.outcome, ENTITY_UNCHANGED);
	fixture_row_flag(&put.row, "is_managed", true);
	world_run(&world, world_put_unit, &put);
	assert_int_equal(put.outcome, ENTITY_UPDATED);
	put.row.row.custom = NULL;
	world_run(&world, world_put_unit, &put);
	assert_int_equal(put.outcome, ENTITY_UPDATED);
	assert_query(fixture, "SELECT after FROM changes WHERE kind = 'updated' ORDER BY seq",
		     "{\"is_managed\":true}\n{\"custom\":null}\n");
}

static void an_empty_text_is_not_an_absent_one(void **state)
{
	struct fixture *fixture = *state;
	enum entity_outcome outcome;
	struct world world;

	world_begin(&world, fixture, "acc");
	world_put(&world, "user", "u1", NULL, "name", "", NULL);
	world_put(&world, "user", "u1", &outcome, NULL);
	assert_int_equal(outcome, ENTITY_UPDATED);
	world_put(&world, "user", "u2", NULL, "name", "ab", "title", "c", NULL);
	world_put(&world, "user", "u2", &outcome, "name", "a", "title", "bc", NULL);
	assert_int_equal(outcome, ENTITY_UPDATED);
}

static int64_t writes_of(struct fixture *fixture)
{
	struct stat st;
	char wal[400];

	snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
	assert_int_equal(stat(wal, &st), 0);
	return st.st_size;
}

static void an_unchanged_row_writes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	int64_t before;

	world_begin(&world, fixture, "acc");
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	before = writes_of(fixture);
	for (int i = 0; i < 20; i++)
		world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	assert_int_equal(writes_of(fixture), before);
}

static void accounts_do_not_touch_each_other(void **state)
{
	struct fixture *fixture = *state;
	struct world one, two;
	enum entity_outcome outcome;

	world_begin(&one, fixture, "one");
	world_begin(&two, fixture, "two");
	world_put(&one, "device", "d1", NULL, "name", "One", NULL);
	world_put(&two, "device", "d1", &outcome, "name", "Two", NULL);
	assert_int_equal(outcome, ENTITY_CREATED);
	assert_query(fixture, "SELECT account_id, name FROM devices ORDER BY id",
		     "one|One\ntwo|Two\n");
}

/* --- voices --- */

static void a_second_stream_adds_its_voice_silently(void **state)
{
	struct fixture *fixture = *state;
	enum entity_outcome outcome;
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	id = world_put(&world, "user", "u1", NULL, "name", "Ann", NULL);
	world.context.stream = "apps";
	world_put(&world, "user", "u1", &outcome, "name", "Ann", NULL);
	assert_int_equal(outcome, ENTITY_UNCHANGED);
	assert_query(fixture, "SELECT streams FROM users", "[\"apps\",\"devices\"]\n");
	assert_query(fixture, "SELECT count(*) FROM changes", "1\n");
	assert_false(world_retire(&world, "user", id, "missing"));
	assert_query(fixture, "SELECT streams, removed_at IS NULL FROM users", "[\"devices\"]|1\n");
	world.context.stream = "devices";
	assert_true(world_retire(&world, "user", id, "missing"));
	assert_query(fixture, "SELECT streams, removed_at, removed_reason FROM users",
		     "[]|" NOW "|missing\n");
}

static void a_stream_whose_name_is_part_of_another_has_its_own_voice(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	world.context.stream = "device_apps";
	id = world_put(&world, "app", "a1", NULL, "name", "App", NULL);
	world.context.stream = "apps";
	world_put(&world, "app", "a1", NULL, "name", "App", NULL);
	assert_query(fixture, "SELECT streams FROM apps", "[\"apps\",\"device_apps\"]\n");
	assert_false(world_retire(&world, "app", id, "missing"));
	assert_query(fixture, "SELECT streams FROM apps", "[\"device_apps\"]\n");
}

/* --- tombstones --- */

static void a_tombstone_comes_back_under_its_id(void **state)
{
	struct fixture *fixture = *state;
	enum entity_outcome outcome;
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	id = world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	assert_true(world_retire(&world, "device", id, "missing"));
	assert_int_equal(world_find(&world, "device", "d1"), 0);
	assert_false(world_retire(&world, "device", id, "missing")); /* once is enough */
	world.context.now = LATER;
	assert_int_equal(world_put(&world, "device", "d1", &outcome, "name", "One", NULL), id);
	assert_int_equal(outcome, ENTITY_RESTORED);
	assert_int_equal(world_find(&world, "device", "d1"), id);
	assert_query(fixture,
		     "SELECT first_seen_at, updated_at, removed_at, removed_reason, streams"
		     " FROM devices",
		     NOW "|" LATER "|||[\"devices\"]\n");
	assert_query(fixture,
		     "SELECT kind, after FROM changes WHERE kind <> 'created'"
		     " ORDER BY seq",
		     "removed|{\"removed_at\":\"" NOW "\",\"removed_reason\":\"missing\"}\n"
		     "restored|{\"removed_at\":null,\"removed_reason\":null}\n");
	assert_query(fixture,
		     "SELECT before ->> '$.name', before ->> '$.removed_reason'"
		     " FROM changes WHERE kind = 'restored'",
		     "One|missing\n");
}

static bool expire_unit(struct store_tx *tx, void *arg, struct err *err)
{
	const struct entity_expiry expiry = { arg, arg, arg };

	return entity_expire(tx, &expiry, err);
}

static void tombstones_and_changes_are_kept_until_they_are_old(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	int64_t id;

	world_begin(&world, fixture, "acc");
	id = world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	world_put(&world, "device", "d2", NULL, "name", "Two", NULL);
	world_retire(&world, "device", id, "missing");
	fixture_write(fixture, expire_unit, (void *)(uintptr_t)NOW);
	assert_query(fixture, "SELECT count(*) FROM devices", "2\n");
	assert_query(fixture, "SELECT count(*) FROM changes", "3\n");
	fixture_write(fixture, expire_unit, (void *)(uintptr_t) "2026-03-02T09:14:55.121Z");
	assert_query(fixture, "SELECT source_id FROM devices", "d2\n");
	assert_query(fixture, "SELECT count(*) FROM changes", "0\n");
}

/* --- missing --- */

static void what_a_stream_did_not_list_is_missing(void **state)
{
	struct fixture *fixture = *state;
	struct entity_missing_list missing;
	struct world world;
	int64_t gone;

	world_begin(&world, fixture, "acc");
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	gone = world_put(&world, "device", "d2", NULL, "name", "Two", "serial_number", "C02", NULL);
	world.context.stream = "other";
	world_put(&world, "device", "d3", NULL, "name", "not ours", NULL);
	world.context.stream = "devices";
	world_next_session(&world);
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	world_list(&world, "device");
	missing = world_missing(&world, "device");
	assert_int_equal(missing.live, 2);
	assert_int_equal(missing.count, 1);
	assert_int_equal(missing.items[0].id, gone);
	assert_string_equal(missing.items[0].source_id, "d2");
	assert_string_equal(missing.items[0].label, "Two (C02)");
	assert_false(missing.items[0].has_other_voice);
	assert_false(missing.items[0].follows_parent);
	entity_missing_fini(&missing);
}

static void nothing_listed_means_all_are_missing(void **state)
{
	struct fixture *fixture = *state;
	struct entity_missing_list missing;
	struct world world;

	world_begin(&world, fixture, "acc");
	world_put(&world, "device", "d1", NULL, NULL);
	world_put(&world, "device", "d2", NULL, NULL);
	world.context.stream = "other";
	world_put(&world, "device", "d2", NULL, NULL);
	world.context.stream = "devices";
	world_next_session(&world);
	missing = world_missing(&world, "device");
	assert_int_equal(missing.live, 2);
	assert_int_equal(missing.count, 2);
	assert_false(missing.items[0].has_other_voice);
	assert_true(missing.items[1].has_other_voice);
	entity_missing_fini(&missing);
}

static int64_t put_install(struct world *world, const char *device, const char *app)
{
	char source_id[64];

	snprintf(source_id, sizeof(source_id), "%s/%s", device, app);
	return world_put(world, "device_app", source_id, NULL, "device_source_id", device,
			 "app_source_id", app, "version", "1.2", NULL);
}

static void relations_of_a_missing_parent_follow_it(void **state)
{
	struct fixture *fixture = *state;
	struct entity_missing_list missing;
	struct world world;

	world_begin(&world, fixture, "acc");
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	world_put(&world, "device", "d2", NULL, "name", "Two", NULL);
	world_put(&world, "app", "a", NULL, "name", "Zoom", NULL);
	put_install(&world, "d1", "a");
	put_install(&world, "d2", "a");
	put_install(&world, "nowhere", "a");
	world_next_session(&world);
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	world_list(&world, "device");
	world_put(&world, "app", "a", NULL, "name", "Zoom", NULL);
	world_list(&world, "app");
	missing = world_missing(&world, "device_app");
	assert_int_equal(missing.count, 3);
	assert_string_equal(missing.items[0].label, "Zoom 1.2 on One");
	assert_false(missing.items[0].follows_parent); /* its device is there */
	assert_true(missing.items[1].follows_parent);
	assert_false(missing.items[2].follows_parent); /* its device never was */
	assert_string_equal(missing.items[2].label, "Zoom 1.2 on nowhere");
	entity_missing_fini(&missing);
}

static void a_parent_with_another_voice_keeps_its_relations(void **state)
{
	struct fixture *fixture = *state;
	struct entity_missing_list missing;
	struct world world;

	world_begin(&world, fixture, "acc");
	world_put(&world, "user", "u1", NULL, NULL);
	world_put(&world, "user_license", "l1", NULL, "user_source_id", "u1", "license", "Mac",
		  NULL);
	world.context.stream = "people";
	world_put(&world, "user", "u1", NULL, NULL);
	world.context.stream = "devices";
	world_next_session(&world);
	missing = world_missing(&world, "user_license");
	assert_int_equal(missing.count, 1);
	assert_false(missing.items[0].follows_parent);
	entity_missing_fini(&missing);
}

static void a_member_follows_the_parent_of_its_kind(void **state)
{
	struct fixture *fixture = *state;
	struct entity_missing_list missing;
	struct world world;

	world_begin(&world, fixture, "acc");
	world_put(&world, "group", "g", NULL, "name", "All", NULL);
	world_put(&world, "device", "x", NULL, NULL);
	world_put(&world, "group_member", "m1", NULL, "group_source_id", "g", "member_source_id",
		  "x", "member_kind", "user", NULL);
	world_put(&world, "group_member", "m2", NULL, "group_source_id", "g", "member_source_id",
		  "x", "member_kind", "device", NULL);
	world_next_session(&world);
	world_put(&world, "group", "g", NULL, "name", "All", NULL);
	world_list(&world, "group");
	missing = world_missing(&world, "group_member");
	assert_int_equal(missing.count, 2);
	assert_false(missing.items[0].follows_parent); /* the missing x is no user */
	assert_true(missing.items[1].follows_parent);
	entity_missing_fini(&missing);
}

static void children_go_with_a_removed_parent(void **state)
{
	struct fixture *fixture = *state;
	struct world world;
	int64_t gone;

	world_begin(&world, fixture, "acc");
	world_put(&world, "device", "d1", NULL, NULL);
	gone = world_put(&world, "device", "d2", NULL, NULL);
	world_put(&world, "app", "a", NULL, NULL);
	put_install(&world, "d1", "a");
	world.context.stream = "apps"; /* whatever stream vouches for it */
	put_install(&world, "d2", "a");
	put_install(&world, "d2", "b");
	world.context.stream = "devices";
	assert_int_equal(world_retire_children(&world), 0);
	world_retire(&world, "device", gone, "missing");
	assert_int_equal(world_retire_children(&world), 2);
	assert_int_equal(world_retire_children(&world), 0);
	assert_query(fixture, "SELECT source_id, removed_reason FROM device_apps ORDER BY id",
		     "d1/a|\nd2/a|parent\nd2/b|parent\n");
	assert_query(fixture, "SELECT count(*) FROM changes WHERE kind = 'removed'", "3\n");
}

/* --- reading --- */

struct each {
	const char *const *columns;
	size_t column_count;
	int64_t after, limit;
	char text[256];
};

static bool append(void *arg, int64_t id, const char *const *values, struct err *err)
{
	struct each *each = arg;
	size_t len = strlen(each->text);

	if (str_eq(values[0], "stop"))
		return err_set(err, ERR_CANCELLED, "stopped");
	snprintf(each->text + len, sizeof(each->text) - len, "%lld:%s:%s ", (long long)id,
		 values[0], values[1] != NULL ? values[1] : "-");
	return true;
}

static bool each_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct each *each = arg;

	return entity_each(tx, "acc", model_entity("device"), each->columns, each->column_count,
			   each->after, each->limit, append, each, err);
}

static void rows_are_read_page_by_page(void **state)
{
	static const char *const columns[] = { "source_id", "name" };
	static const char *const wrong[] = { "source_id", "name; DROP TABLE devices" };
	struct fixture *fixture = *state;
	struct each each = { .columns = columns, .column_count = 2, .limit = 2 };
	struct world world;

	world_begin(&world, fixture, "acc");
	world_put(&world, "device", "d1", NULL, "name", "One", NULL);
	world_retire(&world, "device", world_put(&world, "device", "d2", NULL, NULL), "missing");
	world_put(&world, "device", "d3", NULL, NULL);
	world_put(&world, "device", "d4", NULL, "name", "Four", NULL);
	fixture_read(fixture, each_unit, &each);
	assert_string_equal(each.text, "1:d1:One 3:d3:- ");
	each.text[0] = '\0';
	each.after = 3;
	fixture_read(fixture, each_unit, &each);
	assert_string_equal(each.text, "4:d4:Four ");
	each.columns = wrong;
	assert_false(store_run(fixture->store, STORE_READ, each_unit, &each, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_USAGE);
	world_put(&world, "device", "stop", NULL, NULL);
	each.columns = columns;
	for (int i = 0; i < 2; i++) {
		assert_false(
			store_run(fixture->store, STORE_READ, each_unit, &each, &fixture->err));
		assert_int_equal(fixture->err.kind, ERR_CANCELLED);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(each_real_change_is_logged_once),
		T(creations_of_a_first_session_are_implied),
		T(flags_and_custom_are_part_of_the_content),
		T(an_empty_text_is_not_an_absent_one),
		T(an_unchanged_row_writes_nothing),
		T(accounts_do_not_touch_each_other),
		T(a_second_stream_adds_its_voice_silently),
		T(a_stream_whose_name_is_part_of_another_has_its_own_voice),
		T(a_tombstone_comes_back_under_its_id),
		T(tombstones_and_changes_are_kept_until_they_are_old),
		T(what_a_stream_did_not_list_is_missing),
		T(nothing_listed_means_all_are_missing),
		T(relations_of_a_missing_parent_follow_it),
		T(a_parent_with_another_voice_keeps_its_relations),
		T(a_member_follows_the_parent_of_its_kind),
		T(children_go_with_a_removed_parent),
		T(rows_are_read_page_by_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
