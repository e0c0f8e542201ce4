/* A person's SQL: reads of public tables, nothing else; messages that help. */
#include "store_fixture.h"

/* What a query that must fail says; its way out is in fixture->err. */
static const char *refused(struct fixture *fixture, const char *sql)
{
	struct buf out = BUF_INIT;
	const struct query_sink sink = { fixture_no_columns, fixture_append_row, &out };

	fixture->err = ERR_INIT;
	if (query_run(fixture->store, sql, NULL, 0, &sink, &fixture->err))
		fail_msg("not refused: %s", sql);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
	return fixture->err.message;
}

static void values_of_each_type_come_out(void **state)
{
	assert_query(*state, "SELECT 1, 2.5, 'x', NULL, x'4142'", "1|2.5|x||AB\n");
	assert_query(*state, "WITH n(i) AS (VALUES (1), (2)) SELECT i FROM n; -- done", "1\n2\n");
	assert_query(*state, "SELECT value FROM json_each('[1,2]')", "1\n2\n");
	assert_query(*state, "SELECT name FROM pragma_table_info('settings')", "key\nvalue\n");
	assert_query(*state, "SELECT count(*) FROM people", "0\n");
	assert_query(*state, "SELECT count(*) FROM inventory", "0\n");
	assert_query(*state, "SELECT count(*) FROM installed_apps", "0\n");
}

static void binds_fill_the_parameters(void **state)
{
	struct fixture *fixture = *state;
	struct buf out = BUF_INIT;
	const struct query_sink sink = { fixture_no_columns, fixture_append_row, &out };
	const char *binds[] = { "it's", NULL };

	assert_ok(fixture, query_run(fixture->store, "SELECT $1, $2 IS NULL", binds, 2, &sink,
				     &fixture->err));
	assert_string_equal(buf_text(&out), "it's|1\n");
	buf_clear(&out);
	assert_ok(fixture, query_run(fixture->store, "SELECT $2 IS NULL, $1", binds, 2, &sink,
				     &fixture->err));
	assert_string_equal(buf_text(&out), "1|it's\n");
	assert_false(query_run(fixture->store, "SELECT $1", binds, 2, &sink, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_USAGE);
	buf_fini(&out);
}

static void whatever_is_not_a_read_is_refused(void **state)
{
	static const char *const wrong[] = {
		"DELETE FROM users",
		"UPDATE settings SET value = 'x'",
		"INSERT INTO settings VALUES ('a', 'b')",
		"CREATE TABLE t (a)",
		"CREATE TEMP TABLE t (a)",
		"CREATE TEMP VIEW v AS SELECT 1",
		"DROP TABLE users",
		"ATTACH ':memory:' AS other",
		"VACUUM",
		"VACUUM INTO 'stolen.db'",
		"PRAGMA query_only = OFF",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA table_list",
		"SELECT * FROM pragma_database_list",
		"BEGIN IMMEDIATE",
		"SAVEPOINT s",
		"SELECT load_extension('x')",
		"SELECT 1; DELETE FROM users",
		"SELECT 1; SELECT 2",
		"ANALYZE",
		"REINDEX",
		"",
		"  -- nothing",
		"nonsense",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		refused(fixture, wrong[i]);
		if (fixture->err.kind != ERR_USAGE)
			fail_msg("%s: kind %d: %s", wrong[i], fixture->err.kind,
				 fixture->err.message);
	}
	assert_query(fixture, "SELECT count(*) > 0 FROM settings", "1\n");
}

static void the_vault_stays_shut(void **state)
{
	static const char *const wrong[] = {
		"SELECT * FROM credential_fields",
		"SELECT count(*) FROM credential_fields",
		"SELECT (SELECT max(record) FROM main.credential_fields)",
		"SELECT wrapped FROM vault_deks",
		"SELECT record FROM vault_slots",
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM vault_meta)",
		"SELECT v.value FROM settings s JOIN vault_meta v ON v.key = s.key",
		"SELECT data FROM sqlite_dbpage",
		"SELECT * FROM dbstat",
		"SELECT value FROM script_keys",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		refused(fixture, wrong[i]);
		assert_int_equal(fixture->err.kind, ERR_USAGE);
	}
}

static void a_wrong_name_gets_the_nearest(void **state)
{
	struct fixture *fixture = *state;

	assert_string_equal(refused(fixture, "SELECT serial_nmber FROM devices"),
			    "no such column: serial_nmber");
	assert_string_equal(fixture->err.hint, "did you mean serial_number?");
	refused(fixture, "SELECT d.plattform FROM devices d");
	assert_string_equal(fixture->err.hint, "did you mean platform?");
	assert_string_equal(refused(fixture, "SELECT * FROM devcies"), "no such table: devcies");
	assert_string_equal(fixture->err.hint, "did you mean devices?");
	refused(fixture, "SELECT * FROM vault_slot");
	assert_null(strstr(fixture->err.hint, "vault"));
}

static bool stop_at_second(void *arg, const struct query_value *values, size_t count,
			   struct err *err)
{
	int *rows = arg;

	(void)values;
	(void)count;
	return ++*rows < 2 || err_set(err, ERR_CANCELLED, "enough");
}

static void a_sink_may_stop(void **state)
{
	struct fixture *fixture = *state;
	int rows = 0;
	const struct query_sink sink = { fixture_no_columns, stop_at_second, &rows };

	assert_false(query_run(fixture->store,
			       "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n)"
			       " SELECT i FROM n",
			       NULL, 0, &sink, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CANCELLED);
	assert_int_equal(rows, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_of_each_type_come_out, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(binds_fill_the_parameters, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(whatever_is_not_a_read_is_refused, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(the_vault_stays_shut, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_wrong_name_gets_the_nearest, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_sink_may_stop, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
