/* Accounts; and the small subjects: keys of scripts, recordings, limits, the audit. */
#include "store/audit.h"
#include "store/db.h"
#include "store/limit.h"
#include "store/recording.h"
#include "store/script_key.h"
#include "store_world.h"

/* --- accounts --- */

static bool all_fields(struct store_tx *tx, void *arg, struct err *err)
{
	struct account account = fixture_account("acc", "acme"), back;

	(void)arg;
	account.tenant = str_dup("t-1");
	account.proxy = str_dup("http://proxy:1");
	account.is_paused = true;
	account.last_session = 7;
	if (!account_add(tx, &account, err) || !account_get(tx, "acc", &back, err))
		return false;
	assert_string_equal(back.vendor, "kandji");
	assert_string_equal(back.name, "acme");
	assert_string_equal(back.tenant, "t-1");
	assert_string_equal(back.proxy, "http://proxy:1");
	assert_string_equal(back.connect_to, "[]");
	assert_null(back.ca_file);
	assert_null(back.archived_at);
	assert_true(back.is_paused);
	assert_true(back.is_recording);
	assert_int_equal(back.last_session, 7);
	free(back.name);
	back.name = str_dup("renamed");
	back.is_paused = false;
	if (!account_save(tx, &back, err))
		return false;
	account_fini(&back);
	account_fini(&account);
	if (!account_get(tx, "acc", &account, err))
		return false;
	assert_string_equal(account.name, "renamed");
	assert_false(account.is_paused);
	account_fini(&account);
	return true;
}

static void every_field_of_an_account_is_kept(void **state)
{
	fixture_write(*state, all_fields, NULL);
}

static bool drawn_id(struct store_tx *tx, void *arg, struct err *err)
{
	struct account account = fixture_account(NULL, "acme");
	bool ok = account_add(tx, &account, err);

	(void)arg;
	assert_int_equal(strlen(account.id), 16);
	account_fini(&account);
	return ok;
}

static void an_id_is_drawn(void **state)
{
	fixture_write(*state, drawn_id, NULL);
}

static bool archive(struct store_tx *tx, void *arg, struct err *err)
{
	return account_archive(tx, arg, NOW, err);
}

static void a_slug_names_one_account_unless_archived(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_id again = { "second", "acme" };

	fixture_add_account(fixture, "first", "acme");
	assert_false(store_run(fixture->store, STORE_WRITE, fixture_add_account_unit, &again,
			       &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
	assert_string_equal(fixture->err.message, "there is an account kandji/acme already");
	fixture_write(fixture, archive, "first");
	fixture_write(fixture, fixture_add_account_unit, &again);
	assert_query(fixture, "SELECT id FROM accounts WHERE archived_at IS NULL", "second\n");
}

struct wanted {
	const char *selector;
	char slugs[256];
};

static bool find(struct store_tx *tx, void *arg, struct err *err)
{
	struct wanted *wanted = arg;
	struct account *accounts;
	size_t count;

	wanted->slugs[0] = '\0';
	if (!account_find(tx, wanted->selector, &accounts, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		strcat(wanted->slugs, accounts[i].name);
		strcat(wanted->slugs, " ");
	}
	account_list_fini(accounts, count);
	return true;
}

static void assert_found(struct fixture *fixture, const char *selector, const char *slugs)
{
	struct wanted wanted = { .selector = selector };

	fixture_read(fixture, find, &wanted);
	assert_string_equal(wanted.slugs, slugs);
}

static void assert_not_found(struct fixture *fixture, const char *selector, const char *hint)
{
	struct wanted wanted = { .selector = selector };

	assert_false(store_run(fixture->store, STORE_READ, find, &wanted, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_MISSING);
	assert_string_equal(fixture->err.hint, hint);
}

static void accounts_are_found_by_what_a_person_writes(void **state)
{
	struct fixture *fixture = *state;

	assert_found(fixture, NULL, "");
	assert_not_found(fixture, "kandji", "muster connect VENDOR");
	fixture_add_account(fixture, "b", "beta");
	fixture_add_account(fixture, "a", "acme");
	fixture_add_account(fixture, "o", "old");
	fixture_write(fixture, archive, "o");
	assert_found(fixture, NULL, "acme beta ");
	assert_found(fixture, "kandji", "acme beta ");
	assert_found(fixture, "kandji/beta", "beta ");
	assert_not_found(fixture, "kandji/acmee", "did you mean kandji/acme?");
	assert_not_found(fixture, "kanji", "did you mean kandji?");
	assert_not_found(fixture, "kandji/old", "muster accounts list");
}

static bool set_ok(struct store_tx *tx, void *arg, struct err *err)
{
	return account_set_state(tx, "acc", "ok", arg, "", arg, err);
}

static bool set_last(struct store_tx *tx, void *arg, struct err *err)
{
	return account_set_last_session(tx, "acc", 5, arg, err);
}

static void a_state_keeps_its_beginning(void **state)
{
	struct fixture *fixture = *state;

	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, set_ok, LATER);
	fixture_write(fixture, set_ok, "2027-01-01T00:00:00.000Z");
	assert_query(fixture, "SELECT state, state_reason, state_since FROM accounts",
		     "ok|2027-01-01T00:00:00.000Z|" LATER "\n");
	fixture_write(fixture, set_last, LATER);
	fixture_write(fixture, set_last, NULL);
	assert_query(fixture, "SELECT last_session, last_ok_at FROM accounts", "5|" LATER "\n");
}

static bool counts(struct store_tx *tx, void *arg, struct err *err)
{
	return account_row_counts(tx, "acc", arg, err);
}

static bool purge(struct store_tx *tx, void *arg, struct err *err)
{
	return account_purge(tx, arg, err);
}

static bool add_key(struct store_tx *tx, void *arg, struct err *err)
{
	return script_key_set(tx, arg, "k", "v", 1, err);
}

static void a_purged_account_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct world world, other;
	char *json;

	world_begin(&world, fixture, "acc");
	world_begin(&other, fixture, "other");
	world_put(&world, "device", "d1", NULL, NULL);
	world_retire(&world, "device", world_put(&world, "device", "d2", NULL, NULL), "missing");
	world_put(&world, "user", "u1", NULL, NULL);
	world_list(&world, "user");
	world_put(&other, "user", "u1", NULL, NULL);
	fixture_write(fixture, add_key, "account:acc");
	fixture_write(fixture, add_key, "account:other");
	fixture_read(fixture, counts, &json);
	assert_non_null(strstr(json, "\"users\":1,\"devices\":1,\"device_users\":0"));
	free(json);
	fixture_write(fixture, purge, "acc");
	assert_query(fixture,
		     "SELECT (SELECT count(*) FROM devices), (SELECT count(*) FROM users),"
		     " (SELECT count(*) FROM changes WHERE account_id = 'acc'),"
		     " (SELECT count(*) FROM sessions), (SELECT count(*) FROM session_batches),"
		     " (SELECT count(*) FROM leases), (SELECT count(*) FROM accounts)",
		     "0|1|0|1|0|1|1\n");
	assert_false(store_run(fixture->store, STORE_WRITE, purge, "acc", &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_MISSING);
}

/* --- keys of scripts, recordings, limits, audit --- */

static bool script_keys(struct store_tx *tx, void *arg, struct err *err)
{
	char key[SCRIPT_KEY_MAX + 2];
	struct buf value = BUF_INIT;
	bool found;

	(void)arg;
	if (!script_key_set(tx, "job:j", "k", "a\0b", 3, err) ||
	    !script_key_set(tx, "job:j", "k", "c\0d", 3, err) ||
	    !script_key_get(tx, "job:j", "k", &found, &value, err))
		return false;
	assert_true(found);
	assert_int_equal(value.len, 3);
	assert_memory_equal(value.data, "c\0d", 3);
	buf_clear(&value);
	if (!script_key_get(tx, "job:other", "k", &found, &value, err))
		return false;
	assert_false(found);
	assert_int_equal(value.len, 0);
	if (!script_key_set(tx, "job:j", "k", NULL, 0, err) ||
	    !script_key_get(tx, "job:j", "k", &found, &value, err))
		return false;
	assert_false(found);
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_false(script_key_set(tx, "job:j", key, "v", 1, err));
	assert_int_equal(err->kind, ERR_OVER_LIMIT);
	assert_false(script_key_set(tx, "job:j", "k", key, SCRIPT_VALUE_MAX + 1, err));
	assert_int_equal(err->kind, ERR_OVER_LIMIT);
	buf_fini(&value);
	return true;
}

static void scripts_keep_keys_within_limits(void **state)
{
	fixture_write(*state, script_keys, NULL);
}

static bool fill_keys(struct store_tx *tx, void *arg, struct err *err)
{
	struct db_stmt *stmt = db_prepare(
		tx,
		"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
		" INSERT INTO script_keys SELECT 'job:full', 'key' || i, x'00' FROM n",
		err);

	(void)arg;
	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, SCRIPT_KEYS_PER_OWNER_MAX);
	return db_exec(stmt, NULL, err) && script_key_set(tx, "job:full", "key1", "v", 1, err) &&
	       script_key_set(tx, "job:full", "one more", "v", 1, err);
}

static void the_number_of_keys_is_limited(void **state)
{
	struct fixture *fixture = *state;

	assert_false(store_run(fixture->store, STORE_WRITE, fill_keys, NULL, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_OVER_LIMIT);
	assert_non_null(strstr(fixture->err.message, "10000"));
}

static bool recordings(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	char *file;

	if (!recording_find(tx, world->session, &file, err))
		return false;
	assert_null(file);
	if (!recording_add(tx, world->session, "acc", "acc/1.rec", NOW, err) ||
	    !recording_end(tx, world->session, 12, 3456, err) ||
	    !recording_find(tx, world->session, &file, err))
		return false;
	assert_string_equal(file, "acc/1.rec");
	free(file);
	assert_false(recording_end(tx, 99, 0, 0, err));
	assert_int_equal(err->kind, ERR_MISSING);
	return true;
}

static void recordings_are_found_by_session(void **state)
{
	struct fixture *fixture = *state;
	struct world world;

	world_begin(&world, fixture, "acc");
	fixture_write(fixture, recordings, &world);
	assert_query(fixture, "SELECT exchanges, bytes FROM recordings", "12|3456\n");
}

static bool set_limit(struct store_tx *tx, void *arg, struct err *err)
{
	return limit_state_set(tx, "acc api.kandji.io", arg, 1000, err);
}

static bool get_limit(struct store_tx *tx, void *arg, struct err *err)
{
	return limit_state_get(tx, "acc api.kandji.io", arg, err);
}

static bool expire_limits(struct store_tx *tx, void *arg, struct err *err)
{
	return limit_expire(tx, *(int64_t *)arg, err);
}

static void limits_are_shared_by_connections(void **state)
{
	struct fixture *fixture = *state;
	struct fixture second = *fixture;
	int64_t before = 1000;
	char *text;

	fixture_open(&second);
	fixture_write(fixture, set_limit, "one");
	fixture_read(&second, get_limit, &text);
	assert_string_equal(text, "one");
	free(text);
	fixture_write(&second, set_limit, "two");
	fixture_write(fixture, expire_limits, &before);
	fixture_read(fixture, get_limit, &text);
	assert_string_equal(text, "two");
	free(text);
	before++;
	fixture_write(fixture, expire_limits, &before);
	fixture_read(&second, get_limit, &text);
	assert_null(text);
	store_close(second.store);
}

static bool audit(struct store_tx *tx, void *arg, struct err *err)
{
	return audit_add(tx, "root@host", "connect", "kandji/acme", arg, NOW, err);
}

static void the_audit_is_appended(void **state)
{
	fixture_write(*state, audit, NULL);
	fixture_write(*state, audit, "{\"a\":1}");
	assert_query(*state, "SELECT who, verb, object, details FROM audit ORDER BY id",
		     "root@host|connect|kandji/acme|\nroot@host|connect|kandji/acme|{\"a\":1}\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(every_field_of_an_account_is_kept),
		T(an_id_is_drawn),
		T(a_slug_names_one_account_unless_archived),
		T(accounts_are_found_by_what_a_person_writes),
		T(a_state_keeps_its_beginning),
		T(a_purged_account_leaves_nothing),
		T(scripts_keep_keys_within_limits),
		T(the_number_of_keys_is_limited),
		T(recordings_are_found_by_session),
		T(limits_are_shared_by_connections),
		T(the_audit_is_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
