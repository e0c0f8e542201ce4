/* The vault's fields: what was put is got; anything altered, moved or old is refused. */
#define _GNU_SOURCE
#include "base/encode.h"
#include "vault/dek.h"
#include "vault_fixture.h"

#define RECORD_OF_ACME "SELECT record FROM credential_fields WHERE credential_id = 'acme'"
#define SET_RECORD_OF_ACME "UPDATE credential_fields SET record = $1 WHERE credential_id = 'acme'"

static void what_is_put_is_got(void **state)
{
	struct vault_fixture *v = *state;
	struct secret got;
	char large[100000];

	memset(large, 'x', sizeof(large));
	vault_fixture_put(v, "acme", "api_token", "canary-1");
	vault_fixture_put(v, "acme", "empty", "");
	assert_vault_ok(v, vault_fixture_try_put_bytes(v, "acme", "large", large, sizeof(large)));
	assert_vault_ok(v, vault_fixture_try_put_bytes(v, "acme", "zero", "a\0b", 3));
	vault_fixture_put(v, "beta", "api_token", "canary-2");
	expect_field(v, "acme", "api_token", "canary-1");
	expect_field(v, "acme", "empty", "");
	expect_field(v, "beta", "api_token", "canary-2");
	assert_vault_ok(v, vault_fixture_try_get(v, "acme", "large", &got));
	assert_memory_equal(got.data, large, sizeof(large));
	secret_fini(&got);
	assert_vault_ok(v, vault_fixture_try_get(v, "acme", "zero", &got));
	assert_int_equal(got.len, 3);
	assert_memory_equal(got.data, "a\0b", 3);
	secret_fini(&got);
}

static void a_value_is_replaced_in_a_new_generation(void **state)
{
	struct vault_fixture *v = *state;
	struct buf generation;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	vault_fixture_put(v, "acme", "api_token", "canary-2");
	expect_field(v, "acme", "api_token", "canary-2");
	generation = vault_fixture_blob(v, "SELECT generation FROM credential_fields");
	assert_string_equal(buf_text(&generation), "2");
	buf_fini(&generation);
}

static void what_is_got_is_redacted_from_then_on(void **state)
{
	struct vault_fixture *v = *state;
	struct buf out = BUF_INIT;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	assert_false(redact_finds(v->redact, "canary-1", 8));
	expect_field(v, "acme", "api_token", "canary-1");
	redact_copy(v->redact, "canary-1", 8, &out);
	assert_string_equal(out.data, "<secret:api_token>");
	buf_fini(&out);
}

static void what_is_not_there_is_missing(void **state)
{
	struct vault_fixture *v = *state;
	struct secret got;

	assert_refused(v, vault_fixture_try_get(v, "acme", "none", &got), ERR_MISSING, "none");
	assert_refused(v, vault_fixture_try_put(v, "nobody", "x", "y"), ERR_MISSING, "nobody");
}

static void a_provider_is_part_of_the_place(void **state)
{
	struct vault_fixture *v = *state;
	struct vault_fixture_call call = { v->vault, "acme", "api_token", "zoho", SECRET_INIT };

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	assert_refused(v,
		       store_run(v->project.store, STORE_WRITE, vault_fixture_put_unit, &call,
				 &v->project.err),
		       ERR_BUG, "zoho");
	assert_refused(v,
		       store_run(v->project.store, STORE_READ, vault_fixture_get_unit, &call,
				 &v->project.err),
		       ERR_STORE, "api_token");
	assert_null(call.value.data);
}

static void a_failed_unit_leaves_the_old_value(void **state)
{
	struct vault_fixture *v = *state;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	assert_false(vault_fixture_try_put(v, "nobody", "api_token", "canary-2"));
	expect_field(v, "acme", "api_token", "canary-1");
}

/* --- tampering --- */

static void every_altered_byte_is_refused(void **state)
{
	struct vault_fixture *v = *state;
	struct buf record;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	record = vault_fixture_blob(v, RECORD_OF_ACME);
	for (size_t i = 0; i < record.len; i++) {
		record.data[i] ^= 1;
		vault_fixture_tamper(v, SET_RECORD_OF_ACME, record.data, record.len);
		expect_damaged(v, "acme", "api_token");
		record.data[i] ^= 1;
	}
	vault_fixture_tamper(v, SET_RECORD_OF_ACME, record.data, record.len);
	expect_field(v, "acme", "api_token", "canary-1");
	buf_fini(&record);
}

static void every_truncation_is_refused(void **state)
{
	struct vault_fixture *v = *state;
	struct buf record;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	record = vault_fixture_blob(v, RECORD_OF_ACME);
	for (size_t len = 0; len < record.len; len++) {
		vault_fixture_tamper(v, SET_RECORD_OF_ACME, record.data, len);
		expect_damaged(v, "acme", "api_token");
	}
	buf_char(&record, 0);
	vault_fixture_tamper(v, SET_RECORD_OF_ACME, record.data, record.len);
	expect_damaged(v, "acme", "api_token");
	buf_fini(&record);
}

/* Every pair of ten fields of one credential, hence under one key. */
static void swapped_records_are_refused(void **state)
{
	enum { FIELDS = 10 };
	struct vault_fixture *v = *state;
	struct buf records[FIELDS];
	char sql[200], name[8];

	for (int i = 0; i < FIELDS; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		vault_fixture_put(v, "acme", name, "canary");
		snprintf(sql, sizeof(sql),
			 "SELECT record FROM credential_fields WHERE field = '%s'", name);
		records[i] = vault_fixture_blob(v, sql);
	}
	for (int i = 0; i < FIELDS; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(sql, sizeof(sql),
			 "UPDATE credential_fields SET record = $1 WHERE field = '%s'", name);
		for (int j = 0; j < FIELDS; j++) {
			vault_fixture_tamper(v, sql, records[j].data, records[j].len);
			if (i == j)
				expect_field(v, "acme", name, "canary");
			else
				expect_damaged(v, "acme", name);
		}
		vault_fixture_tamper(v, sql, records[i].data, records[i].len);
	}
	for (int i = 0; i < FIELDS; i++)
		buf_fini(&records[i]);
}

static void an_older_generation_is_refused(void **state)
{
	struct vault_fixture *v = *state;
	struct buf old;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	old = vault_fixture_blob(v, RECORD_OF_ACME);
	vault_fixture_put(v, "acme", "api_token", "canary-2");
	vault_fixture_tamper(v, SET_RECORD_OF_ACME, old.data, old.len);
	expect_damaged(v, "acme", "api_token");
	buf_fini(&old);
}

/* The whole row goes along, its key and generation included. */
static void a_record_moved_elsewhere_is_refused(void **state)
{
	struct vault_fixture *v = *state;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	vault_fixture_tamper(v, "UPDATE credential_fields SET credential_id = 'beta'", NULL, 0);
	expect_damaged(v, "beta", "api_token");
	vault_fixture_tamper(v, "UPDATE vault_deks SET owner = 'beta' WHERE owner = 'acme'", NULL,
			     0);
	expect_damaged(v, "beta", "api_token");
	vault_fixture_tamper(v, "UPDATE vault_deks SET owner = 'acme' WHERE owner = 'beta'", NULL,
			     0);
	vault_fixture_tamper(
		v, "UPDATE credential_fields SET credential_id = 'acme', field = 'x_tok'", NULL, 0);
	expect_damaged(v, "acme", "x_tok");
	vault_fixture_tamper(v, "UPDATE credential_fields SET field = 'api_token'", NULL, 0);
	expect_field(v, "acme", "api_token", "canary-1");
}

static void altered_columns_are_refused(void **state)
{
	struct vault_fixture *v = *state;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	vault_fixture_put(v, "beta", "api_token", "canary-2");
	vault_fixture_tamper(v, "UPDATE credential_fields SET generation = generation + 1", NULL,
			     0);
	expect_damaged(v, "acme", "api_token");
	vault_fixture_tamper(v, "UPDATE credential_fields SET generation = generation - 1", NULL,
			     0);
	vault_fixture_tamper(v,
			     "UPDATE credential_fields SET dek_id = "
			     "(SELECT id FROM vault_deks WHERE owner = 'beta')",
			     NULL, 0);
	expect_damaged(v, "acme", "api_token");
	expect_field(v, "beta", "api_token", "canary-2");
}

static void expect_blob_guarded(struct vault_fixture *v, const char *column)
{
	char select[128], update[128];
	struct buf blob;

	snprintf(select, sizeof(select), "SELECT %s FROM vault_deks WHERE owner = 'acme'", column);
	snprintf(update, sizeof(update), "UPDATE vault_deks SET %s = $1 WHERE owner = 'acme'",
		 column);
	blob = vault_fixture_blob(v, select);
	for (size_t i = 0; i < blob.len; i++) {
		blob.data[i] ^= 0x40;
		vault_fixture_tamper(v, update, blob.data, blob.len);
		expect_damaged(v, "acme", "api_token");
		blob.data[i] ^= 0x40;
	}
	vault_fixture_tamper(v, update, blob.data, blob.len - 1);
	expect_damaged(v, "acme", "api_token");
	vault_fixture_tamper(v, update, blob.data, blob.len);
	expect_field(v, "acme", "api_token", "canary-1");
	buf_fini(&blob);
}

static void an_altered_data_key_is_refused(void **state)
{
	struct vault_fixture *v = *state;

	vault_fixture_put(v, "acme", "api_token", "canary-1");
	expect_blob_guarded(v, "wrapped");
	expect_blob_guarded(v, "commitment");
}

/* --- data keys --- */

static void each_credential_has_a_key_of_its_own(void **state)
{
	struct vault_fixture *v = *state;

	vault_fixture_put(v, "acme", "a", "canary-1");
	vault_fixture_put(v, "acme", "b", "canary-2");
	vault_fixture_put(v, "beta", "a", "canary-3");
	{
		struct buf count = vault_fixture_blob(
			v, "SELECT group_concat(owner || ' ' || uses, ', ') FROM "
			   "(SELECT * FROM vault_deks ORDER BY owner)");

		assert_string_equal(buf_text(&count), "acme 2, beta 1, derivation 0");
		buf_fini(&count);
	}
}

static void a_worn_out_key_takes_nothing_more(void **state)
{
	struct vault_fixture *v = *state;
	struct buf count;

	vault_fixture_put(v, "acme", "a", "canary-1");
	vault_fixture_tamper(v, "UPDATE vault_deks SET uses = 1073741824 WHERE owner = 'acme'",
			     NULL, 0);
	vault_fixture_put(v, "acme", "b", "canary-2");
	vault_fixture_put(v, "acme", "c", "canary-3");
	expect_field(v, "acme", "a", "canary-1");
	expect_field(v, "acme", "b", "canary-2");
	count = vault_fixture_blob(v, "SELECT group_concat(uses, ' ') FROM (SELECT uses FROM "
				      "vault_deks WHERE owner = 'acme' ORDER BY uses)");
	assert_string_equal(buf_text(&count), "2 1073741824");
	buf_fini(&count);
}

/* --- derivation --- */

static void derive(struct vault_fixture *v, const char *purpose, const char *context,
		   uint8_t out[32])
{
	assert_vault_ok(v, vault_derive(v->vault, purpose, context, out, &v->project.err));
}

static void derived_keys_differ_and_last(void **state)
{
	static const char *const uses[][2] = {
		{ "recording", "1" }, { "recording", "11" }, { "recording1", "1" }, { "audit", "1" }
	};
	struct vault_fixture *v = *state;
	uint8_t keys[4][32], again[32];

	for (int i = 0; i < 4; i++) {
		derive(v, uses[i][0], uses[i][1], keys[i]);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], 32);
	}
	vault_fixture_reopen_unsealed(v);
	derive(v, "recording", "1", again);
	assert_memory_equal(again, keys[0], 32);
}

/* --- what lies on the disk --- */

static void expect_absent(struct vault_fixture *v, const char *suffix, const struct redact *redact)
{
	struct buf bytes = BUF_INIT, path = BUF_INIT;

	buf_printf(&path, "%s%s", v->project.path, suffix);
	if (file_exists(path.data)) {
		assert_vault_ok(v, file_read(path.data, 1 << 28, &bytes, &v->project.err));
		assert_false(redact_finds(redact, bytes.data, bytes.len));
	}
	buf_fini(&bytes);
	buf_fini(&path);
}

static void no_form_of_a_secret_is_in_the_database(void **state)
{
	struct vault_fixture *v = *state;
	struct redact *canaries = redact_new();

	assert_vault_ok(v, redact_add(canaries, "c", "canary-secret-1", 15, &v->project.err));
	assert_vault_ok(v, redact_add(canaries, "c", "canary-secret-2", 15, &v->project.err));
	vault_fixture_put(v, "acme", "api_token", "canary-secret-1");
	vault_fixture_put(v, "acme", "api_token", "canary-secret-2");
	expect_field(v, "acme", "api_token", "canary-secret-2");
	expect_absent(v, "", canaries);
	expect_absent(v, "-wal", canaries);
	expect_absent(v, "-shm", canaries);
	redact_free(canaries);
}

static void status_counts_what_there_is(void **state)
{
	struct vault_fixture *v = *state;
	struct vault_status status;

	vault_fixture_put(v, "acme", "a", "canary-1");
	vault_fixture_put(v, "acme", "b", "canary-2");
	assert_vault_ok(v, vault_read_status(v->vault, v->project.store, &status, &v->project.err));
	assert_false(status.is_sealed);
	assert_string_equal(status.reason, "");
	assert_int_equal(status.slot_count, 1);
	assert_string_equal(vault_key_kind_name(status.slots[0]), "file");
	assert_string_equal(status.key_path, v->key_path);
	assert_int_equal(status.credentials, 2);
	assert_int_equal(status.fields, 2);
	assert_int_equal(status.deks, 1);
	assert_int_equal(status.most_dek_uses, 2);
	assert_memory_equal(status.oldest_dek_at, "20", 2);
	assert_false(status.is_rotating);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_vault(what_is_put_is_got),
		cmocka_unit_test_vault(a_value_is_replaced_in_a_new_generation),
		cmocka_unit_test_vault(what_is_got_is_redacted_from_then_on),
		cmocka_unit_test_vault(what_is_not_there_is_missing),
		cmocka_unit_test_vault(a_provider_is_part_of_the_place),
		cmocka_unit_test_vault(a_failed_unit_leaves_the_old_value),
		cmocka_unit_test_vault(every_altered_byte_is_refused),
		cmocka_unit_test_vault(every_truncation_is_refused),
		cmocka_unit_test_vault(swapped_records_are_refused),
		cmocka_unit_test_vault(an_older_generation_is_refused),
		cmocka_unit_test_vault(a_record_moved_elsewhere_is_refused),
		cmocka_unit_test_vault(altered_columns_are_refused),
		cmocka_unit_test_vault(an_altered_data_key_is_refused),
		cmocka_unit_test_vault(each_credential_has_a_key_of_its_own),
		cmocka_unit_test_vault(a_worn_out_key_takes_nothing_more),
		cmocka_unit_test_vault(derived_keys_differ_and_last),
		cmocka_unit_test_vault(no_form_of_a_secret_is_in_the_database),
		cmocka_unit_test_vault(status_counts_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
