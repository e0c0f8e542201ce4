/* The model, the tables and the views say the same. */
#include "base/file.h"
#include "store_world.h"

/* --- tables --- */

static const char *type_of(enum model_type type)
{
	return type == MODEL_BOOL ? "INTEGER" : "TEXT";
}

/* name:type of the vendor's facts, in the table's order. */
static void put_expected(const struct model_entity *entity, struct buf *out)
{
	for (size_t i = 0; i < entity->column_count; i++)
		buf_printf(out, "%s|%s\n", entity->columns[i].name,
			   type_of(entity->columns[i].type));
}

static void every_entity_has_its_table(void **state)
{
	struct fixture *fixture = *state;
	size_t count;
	const struct model_entity *entities = model_entities(&count);

	assert_int_equal(count, 10);
	for (size_t i = 0; i < count; i++) {
		struct buf expected = BUF_INIT, found = BUF_INIT;
		char sql[512];

		snprintf(
			sql, sizeof(sql),
			"SELECT name, type FROM pragma_table_info('%s') WHERE name NOT IN ('id',"
			" 'account_id', 'source_id', 'content_hash', 'raw_hash', 'streams',"
			" 'removed_at', 'removed_reason', 'first_seen_at', 'updated_at', 'custom')",
			entities[i].table);
		put_expected(&entities[i], &expected);
		assert_string_equal(fixture_query(fixture, sql, &found), buf_text(&expected));
		buf_fini(&expected);
		buf_fini(&found);
	}
}

static void parents_are_columns_and_entities(void **state)
{
	size_t count;
	const struct model_entity *entities = model_entities(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct model_parent *parent = entities[i].parents;

		for (; parent->column != NULL; parent++) {
			assert_true(model_column(&entities[i], parent->column) >= 0);
			assert_non_null(model_entity(parent->entity));
			assert_int_equal(entities[i].guard, MODEL_RELATION);
		}
		assert_ptr_equal(model_entity(entities[i].name), &entities[i]);
	}
	assert_null(model_entity("devices"));
	assert_int_equal(model_column(model_entity("user"), "serial_number"), -1);
}

/* What a person may query is on one list; a new table must be put on it or be kept back. */
static void every_table_is_public_or_kept_back(void **state)
{
	struct fixture *fixture = *state;
	struct buf names = BUF_INIT;
	char *name, *rest;

	fixture_query(fixture,
		      "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
		      " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'vault_%'"
		      " AND name NOT IN ('credential_fields', 'script_keys')",
		      &names);
	for (name = strtok_r(names.data, "\n", &rest); name != NULL;
	     name = strtok_r(NULL, "\n", &rest)) {
		char sql[128];

		snprintf(sql, sizeof(sql), "SELECT count(*) >= 0 FROM %s", name);
		assert_query(fixture, sql, "1\n");
	}
	buf_fini(&names);
}

/* README.md is the interface's manual: a column that it does not name is not there for people. */
static void every_public_column_is_documented(void **state)
{
	struct fixture *fixture = *state;
	struct buf names = BUF_INIT, manual = BUF_INIT;
	char *name, *rest;

	assert_ok(fixture, file_read("host/store/README.md", 1 << 20, &manual, &fixture->err));
	fixture_query(fixture,
		      "SELECT m.name FROM sqlite_schema m WHERE m.type IN ('table', 'view')"
		      " AND m.name NOT LIKE 'sqlite_%' UNION"
		      " SELECT i.name FROM sqlite_schema m, pragma_table_info(m.name) i"
		      " WHERE m.type IN ('table', 'view') AND m.name NOT IN ('leases', 'limits',"
		      " 'tokens', 'session_batches', 'stream_state', 'event_marks', 'enrichments',"
		      " 'schema_migrations', 'script_keys',"
		      " 'credential_fields') AND m.name NOT LIKE 'vault_%'"
		      " AND m.name NOT LIKE 'sqlite_%'",
		      &names);
	for (name = strtok_r(names.data, "\n", &rest); name != NULL;
	     name = strtok_r(NULL, "\n", &rest)) {
		if (strstr(manual.data, name) == NULL)
			fail_msg("host/store/README.md does not name %s", name);
	}
	buf_fini(&names);
	buf_fini(&manual);
}

/* --- views --- */

static bool archive(struct store_tx *tx, void *arg, struct err *err)
{
	return account_archive(tx, arg, NOW, err);
}

static void archive_and_assert_gone(struct fixture *fixture, const char *view)
{
	char sql[128];

	fixture_write(fixture, archive, "two");
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE sources LIKE '%%kandji/two%%'",
		 view);
	assert_query(fixture, sql, "0\n");
}

static void people_are_merged_by_email(void **state)
{
	struct fixture *fixture = *state;
	struct world one, two;

	world_begin(&one, fixture, "one");
	world_begin(&two, fixture, "two");
	world_put(&one, "user", "1", NULL, "email", "Ann@Acme.com", "status", "inactive", NULL);
	world_put(&two, "user", "9", NULL, "email", "ann@acme.com", "status", "active", "name",
		  "Ann", NULL);
	world_put(&one, "user", "2", NULL, "name", "no mail", "email", "", NULL);
	world_put(&one, "user", "3", NULL, "name", "nor this one", "email", " ", NULL);
	world_retire(&one, "user",
		     world_put(&one, "user", "4", NULL, "email", "gone@acme.com", NULL), "missing");
	assert_query(fixture,
		     "SELECT email, name, status, account_count, json_array_length(sources)"
		     " FROM people ORDER BY email, name",
		     "|no mail||1|1\n|nor this one||1|1\nann@acme.com|Ann|active|2|2\n");
	assert_query(fixture,
		     "SELECT s.value ->> '$.account', s.value ->> '$.source_id'"
		     " FROM people p, json_each(p.sources) s WHERE p.email = 'ann@acme.com'"
		     " ORDER BY 1",
		     "kandji/one|1\nkandji/two|9\n");
	archive_and_assert_gone(fixture, "people");
	assert_query(fixture, "SELECT status FROM people WHERE email = 'ann@acme.com'",
		     "inactive\n");
}

static void devices_are_merged_by_serial_number(void **state)
{
	struct fixture *fixture = *state;
	struct world one, two;

	world_begin(&one, fixture, "one");
	world_begin(&two, fixture, "two");
	world_put(&one, "device", "1", NULL, "serial_number", "c02xk", "name", "old", "os_version",
		  "13", "last_seen_at", NOW, NULL);
	world_put(&two, "device", "9", NULL, "serial_number", "C02XK ", "name", "new", "os_version",
		  "14", "last_seen_at", LATER, NULL);
	world_put(&one, "device", "2", NULL, "serial_number", "Unknown", "name", "a", NULL);
	world_put(&one, "device", "3", NULL, "serial_number", "unknown", "name", "b", NULL);
	world_put(&one, "device", "4", NULL, "name", "c", NULL);
	assert_query(fixture,
		     "SELECT name, os_version, source_count, last_seen_at FROM inventory"
		     " ORDER BY name",
		     "a||1|\nb||1|\nc||1|\nnew|14|2|" LATER "\n");
	assert_query(fixture, "SELECT count(*) FROM inventory WHERE last_seen_at IS NULL", "3\n");
	assert_query(fixture,
		     "SELECT json_valid(sources), json_array_length(sources) FROM inventory"
		     " WHERE name = 'new'",
		     "1|2\n");
	archive_and_assert_gone(fixture, "inventory");
	assert_query(fixture, "SELECT os_version FROM inventory WHERE name = 'old'", "13\n");
}

static void what_is_no_serial_number_merges_nothing(void **state)
{
	static const char *const junk[] = { "0",  "00000000",  "--", "xxxxxx", " default string ",
					    "NA", "1234567890" };
	struct fixture *fixture = *state;
	struct world one, two;

	world_begin(&one, fixture, "one");
	world_begin(&two, fixture, "two");
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		char id[] = { (char)('a' + i), '\0' };

		world_put(&one, "device", id, NULL, "serial_number", junk[i], NULL);
		world_put(&two, "device", id, NULL, "serial_number", junk[i], NULL);
	}
	assert_query(fixture, "SELECT max(source_count), count(*) FROM inventory", "1|14\n");
}

static void what_the_last_source_leaves_open_another_one_says(void **state)
{
	struct fixture *fixture = *state;
	struct world one, two, three;

	world_begin(&one, fixture, "one");
	world_begin(&two, fixture, "two");
	world_begin(&three, fixture, "three");
	world_put(&one, "device", "1", NULL, "serial_number", "C02XK", "name", "old", "platform",
		  "macos", "user_email", "ann@acme.com", "last_seen_at", NOW, NULL);
	world_put(&two, "device", "9", NULL, "serial_number", "C02XK", "name", "new", "platform",
		  "unknown", "last_seen_at", LATER, NULL);
	world_put(&three, "device", "5", NULL, "serial_number", "C02XK", "name", "never seen",
		  "user_email", "bob@acme.com", "model", "MacBook", NULL);
	assert_query(fixture,
		     "SELECT name, platform, user_email, model, source_count FROM inventory",
		     "new|macos|ann@acme.com|MacBook|3\n");
}

static void put_install(struct world *world, const char *id, const char *device, const char *app)
{
	world_put(world, "device_app", id, NULL, "device_source_id", device, "app_source_id", app,
		  "version", "1.0", NULL);
}

static int64_t put_sign_in(struct world *world, const char *device, const char *user)
{
	char id[64];

	snprintf(id, sizeof(id), "%s/%s", device, user);
	return world_put(world, "device_user", id, NULL, "device_source_id", device,
			 "user_source_id", user, NULL);
}

static void installed_apps_name_person_device_and_app(void **state)
{
	struct fixture *fixture = *state;
	struct world one, two;

	world_begin(&one, fixture, "one");
	world_begin(&two, fixture, "two");
	world_put(&one, "user", "u", NULL, "email", "Ann@acme.com", "name", "Ann", NULL);
	world_put(&two, "user", "u", NULL, "email", "not@here.com", NULL);
	world_put(&one, "device", "d", NULL, "name", "Mac", "user_source_id", "u", NULL);
	world_put(&one, "device", "e", NULL, "name", "Spare", NULL);
	world_put(&one, "app", "a", NULL, "name", "Zoom", NULL);
	put_install(&one, "1", "d", "a");
	put_install(&one, "2", "e", "unknown app");
	put_install(&one, "3", "no such device", "a");
	put_install(&two, "4", "d", "a");
	world_retire(&one, "device_app",
		     world_put(&one, "device_app", "5", NULL, "device_source_id", "d",
			       "app_source_id", "a", NULL),
		     "missing");
	assert_query(fixture,
		     "SELECT account, person, device, app, version FROM installed_apps"
		     " ORDER BY device",
		     "kandji/one|ann@acme.com|Mac|Zoom|1.0\nkandji/one||Spare||1.0\n");
	fixture_write(fixture, archive, "one");
	assert_query(fixture, "SELECT count(*) FROM installed_apps", "0\n");
}

/* Everybody who may sign in uses what is there; the owner is no second person, by id or by e-mail.
 */
static void installed_apps_name_everybody_who_may_sign_in(void **state)
{
	struct fixture *fixture = *state;
	struct world one;

	world_begin(&one, fixture, "one");
	world_put(&one, "user", "u", NULL, "email", "ann@acme.com", NULL);
	world_put(&one, "user", "v", NULL, "email", "Bob@acme.com", NULL);
	world_put(&one, "device", "d", NULL, "name", "Mac", "user_source_id", "u", NULL);
	world_put(&one, "device", "e", NULL, "name", "Lab", NULL);
	world_put(&one, "device", "f", NULL, "name", "Pad", "user_email", "BOB@acme.com", NULL);
	world_put(&one, "app", "a", NULL, "name", "Zoom", NULL);
	put_install(&one, "1", "d", "a");
	put_install(&one, "2", "e", "a");
	put_install(&one, "3", "f", "a");
	put_sign_in(&one, "d", "u");
	put_sign_in(&one, "d", "v");
	put_sign_in(&one, "e", "v");
	put_sign_in(&one, "e", "not listed");
	put_sign_in(&one, "f", "v");
	assert_query(fixture,
		     "SELECT device, person, how FROM installed_apps ORDER BY device, person",
		     "Lab|bob@acme.com|shared\nMac|ann@acme.com|installed\n"
		     "Mac|bob@acme.com|shared\nPad|bob@acme.com|installed\n");
	world_retire(&one, "device_user", put_sign_in(&one, "d", "w"), "missing");
	assert_query(fixture, "SELECT count(*) FROM installed_apps WHERE device = 'Mac'", "2\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(every_entity_has_its_table),
		cmocka_unit_test(parents_are_columns_and_entities),
		T(every_table_is_public_or_kept_back),
		T(every_public_column_is_documented),
		T(people_are_merged_by_email),
		T(devices_are_merged_by_serial_number),
		T(what_is_no_serial_number_merges_nothing),
		T(what_the_last_source_leaves_open_another_one_says),
		T(installed_apps_name_person_device_and_app),
		T(installed_apps_name_everybody_who_may_sign_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
