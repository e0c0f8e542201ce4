/* Credentials and the vault's rows. */
#include "store/credential.h"
#include "store/keyring.h"
#include "store_fixture.h"

static bool archive(struct store_tx *tx, void *arg, struct err *err)
{
	return account_archive(tx, arg, NOW, err);
}

static struct credential some_credential(const char *name)
{
	return (struct credential){ .name = str_dup(name),
				    .provider = str_dup("kandji"),
				    .state = str_dup("ok"),
				    .note = str_dup(""),
				    .created_at = str_dup(NOW) };
}

static bool put_field(struct store_tx *tx, const char *credential, const char *field,
		      const char *dek, int64_t generation, const char *record, struct err *err)
{
	char id[64], name[64], dek_id[64], bytes[64];
	struct credential_field row = { .credential_id = id,
					.field = name,
					.dek_id = dek_id,
					.generation = generation,
					.record = bytes,
					.record_len = strlen(record) };

	snprintf(id, sizeof(id), "%s", credential);
	snprintf(name, sizeof(name), "%s", field);
	snprintf(dek_id, sizeof(dek_id), "%s", dek);
	snprintf(bytes, sizeof(bytes), "%s", record);
	return credential_field_put(tx, &row, err);
}

static bool add_dek(struct store_tx *tx, const char *id, const char *owner, const char *at,
		    struct err *err)
{
	char wrapped[] = "wrapped", commitment[] = "commit";
	struct dek dek = { .id = str_dup(id),
			   .owner = str_dup(owner),
			   .created_at = str_dup(at),
			   .wrapped = wrapped,
			   .wrapped_len = 7,
			   .commitment = commitment,
			   .commitment_len = 6 };
	bool ok = dek_add(tx, &dek, err);

	dek.wrapped = dek.commitment = NULL;
	dek_fini(&dek);
	return ok;
}

static bool store_credential(struct store_tx *tx, void *arg, struct err *err)
{
	struct credential credential = some_credential("main"), back;
	char **id = arg;
	bool ok;

	ok = credential_add(tx, &credential, err) && add_dek(tx, "dek1", credential.id, NOW, err) &&
	     put_field(tx, credential.id, "api_token", "dek1", 1, "sealed one", err) &&
	     put_field(tx, credential.id, "api_token", "dek1", 2, "sealed two", err) &&
	     put_field(tx, credential.id, "pin", "dek1", 1, "", err) &&
	     credential_touch(tx, credential.id, LATER, err) &&
	     credential_find(tx, "main", &back, err);
	if (ok) {
		assert_string_equal(back.last_used_at, LATER);
		assert_null(back.vendor);
		credential_fini(&back);
	}
	*id = str_dup(credential.id);
	credential_fini(&credential);
	return ok;
}

static bool read_fields(struct store_tx *tx, void *arg, struct err *err)
{
	struct credential_field field, *fields;
	int64_t total;
	size_t count;

	if (!credential_field_get(tx, arg, "api_token", &field, err))
		return false;
	assert_int_equal(field.generation, 2);
	assert_int_equal(field.record_len, 10);
	assert_memory_equal(field.record, "sealed two", 10);
	credential_field_fini(&field);
	if (!credential_field_list(tx, arg, &fields, &count, err) ||
	    !credential_field_count(tx, &total, err))
		return false;
	assert_int_equal(count, 2);
	assert_int_equal(total, 2);
	assert_string_equal(fields[1].field, "pin");
	assert_int_equal(fields[1].record_len, 0);
	credential_field_list_fini(fields, count);
	assert_false(credential_field_get(tx, arg, "nothing", &field, err));
	assert_int_equal(err->kind, ERR_MISSING);
	return true;
}

/* As the vault does it: a new key, every field again, the old key goes. */
static bool rotate(struct store_tx *tx, void *arg, struct err *err)
{
	struct credential_field *fields;
	struct dek *deks;
	size_t count;

	if (!add_dek(tx, "dek2", arg, LATER, err) || !dek_list(tx, arg, &deks, &count, err))
		return false;
	assert_int_equal(count, 2);
	assert_string_equal(deks[0].id, "dek2");
	dek_list_fini(deks, count);
	if (!credential_field_list_under(tx, "dek1", &fields, &count, err))
		return false;
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++) {
		if (!put_field(tx, arg, fields[i].field, "dek2", fields[i].generation, "again",
			       err))
			return false;
	}
	credential_field_list_fini(fields, count);
	return dek_count_uses(tx, "dek2", 2, err) && dek_delete(tx, "dek1", err);
}

static bool delete_used_dek(struct store_tx *tx, void *arg, struct err *err)
{
	(void)arg;
	return dek_delete(tx, "dek1", err);
}

static bool delete_credential(struct store_tx *tx, void *arg, struct err *err)
{
	return credential_delete(tx, arg, err);
}

static bool use_credential(struct store_tx *tx, void *arg, struct err *err)
{
	struct account account = fixture_account("acc", "acme");
	bool ok;

	account.credential_id = str_dup(arg);
	ok = account_add(tx, &account, err);
	account_fini(&account);
	return ok;
}

static void a_credential_lives_from_adding_to_deletion(void **state)
{
	struct fixture *fixture = *state;
	char *id;

	fixture_write(fixture, store_credential, &id);
	fixture_read(fixture, read_fields, id);
	assert_false(store_run(fixture->store, STORE_WRITE, delete_used_dek, NULL, &fixture->err));
	fixture_write(fixture, rotate, id);
	fixture_write(fixture, use_credential, id);
	assert_false(store_run(fixture->store, STORE_WRITE, delete_credential, id, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
	assert_non_null(strstr(fixture->err.message, "kandji/acme"));
	fixture_write(fixture, archive, "acc");
	fixture_write(fixture, delete_credential, id);
	assert_query(fixture, "SELECT count(*) FROM credentials", "0\n");
	assert_query(fixture, "SELECT credential_id IS NULL FROM accounts", "1\n");
	free(id);
}

static bool add_twice(struct store_tx *tx, void *arg, struct err *err)
{
	struct credential one = some_credential("same"), two = some_credential("same");
	bool ok = credential_add(tx, &one, err);

	(void)arg;
	assert_true(ok);
	ok = credential_add(tx, &two, err);
	credential_fini(&one);
	credential_fini(&two);
	return ok;
}

static void a_name_means_one_credential(void **state)
{
	struct fixture *fixture = *state;

	assert_false(store_run(fixture->store, STORE_WRITE, add_twice, NULL, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
}

static bool keyring_unit(struct store_tx *tx, void *arg, struct err *err)
{
	char record[] = "root";
	struct slot slot = { .kind = str_dup("file"),
			     .params = str_dup("{}"),
			     .created_at = str_dup(NOW),
			     .record = record,
			     .record_len = 4 };
	struct slot *slots;
	struct dek dek;
	struct buf note = BUF_INIT;
	size_t count;
	bool found;

	(void)arg;
	if (!slot_add(tx, &slot, err) || !slot_list(tx, &slots, &count, err))
		return false;
	assert_int_equal(count, 1);
	assert_string_equal(slots[0].kind, "file");
	assert_memory_equal(slots[0].record, "root", 4);
	slot_list_fini(slots, count);
	slot.record = NULL;
	slot_fini(&slot);
	if (!slot_delete_all(tx, err) || !slot_list(tx, &slots, &count, err))
		return false;
	assert_int_equal(count, 0);
	if (!add_dek(tx, "d", "recording", NOW, err) || !dek_rewrap(tx, "d", "new", 3, err) ||
	    !dek_get(tx, "d", &dek, err))
		return false;
	assert_int_equal(dek.wrapped_len, 3);
	assert_memory_equal(dek.commitment, "commit", 6);
	dek_fini(&dek);
	if (!keyring_note_get(tx, "check", &found, &note, err) || found ||
	    !keyring_note_set(tx, "check", "\0x", 2, err) ||
	    !keyring_note_get(tx, "check", &found, &note, err))
		return false;
	assert_true(found);
	assert_int_equal(note.len, 2);
	buf_fini(&note);
	return keyring_note_set(tx, "check", NULL, 0, err);
}

static void the_vaults_rows_are_kept(void **state)
{
	fixture_write(*state, keyring_unit, NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(a_credential_lives_from_adding_to_deletion),
		T(a_name_means_one_credential),
		T(the_vaults_rows_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
