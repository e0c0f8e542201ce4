/* A project with a vault whose key lies in a folder of its own, and credentials to fill. */
#ifndef MUSTER_TESTS_VAULT_FIXTURE_H
#define MUSTER_TESTS_VAULT_FIXTURE_H

#include "base/file.h"
#include "base/secret.h"
#include "store/credential.h"
#include "store/db.h"
#include "store_fixture.h"
#include "vault/vault.h"

struct vault_fixture {
	struct fixture project;
	struct vault *vault;
	struct redact *redact;
	char state[300];    /* XDG_STATE_HOME */
	char key_path[400]; /* of the default key */
};

static const struct vault_key VAULT_DEFAULT = { .kind = VAULT_KEY_FILE };

#define assert_vault_ok(v, call) assert_ok(&(v)->project, call)

/* The call fails with this kind, and its message has this text. */
#define assert_refused(v, call, expected_kind, text)                                               \
	do {                                                                                       \
		assert_false(call);                                                                \
		assert_int_equal((v)->project.err.kind, expected_kind);                            \
		if (strstr((v)->project.err.message, text) == NULL)                                \
			fail_msg("\"%s\" says nothing of \"%s\"", (v)->project.err.message, text); \
	} while (0)

static inline void vault_fixture_open(struct vault_fixture *v, const struct vault_key *key)
{
	v->vault = vault_open(v->project.store, key, v->redact, &v->project.err);
	if (v->vault == NULL)
		fail_msg("vault_open: %s", v->project.err.message);
}

static inline void vault_fixture_reopen(struct vault_fixture *v, const struct vault_key *key)
{
	vault_close(v->vault);
	vault_fixture_open(v, key);
}

/* Opens as `muster` would and expects no seal. */
static inline void vault_fixture_reopen_unsealed(struct vault_fixture *v)
{
	vault_fixture_reopen(v, NULL);
	if (vault_is_sealed(v->vault))
		fail_msg("sealed: %s", vault_sealed_reason(v->vault));
}

/* --- credentials --- */

static inline bool vault_fixture_add_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct credential credential = { .id = arg,
					 .name = arg,
					 .provider = "kandji",
					 .state = "ok",
					 .note = "",
					 .created_at = NOW };

	return credential_add(tx, &credential, err);
}

static inline void vault_fixture_add_credential(struct vault_fixture *v, const char *id)
{
	struct buf copy = BUF_INIT;

	buf_str(&copy, id);
	fixture_write(&v->project, vault_fixture_add_unit, copy.data);
	buf_fini(&copy);
}

struct vault_fixture_call {
	struct vault *vault;
	const char *credential_id, *field, *provider;
	struct secret value;
};

static inline bool vault_fixture_put_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct vault_fixture_call *call = arg;

	return vault_put_field(call->vault, tx, call->credential_id, call->provider, call->field,
			       &call->value, err);
}

static inline bool vault_fixture_get_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct vault_fixture_call *call = arg;

	return vault_get_field(call->vault, tx, call->credential_id, call->provider, call->field,
			       &call->value, err);
}

static inline bool vault_fixture_try_put_bytes(struct vault_fixture *v, const char *credential_id,
					       const char *field, const void *bytes, size_t len)
{
	struct vault_fixture_call call = { v->vault, credential_id, field, "kandji", SECRET_INIT };
	bool ok;

	assert_vault_ok(v, secret_from(&call.value, bytes, len, &v->project.err));
	ok = store_run(v->project.store, STORE_WRITE, vault_fixture_put_unit, &call,
		       &v->project.err);
	secret_fini(&call.value);
	return ok;
}

static inline bool vault_fixture_try_put(struct vault_fixture *v, const char *credential_id,
					 const char *field, const char *value)
{
	return vault_fixture_try_put_bytes(v, credential_id, field, value, strlen(value));
}

static inline void vault_fixture_put(struct vault_fixture *v, const char *credential_id,
				     const char *field, const char *value)
{
	assert_vault_ok(v, vault_fixture_try_put(v, credential_id, field, value));
}

/* The caller ends *out. */
static inline bool vault_fixture_try_get(struct vault_fixture *v, const char *credential_id,
					 const char *field, struct secret *out)
{
	struct vault_fixture_call call = { v->vault, credential_id, field, "kandji", SECRET_INIT };
	bool ok = store_run(v->project.store, STORE_READ, vault_fixture_get_unit, &call,
			    &v->project.err);

	*out = call.value;
	return ok;
}

static inline void expect_field(struct vault_fixture *v, const char *credential_id,
				const char *field, const char *value)
{
	struct secret got;

	assert_vault_ok(v, vault_fixture_try_get(v, credential_id, field, &got));
	assert_string_equal(got.data, value);
	assert_int_equal(got.len, strlen(value));
	secret_fini(&got);
}

/* Nothing comes out, and the error names credential and field but no data. */
static inline void expect_damaged(struct vault_fixture *v, const char *credential_id,
				  const char *field)
{
	struct secret got;

	assert_refused(v, vault_fixture_try_get(v, credential_id, field, &got), ERR_STORE,
		       credential_id);
	assert_null(got.data);
	assert_non_null(strstr(v->project.err.message, field));
	assert_null(strstr(v->project.err.message, "canary"));
}

/* --- the attacker: any statement, with one blob as $1 --- */

struct vault_fixture_sql {
	const char *sql;
	const void *blob;
	size_t len;
};

static inline bool vault_fixture_sql_unit(struct store_tx *tx, void *arg, struct err *err)
{
	const struct vault_fixture_sql *call = arg;
	struct db_stmt *stmt = db_prepare_text(tx, call->sql, err);
	bool has_row;

	if (stmt == NULL)
		return false;
	if (call->blob != NULL)
		db_bind_blob(stmt, 1, call->blob, call->len);
	return db_step(stmt, &has_row, err);
}

static inline void vault_fixture_tamper(struct vault_fixture *v, const char *sql, const void *blob,
					size_t len)
{
	struct vault_fixture_sql call = { sql, blob, len };

	fixture_write(&v->project, vault_fixture_sql_unit, &call);
}

struct vault_fixture_blob {
	const char *sql;
	struct buf out;
};

static inline bool vault_fixture_blob_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct vault_fixture_blob *call = arg;
	struct db_stmt *stmt = db_prepare_text(tx, call->sql, err);
	const void *bytes;
	bool has_row;
	size_t len;

	if (stmt == NULL || !db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return err_set(err, ERR_MISSING, "no row");
	bytes = db_column_blob(stmt, 0, &len);
	buf_append(&call->out, bytes, len);
	db_reset(stmt);
	return true;
}

/* The first column of the first row. The caller ends the buffer. */
static inline struct buf vault_fixture_blob(struct vault_fixture *v, const char *sql)
{
	struct vault_fixture_blob call = { sql, BUF_INIT };

	fixture_read(&v->project, vault_fixture_blob_unit, &call);
	return call.out;
}

/* --- set-up --- */

static inline void vault_fixture_find_key(struct vault_fixture *v)
{
	snprintf(v->key_path, sizeof(v->key_path), "%s/muster/%s.key", v->state,
		 store_install_id(v->project.store));
}

static inline int vault_fixture_setup_without_vault(void **state)
{
	struct vault_fixture *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	fixture_make_folder(&v->project);
	assert_vault_ok(v, store_create(v->project.path, &v->project.err));
	fixture_open(&v->project);
	unsetenv("MUSTER_KEY_FILE");
	unsetenv("CREDENTIALS_DIRECTORY");
	snprintf(v->state, sizeof(v->state), "%s/state", v->project.folder);
	setenv("XDG_STATE_HOME", v->state, 1);
	vault_fixture_find_key(v);
	v->redact = redact_new();
	*state = v;
	return 0;
}

/* With an open vault and the credentials acme and beta. */
static inline int vault_fixture_setup(void **state)
{
	struct vault_fixture *v;

	vault_fixture_setup_without_vault(state);
	v = *state;
	assert_vault_ok(v, vault_create(v->project.store, &VAULT_DEFAULT, &v->project.err));
	vault_fixture_open(v, NULL);
	assert_false(vault_is_sealed(v->vault));
	vault_fixture_add_credential(v, "acme");
	vault_fixture_add_credential(v, "beta");
	return 0;
}

static inline int vault_fixture_teardown(void **state)
{
	struct vault_fixture *v = *state;
	char command[512];

	vault_close(v->vault);
	redact_free(v->redact);
	store_close(v->project.store);
	snprintf(command, sizeof(command), "rm -rf '%s'", v->project.folder);
	assert_int_equal(system(command), 0);
	free(v);
	return 0;
}

#define cmocka_unit_test_vault(name)                                                               \
	cmocka_unit_test_setup_teardown(name, vault_fixture_setup, vault_fixture_teardown)

#endif
