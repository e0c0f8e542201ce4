/* Keys of the vault: where they are looked for, what opens it, and what leaves it sealed. */
#define _GNU_SOURCE
#include "vault_fixture.h"

static void create(struct vault_fixture *v, const struct vault_key *key)
{
	assert_vault_ok(v, vault_create(v->project.store, key, &v->project.err));
}

static void expect_open(struct vault_fixture *v, const struct vault_key *key)
{
	vault_fixture_reopen(v, key);
	assert_string_equal(vault_sealed_reason(v->vault), "");
	assert_false(vault_is_sealed(v->vault));
}

/* The reason says so. */
static void expect_sealed(struct vault_fixture *v, const struct vault_key *key, const char *text)
{
	vault_fixture_reopen(v, key);
	assert_true(vault_is_sealed(v->vault));
	if (strstr(vault_sealed_reason(v->vault), text) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", vault_sealed_reason(v->vault), text);
}

static void write_key(struct vault_fixture *v, const char *path, const char *text, unsigned mode)
{
	assert_vault_ok(v, file_write(path, mode, text, strlen(text), &v->project.err));
}

static unsigned mode_of(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return info.st_mode & 07777;
}

#define SOME_KEY "0123456789abcdef0123456789abcdef"

/* --- making --- */

static void a_new_key_is_the_owners_alone(void **state)
{
	struct vault_fixture *v = *state;
	struct buf key = BUF_INIT, folder = BUF_INIT;

	umask(0);
	create(v, &VAULT_DEFAULT);
	umask(022);
	assert_int_equal(mode_of(v->key_path), 0600);
	buf_printf(&folder, "%s/muster", v->state);
	assert_int_equal(mode_of(folder.data), 0700);
	assert_vault_ok(v, file_read(v->key_path, 100, &key, &v->project.err));
	assert_int_equal(key.len, 65);
	expect_open(v, NULL);
	buf_fini(&key);
	buf_fini(&folder);
}

static void a_key_that_is_there_is_used(void **state)
{
	struct vault_fixture *v = *state;
	struct buf path = BUF_INIT, key = BUF_INIT;

	buf_printf(&path, "%s/own.key", v->project.folder);
	write_key(v, path.data, SOME_KEY "\r\n", 0600);
	create(v, &(struct vault_key){ .kind = VAULT_KEY_FILE, .path = path.data });
	assert_vault_ok(v, file_read(path.data, 100, &key, &v->project.err));
	assert_string_equal(key.data, SOME_KEY "\r\n");
	expect_open(v, &(struct vault_key){ .kind = VAULT_KEY_FILE, .path = path.data });
	write_key(v, path.data, SOME_KEY, 0600);
	expect_open(v, &(struct vault_key){ .kind = VAULT_KEY_FILE, .path = path.data });
	buf_fini(&path);
	buf_fini(&key);
}

static void a_second_vault_is_refused(void **state)
{
	struct vault_fixture *v = *state;

	create(v, &VAULT_DEFAULT);
	assert_refused(v, vault_create(v->project.store, &VAULT_DEFAULT, &v->project.err),
		       ERR_CONFIG, "already");
	vault_fixture_tamper(v, "DELETE FROM vault_slots", NULL, 0);
	assert_refused(v, vault_create(v->project.store, &VAULT_DEFAULT, &v->project.err),
		       ERR_CONFIG, "already");
	expect_sealed(v, NULL, "backup");
}

static void a_failed_making_leaves_no_slot(void **state)
{
	struct vault_fixture *v = *state;
	const struct vault_key nowhere = { .kind = VAULT_KEY_FILE, .path = "/proc/no/such.key" };
	const struct vault_key empty = { .kind = VAULT_KEY_PASSPHRASE, .passphrase = &SECRET_INIT };

	assert_false(vault_create(v->project.store, &nowhere, &v->project.err));
	assert_non_null(strstr(v->project.err.hint, "--key-file"));
	assert_refused(v, vault_create(v->project.store, &empty, &v->project.err), ERR_USAGE,
		       "empty");
	expect_sealed(v, NULL, "muster init");
	create(v, &VAULT_DEFAULT);
	expect_open(v, NULL);
}

/* --- where keys are looked for --- */

static void expect_place(struct vault_fixture *v, const char *expected)
{
	struct buf path = BUF_INIT;

	buf_str(&path, "kept:");
	assert_vault_ok(v, vault_default_key_path("id-1", &path, &v->project.err));
	assert_memory_equal(path.data, "kept:", 5);
	assert_string_equal(path.data + 5, expected);
	buf_fini(&path);
}

static void the_places_are_tried_in_order(void **state)
{
	struct vault_fixture *v = *state;
	char systemd[400];

	setenv("HOME", "/home/somebody", 1);
	setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
	expect_place(v, "/home/somebody/.local/state/muster/id-1.key");
	setenv("XDG_STATE_HOME", "/state", 1);
	expect_place(v, "/state/muster/id-1.key");
	setenv("CREDENTIALS_DIRECTORY", v->project.folder, 1);
	expect_place(v, "/state/muster/id-1.key");
	snprintf(systemd, sizeof(systemd), "%s/muster.key", v->project.folder);
	write_key(v, systemd, SOME_KEY, 0400);
	expect_place(v, systemd);
	setenv("MUSTER_KEY_FILE", "", 1);
	expect_place(v, systemd);
	setenv("MUSTER_KEY_FILE", "/named.key", 1);
	expect_place(v, "/named.key");
}

static void without_any_place_the_way_out_is_told(void **state)
{
	struct vault_fixture *v = *state;
	struct buf path = BUF_INIT;
	char *home = str_dup(getenv("HOME"));

	unsetenv("XDG_STATE_HOME");
	unsetenv("HOME");
	assert_refused(v, vault_default_key_path("id-1", &path, &v->project.err), ERR_CONFIG,
		       "HOME");
	assert_non_null(strstr(v->project.err.hint, "--key-file"));
	if (home != NULL)
		setenv("HOME", home, 1);
	free(home);
	buf_fini(&path);
}

/* --- opening --- */

static void a_missing_key_is_named(void **state)
{
	struct vault_fixture *v = *state;

	create(v, &VAULT_DEFAULT);
	assert_int_equal(unlink(v->key_path), 0);
	expect_sealed(v, NULL, v->key_path);
	expect_sealed(v, NULL, "--key-file");
	expect_sealed(v, &(struct vault_key){ .kind = VAULT_KEY_FILE, .path = "/none.key" },
		      "/none.key");
}

static void a_wrong_key_seals(void **state)
{
	struct vault_fixture *v = *state;

	create(v, &VAULT_DEFAULT);
	write_key(v, v->key_path, SOME_KEY, 0600);
	expect_sealed(v, NULL, "not the key");
	expect_sealed(v, NULL, v->key_path);
	write_key(v, v->key_path, "short", 0600);
	expect_sealed(v, NULL, "too few");
	write_key(v, v->key_path, "", 0600);
	expect_sealed(v, NULL, "too few");
}

static void a_key_that_others_can_read_seals(void **state)
{
	struct vault_fixture *v = *state;

	create(v, &VAULT_DEFAULT);
	assert_int_equal(chmod(v->key_path, 0640), 0);
	expect_sealed(v, NULL, "chmod 600");
	assert_int_equal(chmod(v->key_path, 0600), 0);
	expect_open(v, NULL);
}

static void a_sealed_vault_refuses_everything(void **state)
{
	struct vault_fixture *v = *state;
	struct secret got;
	uint8_t key[32];
	int64_t records;

	create(v, &VAULT_DEFAULT);
	expect_open(v, NULL);
	vault_fixture_add_credential(v, "acme");
	vault_fixture_put(v, "acme", "api_token", "canary-1");
	write_key(v, v->key_path, SOME_KEY, 0600);
	expect_sealed(v, NULL, "not the key");
	assert_refused(v, vault_fixture_try_get(v, "acme", "api_token", &got), ERR_SEALED,
		       "not the key");
	assert_refused(v, vault_fixture_try_put(v, "acme", "api_token", "x"), ERR_SEALED, "sealed");
	assert_refused(v, vault_derive(v->vault, "a", "b", key, &v->project.err), ERR_SEALED,
		       "sealed");
	assert_refused(v, vault_rotate(v->vault, v->project.store, &records, &v->project.err),
		       ERR_SEALED, "sealed");
	assert_refused(v, vault_rekey(v->vault, v->project.store, &VAULT_DEFAULT, &v->project.err),
		       ERR_SEALED, "sealed");
}

static void a_sealed_vault_has_a_status(void **state)
{
	struct vault_fixture *v = *state;
	struct vault_status status;

	create(v, &VAULT_DEFAULT);
	assert_int_equal(unlink(v->key_path), 0);
	vault_fixture_reopen(v, NULL);
	assert_vault_ok(v, vault_read_status(v->vault, v->project.store, &status, &v->project.err));
	assert_true(status.is_sealed);
	assert_non_null(strstr(status.reason, v->key_path));
	assert_string_equal(status.key_path, v->key_path);
	assert_int_equal(status.slot_count, 1);
	assert_string_equal(status.oldest_dek_at, "");
}

/* --- slots --- */

static void every_altered_byte_of_a_slot_seals(void **state)
{
	struct vault_fixture *v = *state;
	struct buf record;

	create(v, &VAULT_DEFAULT);
	record = vault_fixture_blob(v, "SELECT record FROM vault_slots");
	for (size_t i = 0; i < record.len; i++) {
		record.data[i] ^= 1;
		vault_fixture_tamper(v, "UPDATE vault_slots SET record = $1", record.data,
				     record.len);
		expect_sealed(v, NULL, "slot");
		record.data[i] ^= 1;
	}
	for (size_t len = 0; len < record.len; len++) {
		vault_fixture_tamper(v, "UPDATE vault_slots SET record = $1", record.data, len);
		expect_sealed(v, NULL, "damaged");
	}
	vault_fixture_tamper(v, "UPDATE vault_slots SET record = $1", record.data, record.len);
	expect_open(v, NULL);
	buf_fini(&record);
}

static void an_altered_head_of_a_slot_seals(void **state)
{
	static const char *const changes[] = {
		"UPDATE vault_slots SET id = 'another'",
		"UPDATE vault_slots SET kind = 'systemd'",
		"UPDATE vault_slots SET kind = 'unknown'",
		"UPDATE vault_slots SET params = '{ }'",
		"UPDATE settings SET value = 'another' WHERE key LIKE '%install%'",
	};
	struct vault_fixture *v = *state;

	create(v, &VAULT_DEFAULT);
	setenv("MUSTER_KEY_FILE", v->key_path, 1);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		expect_open(v, NULL);
		vault_fixture_tamper(v, "CREATE TABLE kept_slots AS SELECT * FROM vault_slots",
				     NULL, 0);
		vault_fixture_tamper(v, "CREATE TABLE kept_settings AS SELECT * FROM settings",
				     NULL, 0);
		vault_fixture_tamper(v, changes[i], NULL, 0);
		store_close(v->project.store);
		fixture_open(&v->project);
		vault_fixture_reopen(v, NULL);
		assert_true(vault_is_sealed(v->vault));
		vault_fixture_tamper(v, "DELETE FROM vault_slots", NULL, 0);
		vault_fixture_tamper(v, "INSERT INTO vault_slots SELECT * FROM kept_slots", NULL,
				     0);
		vault_fixture_tamper(v, "REPLACE INTO settings SELECT * FROM kept_settings", NULL,
				     0);
		vault_fixture_tamper(v, "DROP TABLE kept_slots", NULL, 0);
		vault_fixture_tamper(v, "DROP TABLE kept_settings", NULL, 0);
		store_close(v->project.store);
		fixture_open(&v->project);
	}
}

static void a_lost_derivation_key_seals(void **state)
{
	struct vault_fixture *v = *state;

	create(v, &VAULT_DEFAULT);
	vault_fixture_tamper(v, "DELETE FROM vault_deks", NULL, 0);
	expect_sealed(v, NULL, "derivation key");
}

/* --- passphrases --- */

struct passphrase {
	struct secret text;
	struct vault_key key;
};

static void passphrase_init(struct vault_fixture *v, struct passphrase *out, const char *text)
{
	assert_vault_ok(v, secret_from(&out->text, text, strlen(text), &v->project.err));
	out->key = (struct vault_key){ .kind = VAULT_KEY_PASSPHRASE, .passphrase = &out->text };
}

static void a_passphrase_opens_and_nothing_else_does(void **state)
{
	struct vault_fixture *v = *state;
	struct passphrase right, wrong;

	passphrase_init(v, &right, "correct horse");
	passphrase_init(v, &wrong, "correct hors");
	create(v, &right.key);
	assert_false(file_exists(v->key_path));
	expect_open(v, &right.key);
	expect_sealed(v, &wrong.key, "the passphrase is wrong");
	expect_sealed(v, NULL, "opens with a passphrase");
	secret_fini(&right.text);
	secret_fini(&wrong.text);
}

static void a_passphrase_does_not_open_a_file_slot(void **state)
{
	struct vault_fixture *v = *state;
	struct passphrase some;

	passphrase_init(v, &some, "correct horse");
	create(v, &VAULT_DEFAULT);
	expect_sealed(v, &some.key, "opens with a key file");
	secret_fini(&some.text);
}

static void altered_scrypt_parameters_seal(void **state)
{
	static const char *const changes[] = {
		"replace(params, '\"log2_n\":17', '\"log2_n\":10')",
		"replace(params, '\"log2_n\":17', '\"log2_n\":63')",
		"replace(params, '\"p\":1', '\"p\":4000000000')",
		"replace(params, '}', ' }')",
		"params || ' '",
		"'{}'",
		/* the salt's last digit: to another one, whatever it is */
		"substr(params, 1, length(params) - 3) ||"
		" CASE substr(params, -3, 1) WHEN '0' THEN '1' ELSE '0' END || '\"}'",
	};
	struct vault_fixture *v = *state;
	struct passphrase right;
	char sql[240];

	passphrase_init(v, &right, "correct horse");
	create(v, &right.key);
	vault_fixture_tamper(v, "CREATE TABLE kept AS SELECT params FROM vault_slots", NULL, 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		snprintf(sql, sizeof(sql), "UPDATE vault_slots SET params = %s", changes[i]);
		vault_fixture_tamper(v, sql, NULL, 0);
		vault_fixture_reopen(v, &right.key);
		assert_true(vault_is_sealed(v->vault));
		vault_fixture_tamper(v, "UPDATE vault_slots SET params = (SELECT params FROM kept)",
				     NULL, 0);
	}
	expect_open(v, &right.key);
	secret_fini(&right.text);
}

/* --- systemd --- */

/* systemd gives the service's user access by an ACL, which shows as a group bit. */
static void a_systemd_credential_opens(void **state)
{
	const struct vault_key systemd = { .kind = VAULT_KEY_SYSTEMD };
	struct vault_fixture *v = *state;
	char path[400];

	assert_refused(v, vault_create(v->project.store, &systemd, &v->project.err), ERR_CONFIG,
		       "CREDENTIALS_DIRECTORY");
	setenv("CREDENTIALS_DIRECTORY", v->project.folder, 1);
	assert_refused(v, vault_create(v->project.store, &systemd, &v->project.err), ERR_MISSING,
		       "muster.key");
	snprintf(path, sizeof(path), "%s/muster.key", v->project.folder);
	write_key(v, path, SOME_KEY, 0440);
	create(v, &systemd);
	expect_open(v, &systemd);
	expect_open(v, NULL);
	write_key(v, path, SOME_KEY "x", 0440);
	expect_sealed(v, NULL, "not the key");
}

/* systemd's folder ends with the service: a key that is drawn there is lost, and all it opens. */
static void no_key_is_drawn_among_systemds_credentials(void **state)
{
	const struct vault_key systemd = { .kind = VAULT_KEY_SYSTEMD };
	struct vault_fixture *v = *state;
	struct buf credential = BUF_INIT;
	char path[400];

	snprintf(path, sizeof(path), "%s/muster.key", v->project.folder);
	write_key(v, path, SOME_KEY, 0400);
	setenv("CREDENTIALS_DIRECTORY", v->project.folder, 1);
	create(v, &systemd);
	expect_open(v, NULL);
	assert_vault_ok(v,
			vault_rekey(v->vault, v->project.store, &VAULT_DEFAULT, &v->project.err));
	assert_vault_ok(v, file_read(path, 100, &credential, &v->project.err));
	assert_string_equal(credential.data, SOME_KEY);
	buf_fini(&credential);
	expect_open(v, NULL); /* with a credential at hand that is not the key any more */
	unsetenv("CREDENTIALS_DIRECTORY");
	expect_open(v, NULL);
}

static void a_missing_credential_is_not_taken_for_a_missing_file(void **state)
{
	const struct vault_key systemd = { .kind = VAULT_KEY_SYSTEMD };
	struct vault_fixture *v = *state;
	struct vault_status status;
	char path[400];

	snprintf(path, sizeof(path), "%s/muster.key", v->project.folder);
	write_key(v, path, SOME_KEY, 0400);
	setenv("CREDENTIALS_DIRECTORY", v->project.folder, 1);
	create(v, &systemd);
	unsetenv("CREDENTIALS_DIRECTORY");
	expect_sealed(v, NULL, "systemd credential");
	assert_false(vault_require_open(v->vault, &v->project.err));
	assert_non_null(strstr(v->project.err.hint, "LoadCredential"));
	assert_vault_ok(v, vault_read_status(v->vault, v->project.store, &status, &v->project.err));
	assert_string_equal(status.key_path, "");
}

/* A folder whose name only begins like that of systemd's is anybody's. */
static void a_folder_beside_systemds_gets_no_trust(void **state)
{
	struct vault_fixture *v = *state;
	char dir[400], path[500];

	snprintf(dir, sizeof(dir), "%s/credentials", v->project.folder);
	assert_int_equal(mkdir(dir, 0700), 0);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	snprintf(path, sizeof(path), "%s-of-others", dir);
	write_key(v, path, SOME_KEY, 0440);
	assert_refused(v,
		       vault_create(v->project.store,
				    &(struct vault_key){ .kind = VAULT_KEY_FILE, .path = path },
				    &v->project.err),
		       ERR_CONFIG, "open to others");
}

#define cmocka_unit_test_key(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, vault_fixture_setup_without_vault,                   \
					vault_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_key(a_new_key_is_the_owners_alone),
		cmocka_unit_test_key(a_key_that_is_there_is_used),
		cmocka_unit_test_key(a_second_vault_is_refused),
		cmocka_unit_test_key(a_failed_making_leaves_no_slot),
		cmocka_unit_test_key(the_places_are_tried_in_order),
		cmocka_unit_test_key(without_any_place_the_way_out_is_told),
		cmocka_unit_test_key(a_missing_key_is_named),
		cmocka_unit_test_key(a_wrong_key_seals),
		cmocka_unit_test_key(a_key_that_others_can_read_seals),
		cmocka_unit_test_key(a_sealed_vault_refuses_everything),
		cmocka_unit_test_key(a_sealed_vault_has_a_status),
		cmocka_unit_test_key(every_altered_byte_of_a_slot_seals),
		cmocka_unit_test_key(an_altered_head_of_a_slot_seals),
		cmocka_unit_test_key(a_lost_derivation_key_seals),
		cmocka_unit_test_key(a_passphrase_opens_and_nothing_else_does),
		cmocka_unit_test_key(a_passphrase_does_not_open_a_file_slot),
		cmocka_unit_test_key(altered_scrypt_parameters_seal),
		cmocka_unit_test_key(a_systemd_credential_opens),
		cmocka_unit_test_key(no_key_is_drawn_among_systemds_credentials),
		cmocka_unit_test_key(a_missing_credential_is_not_taken_for_a_missing_file),
		cmocka_unit_test_key(a_folder_beside_systemds_gets_no_trust),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
