/* Any bytes as an answer: the walk ends, its rows lie inside, and what it calls sound can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/json/json_read.h"
#include "sandbox/json/json_scan.h"
#include "sandbox/json/json_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void read_text(struct json_span value, bool is_sound)
{
	struct buf text = BUF_INIT;

	json_unescape(value.at + 1, value.len - 2, &text);
	demand(!is_sound || str_is_utf8(buf_text(&text), text.len));
	buf_fini(&text);
}

static void read_row(const struct json_pick *pick, struct json_span row, bool is_sound)
{
	struct json_span slots[8];

	demand(json_skip(row.at, row.at + row.len) == row.at + row.len);
	json_pick_run(pick, row, slots);
	for (size_t i = 0; i < json_pick_count(pick); i++) {
		if (slots[i].at == NULL)
			continue;
		demand(slots[i].at >= row.at && slots[i].at + slots[i].len <= row.at + row.len);
		if (json_type(slots[i]) == JSON_TEXT)
			read_text(slots[i], is_sound);
	}
}

/* A row of the list's shape reads the same by its noted members. */
static void read_members(const struct json_pick *pick, const char *text,
			 const struct json_list *list, const struct json_row *row)
{
	struct json_span planned[8], walked[8];
	struct json_plan plan;

	if (row->members == 0)
		return;
	json_plan_make(&plan, pick, &list->shape, text);
	json_plan_run(&plan, pick, text, list->shape.members + row->members - 1, planned);
	json_pick_run(pick, json_span(text + row->at, row->len), walked);
	for (size_t i = 0; i < json_pick_count(pick); i++)
		demand(planned[i].at == walked[i].at && planned[i].len == walked[i].len &&
		       planned[i].is_dead_end == walked[i].is_dead_end);
}

static void check_list(const char *text, size_t len, const struct json_list *list)
{
	struct json_pick *pick = json_pick_new();
	size_t behind = 0;

	demand(pick != NULL);
	json_pick_add(pick, "a");
	json_pick_add(pick, "a.b");
	json_pick_add(pick, "a.1");
	json_pick_add(pick, "data");
	demand(list->at <= list->end && list->end <= len);
	for (size_t i = 0; i < list->count; i++) {
		const struct json_row *row = &list->rows[i];

		demand(row->len > 0 && row->at >= behind && row->at + row->len <= list->end);
		behind = row->at + row->len;
		read_row(pick, json_span(text + row->at, row->len), row->defect == JSON_SOUND);
		read_members(pick, text, list, row);
	}
	json_pick_free(pick);
}

static void scan(const char *text, size_t len, const struct json_place *place)
{
	struct json_list list;
	struct err err = ERR_INIT;

	if (json_scan(text, len, place, &list, NULL, &err)) {
		if (place != NULL)
			check_list(text, len, &list);
		json_list_fini(&list);
		return;
	}
	demand(err.kind == ERR_DATA || err.kind == ERR_OVER_LIMIT);
	demand(err.message[0] != '\0' && str_is_utf8(err.message, strlen(err.message)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct json_place root = { .or_object = true };
	static const struct json_place inner = { .path = { "data" }, .depth = 1 };
	char *text = malloc(len + 1);

	demand(text != NULL);
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	scan(text, len, &root);
	scan(text, len, &inner);
	scan(text, len, NULL);
	free(text);
	return 0;
}
