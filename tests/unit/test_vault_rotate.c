/* rotate and rekey: complete, online, and whole after a kill at any point. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "vault_fixture.h"

enum { FIELDS = 4 };

static void put_many(struct vault_fixture *v)
{
	char field[16], value[32];

	for (int i = 0; i < FIELDS; i++) {
		snprintf(field, sizeof(field), "f%d", i);
		snprintf(value, sizeof(value), "canary-value-%d", i);
		vault_fixture_put(v, "acme", field, value);
		vault_fixture_put(v, "beta", field, value);
	}
}

static void expect_many(struct vault_fixture *v)
{
	char field[16], value[32];

	for (int i = 0; i < FIELDS; i++) {
		snprintf(field, sizeof(field), "f%d", i);
		snprintf(value, sizeof(value), "canary-value-%d", i);
		expect_field(v, "acme", field, value);
		expect_field(v, "beta", field, value);
	}
}

static void expect_text(struct vault_fixture *v, const char *sql, const char *expected)
{
	struct buf got = vault_fixture_blob(v, sql);

	assert_string_equal(buf_text(&got), expected);
	buf_fini(&got);
}

static int64_t rotate(struct vault_fixture *v)
{
	int64_t records;

	assert_vault_ok(v, vault_rotate(v->vault, v->project.store, &records, &v->project.err));
	return records;
}

static void rekey(struct vault_fixture *v, const struct vault_key *key)
{
	assert_vault_ok(v, vault_rekey(v->vault, v->project.store, key, &v->project.err));
}

static bool is_rotating(struct vault_fixture *v)
{
	struct vault_status status;

	assert_vault_ok(v, vault_read_status(v->vault, v->project.store, &status, &v->project.err));
	return status.is_rotating;
}

/* Are these bytes in the database or its log? */
static bool is_on_disk(struct vault_fixture *v, const struct buf *bytes)
{
	static const char *const suffixes[] = { "", "-wal" };
	bool found = false;

	for (int i = 0; i < 2; i++) {
		struct buf path = BUF_INIT, file = BUF_INIT;

		buf_printf(&path, "%s%s", v->project.path, suffixes[i]);
		if (file_exists(path.data)) {
			assert_vault_ok(v, file_read(path.data, 1 << 28, &file, &v->project.err));
			found = found ||
				memmem(buf_text(&file), file.len, bytes->data, bytes->len) != NULL;
		}
		buf_fini(&path);
		buf_fini(&file);
	}
	return found;
}

/* --- rotate --- */

static void rotation_seals_everything_anew(void **state)
{
	struct vault_fixture *v = *state;
	struct buf record, wrapped;
	uint8_t before[32], after[32];

	put_many(v);
	record = vault_fixture_blob(v, "SELECT record FROM credential_fields");
	wrapped = vault_fixture_blob(v, "SELECT wrapped FROM vault_deks WHERE owner = 'acme'");
	assert_true(is_on_disk(v, &record));
	assert_vault_ok(v, vault_derive(v->vault, "recording", "1", before, &v->project.err));
	assert_int_equal(rotate(v), 2 * FIELDS);
	expect_many(v);
	expect_text(v,
		    "SELECT group_concat(substr(id, 1, 8) || ' ' || owner, ', ') FROM "
		    "(SELECT * FROM vault_deks ORDER BY owner)",
		    "00000001 acme, 00000001 beta, 00000000 derivation");
	expect_text(v, "SELECT max(generation) FROM credential_fields", "1");
	assert_false(is_on_disk(v, &record));
	assert_false(is_on_disk(v, &wrapped));
	assert_vault_ok(v, vault_derive(v->vault, "recording", "1", after, &v->project.err));
	assert_memory_equal(before, after, 32);
	buf_fini(&record);
	buf_fini(&wrapped);
}

static void rotation_can_be_repeated(void **state)
{
	struct vault_fixture *v = *state;

	assert_int_equal(rotate(v), 0);
	put_many(v);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rotate(v), 2 * FIELDS);
	expect_many(v);
	vault_fixture_put(v, "acme", "f0", "canary-value-0");
	assert_false(is_rotating(v));
	vault_fixture_reopen_unsealed(v);
	expect_many(v);
}

static void an_interrupted_rotation_is_finished_by_the_next(void **state)
{
	struct vault_fixture *v = *state;

	put_many(v);
	/* What a kill after the beginning leaves, with one credential used since. */
	vault_fixture_tamper(
		v, "INSERT INTO vault_meta VALUES ('epoch', x'37'), ('rotating', x'31')", NULL, 0);
	vault_fixture_put(v, "acme", "f0", "canary-value-0");
	assert_true(is_rotating(v));
	assert_int_equal(rotate(v), 2 * FIELDS - 1);
	assert_false(is_rotating(v));
	expect_text(v,
		    "SELECT group_concat(DISTINCT substr(id, 1, 8)) FROM vault_deks "
		    "WHERE owner <> 'derivation'",
		    "00000007");
	expect_many(v);
}

static void a_damaged_record_does_not_stop_the_others(void **state)
{
	struct vault_fixture *v = *state;
	int64_t records;

	put_many(v);
	vault_fixture_tamper(v,
			     "UPDATE credential_fields SET record = x'00' "
			     "WHERE credential_id = 'acme' AND field = 'f1'",
			     NULL, 0);
	assert_refused(v, vault_rotate(v->vault, v->project.store, &records, &v->project.err),
		       ERR_STORE, "credential acme: f1");
	assert_int_equal(records, FIELDS);
	assert_true(is_rotating(v));
	vault_fixture_put(v, "acme", "f1", "canary-value-1");
	assert_int_equal(rotate(v), FIELDS - 1);
	assert_false(is_rotating(v));
	expect_many(v);
}

static void others_go_on_during_a_rotation(void **state)
{
	struct vault_fixture *v = *state;
	struct vault *other = v->vault;

	put_many(v);
	vault_fixture_open(v, NULL);
	rotate(v);
	vault_close(v->vault);
	v->vault = other;
	expect_many(v);
	vault_fixture_put(v, "acme", "f0", "canary-value-0");
	expect_many(v);
}

/* --- rekey --- */

static void a_new_key_file_takes_the_old_ones_place(void **state)
{
	struct vault_fixture *v = *state;
	struct buf before = BUF_INIT, after = BUF_INIT, slot, wrapped;
	uint8_t derived[2][32];

	put_many(v);
	slot = vault_fixture_blob(v, "SELECT record FROM vault_slots");
	wrapped = vault_fixture_blob(v, "SELECT wrapped FROM vault_deks WHERE owner = 'acme'");
	assert_vault_ok(v, vault_derive(v->vault, "a", "b", derived[0], &v->project.err));
	assert_vault_ok(v, file_read(v->key_path, 100, &before, &v->project.err));
	rekey(v, &VAULT_DEFAULT);
	expect_many(v);
	vault_fixture_reopen_unsealed(v);
	expect_many(v);
	assert_vault_ok(v, vault_derive(v->vault, "a", "b", derived[1], &v->project.err));
	assert_memory_equal(derived[0], derived[1], 32);
	assert_vault_ok(v, file_read(v->key_path, 100, &after, &v->project.err));
	assert_string_not_equal(before.data, after.data);
	assert_false(is_on_disk(v, &slot));
	assert_false(is_on_disk(v, &wrapped));
	assert_vault_ok(v, file_write(v->key_path, 0600, before.data, before.len, &v->project.err));
	vault_fixture_reopen(v, NULL);
	assert_true(vault_is_sealed(v->vault));
	buf_fini(&before);
	buf_fini(&after);
	buf_fini(&slot);
	buf_fini(&wrapped);
}

static void the_old_key_files_bytes_are_overwritten(void **state)
{
	struct vault_fixture *v = *state;
	struct buf kept = BUF_INIT;
	char link_path[420];

	snprintf(link_path, sizeof(link_path), "%s-link", v->key_path);
	assert_int_equal(link(v->key_path, link_path), 0);
	rekey(v, &VAULT_DEFAULT);
	assert_vault_ok(v, file_read(link_path, 100, &kept, &v->project.err));
	assert_int_equal(kept.len, 65);
	for (size_t i = 0; i < kept.len; i++)
		assert_int_equal(kept.data[i], 0);
	buf_fini(&kept);
}

static void a_key_may_become_a_passphrase_and_back(void **state)
{
	struct vault_fixture *v = *state;
	struct vault_key passphrase = { .kind = VAULT_KEY_PASSPHRASE };
	struct secret text;
	char path[400];

	snprintf(path, sizeof(path), "%s/other.key", v->project.folder);
	assert_vault_ok(v, secret_from(&text, "correct horse", 13, &v->project.err));
	passphrase.passphrase = &text;
	put_many(v);
	rekey(v, &passphrase);
	vault_fixture_reopen(v, NULL);
	assert_non_null(strstr(vault_sealed_reason(v->vault), "passphrase"));
	vault_fixture_reopen(v, &passphrase);
	expect_many(v);
	/* The file that was drawn opens nothing any more: it is gone, and its place is free. */
	assert_false(file_exists(v->key_path));
	rekey(v, &VAULT_DEFAULT);
	vault_fixture_reopen(v, NULL);
	expect_many(v);
	rekey(v, &(struct vault_key){ .kind = VAULT_KEY_FILE, .path = path });
	vault_fixture_reopen(v, &(struct vault_key){ .kind = VAULT_KEY_FILE, .path = path });
	expect_many(v);
	secret_fini(&text);
}

static void a_foreign_file_is_not_overwritten(void **state)
{
	struct vault_fixture *v = *state;
	struct buf kept = BUF_INIT;
	char path[400];

	snprintf(path, sizeof(path), "%s/foreign.key", v->project.folder);
	assert_vault_ok(v, file_write(path, 0600, "precious", 8, &v->project.err));
	assert_refused(v,
		       vault_rekey(v->vault, v->project.store,
				   &(struct vault_key){ .kind = VAULT_KEY_FILE, .path = path },
				   &v->project.err),
		       ERR_USAGE, path);
	assert_vault_ok(v, file_read(path, 100, &kept, &v->project.err));
	assert_string_equal(kept.data, "precious");
	vault_fixture_reopen_unsealed(v);
	buf_fini(&kept);
}

static void a_vault_opened_before_is_told(void **state)
{
	struct vault_fixture *v = *state;
	struct vault *other = v->vault;
	struct secret got;

	put_many(v);
	vault_fixture_open(v, NULL);
	rekey(v, &VAULT_DEFAULT);
	vault_close(v->vault);
	v->vault = other;
	assert_refused(v, vault_fixture_try_get(v, "acme", "f0", &got), ERR_SEALED, "new key");
	assert_refused(v, vault_fixture_try_put(v, "acme", "f0", "x"), ERR_SEALED, "new key");
	assert_refused(v, vault_rekey(v->vault, v->project.store, &VAULT_DEFAULT, &v->project.err),
		       ERR_SEALED, "new key");
	vault_fixture_reopen_unsealed(v);
	expect_many(v);
}

static size_t count_waiting(struct vault_fixture *v)
{
	struct buf dir = BUF_INIT;
	char **names;
	size_t count;

	buf_printf(&dir, "%s/muster", v->state);
	assert_vault_ok(v, file_list(dir.data, ".new", &names, &count, &v->project.err));
	file_free_names(names, count);
	buf_fini(&dir);
	return count;
}

static void a_failed_rekey_changes_nothing(void **state)
{
	struct vault_fixture *v = *state;

	put_many(v);
	vault_fixture_tamper(v, "UPDATE vault_deks SET wrapped = x'00' WHERE owner = 'beta'", NULL,
			     0);
	assert_refused(v, vault_rekey(v->vault, v->project.store, &VAULT_DEFAULT, &v->project.err),
		       ERR_STORE, "data key");
	assert_int_equal(count_waiting(v), 0);
	vault_fixture_reopen_unsealed(v);
	expect_field(v, "acme", "f0", "canary-value-0");
}

/* The old file is put back, the new one waits: as after a kill between commit and rename. */
static void a_kill_after_the_commit_is_mended_at_the_next_opening(void **state)
{
	struct vault_fixture *v = *state;
	struct buf before = BUF_INIT, slot;
	char waiting[500];

	put_many(v);
	assert_vault_ok(v, file_read(v->key_path, 100, &before, &v->project.err));
	rekey(v, &VAULT_DEFAULT);
	slot = vault_fixture_blob(v, "SELECT id FROM vault_slots");
	snprintf(waiting, sizeof(waiting), "%s.%s.new", v->key_path, buf_text(&slot));
	assert_int_equal(rename(v->key_path, waiting), 0);
	assert_vault_ok(v, file_write(v->key_path, 0600, before.data, before.len, &v->project.err));
	vault_fixture_reopen_unsealed(v);
	assert_false(file_exists(waiting));
	expect_many(v);
	vault_fixture_reopen_unsealed(v);
	assert_int_equal(rename(v->key_path, waiting), 0);
	vault_fixture_reopen_unsealed(v);
	assert_true(file_exists(v->key_path));
	buf_fini(&before);
	buf_fini(&slot);
}

static void a_waiting_key_that_was_never_committed_is_removed(void **state)
{
	struct vault_fixture *v = *state;
	char waiting[500], half_written[520];

	snprintf(waiting, sizeof(waiting), "%s.neverwasneverwas.new", v->key_path);
	assert_vault_ok(v, file_write(waiting, 0600, "0123456789abcdef0123456789abcdef", 32,
				      &v->project.err));
	snprintf(half_written, sizeof(half_written), "%s.aB3xYz", waiting);
	assert_vault_ok(v, file_write(half_written, 0600, "01234567", 8, &v->project.err));
	vault_fixture_reopen_unsealed(v);
	assert_int_equal(count_waiting(v), 1);
	rekey(v, &VAULT_DEFAULT);
	assert_int_equal(count_waiting(v), 0);
	assert_false(file_exists(half_written));
	vault_fixture_reopen_unsealed(v);
}

static void what_somebody_keeps_beside_the_key_stays(void **state)
{
	struct vault_fixture *v = *state;
	struct buf found = BUF_INIT;
	char beside[500];

	snprintf(beside, sizeof(beside), "%s.copy-of-march.new", v->key_path);
	assert_vault_ok(v, file_write(beside, 0600, "mine", 4, &v->project.err));
	rekey(v, &VAULT_DEFAULT);
	assert_vault_ok(v, file_read(beside, 100, &found, &v->project.err));
	assert_string_equal(buf_text(&found), "mine");
	buf_fini(&found);
}

/* --- kills at random times --- */

/* A timer's signal that nobody handles ends the process on the spot, as SIGKILL would. */
static void set_alarm(int us)
{
	const struct itimerval when = { .it_value = { .tv_usec = us } };

	setitimer(ITIMER_REAL, &when, NULL);
}

/* Rotates, rekeys and writes until it is killed. */
static void change_for_ever(const struct vault_fixture *parent, int us)
{
	struct vault_fixture v = *parent;
	int64_t records;

	v.project.store = store_open(v.project.path, NULL, &v.project.err);
	v.vault = vault_open(v.project.store, NULL, NULL, &v.project.err);
	if (v.project.store == NULL || v.vault == NULL || vault_is_sealed(v.vault))
		_exit(1);
	set_alarm(us);
	for (;;) {
		if (!vault_rotate(v.vault, v.project.store, &records, &v.project.err) ||
		    !vault_rekey(v.vault, v.project.store, &VAULT_DEFAULT, &v.project.err) ||
		    !vault_fixture_try_put(&v, "beta", "f1", "canary-value-1"))
			_exit(2);
	}
}

static void kill_after(const struct vault_fixture *v, int us)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		change_for_ever(v, us);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM)
		fail_msg("the child ended by itself: %d", status);
}

static void kills_at_any_point_lose_nothing(void **state)
{
	struct vault_fixture *v = *state;
	unsigned seed = 20260302;
	int64_t records;

	put_many(v);
	for (int i = 0; i < 100; i++) {
		int us = 1 + rand_r(&seed) % 40000;

		vault_close(v->vault);
		store_close(v->project.store);
		kill_after(v, us);
		fixture_open(&v->project);
		vault_fixture_open(v, NULL);
		if (vault_is_sealed(v->vault))
			fail_msg("kill %d after %d us: %s", i, us, vault_sealed_reason(v->vault));
		expect_many(v);
	}
	assert_vault_ok(v, vault_rotate(v->vault, v->project.store, &records, &v->project.err));
	rekey(v, &VAULT_DEFAULT);
	expect_many(v);
	assert_int_equal(count_waiting(v), 0);
}

/* --- threads --- */

struct reader {
	struct vault_fixture *v;
	atomic_bool stop;
	bool failed;
};

/* cmocka's asserts belong to the main thread. */
static void *read_until_stopped(void *arg)
{
	struct reader *reader = arg;
	struct vault_fixture v = *reader->v;
	struct secret got;
	uint8_t key[32];

	while (!atomic_load(&reader->stop) && !reader->failed) {
		reader->failed = !vault_fixture_try_get(&v, "acme", "f0", &got) ||
				 !vault_derive(v.vault, "a", "b", key, &v.project.err);
		secret_fini(&got);
	}
	if (reader->failed)
		print_error("%s\n", v.project.err.message);
	return NULL;
}

static void other_threads_go_on_during_changes(void **state)
{
	struct vault_fixture *v = *state;
	struct reader reader = { .v = v };
	pthread_t thread;

	put_many(v);
	assert_int_equal(pthread_create(&thread, NULL, read_until_stopped, &reader), 0);
	for (int i = 0; i < 20; i++) {
		rotate(v);
		rekey(v, &VAULT_DEFAULT);
	}
	atomic_store(&reader.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(reader.failed);
	expect_many(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_vault(rotation_seals_everything_anew),
		cmocka_unit_test_vault(rotation_can_be_repeated),
		cmocka_unit_test_vault(an_interrupted_rotation_is_finished_by_the_next),
		cmocka_unit_test_vault(a_damaged_record_does_not_stop_the_others),
		cmocka_unit_test_vault(others_go_on_during_a_rotation),
		cmocka_unit_test_vault(a_new_key_file_takes_the_old_ones_place),
		cmocka_unit_test_vault(the_old_key_files_bytes_are_overwritten),
		cmocka_unit_test_vault(a_key_may_become_a_passphrase_and_back),
		cmocka_unit_test_vault(a_foreign_file_is_not_overwritten),
		cmocka_unit_test_vault(a_vault_opened_before_is_told),
		cmocka_unit_test_vault(a_failed_rekey_changes_nothing),
		cmocka_unit_test_vault(a_kill_after_the_commit_is_mended_at_the_next_opening),
		cmocka_unit_test_vault(a_waiting_key_that_was_never_committed_is_removed),
		cmocka_unit_test_vault(what_somebody_keeps_beside_the_key_stays),
		cmocka_unit_test_vault(kills_at_any_point_lose_nothing),
		cmocka_unit_test_vault(other_threads_go_on_during_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
