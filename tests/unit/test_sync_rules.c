/* The rules of a sync by themselves: guard thresholds, seen set, rows of an emit call. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "connector/json_value.h"
#include "store/config.h"
#include "store/script_key.h"
#include "sync/guard.h"
#include "sync/key_list.h"
#include "sync/rows.h"
#include "sync/seen.h"
#include "unit.h"

/* --- where rows come from --- */

static bool read_origin(const char *json, struct rows_origin *out, struct err *err)
{
	json_t *made = json_loads(json, 0, NULL);
	struct rows_payload payload;
	struct buf bytes = BUF_INIT;
	bool fine;

	assert_non_null(made);
	value_put_json(&bytes, made);
	fine = rows_payload_read(bytes.data, bytes.len, &payload, err) &&
	       rows_payload_origin(&payload, out, err);
	buf_fini(&bytes);
	json_decref(made);
	return fine;
}

#define HEAD "{\"map\":\"m\",\"entity\":\"device_app\""

static void rows_tell_where_they_come_from(void **state)
{
	struct rows_origin origin;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(read_origin(HEAD ",\"scope\":[3,\"device\",\"d-17\"]}", &origin, &err));
	assert_int_equal(origin.scope, 3);
	assert_string_equal(origin.parent->name, "device");
	assert_int_equal(origin.parent_id.len, 4);
	assert_true(read_origin(HEAD
				",\"op\":\"remove\",\"event\":[\"2026-03-02T09:14:55Z\",\"e1\"]}",
				&origin, &err));
	assert_int_equal(origin.op, ROWS_REMOVE);
	assert_int_equal(origin.event.id_len, 2);
}

static void an_origin_that_breaks_the_protocol_is_refused(void **state)
{
	static const char *const wrong[] = {
		"{\"map\":\"m\"}",
		"{\"map\":\"m\",\"entity\":\"laptop\"}",
		HEAD ",\"scope\":[3,\"device\"]}",
		HEAD ",\"scope\":[3,\"laptop\",\"x\"]}",
		HEAD ",\"scope\":[\"3\",\"device\",\"x\"]}",
		HEAD ",\"scope\":[3,\"device\",\"\"]}",
		HEAD ",\"event\":[\"2026-03-02T09:14:55Z\"]}",
		HEAD ",\"op\":\"remove\"}",
		HEAD ",\"op\":\"erase\",\"event\":[\"2026-03-02T09:14:55Z\",\"e1\"]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rows_origin origin;
		struct err err = ERR_INIT;

		assert_false(read_origin(wrong[i], &origin, &err));
		assert_int_equal(err.kind, ERR_BUG);
	}
}

/* --- guard --- */

static struct guard_limits default_limits(void)
{
	return (struct guard_limits){
		.share_percent = config_info(CONFIG_GUARD_SHARE)->fallback,
		.share_from = config_info(CONFIG_GUARD_SHARE_FROM)->fallback,
		.count = config_info(CONFIG_GUARD_COUNT)->fallback,
	};
}

static void thresholds_are_exact(void **state)
{
	const struct {
		enum model_guard guard;
		int64_t live, missing;
		const char *rule;
	} cases[] = {
		{ MODEL_COUNTED, 1000, 0, NULL },
		{ MODEL_COUNTED, 5, 4, NULL }, /* few may go */
		{ MODEL_COUNTED, 5, 5, "nothing-seen" },
		{ MODEL_COUNTED, 1, 1, "nothing-seen" },
		{ MODEL_COUNTED, 11, 10, NULL },
		{ MODEL_COUNTED, 12, 11, "share" },
		{ MODEL_COUNTED, 1000, 99, NULL },
		{ MODEL_COUNTED, 1000, 100, NULL }, /* 10 % is not more than 10 % */
		{ MODEL_COUNTED, 1000, 101, "share" },
		{ MODEL_COUNTED, 100000, 199, NULL },
		{ MODEL_COUNTED, 100000, 200, NULL },
		{ MODEL_COUNTED, 100000, 201, "count" },
		{ MODEL_RELATION, 100000, 201, NULL },
		{ MODEL_RELATION, 100000, 10000, NULL },
		{ MODEL_RELATION, 100000, 10001, "share" },
		{ MODEL_RELATION, 8, 8, "nothing-seen" },
	};

	const struct guard_limits limits = default_limits();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct guard_case loss = { .live = cases[i].live,
						 .seen = cases[i].live - cases[i].missing,
						 .missing = cases[i].missing };
		const char *rule = guard_blocks(cases[i].guard, &loss, &limits);

		if (cases[i].rule == NULL)
			assert_null(rule);
		else
			assert_string_equal(rule, cases[i].rule);
	}
}

static void a_project_may_set_its_own_limits(void **state)
{
	struct guard_limits limits = default_limits();
	const struct guard_case loss = { .live = 1000, .seen = 850, .missing = 150 };
	const struct guard_case all = { .live = 5, .seen = 0, .missing = 5 };

	(void)state;
	assert_string_equal(guard_blocks(MODEL_COUNTED, &loss, &limits), "share");
	limits.share_percent = 15;
	assert_null(guard_blocks(MODEL_COUNTED, &loss, &limits));
	limits.count = 149;
	assert_string_equal(guard_blocks(MODEL_COUNTED, &loss, &limits), "count");
	limits = (struct guard_limits){ .share_percent = 10, .share_from = 150, .count = 200 };
	assert_null(guard_blocks(MODEL_COUNTED, &loss, &limits));
	limits = (struct guard_limits){ .share_percent = 100, .share_from = 1000, .count = 1000 };
	assert_string_equal(guard_blocks(MODEL_COUNTED, &all, &limits), "nothing-seen");
}

static void no_two_held_sets_have_the_same_text(void **state)
{
	struct buf one = BUF_INIT, two = BUF_INIT;

	(void)state;
	guard_put_line(&one, "app", "x\napp:1:y");
	guard_put_line(&two, "app", "x");
	guard_put_line(&two, "app", "y");
	assert_string_not_equal(buf_text(&one), buf_text(&two));
	buf_clear(&one);
	buf_clear(&two);
	guard_put_line(&one, "app", "x\napp:y");
	guard_put_line(&two, "app", "x");
	guard_put_line(&two, "app", "y");
	assert_string_not_equal(buf_text(&one), buf_text(&two));
	buf_fini(&one);
	buf_fini(&two);
}

/* --- seen --- */

static void ids_are_seen_once_each(void **state)
{
	struct seen seen = { 0 };
	struct err err = ERR_INIT;
	bool again;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5000; i++) {
			char id[16];
			int len = snprintf(id, sizeof(id), "id-%d", i);

			assert_true(seen_add(&seen, id, (size_t)len, &again, &err));
			assert_int_equal(again, round);
		}
	}
	assert_int_equal(seen.ids.count, 5000);
	seen_fini(&seen);
}

/* --- rows --- */

struct caught {
	int rows, problems, dropped, bad, skipped, raw;
	uint32_t same[4], same_count;
	char last_problem[256], custom[256], mac[64], name[64], rule[64], reason[64];
};

static void on_begin(void *arg, const struct rows_origin *origin)
{
	(void)arg;
	assert_string_equal(origin->map, "laptop");
	assert_string_equal(origin->entity->name, "device");
	assert_int_equal(origin->op, ROWS_UPSERT);
	assert_int_equal(origin->scope, 0);
	assert_null(origin->event.id);
}

static void copy(char *out, size_t size, const char *text, size_t len)
{
	snprintf(out, size, "%.*s", (int)len, text != NULL ? text : "");
}

static bool on_row(void *arg, const struct entity_row *row, const char *problem, struct err *err)
{
	struct caught *caught = arg;
	const struct entity_cell *mac, *name;

	(void)err;
	caught->rows++;
	if (row->raw != NULL)
		caught->raw += row->raw[HASH128_SIZE - 1];
	if (problem != NULL) {
		caught->problems++;
		copy(caught->last_problem, sizeof(caught->last_problem), problem, strlen(problem));
		return true;
	}
	mac = &row->cells[model_column(row->entity, "mac_addresses")];
	name = &row->cells[model_column(row->entity, "name")];
	copy(caught->custom, sizeof(caught->custom), row->custom, row->custom_len);
	copy(caught->mac, sizeof(caught->mac), mac->text, mac->len);
	copy(caught->name, sizeof(caught->name), name->text, name->len);
	return true;
}

static bool on_dropped(void *arg, const struct model_entity *entity, const char *rule,
		       const char *source_id, size_t len, struct err *err)
{
	struct caught *caught = arg;

	(void)entity;
	(void)err;
	assert_int_equal(len, 2);
	assert_memory_equal(source_id, "d9", 2);
	caught->dropped++;
	copy(caught->rule, sizeof(caught->rule), rule, strlen(rule));
	return true;
}

static bool on_bad(void *arg, const struct model_entity *entity, const char *source_id, size_t len,
		   const char *reason, const char *excerpt, struct err *err)
{
	struct caught *caught = arg;

	(void)entity;
	(void)len;
	(void)excerpt;
	(void)err;
	assert_null(source_id);
	caught->bad++;
	copy(caught->reason, sizeof(caught->reason), reason, strlen(reason));
	return true;
}

static bool on_skipped(void *arg, int64_t count, struct err *err)
{
	struct caught *caught = arg;

	(void)err;
	caught->skipped += (int)count;
	return true;
}

static bool on_same(void *arg, uint32_t place, struct err *err)
{
	struct caught *caught = arg;

	(void)err;
	assert_int_equal(caught->rows, 0); /* before those that are told whole */
	caught->same[caught->same_count++] = place;
	return true;
}

static bool walk(const struct buf *payload, struct caught *caught, struct err *err)
{
	const struct rows_sink sink = { on_begin,   on_row,  on_dropped, on_bad,
					on_skipped, on_same, caught };

	*caught = (struct caught){ 0 };
	return rows_walk(payload->data, payload->len, &sink, err);
}

static const char *const columns[] = {
	"source_id",  "name",	       "custom.zeta",  "platform",
	"is_managed", "mac_addresses", "last_seen_at", "custom.alpha"
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void put_head(struct buf *out, size_t members)
{
	value_put_map(out, members);
	value_put_str(out, "map");
	value_put_str(out, "laptop");
	value_put_str(out, "entity");
	value_put_str(out, "device");
	value_put_str(out, "columns");
	value_put_list(out, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++)
		value_put_str(out, columns[i]);
}

static void put_row(struct buf *out, const char *id, const char *name, const char *platform,
		    const char *seen_at)
{
	value_put_list(out, COLUMNS);
	value_put_str(out, id);
	value_put_str(out, name);
	value_put_int(out, 7);
	value_put_str(out, platform);
	value_put_bool(out, true);
	value_put_list(out, 1);
	value_put_str(out, "aa:\"bb");
	value_put_str(out, seen_at);
	value_put_str(out, "a");
}

static void one_row(struct buf *out, const char *id, const char *name, const char *platform,
		    const char *seen_at)
{
	put_head(out, 4);
	value_put_str(out, "rows");
	value_put_list(out, 1);
	put_row(out, id, name, platform, seen_at);
}

static bool walk_json(const char *json, struct err *err)
{
	json_t *made = json_loads(json, 0, NULL);
	struct buf bytes = BUF_INIT;
	struct caught caught;
	bool fine;

	assert_non_null(made);
	value_put_json(&bytes, made);
	fine = walk(&bytes, &caught, err);
	buf_fini(&bytes);
	json_decref(made);
	return fine;
}

#define LAPTOPS "{\"map\":\"laptop\",\"entity\":\"device\",\"columns\":"

/* Found by fuzz_rows: a row without an id went through as fine. */
static void columns_name_the_id_once_and_nothing_twice(void **state)
{
	static const char *const wrong[] = {
		LAPTOPS "[\"name\"],\"rows\":[[\"a\"]]}",
		LAPTOPS "[],\"rows\":[[]]}",
		LAPTOPS "[\"source_id\",\"source_id\"],\"rows\":[[\"a\",\"b\"]]}",
		LAPTOPS "[\"source_id\",\"name\",\"name\"],\"rows\":[[\"a\",\"b\",\"c\"]]}",
		LAPTOPS "[\"source_id\",\"custom.a\",\"custom.a\"],\"rows\":[[\"a\",1,2]]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = ERR_INIT;

		assert_false(walk_json(wrong[i], &err));
		assert_int_equal(err.kind, ERR_BUG);
	}
}

static void rows_become_cells(void **state)
{
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct caught caught;

	(void)state;
	put_head(&out, 7);
	value_put_str(&out, "rows");
	value_put_list(&out, 1);
	put_row(&out, "d1", "Rosa\xe2\x80\x99s Mac", "macos", "2026-03-02T09:14:55.120345Z");
	value_put_str(&out, "dropped");
	value_put_list(&out, 1);
	value_put_list(&out, 2);
	value_put_str(&out, "laptop.owned");
	value_put_str(&out, "d9");
	value_put_str(&out, "bad");
	value_put_list(&out, 1);
	value_put_list(&out, 3);
	value_put_nil(&out);
	value_put_str(&out, "no id");
	value_put_str(&out, "{}");
	value_put_str(&out, "skipped");
	value_put_int(&out, 3);
	assert_int_equal(rows_count(out.data, out.len), 1);
	assert_true(walk(&out, &caught, &err));
	assert_int_equal(caught.rows, 1);
	assert_int_equal(caught.problems, 0);
	assert_string_equal(caught.custom, "{\"alpha\":\"a\",\"zeta\":7}");
	assert_string_equal(caught.mac, "[\"aa:\\\"bb\"]");
	assert_string_equal(caught.name, "Rosa\xe2\x80\x99s Mac");
	assert_string_equal(caught.rule, "laptop.owned");
	assert_string_equal(caught.reason, "no id");
	assert_int_equal(caught.skipped, 3);
	buf_fini(&out);
}

static void put_raw(struct buf *out, size_t rows, size_t raw_len)
{
	static const uint8_t raw[2 * HASH128_SIZE] = { [15] = 3, [31] = 4 };

	buf_clear(out);
	put_head(out, 6);
	value_put_str(out, "rows");
	value_put_list(out, rows);
	for (size_t i = 0; i < rows; i++)
		put_row(out, "d1", "a", "macos", "2026-03-02T09:14:55Z");
	value_put_str(out, "raw");
	value_put_bytes(out, raw, raw_len);
	value_put_str(out, "same");
	value_put_bytes(out, "\1\0\0\0\xff\xfe\xfd\xfc", 8);
}

static void rows_bring_their_raw_hashes(void **state)
{
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct caught caught;

	(void)state;
	put_raw(&out, 2, (size_t)2 * HASH128_SIZE);
	assert_true(walk(&out, &caught, &err));
	assert_int_equal(caught.raw, 7);
	assert_int_equal(caught.same_count, 2);
	assert_int_equal(caught.same[0], 1);
	assert_true(caught.same[1] == 0xfcfdfeff);
	put_raw(&out, 1, (size_t)2 * HASH128_SIZE);
	assert_false(walk(&out, &caught, &err));
	put_raw(&out, 2, (size_t)2 * HASH128_SIZE - 1);
	assert_false(walk(&out, &caught, &err));
	assert_int_equal(err.kind, ERR_BUG);
	buf_fini(&out);
}

static void numbers_that_are_no_values_are_problems(void **state)
{
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct caught caught;

	(void)state;
	put_head(&out, 4);
	value_put_str(&out, "rows");
	value_put_list(&out, 2);
	for (int i = 0; i < 2; i++) {
		value_put_list(&out, COLUMNS);
		value_put_str(&out, "d1");
		value_put_nil(&out);
		value_put_double(&out, i == 0 ? (double)NAN : 1.5); /* custom.zeta */
		value_put_nil(&out);
		value_put_nil(&out);
		value_put_nil(&out);
		if (i == 0)
			value_put_nil(&out);
		else
			value_put_int(&out, 1700000000); /* last_seen_at */
		value_put_nil(&out);
	}
	assert_true(walk(&out, &caught, &err));
	assert_int_equal(caught.rows, 2);
	assert_int_equal(caught.problems, 2);
	assert_string_equal(caught.last_problem, "last_seen_at: a number");
	buf_fini(&out);
}

/* --- keys of a script --- */

static bool add_key(struct key_list *list, const char *key, const char *text, size_t len,
		    size_t *size, struct err *err)
{
	struct value value = { .type = VALUE_BYTES };

	value.bytes = text;
	value.len = len;
	return key_list_add(list, key, text != NULL ? &value : NULL, size, err);
}

static void keys_are_kept_within_what_the_store_takes(void **state)
{
	static char long_key[SCRIPT_KEY_MAX + 2], long_value[SCRIPT_VALUE_MAX + 1];
	struct key_list list = { 0 };
	struct err err = ERR_INIT;
	size_t size = 0;

	(void)state;
	memset(long_key, 'k', sizeof(long_key) - 1);
	assert_true(add_key(&list, "since", "1", 1, &size, &err));
	assert_true(size > strlen("since1"));
	assert_true(add_key(&list, "other", NULL, 0, &size, &err));
	assert_true(add_key(&list, "since", "2", 1, &size, &err));
	assert_string_equal(key_list_find(&list, "since")->value, "2");
	assert_null(key_list_find(&list, "other")->value);
	assert_false(add_key(&list, long_key, "1", 1, &size, &err));
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
	assert_false(add_key(&list, "since", long_value, sizeof(long_value), &size, &err));
	assert_int_equal(err.kind, ERR_OVER_LIMIT);
	assert_string_equal(key_list_find(&list, "since")->value, "2");
	key_list_fini(&list);
}

static void what_the_model_cannot_hold_is_a_problem(void **state)
{
	const struct {
		const char *id, *name, *platform, *seen_at, *problem;
	} cases[] = {
		{ "", "x", "macos", "2026-03-02T09:14:55Z", "source_id" },
		{ "d1", "\xff", "macos", "2026-03-02T09:14:55Z", "name: no valid UTF-8" },
		{ "d1", "x", "amiga", "2026-03-02T09:14:55Z", "platform" },
		{ "d1", "x", "macos", "yesterday", "last_seen_at" },
		{ "d1", "x", "macos", "2026-03-02 09:14:55Z", "last_seen_at" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT;
		struct err err = ERR_INIT;
		struct caught caught;

		one_row(&out, cases[i].id, cases[i].name, cases[i].platform, cases[i].seen_at);
		assert_true(walk(&out, &caught, &err));
		assert_int_equal(caught.problems, 1);
		assert_non_null(strstr(caught.last_problem, cases[i].problem));
		buf_fini(&out);
	}
}

/* Cut at every byte: refused, or fewer rows; never a crash, never a row that was not there. */
static void damaged_payloads_are_refused(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	one_row(&out, "d1", "x", "macos", "2026-03-02T09:14:55Z");
	for (size_t cut = 0; cut < out.len; cut++) {
		struct buf part = BUF_INIT;
		struct err err = ERR_INIT;
		struct caught caught;

		buf_append(&part, out.data, cut);
		assert_false(walk(&part, &caught, &err));
		assert_int_equal(caught.rows, 0);
		buf_fini(&part);
	}
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_tell_where_they_come_from),
		cmocka_unit_test(an_origin_that_breaks_the_protocol_is_refused),
		cmocka_unit_test(thresholds_are_exact),
		cmocka_unit_test(a_project_may_set_its_own_limits),
		cmocka_unit_test(no_two_held_sets_have_the_same_text),
		cmocka_unit_test(ids_are_seen_once_each),
		cmocka_unit_test(columns_name_the_id_once_and_nothing_twice),
		cmocka_unit_test(rows_become_cells),
		cmocka_unit_test(rows_bring_their_raw_hashes),
		cmocka_unit_test(numbers_that_are_no_values_are_problems),
		cmocka_unit_test(keys_are_kept_within_what_the_store_takes),
		cmocka_unit_test(what_the_model_cannot_hold_is_a_problem),
		cmocka_unit_test(damaged_payloads_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
