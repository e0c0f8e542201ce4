/* What a row's JSON holds at the end of a path, as a value of a mapping. */
#include <string.h>

#include "sandbox/json/json_scan.h"
#include "sandbox/json/json_text.h"
#include "sandbox/map/map.h"

bool map_is_null(const struct map *map, const char *text, size_t len)
{
	if (len == 0)
		return true;
	for (const char *const *at = map->nulls; at != NULL && *at != NULL; at++) {
		if (strlen(*at) == len && memcmp(*at, text, len) == 0)
			return true;
	}
	return false;
}

static bool read_text(const struct map_run *run, struct json_span span, struct map_value *out)
{
	const char *text = span.at + 1;
	size_t len = span.len - 2;

	if (memchr(text, '\\', len) != NULL) {
		struct buf plain = BUF_INIT;
		char *copy;

		json_unescape(text, len, &plain);
		copy = plain.failed ? NULL
				    : scratch_copy(run->scratch, buf_text(&plain), plain.len);
		len = plain.len;
		buf_fini(&plain);
		if (copy == NULL)
			return err_oom(run->err);
		text = copy;
	}
	*out = (struct map_value){ .type = MAP_TEXT, .text = text, .len = len };
	if (map_is_null(run->map, text, len))
		out->type = MAP_NOTHING;
	return true;
}

static bool read_value(const struct map_run *run, struct json_span span, struct map_value *out);

static size_t count_items(struct json_span list)
{
	const char *at = json_list_first(list);
	struct json_span item;
	size_t count = 0;

	while (json_list_next(&at, list.at + list.len, &item))
		count++;
	return count;
}

/* Members that are lists themselves stay objects: of no use but to be present. */
static bool read_list(const struct map_run *run, struct json_span list, struct map_value *out)
{
	size_t count = count_items(list);
	const char *at = json_list_first(list);
	struct map_value *items;
	struct json_span item;

	*out = (struct map_value){ .type = count > 0 ? MAP_LIST : MAP_NOTHING, .len = count };
	if (count == 0)
		return true;
	items = scratch_take(run->scratch, count * sizeof(*items));
	if (items == NULL)
		return err_oom(run->err);
	for (size_t i = 0; json_list_next(&at, list.at + list.len, &item); i++) {
		if (*item.at == '[')
			items[i].type = MAP_OBJECT;
		else if (!read_value(run, item, &items[i]))
			return false;
	}
	out->items = items;
	return true;
}

static bool read_value(const struct map_run *run, struct json_span span, struct map_value *out)
{
	enum json_type type = json_type(span);

	*out = (struct map_value){ 0 };
	switch (type) {
	case JSON_ABSENT:
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		*out = (struct map_value){ .type = MAP_BOOL, .flag = span.at[0] == 't' };
		return true;
	case JSON_INT:
		*out = (struct map_value){ .type = MAP_INT, .i = json_int(span) };
		return true;
	case JSON_NUMBER:
		*out = (struct map_value){ .type = MAP_NUMBER, .text = span.at, .len = span.len };
		return true;
	case JSON_TEXT:
		return read_text(run, span, out);
	case JSON_LIST:
		return read_list(run, span, out);
	case JSON_OBJECT:
		if (*json_skip_space(span.at + 1) != '}')
			out->type = MAP_OBJECT;
		return true;
	}
	return true;
}

/* By itself, as if it were an answer: what of a row is sound nobody has noted. */
static bool require_sound(const struct map_run *run, struct json_span span)
{
	bool has_big;
	char *copy;

	if (span.at == NULL)
		return true;
	copy = scratch_copy(run->scratch, span.at, span.len);
	if (copy == NULL)
		return err_oom(run->err);
	return json_scan(copy, span.len, NULL, NULL, &has_big, run->err);
}

bool map_read(const struct map_run *run, const struct map_source *path, struct map_value *out,
	      bool *is_dead_end)
{
	const struct json_span *slots =
		path->extra < 0 ? run->slots : run->extra_slots[path->extra];
	struct json_span span = slots[path->slot];

	if (run->is_suspect && !require_sound(run, span))
		return false;
	*is_dead_end = span.is_dead_end;
	return read_value(run, span, out);
}
