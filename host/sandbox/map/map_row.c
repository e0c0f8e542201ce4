/* Mapping one row: rules, source_id, columns, rank. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/map/map.h"
#include "sandbox/map/time_text.h"
#include "wire/value.h"

void map_fini(struct map *map)
{
	json_pick_free(map->row);
	for (size_t i = 0; i < map->extra_count; i++)
		json_pick_free(map->extras[i]);
	scratch_fini(&map->memory);
	*map = (struct map){ 0 };
}

/* --- source_id --- */

/* The text of one part; *found is false when it is nothing. */
static bool eval_part(const struct map_run *run, const struct map_source *source,
		      struct map_value *out, bool *found)
{
	if (!map_eval(run, source, out))
		return false;
	*found = out->type != MAP_NOTHING;
	if (!*found)
		return true;
	if (!map_text(run, out))
		return false;
	return str_is_utf8(out->text, out->len) ||
	       err_set(run->err, ERR_DATA, "its text holds invalid UTF-8 or NUL");
}

static void put_part(struct buf *id, const struct map_value *part, bool is_joined)
{
	if (is_joined) {
		buf_digits(id, part->len);
		buf_char(id, ':');
	}
	buf_append(id, part->text, part->len);
}

/* `id` is empty when a part is nothing. */
static bool make_id(const struct map_run *run, struct buf *id)
{
	const struct map *map = run->map;

	for (size_t i = 0; i < map->key_count; i++) {
		struct map_value part;
		bool found;

		if (!eval_part(run, &map->key[i], &part, &found))
			return err_context(run->err, map->is_joined ? "key" : "source_id");
		if (!found) {
			buf_clear(id);
			return true;
		}
		put_part(id, &part, map->is_joined);
	}
	if (id->len > MAP_ID_MAX)
		return err_set(run->err, ERR_DATA, "its id of %zu bytes is longer than %d", id->len,
			       MAP_ID_MAX);
	return true;
}

static bool eval_id(const struct map_run *run, struct map_result *result)
{
	struct buf id = BUF_INIT;
	char *copy;
	bool ok = make_id(run, &id);

	result->id = NULL;
	if (ok && id.failed)
		ok = err_oom(run->err);
	if (ok && id.len > 0) {
		copy = scratch_copy(run->scratch, id.data, id.len);
		ok = copy != NULL || err_oom(run->err);
		result->id = copy;
		result->id_len = id.len;
	}
	buf_fini(&id);
	return ok;
}

bool map_run_id(const struct map_run *run, struct map_result *result)
{
	return eval_id(run, result);
}

/* --- columns --- */

static bool is_one_of(const struct map_column *column, const struct map_value *text)
{
	for (const char *const *at = column->one_of; at != NULL && *at != NULL; at++) {
		if (strlen(*at) == text->len && memcmp(*at, text->text, text->len) == 0)
			return true;
	}
	return column->one_of == NULL;
}

static bool put_id(const struct map_run *run, struct map_value *value, struct buf *out)
{
	if (!map_text(run, value))
		return false;
	value_put_bytes(out, value->text, value->len);
	return true;
}

static bool put_text(const struct map_run *run, const struct map_column *column,
		     struct map_value *value, struct buf *out)
{
	if (!map_text(run, value))
		return false;
	map_trim(value);
	if (value->len == 0) {
		value_put_nil(out);
		return true;
	}
	if (!is_one_of(column, value))
		return err_set(run->err, ERR_DATA, "\"%.*s\" is none of the values it can have",
			       (int)str_cut(value->text, value->len, MAP_SHOWN), value->text);
	value_put_bytes(out, value->text, value->len);
	return true;
}

static bool put_bool(const struct map_run *run, const struct map_value *value, struct buf *out)
{
	if (value->type != MAP_BOOL)
		return err_set(run->err, ERR_DATA,
			       "is no boolean (f.bool and f.pick make one of texts and numbers)");
	value_put_bool(out, value->flag);
	return true;
}

static bool put_time(const struct map_run *run, struct map_value *value, struct buf *out)
{
	char text[TIME_TEXT_SIZE];

	if (!map_text(run, value))
		return false;
	if (!time_parse(value->text, value->len, text))
		return err_set(run->err, ERR_DATA, "\"%.*s\" is no time",
			       (int)str_cut(value->text, value->len, MAP_SHOWN), value->text);
	value_put_str(out, text);
	return true;
}

static bool put_list(const struct map_run *run, const struct map_value *value, struct buf *out)
{
	if (value->type != MAP_LIST)
		return err_set(run->err, ERR_DATA, "is no list (f.list makes one)");
	value_put_list(out, value->len);
	for (size_t i = 0; i < value->len; i++) {
		struct map_value item = value->items[i];

		if (!map_text(run, &item))
			return false;
		value_put_bytes(out, item.text, item.len);
	}
	return true;
}

static bool put_any(const struct map_run *run, const struct map_value *value, struct buf *out)
{
	switch (value->type) {
	case MAP_NOTHING:
		value_put_nil(out);
		return true;
	case MAP_TEXT:
		value_put_bytes(out, value->text, value->len);
		return true;
	case MAP_INT:
		value_put_int(out, value->i);
		return true;
	case MAP_BOOL:
		value_put_bool(out, value->flag);
		return true;
	case MAP_NUMBER:
		if (map_is_fraction(value))
			value_put_double(out, strtod(value->text, NULL));
		else
			value_put_bytes(out, value->text, value->len);
		return true;
	case MAP_LIST:
		value_put_list(out, value->len);
		for (size_t i = 0; i < value->len; i++) {
			if (!put_any(run, &value->items[i], out))
				return false;
		}
		return true;
	case MAP_OBJECT:
		break;
	}
	return err_set(run->err, ERR_DATA, "is an object; a path can reach into it");
}

static bool put_column(const struct map_run *run, const struct map_column *column, struct buf *out)
{
	struct map_value value;

	if (!map_eval(run, &column->source, &value))
		return false;
	if (value.type == MAP_NOTHING) {
		value_put_nil(out);
		return true;
	}
	switch (column->type) {
	case MAP_COLUMN_TEXT:
		return put_text(run, column, &value, out);
	case MAP_COLUMN_BOOL:
		return put_bool(run, &value, out);
	case MAP_COLUMN_TIME:
		return put_time(run, &value, out);
	case MAP_COLUMN_LIST:
		return put_list(run, &value, out);
	case MAP_COLUMN_ID:
		return put_id(run, &value, out);
	case MAP_COLUMN_ANY:
		return put_any(run, &value, out);
	}
	return true;
}

static bool put_row(const struct map_run *run, const struct map_result *result, struct buf *out)
{
	const struct map *map = run->map;
	size_t start = out->len;

	value_put_list(out, map->column_count + 1);
	value_put_bytes(out, result->id, result->id_len);
	for (size_t i = 0; i < map->column_count; i++) {
		if (run->extent == MAP_ID_ALONE)
			value_put_nil(out);
		else if (!put_column(run, &map->columns[i], out))
			return err_context(run->err, "%s", map->columns[i].name);
	}
	if (out->failed)
		return err_oom(run->err);
	return out->len - start <= MAP_ROW_MAX ||
	       err_set(run->err, ERR_DATA, "its %zu bytes are more than the %d a row can have",
		       out->len - start, MAP_ROW_MAX);
}

/* --- the row --- */

/* *dropping is the rule that drops the row; NULL when none does. */
static bool run_rules(const struct map_run *run, const struct map_rule **dropping)
{
	const struct map *map = run->map;

	*dropping = NULL;
	for (size_t i = 0; i < map->rule_count; i++) {
		const struct map_rule *rule = &map->rules[i];
		struct map_value value;

		if (!map_eval(run, &rule->source, &value))
			return err_context(run->err, "rule %s", rule->name);
		if (map_is_true(&value) == rule->drops) {
			*dropping = rule;
			return true;
		}
	}
	return true;
}

static enum map_outcome fault_outcome(const struct map_run *run)
{
	return run->err->kind == ERR_OVER_LIMIT ? MAP_FAILED : MAP_BAD;
}

/* What becomes of a row that a rule drops; its id may be missing. */
static struct map_result drop_row(const struct map_run *run, const struct map_rule *rule)
{
	struct map_result result = { .outcome = MAP_DROPPED,
				     .rule = rule->is_leaders ? NULL : rule->name };

	if (!eval_id(run, &result) && fault_outcome(run) == MAP_FAILED)
		result.outcome = MAP_FAILED;
	return result;
}

static struct map_result refuse_row(const struct map_run *run, struct map_result result)
{
	result.outcome = fault_outcome(run);
	return result;
}

struct map_result map_run_row(const struct map_run *run, struct buf *out, struct map_value *rank)
{
	struct map_result result = { .outcome = MAP_ROW };
	const struct map_rule *dropping = NULL;
	size_t start = out->len;

	*rank = (struct map_value){ 0 };
	if (run->extent == MAP_WHOLE && !run_rules(run, &dropping))
		return refuse_row(run, result);
	if (dropping != NULL)
		return drop_row(run, dropping);
	if (!eval_id(run, &result))
		return refuse_row(run, result);
	if (result.id == NULL && run->map->is_derived)
		return (struct map_result){ .outcome = MAP_SKIPPED };
	if (result.id == NULL) {
		err_set(run->err, ERR_DATA, "it has no id: %s is nothing", run->map->id_text);
		return refuse_row(run, result);
	}
	if (put_row(run, &result, out) &&
	    (run->map->rank == NULL || map_eval(run, run->map->rank, rank)))
		return result;
	buf_cut(out, start);
	return refuse_row(run, result);
}
