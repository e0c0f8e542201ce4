/*
 * Connectors inside the real sandbox process: the library of scripts/lib and a connector are
 * loaded as the host loads them, streams are read, and what the host would hear is compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "fixture_sandbox.h"
#include "unit.h"

enum { TEXT_MAX = 64 * 1024, PAGES_MAX = 4 };

/* What the vendor answers, page by page, and what the host has heard. */
struct host_end {
	const char *pages[PAGES_MAX];
	int asked;
	struct buf heard; /* one line an emit or event */
	struct buf queries;
	int known_calls;
	bool keeps_known; /* its questions are answered by nobody */
};

/* --- loading --- */

static void put_file(struct buf *args, const char *name_key, const char *name, const char *path)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	if (!file_read(path, TEXT_MAX, &text, &err))
		fail_msg("%s", err.message);
	value_put_map(args, 2);
	value_put_str(args, name_key);
	value_put_str(args, name);
	value_put_str(args, "text");
	value_put_bytes(args, buf_text(&text), text.len);
	buf_fini(&text);
}

static void put_libraries(struct buf *args)
{
	char **names, path[256], module[256];
	size_t count;
	struct err err = ERR_INIT;

	assert_true(file_list("scripts/lib/muster", ".lua", &names, &count, &err));
	value_put_str(args, "libs");
	value_put_list(args, count);
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "scripts/lib/muster/%s", names[i]);
		snprintf(module, sizeof(module), "muster.%.*s", (int)strlen(names[i]) - 4,
			 names[i]);
		put_file(args, "name", module, path);
		free(names[i]);
	}
	free(names);
}

static void put_text_file(struct buf *args, const char *path)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	assert_true(file_read(path, TEXT_MAX, &text, &err));
	value_put_str(args, "text");
	value_put_bytes(args, buf_text(&text), text.len);
	buf_fini(&text);
}

/* load, with one overlay or none. */
static void load(struct box *box, const char *id, const char *path, const char *overlay,
		 struct box_outcome *outcome)
{
	struct buf args = BUF_INIT;

	value_put_map(&args, 5);
	value_put_str(&args, "connector");
	value_put_str(&args, id);
	value_put_str(&args, "file");
	value_put_str(&args, path);
	put_text_file(&args, path);
	put_libraries(&args);
	value_put_str(&args, "overlays");
	value_put_list(&args, overlay != NULL);
	if (overlay != NULL) {
		value_put_map(&args, 2);
		value_put_str(&args, "file");
		value_put_str(&args, "mappings/mine.lua");
		value_put_str(&args, "text");
		value_put_str(&args, overlay);
	}
	box_await(box, box_send(box, "load", &args), outcome);
	buf_fini(&args);
}

static void must_load(struct box *box, const char *id, const char *path, const char *overlay)
{
	struct box_outcome outcome;

	load(box, id, path, overlay, &outcome);
	if (outcome.how != BOX_RESULT)
		fail_msg("%s", outcome.err.message);
	box_outcome_fini(&outcome);
}

/* --- the host's end --- */

static void answer_http(struct box *box, uint32_t id, const struct value *args)
{
	struct host_end *end = box->arg;
	const struct value *query = value_get(args, "query");
	const char *text = end->asked < PAGES_MAX ? end->pages[end->asked] : NULL;
	struct buf result = BUF_INIT;

	for (size_t i = 0; i < value_count(query); i++)
		buf_printf(&end->queries, "%s=%s ", value_at(value_at(query, i), 0)->bytes,
			   value_at(value_at(query, i), 1)->bytes);
	buf_str(&end->queries, "\n");
	end->asked++;
	if (text != NULL)
		box_put(box, FRAME_CHUNK, id, text, strlen(text));
	value_put_map(&result, text != NULL ? 2 : 3);
	value_put_str(&result, "status");
	value_put_int(&result, text != NULL ? 200 : 403);
	value_put_str(&result, "headers");
	value_put_map(&result, 0);
	if (text == NULL) {
		value_put_str(&result, "error");
		value_put_map(&result, 3);
		value_put_str(&result, "kind");
		value_put_str(&result, "forbidden");
		value_put_str(&result, "message");
		value_put_str(&result, "HTTP 403");
		value_put_str(&result, "status");
		value_put_int(&result, 403);
	}
	box_answer(box, id, &result);
	buf_fini(&result);
}

/* Ids that end in "known" are. */
static void answer_known(struct box *box, uint32_t id, const struct value *args)
{
	struct host_end *end = box->arg;
	const struct value *ids = value_get(args, "ids");
	struct buf result = BUF_INIT;

	end->known_calls++;
	if (end->keeps_known)
		return;
	value_put_list(&result, value_count(ids));
	for (size_t i = 0; i < value_count(ids); i++)
		value_put_bool(&result, str_has_suffix(value_at(ids, i)->bytes, "known"));
	box_answer(box, id, &result);
	buf_fini(&result);
}

static void hear_emit(struct box *box, uint32_t id, const struct value *args)
{
	struct host_end *end = box->arg;
	const struct value *rows = value_get(args, "rows");
	struct buf result = BUF_INIT;

	buf_printf(&end->heard, "%s", value_text(args, "map", "?"));
	for (size_t i = 0; i < value_count(rows); i++)
		buf_printf(&end->heard, " %s", value_at(value_at(rows, i), 0)->bytes);
	buf_printf(&end->heard, " -%zu !%zu ~%lld\n", value_count(value_get(args, "dropped")),
		   value_count(value_get(args, "bad")), (long long)value_int(args, "skipped", -1));
	value_put_map(&result, 0);
	box_answer(box, id, &result);
	buf_fini(&result);
}

static void hear_commit(struct box *box, uint32_t id, const struct value *args)
{
	struct host_end *end = box->arg;
	struct buf result = BUF_INIT;

	buf_printf(&end->heard, "commit %s\n", value_text(args, "state", "?"));
	value_put_map(&result, 0);
	box_answer(box, id, &result);
	buf_fini(&result);
}

static void serve(struct box *box, uint32_t id, const char *method, const struct value *args)
{
	if (str_eq(method, "http"))
		answer_http(box, id, args);
	else if (str_eq(method, "known"))
		answer_known(box, id, args);
	else if (str_eq(method, "emit"))
		hear_emit(box, id, args);
	else if (str_eq(method, "commit"))
		hear_commit(box, id, args);
	else
		fail_msg("an unexpected call: %s", method);
}

static void hear_event(struct box *box, const char *name, const struct value *args)
{
	struct host_end *end = box->arg;

	buf_printf(&end->heard, "%s %s\n", name, value_text(args, "at", ""));
}

static void begin(struct box *box, struct host_end *end)
{
	*end = (struct host_end){ 0 };
	box_start(box, &(struct box_options){ 0 });
	box->call = serve;
	box->event = hear_event;
	box->arg = end;
}

static void finish(struct box *box, struct host_end *end)
{
	buf_fini(&end->heard);
	buf_fini(&end->queries);
	box_close(box);
}

static void read_stream(struct box *box, const char *stream, int64_t limit,
			struct box_outcome *outcome)
{
	struct buf args = BUF_INIT;

	value_put_map(&args, 4);
	value_put_str(&args, "stream");
	value_put_str(&args, stream);
	value_put_str(&args, "settings");
	value_put_map(&args, 0);
	value_put_str(&args, "now");
	value_put_str(&args, "2026-03-02T09:14:55.120Z");
	value_put_str(&args, "limit");
	value_put_int(&args, limit);
	box_await(box, box_send(box, "read", &args), outcome);
	buf_fini(&args);
}

static void must_read(struct box *box, const char *stream, int64_t limit)
{
	struct box_outcome outcome;

	read_stream(box, stream, limit, &outcome);
	if (outcome.how != BOX_RESULT)
		fail_msg("%s", outcome.err.message);
	box_outcome_fini(&outcome);
}

/* --- tests --- */

#define KANDJI "scripts/vendors/kandji.lua"
#define DEVICE(id, user) "{\"device_id\":\"" id "\",\"platform\":\"Mac\",\"user\":" user "}"

static void test_reads_devices(void **state)
{
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	end.pages[0] = "[" DEVICE("d1", "{\"id\":7}") "," DEVICE("d2", "\"\"") "," DEVICE(
		"d3", "{\"id\":[1]}") "," DEVICE("d4", "{\"id\":8}") "]";
	must_load(&box, "kandji", KANDJI, NULL);
	must_read(&box, "devices", 0);
	assert_string_equal(buf_text(&end.queries), "limit=300 offset=0 ordering=device_id \n");
	assert_string_equal(buf_text(&end.heard), "page open\n"
						  "device d1 d4 -1 !1 ~0\n"
						  "user -0 !1 ~1\n"
						  "user_license -0 !1 ~1\n"
						  "page page\n"
						  "page end\n"
						  "blueprint -0 !0 ~4\n"
						  "blueprint_device -0 !0 ~4\n"
						  "user 7 8 -0 !0 ~0\n"
						  "license Mac -0 !0 ~1\n"
						  "user_license 1:73:Mac 1:83:Mac -0 !0 ~0\n");
	finish(&box, &end);
}

#define APP(device, name)                                                                          \
	"{\"device_id\":\"" device "\",\"name\":\"" name "\",\"bundle_id\":\"b." name "\"}"

static void test_asks_once_what_is_known(void **state)
{
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	end.pages[0] = "{\"cursor\":\"c\",\"data\":[" APP("1-known", "A") "," APP(
		"2-gone", "B") "," APP("1-known", "Helper") "]}";
	end.pages[1] =
		"{\"cursor\":null,\"data\":[" APP("2-gone", "A") "," APP("1-known", "C") "]}";
	must_load(&box, "kandji", KANDJI, NULL);
	must_read(&box, "apps", 0);
	assert_int_equal(end.known_calls, 1);
	assert_string_equal(buf_text(&end.queries), "limit=300 \ncursor=c limit=300 \n");
	assert_string_equal(buf_text(&end.heard), "page open\n"
						  "app -2 !0 ~2\n"
						  "device_app 7:1-known3:b.A -2 !0 ~0\n"
						  "page page\n"
						  "app -1 !0 ~1\n"
						  "device_app 7:1-known3:b.C -1 !0 ~0\n"
						  "page page\n"
						  "page end\n"
						  "app b.A b.C -0 !0 ~0\n");
	finish(&box, &end);
}

/* Winners among some of the sightings do not replace what is there: "7-known" is. */
static void test_a_limit_sends_only_new_derived_rows(void **state)
{
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	end.pages[0] = "[" DEVICE("d1", "{\"id\":\"7-known\"}") "," DEVICE(
		"d2", "{\"id\":9}") "," DEVICE("d3", "{\"id\":10}") "]";
	must_load(&box, "kandji", KANDJI, NULL);
	must_read(&box, "devices", 2);
	assert_string_equal(buf_text(&end.heard),
			    "page open\n"
			    "device d1 d2 -0 !0 ~0\n"
			    "page page\n"
			    "page cut\n"
			    "blueprint -0 !0 ~2\n"
			    "blueprint_device -0 !0 ~2\n"
			    "user 9 -0 !0 ~0\n"
			    "license Mac -0 !0 ~0\n"
			    "user_license 1:93:Mac 7:7-known3:Mac -0 !0 ~0\n");
	assert_int_equal(end.known_calls, 3);
	finish(&box, &end);
}

static void test_an_overlay_changes_rows(void **state)
{
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	end.pages[0] = "[" DEVICE("d1", "\"\"") "]";
	must_load(&box, "kandji", KANDJI,
		  "return { map = { device = { keep = { owned = false } } } }");
	must_read(&box, "devices", 0);
	assert_non_null(strstr(buf_text(&end.heard), "device d1 -0 !0 ~0\n"));
	finish(&box, &end);
}

#define TELLER "tests/unit/vendors/teller.lua"

static void test_an_event_is_not_judged_by_rules_where_it_is_no_whole_row(void **state)
{
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	must_load(&box, "teller", TELLER, NULL);
	must_read(&box, "log", 0);
	assert_string_equal(buf_text(&end.heard), "device -1 !0 ~0\n"
						  "device a -0 !0 ~0\n"
						  "device b -0 !0 ~0\n"
						  "device -0 !1 ~0\n"
						  "commit {\"after\":1}\n");
	finish(&box, &end);
}

/* The state would say that rows are handed over which nobody has. */
static void test_no_commit_overtakes_the_rows_of_another_task(void **state)
{
	struct box_outcome outcome;
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	end.keeps_known = true;
	must_load(&box, "teller", TELLER, NULL);
	read_stream(&box, "overtaken", 0, &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_non_null(strstr(outcome.err.message, "rows of another task"));
	assert_null(strstr(buf_text(&end.heard), "commit"));
	box_outcome_fini(&outcome);
	finish(&box, &end);
}

static void test_a_cancelled_emit_holds_up_no_commit(void **state)
{
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	end.keeps_known = true;
	must_load(&box, "teller", TELLER, NULL);
	must_read(&box, "cancelled", 0);
	assert_non_null(strstr(buf_text(&end.heard), "commit {\"after\":1}\n"));
	finish(&box, &end);
}

static void test_a_refusal_names_the_permission(void **state)
{
	struct box_outcome outcome;
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	must_load(&box, "kandji", KANDJI, NULL);
	read_stream(&box, "apps", 0, &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_int_equal(outcome.err.kind, ERR_FORBIDDEN);
	assert_string_equal(outcome.err.message,
			    "HTTP 403; needs \"Applications\" (/api/v1/prism/apps)");
	assert_non_null(strstr(outcome.err.hint, "Settings > Access"));
	box_outcome_fini(&outcome);
	finish(&box, &end);
}

static void test_mistakes_are_named(void **state)
{
	struct box_outcome outcome;
	struct host_end end;
	struct box box;

	(void)state;
	begin(&box, &end);
	load(&box, "kandji", KANDJI, "return { map = { device = { serial_numbr = 's' } } }",
	     &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_int_equal(outcome.err.kind, ERR_BUG);
	assert_string_equal(outcome.err.message,
			    "mappings/mine.lua: map.device: unknown field "
			    "\"serial_numbr\"; did you mean \"serial_number\"?");
	box_outcome_fini(&outcome);
	finish(&box, &end);
	begin(&box, &end);
	load(&box, "other", KANDJI, NULL, &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_non_null(strstr(outcome.err.message, "it was asked for as \"other\""));
	box_outcome_fini(&outcome);
	finish(&box, &end);
	begin(&box, &end);
	load(&box, "kandji", KANDJI, "return {", &outcome);
	assert_int_equal(outcome.how, BOX_ERROR);
	assert_non_null(strstr(outcome.err.message, "mappings/mine.lua:1:"));
	box_outcome_fini(&outcome);
	finish(&box, &end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_devices),
		cmocka_unit_test(test_asks_once_what_is_known),
		cmocka_unit_test(test_a_limit_sends_only_new_derived_rows),
		cmocka_unit_test(test_an_overlay_changes_rows),
		cmocka_unit_test(test_an_event_is_not_judged_by_rules_where_it_is_no_whole_row),
		cmocka_unit_test(test_no_commit_overtakes_the_rows_of_another_task),
		cmocka_unit_test(test_a_cancelled_emit_holds_up_no_commit),
		cmocka_unit_test(test_a_refusal_names_the_permission),
		cmocka_unit_test(test_mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
