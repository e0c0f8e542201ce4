/*
 * Every allocation fails once, in SQLite as in the store: no crash, no lie, no damage. The program
 * brings its own malloc, which the sanitizers cannot have; there is nothing to run under them.
 */
#include <errno.h>
#include <stdatomic.h>

#include "store/enrich.h"
#include "store/event.h"
#include "store/json_in.h"
#include "store_world.h"

#if defined(MUSTER_SANITIZE)

int main(void)
{
	return 0;
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);

/* Counts down to the allocation that fails; negative = none does. */
static atomic_long left = -1;

static bool is_its_turn(void)
{
	if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) != 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return is_its_turn() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_its_turn() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *data, size_t size)
{
	return is_its_turn() ? NULL : __libc_realloc(data, size);
}

/* --- what is tortured --- */

struct scene {
	struct lease lease;
	int64_t session, id;
	enum entity_outcome outcome;
};

/* Long texts, for short ones SQLite needs no malloc. */
static char stream[3000], name[3000];

static struct entity_context context_of(const struct scene *scene)
{
	return (struct entity_context){ .account_id = "acc",
					.session_id = scene->session,
					.stream = stream,
					.now = NOW,
					.log_created = true };
}

static bool put_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct scene *scene = arg;
	struct entity_context context = context_of(scene);
	struct fixture_row row;
	bool first;

	fixture_row_init(&row, "device", "d1");
	fixture_row_set(&row, "name", name);
	return lease_take(tx, "acc", "test", 1000, &scene->lease, err) &&
	       session_begin(tx, &scene->lease, "full", "{}", NOW, &scene->session, &first, err) &&
	       (context.session_id = scene->session) > 0 &&
	       fixture_upsert(tx, &context, &row, &scene->outcome, &scene->id, err) &&
	       session_add_batch(tx, scene->session, stream, "device", &scene->id, 1, 0, 0, err);
}

/* Another stream adds to the row, an event changes it, and the additions go again. */
static bool add_and_take_away(struct store_tx *tx, struct scene *scene, struct err *err)
{
	const struct event_stamp stamp = { NOW, strlen(NOW), "e1", 2 };
	struct entity_context context = context_of(scene);
	struct fixture_row added, patch;
	bool is_news, is_there;
	int64_t count;

	context.stream = "other";
	fixture_row_init(&added, "device", "d1");
	fixture_row_set(&added, "model", name);
	fixture_row_flag(&added, "is_managed", true);
	added.row.custom = "{\"added\":[1]}";
	added.row.custom_len = strlen(added.row.custom);
	fixture_row_init(&patch, "device", "d1");
	fixture_row_set(&patch, "os_name", "patched");
	patch.row.custom = "{\"patched\":2}";
	patch.row.custom_len = strlen(patch.row.custom);
	return enrich_set(tx, &context, &added.row, scene->id, &scene->outcome, err) &&
	       event_mark(tx, &context, model_entity("device"), "d1", 2, &stamp, &is_news, err) &&
	       entity_patch(tx, &context, &patch.row, &is_there, &scene->outcome, err) &&
	       enrich_withdraw(tx, &context, model_entity("device"), NULL, 0, &count, err);
}

static bool change_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct scene *scene = arg;
	struct entity_context context = context_of(scene);
	struct entity_missing_list missing;
	struct fixture_row row;
	bool removed;

	fixture_row_init(&row, "device", "d1");
	fixture_row_set(&row, "name", "Two");
	fixture_row_set(&row, "hostname", name);
	if (!fixture_upsert(tx, &context, &row, &scene->outcome, &scene->id, err) ||
	    !add_and_take_away(tx, scene, err) ||
	    !entity_find_missing(tx, &context, model_entity("device"), NULL, 0, NULL, &missing,
				 err))
		return false;
	entity_missing_fini(&missing);
	return entity_retire(tx, &context, model_entity("device"), scene->id, "missing", &removed,
			     err) &&
	       session_end(tx, scene->session, "ok", NULL, LATER, 1, err) &&
	       lease_release(tx, &scene->lease, err);
}

static bool read_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct account *accounts;
	struct session *sessions;
	size_t count;

	(void)arg;
	if (!account_find(tx, "kandji/acme", &accounts, &count, err))
		return false;
	account_list_fini(accounts, count);
	if (!session_list(tx, NULL, 10, &sessions, &count, err))
		return false;
	session_list_fini(sessions, count);
	return true;
}

static bool ask(struct store *store, struct err *err)
{
	struct buf out = BUF_INIT;
	const struct query_sink sink = { fixture_no_columns, fixture_append_row, &out };
	bool ok = query_run(store, "SELECT * FROM inventory", NULL, 0, &sink, err);

	buf_fini(&out);
	return ok;
}

static bool act(const char *path, struct err *err)
{
	struct store *store = store_open(path, NULL, err), *scratch;
	struct scene scene = { 0 };
	bool ok;

	if (store == NULL)
		return false;
	ok = store_run(store, STORE_WRITE, put_unit, &scene, err) &&
	     store_run(store, STORE_WRITE, change_unit, &scene, err) &&
	     store_run(store, STORE_READ, read_unit, NULL, err) && ask(store, err);
	scratch = ok ? store_open_scratch(store, "acc", err) : NULL;
	ok = scratch != NULL && store_run(scratch, STORE_WRITE, put_unit, &scene, err);
	store_close(scratch);
	store_close(store);
	return ok;
}

/* Rows, change log and sessions agree, whichever unit the failure hit. */
static void assert_sound(struct fixture *fixture)
{
	fixture_open(fixture);
	assert_query(fixture,
		     "SELECT (SELECT count(*) FROM changes WHERE kind = 'removed')"
		     " = (SELECT count(*) FROM sessions WHERE outcome = 'ok'),"
		     " (SELECT count(*) FROM devices) = (SELECT count(*) > 0 FROM sessions),"
		     " (SELECT count(*) FROM sessions WHERE outcome = 'running') <= 1,"
		     " (SELECT count(*) FROM changes WHERE kind <> 'created'"
		     "  AND length(before ->> '$.name') NOT IN (2999, 3)),"
		     " (SELECT count(*) FROM devices WHERE removed_at IS NOT NULL"
		     "  AND (model IS NOT NULL OR is_managed IS NOT NULL"
		     "       OR os_name <> 'patched' OR custom <> '{\"patched\":2}')),"
		     " (SELECT count(*) FROM enrichments)",
		     "1|1|1|0|0|0\n");
	store_close(fixture->store);
	fixture->store = NULL;
}

static void each_allocation_fails_once(void **state)
{
	struct fixture *fixture = *state;
	long failed = 0;

	memset(stream, 's', sizeof(stream) - 1);
	memset(name, 'n', sizeof(name) - 1);
	fixture_add_account(fixture, "acc", "acme");
	store_close(fixture->store);
	fixture->store = NULL;
	for (long turn = 0;; turn++) {
		struct err err = ERR_INIT;
		bool ok, was_reached;

		atomic_store(&left, turn);
		ok = act(fixture->path, &err);
		was_reached = atomic_exchange(&left, -1) < 0;
		if (!was_reached)
			break;
		if (!ok && (err.kind == ERR_NONE || err.message[0] == '\0'))
			fail_msg("allocation %ld: failed without saying why", turn);
		if (!ok && strstr(err.message, "damaged") && !strstr(err.message, "memory"))
			fail_msg("allocation %ld: taken for damage: %s", turn, err.message);
		failed += !ok;
		if (ok ||
		    turn % 50 == 0) /* a failure that nobody reported is where a lie would be */
			assert_sound(fixture);
	}
	assert_true(failed > 1000);
	assert_sound(fixture);
}

static void no_memory_is_not_taken_for_damage(void **state)
{
	static const char text[] = "{\"name\":[1,\"two\",{\"three\":null}]}";
	json_t *json = NULL;

	(void)state;
	for (long turn = 0; json == NULL; turn++) {
		struct err err = ERR_INIT;

		atomic_store(&left, turn);
		json = json_in(text, strlen(text), "sample", &err);
		atomic_store(&left, -1);
		assert_true(json != NULL || strstr(err.message, "memory") != NULL);
	}
	json_decref(json);
}

static void damage_is_named(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_null(json_in("{\"name\":", 8, "sample", &err));
	assert_int_equal(err.kind, ERR_STORE);
	assert_non_null(strstr(err.message, "sample: damaged, or"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory_is_not_taken_for_damage),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test_setup_teardown(each_allocation_fails_once, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
