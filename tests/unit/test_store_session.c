/* Leases and fences, sessions, batches of seen rows, the state of streams. */
#include "store_world.h"

/* --- lease --- */

struct leased {
	struct lease lease;
	const char *owner;
	int64_t now_ms;
};

static bool take(struct store_tx *tx, void *arg, struct err *err)
{
	struct leased *at = arg;

	return lease_take(tx, "acc", at->owner, at->now_ms, &at->lease, err);
}

static bool check(struct store_tx *tx, void *arg, struct err *err)
{
	struct leased *at = arg;

	return lease_check(tx, &at->lease, err);
}

static bool renew(struct store_tx *tx, void *arg, struct err *err)
{
	struct leased *at = arg;

	return lease_renew(tx, &at->lease, at->now_ms, err);
}

static bool release(struct store_tx *tx, void *arg, struct err *err)
{
	struct leased *at = arg;

	return lease_release(tx, &at->lease, err);
}

static void refused(struct fixture *fixture, store_work_fn *work, struct leased *at,
		    const char *part)
{
	assert_false(store_run(fixture->store, STORE_WRITE, work, at, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_BUSY);
	if (strstr(fixture->err.message, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, fixture->err.message);
}

static void one_session_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	struct leased one = { .owner = "host-1", .now_ms = 1000 };
	struct leased two = { .owner = "host-2", .now_ms = 1000 + LEASE_MS - 1 };

	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, take, &one);
	refused(fixture, take, &two, "host-1 since 1970-01-01T00:00:01.000Z");
	fixture_write(fixture, release, &one);
	fixture_write(fixture, take, &two);
	assert_true(two.lease.fence > one.lease.fence);
	assert_string_equal(two.lease.owner, "host-2");
}

static void an_old_fence_writes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct leased one = { .owner = "host-1", .now_ms = 1000 };
	struct leased two = { .owner = "host-2", .now_ms = 1000 + LEASE_MS };

	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, take, &one);
	fixture_write(fixture, check, &one);
	fixture_write(fixture, take, &two); /* expired */
	refused(fixture, check, &one, "lease lost");
	refused(fixture, renew, &one, "lease lost");
	fixture_write(fixture, release, &one); /* lost already: nothing to do */
	fixture_write(fixture, check, &two);
	fixture_write(fixture, release, &two);
	refused(fixture, check, &two, "lease lost");
}

static void a_renewed_lease_lasts(void **state)
{
	struct fixture *fixture = *state;
	struct leased one = { .owner = "host-1", .now_ms = 1000 };
	struct leased two = { .owner = "host-2", .now_ms = 1000 + LEASE_MS };

	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, take, &one);
	one.now_ms += LEASE_HEARTBEAT_MS;
	fixture_write(fixture, renew, &one);
	refused(fixture, take, &two, "host-1");
}

static void a_lease_from_the_future_holds_nobody_up(void **state)
{
	struct fixture *fixture = *state;
	struct leased one = { .owner = "host-1", .now_ms = 86400000 };
	struct leased two = { .owner = "host-2", .now_ms = 1000 };

	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, take, &one); /* then the clock was set back by a day */
	fixture_write(fixture, take, &two);
	refused(fixture, check, &one, "lease lost");
}

static void a_living_process_keeps_its_lease(void **state)
{
	struct fixture *fixture = *state;
	char owner[PROCESS_NAME_SIZE], pid[32];
	struct leased one = { .owner = process_name(owner), .now_ms = 1000 };
	struct leased two = { .owner = "host-2", .now_ms = 1000 };

	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, take, &one);
	assert_string_equal(one.lease.owner, owner);
	snprintf(pid, sizeof(pid), ":%ld since 1970", (long)getpid());
	refused(fixture, take, &two, pid);
	fixture_write(fixture, check, &one);
}

static void the_lease_of_a_process_that_is_gone_is_taken_over_at_once(void **state)
{
	struct fixture *fixture = *state;
	char owner[PROCESS_NAME_SIZE], *started;
	struct leased one = { .owner = process_name(owner), .now_ms = 1000 };
	struct leased two = { .owner = "host-2", .now_ms = 1000 };

	/* Our pid, but in a process that started at another time. */
	started = strchr(owner, ' ') + 1;
	*started = *started == '1' ? '2' : '1';
	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, take, &one);
	fixture_write(fixture, take, &two);
	assert_true(two.lease.fence > one.lease.fence);
	refused(fixture, renew, &one, "lease lost");
}

/* --- sessions --- */

static bool get_session(struct store_tx *tx, void *arg, struct err *err)
{
	struct session *session = arg;

	return session_get(tx, session->id, session, err);
}

static struct session session_of(struct fixture *fixture, int64_t id)
{
	struct session session = { .id = id };

	fixture_read(fixture, get_session, &session);
	return session;
}

static bool update_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	const struct session_counts counts = { .seen = 1,
					       .created = 2,
					       .updated = 3,
					       .unchanged = 4,
					       .removed = 5,
					       .restored = 6,
					       .dropped = 7,
					       .quarantined = 8,
					       .skipped = 9,
					       .requests = 10,
					       .retries = 11,
					       .bytes = 12 };

	return session_update(tx, world->session, &counts, "{\"device_app.helper\":7}", NULL, err);
}

static void counts_come_back(void **state)
{
	struct fixture *fixture = *state;
	struct session session;
	struct world world;

	world_begin(&world, fixture, "acc");
	world_run(&world, update_unit, &world);
	world_run(&world, world_end_unit, &world);
	session = session_of(fixture, world.session);
	assert_string_equal(session.account_id, "acc");
	assert_string_equal(session.account_slug, "kandji/acc");
	assert_string_equal(session.outcome, "ok");
	assert_string_equal(session.dropped, "{\"device_app.helper\":7}");
	assert_null(session.streams);
	assert_null(session.error);
	assert_string_equal(session.ended_at, LATER);
	assert_true(session.seconds > 1.4 && session.seconds < 1.6);
	assert_int_equal(session.counts.seen, 1);
	assert_int_equal(session.counts.dropped, 7);
	assert_int_equal(session.counts.bytes, 12);
	assert_int_equal(session.fence, 1);
	session_fini(&session);
	assert_query(fixture,
		     "SELECT dropped, dropped_by_rule ->> '$.\"device_app.helper\"'"
		     " FROM sessions",
		     "7|7\n");
}

static void a_killed_session_is_finished_by_the_next(void **state)
{
	struct fixture *fixture = *state;
	struct session session;
	struct world world;
	int64_t killed;

	world_begin(&world, fixture, "acc");
	assert_true(world.first);
	killed = world.session;
	world_put(&world, "device", "d1", NULL, NULL);
	world_list(&world, "device");
	world_next_session(&world);
	assert_true(world.first); /* the killed one did not end well */
	assert_true(world.session > killed);
	session = session_of(fixture, killed);
	assert_string_equal(session.outcome, "interrupted");
	session_fini(&session);
	assert_query(fixture, "SELECT count(*) FROM session_batches", "0\n");
	assert_query(fixture, "SELECT count(*) FROM devices", "1\n");
	world_list(&world, "device");
	world_run(&world, world_end_unit, &world);
	assert_query(fixture, "SELECT count(*) FROM session_batches", "0\n");
	world_run(&world, world_take_unit, &world);
	world_next_session(&world);
	assert_false(world.first);
}

static void a_session_needs_its_lease(void **state)
{
	struct fixture *fixture = *state;
	struct world world;

	world_begin(&world, fixture, "acc");
	world.lease.fence--;
	assert_false(
		store_run(fixture->store, STORE_WRITE, world_begin_unit, &world, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_BUSY);
}

struct listed {
	const char *account_id;
	int64_t limit;
	struct session *sessions;
	size_t count;
};

static bool list_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct listed *listed = arg;

	return session_list(tx, listed->account_id, listed->limit, &listed->sessions,
			    &listed->count, err);
}

static void sessions_are_listed_newest_first(void **state)
{
	struct fixture *fixture = *state;
	struct listed all = { .limit = 10 }, one = { .account_id = "two", .limit = 1 };
	struct session missing = { .id = 99 };
	struct world first, second;

	world_begin(&first, fixture, "one");
	world_begin(&second, fixture, "two");
	world_next_session(&second);
	fixture_read(fixture, list_unit, &all);
	assert_int_equal(all.count, 3);
	assert_int_equal(all.sessions[0].id, second.session);
	assert_int_equal(all.sessions[2].id, first.session);
	session_list_fini(all.sessions, all.count);
	fixture_read(fixture, list_unit, &one);
	assert_int_equal(one.count, 1);
	assert_int_equal(one.sessions[0].id, second.session);
	session_list_fini(one.sessions, one.count);
	assert_false(store_run(fixture->store, STORE_READ, get_session, &missing, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_MISSING);
}

/* --- batches --- */

enum { IDS = 5000 };

struct batch {
	struct world *world;
	const char *stream;
	int64_t ids[IDS];
	size_t count;
	int64_t *seen;
	size_t seen_count, duplicates;
};

static bool add_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct batch *batch = arg;

	return session_add_batch(tx, batch->world->session, batch->stream, "device", batch->ids,
				 batch->count, 1, 2, err);
}

static bool seen_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct batch *batch = arg;

	return session_seen(tx, batch->world->session, batch->stream, "device", &batch->seen,
			    &batch->seen_count, &batch->duplicates, err);
}

/* A small generator of our own: the same ids on every machine. */
static int64_t draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)(*seed >> (*seed >> 59));
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void any_ids_come_back_sorted(void **state)
{
	struct fixture *fixture = *state;
	struct batch *batch = calloc(1, sizeof(*batch));
	struct world world;
	uint64_t seed = 42;

	world_begin(&world, fixture, "acc");
	batch->world = &world;
	batch->stream = "devices";
	batch->count = IDS;
	for (size_t i = 0; i < IDS; i++)
		batch->ids[i] = draw(&seed);
	batch->ids[0] = 0;
	batch->ids[1] = INT64_MAX;
	batch->ids[2] = 1;
	world_run(&world, add_unit, batch);
	world_run(&world, seen_unit, batch);
	qsort(batch->ids, IDS, sizeof(int64_t), compare);
	assert_int_equal(batch->seen_count, IDS);
	assert_int_equal(batch->duplicates, 0);
	assert_memory_equal(batch->seen, batch->ids, sizeof(batch->ids));
	free(batch->seen);
	free(batch);
}

static void batches_add_up_and_duplicates_are_counted(void **state)
{
	struct fixture *fixture = *state;
	const int64_t expected[] = { 3, 5, 7, 9 };
	struct batch batch = { .stream = "devices", .ids = { 7, 5, 7, 3 }, .count = 4 };
	struct world world;

	world_begin(&world, fixture, "acc");
	batch.world = &world;
	world_run(&world, add_unit, &batch);
	batch.ids[0] = 9;
	batch.ids[1] = 7;
	batch.ids[2] = 3;
	batch.count = 3;
	world_run(&world, add_unit, &batch);
	batch.count = 0;
	world_run(&world, add_unit, &batch);
	batch.stream = "other";
	batch.ids[0] = 1000;
	batch.count = 1;
	world_run(&world, add_unit, &batch);
	batch.stream = "devices";
	world_run(&world, seen_unit, &batch);
	assert_int_equal(batch.seen_count, 4);
	assert_memory_equal(batch.seen, expected, sizeof(expected));
	assert_int_equal(batch.duplicates, 2);
	free(batch.seen);
	batch.stream = "nothing";
	world_run(&world, seen_unit, &batch);
	assert_int_equal(batch.seen_count, 0);
	free(batch.seen);
}

/* --- stream state, quarantine --- */

static bool state_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct stream_state state;

	(void)arg;
	if (!stream_state_get(tx, "acc", "devices", &state, err))
		return false;
	assert_null(state.cursor);
	assert_int_equal(state.completed_session, 0);
	stream_state_fini(&state);
	state = (struct stream_state){ .cursor = "c1", .completed_session = 3 };
	if (!stream_state_set(tx, "acc", "devices", &state, err))
		return false;
	state.baseline = "b1";
	state.completed_at = NOW;
	if (!stream_state_set(tx, "acc", "devices", &state, err) ||
	    !stream_state_get(tx, "acc", "devices", &state, err))
		return false;
	assert_string_equal(state.cursor, "c1");
	assert_string_equal(state.baseline, "b1");
	assert_string_equal(state.completed_at, NOW);
	assert_int_equal(state.completed_session, 3);
	stream_state_fini(&state);
	return true;
}

static void the_state_of_a_stream_is_kept(void **state)
{
	struct fixture *fixture = *state;

	fixture_add_account(fixture, "acc", "acme");
	fixture_write(fixture, state_unit, NULL);
}

static bool quarantine_unit(struct store_tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;

	return quarantine_add(tx, world->session, "devices", "device", NULL, "no id", "{...}", NOW,
			      err);
}

static bool know_streams(struct store_tx *tx, void *arg, struct err *err)
{
	struct stream_state state = { .cursor = (char *)(uintptr_t) "c1" };

	(void)arg;
	return stream_state_set(tx, "acc", "users", &state, err) &&
	       stream_state_add(tx, "acc", "users", err) &&
	       stream_state_add(tx, "acc", "devices", err) &&
	       stream_state_add(tx, "other", "apps", err) &&
	       stream_state_add(tx, "acc", "apps", err) &&
	       stream_state_drop(tx, "acc", "apps", err);
}

struct names {
	char **items;
	size_t count;
};

static bool read_known(struct store_tx *tx, void *arg, struct err *err)
{
	struct names *names = arg;

	return stream_state_names(tx, "acc", &names->items, &names->count, err);
}

static void an_account_knows_its_streams(void **state)
{
	struct fixture *fixture = *state;
	struct names names;

	fixture_add_account(fixture, "acc", "acme");
	fixture_add_account(fixture, "other", "beta");
	fixture_write(fixture, know_streams, NULL);
	fixture_read(fixture, read_known, &names);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "devices");
	assert_string_equal(names.items[1], "users");
	stream_state_free_names(names.items, names.count);
	assert_query(fixture, "SELECT cursor FROM stream_state WHERE stream = 'users'", "c1\n");
}

static void records_that_cannot_be_mapped_are_kept_with_the_reason(void **state)
{
	struct fixture *fixture = *state;
	struct world world;

	world_begin(&world, fixture, "acc");
	world_run(&world, quarantine_unit, &world);
	assert_query(fixture, "SELECT stream, source_id IS NULL, reason FROM quarantine",
		     "devices|1|no id\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(one_session_at_a_time),
		T(an_old_fence_writes_nothing),
		T(a_renewed_lease_lasts),
		T(a_lease_from_the_future_holds_nobody_up),
		T(a_living_process_keeps_its_lease),
		T(the_lease_of_a_process_that_is_gone_is_taken_over_at_once),
		T(counts_come_back),
		T(a_killed_session_is_finished_by_the_next),
		T(a_session_needs_its_lease),
		T(sessions_are_listed_newest_first),
		T(any_ids_come_back_sorted),
		T(batches_add_up_and_duplicates_are_counted),
		T(the_state_of_a_stream_is_kept),
		T(an_account_knows_its_streams),
		T(records_that_cannot_be_mapped_are_kept_with_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
