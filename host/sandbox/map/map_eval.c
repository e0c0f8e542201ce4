/* Evaluating one source of a mapping over one row. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/json/json_text.h"
#include "sandbox/map/map.h"
#include "sandbox/map/text_search.h"
#include "sandbox/map/time_text.h"

enum { NUMBER_TEXT = 32 };

static const double EXACT_MAX = 9007199254740992.0; /* 2^53 */

static const char *kind_text(const struct map_value *value)
{
	static const char *const texts[] = {
		[MAP_NOTHING] = "nothing",  [MAP_TEXT] = "a text",    [MAP_INT] = "a number",
		[MAP_NUMBER] = "a number",  [MAP_BOOL] = "a boolean", [MAP_LIST] = "a list",
		[MAP_OBJECT] = "an object",
	};

	return texts[value->type];
}

static bool refuse(const struct map_run *run, const struct map_value *value, const char *wanted)
{
	if (value->type == MAP_TEXT)
		return err_set(run->err, ERR_DATA, "\"%.*s\" is no %s",
			       (int)str_cut(value->text, value->len, MAP_SHOWN), value->text,
			       wanted);
	return err_set(run->err, ERR_DATA, "is %s where %s has to be", kind_text(value), wanted);
}

bool map_is_true(const struct map_value *value)
{
	return value->type == MAP_BOOL ? value->flag : value->type != MAP_NOTHING;
}

static bool set_bool(struct map_value *out, bool flag)
{
	*out = (struct map_value){ .type = MAP_BOOL, .flag = flag };
	return true;
}

static bool eval_path(const struct map_run *run, const struct map_source *source,
		      struct map_value *out)
{
	bool is_dead_end;

	if (!map_read(run, source, out, &is_dead_end))
		return false;
	if (is_dead_end && out->type != MAP_NOTHING)
		return err_set(run->err, ERR_DATA, "%s leads through %s", source->text,
			       kind_text(out));
	return true;
}

static bool eval_unboxed(const struct map_run *run, const struct map_source *source,
			 struct map_value *out)
{
	bool is_dead_end;

	return map_read(run, &source->sources[0], out, &is_dead_end);
}

/* --- values as text --- */

bool map_is_fraction(const struct map_value *number)
{
	return memchr(number->text, '.', number->len) != NULL ||
	       memchr(number->text, 'e', number->len) != NULL ||
	       memchr(number->text, 'E', number->len) != NULL;
}

static bool set_int_text(const struct map_run *run, struct map_value *value, int64_t i)
{
	char text[NUMBER_TEXT];
	int len = snprintf(text, sizeof(text), "%" PRId64, i);
	char *copy = scratch_copy(run->scratch, text, (size_t)len);

	if (copy == NULL)
		return err_oom(run->err);
	*value = (struct map_value){ .type = MAP_TEXT, .text = copy, .len = (size_t)len };
	return true;
}

/* 1e3 and 7.0 are whole: their text is that of the integer. */
static bool number_text(const struct map_run *run, struct map_value *value)
{
	double number;

	if (map_is_fraction(value)) {
		number = strtod(value->text, NULL);
		if (number == trunc(number) && fabs(number) < EXACT_MAX)
			return set_int_text(run, value, (int64_t)number);
		if (number == trunc(number))
			return err_set(
				run->err, ERR_DATA, "the number %.*s is too large to be exact",
				(int)str_cut(value->text, value->len, MAP_SHOWN), value->text);
	}
	value->type = MAP_TEXT;
	return true;
}

bool map_text(const struct map_run *run, struct map_value *value)
{
	switch (value->type) {
	case MAP_TEXT:
		return true;
	case MAP_INT:
		return set_int_text(run, value, value->i);
	case MAP_NUMBER:
		return number_text(run, value);
	default:
		return refuse(run, value, "text");
	}
}

/* The only source of `source`; *found is false when it is nothing. */
static bool eval_text(const struct map_run *run, const struct map_source *source,
		      struct map_value *out, bool *found)
{
	if (!map_eval(run, &source->sources[0], out))
		return false;
	*found = out->type != MAP_NOTHING;
	return !*found || map_text(run, out);
}

/* --- the operations --- */

static bool set_copy(const struct map_run *run, const char *text, struct map_value *out)
{
	char *copy = scratch_copy(run->scratch, text, strlen(text));

	if (copy == NULL)
		return err_oom(run->err);
	*out = (struct map_value){ .type = MAP_TEXT, .text = copy, .len = strlen(text) };
	return true;
}

static bool eval_time(const struct map_run *run, const struct map_source *source,
		      struct map_value *out)
{
	char text[TIME_TEXT_SIZE];
	bool found;

	if (!eval_text(run, source, out, &found))
		return false;
	if (!found)
		return true;
	if (!time_parse(out->text, out->len, text))
		return refuse(run, out, "time");
	return set_copy(run, text, out);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void map_trim(struct map_value *text)
{
	for (; text->len > 0 && is_blank(text->text[0]); text->len--)
		text->text++;
	while (text->len > 0 && is_blank(text->text[text->len - 1]))
		text->len--;
}

static bool eval_lower(const struct map_run *run, const struct map_source *source,
		       struct map_value *out)
{
	char *copy;
	bool found;

	if (!eval_text(run, source, out, &found))
		return false;
	if (!found)
		return true;
	map_trim(out);
	copy = scratch_copy(run->scratch, out->text, out->len);
	if (copy == NULL)
		return err_oom(run->err);
	for (size_t i = 0; i < out->len; i++)
		copy[i] = text_lower(copy[i]);
	out->text = copy;
	if (out->len == 0)
		out->type = MAP_NOTHING;
	return true;
}

static bool same_text(const struct map_value *a, const struct map_value *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static bool same_value(const struct map_value *a, const struct map_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case MAP_BOOL:
		return a->flag == b->flag;
	case MAP_INT:
		return a->i == b->i;
	default:
		return same_text(a, b);
	}
}

/* Numbers find text keys, too: { ["3"] = ... } and { [3] = ... } are the same question. */
static bool eval_pick(const struct map_run *run, const struct map_source *source,
		      struct map_value *out)
{
	struct map_value as_text;

	if (!map_eval(run, &source->sources[0], out))
		return false;
	if (out->type == MAP_LIST || out->type == MAP_OBJECT)
		return refuse(run, out, "single value");
	as_text = *out;
	if ((out->type == MAP_INT || out->type == MAP_NUMBER) && !map_text(run, &as_text))
		return false;
	for (size_t i = 0; out->type != MAP_NOTHING && i < source->pair_count; i++) {
		const struct map_pair *pair = &source->pairs[i];

		if (same_value(&pair->key, out) || same_value(&pair->key, &as_text)) {
			*out = pair->value;
			return true;
		}
	}
	*out = source->value;
	return true;
}

static bool eval_first(const struct map_run *run, const struct map_source *source,
		       struct map_value *out)
{
	for (size_t i = 0; i < source->count; i++) {
		if (!map_eval(run, &source->sources[i], out))
			return false;
		if (out->type != MAP_NOTHING)
			return true;
	}
	return true;
}

static bool finish_text(const struct map_run *run, struct buf *text, struct map_value *out)
{
	char *copy = text->failed ? NULL : scratch_copy(run->scratch, buf_text(text), text->len);

	*out = (struct map_value){ .type = text->len > 0 ? MAP_TEXT : MAP_NOTHING,
				   .text = copy,
				   .len = text->len };
	buf_fini(text);
	return copy != NULL || err_oom(run->err);
}

static bool eval_join(const struct map_run *run, const struct map_source *source,
		      struct map_value *out)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < source->count; i++) {
		struct map_value part;

		if (!map_eval(run, &source->sources[i], &part) ||
		    (part.type != MAP_NOTHING && !map_text(run, &part))) {
			buf_fini(&text);
			return false;
		}
		if (part.type == MAP_NOTHING)
			continue;
		if (text.len > 0)
			buf_append(&text, source->text, source->len);
		buf_append(&text, part.text, part.len);
	}
	return finish_text(run, &text, out);
}

static bool eval_int(const struct map_run *run, const struct map_source *source,
		     struct map_value *out)
{
	struct json_span digits;
	struct map_value text;

	if (!map_eval(run, &source->sources[0], out))
		return false;
	if (out->type == MAP_NOTHING || out->type == MAP_INT)
		return true;
	text = *out;
	if (text.type != MAP_TEXT && text.type != MAP_NUMBER)
		return refuse(run, out, "whole number");
	if (!map_text(run, &text))
		return false;
	digits = json_span(text.text, text.len);
	if (text.len - (text.text[0] == '-') == 0 ||
	    strspn(text.text + (text.text[0] == '-'), "0123456789") <
		    text.len - (text.text[0] == '-') ||
	    !json_fits_int64(digits.at, digits.len))
		return refuse(run, out, "whole number");
	*out = (struct map_value){ .type = MAP_INT, .i = json_int(digits) };
	return true;
}

/* Vendors that count write "never" as 0 or -1. */
static bool eval_epoch_ms(const struct map_run *run, const struct map_source *source,
			  struct map_value *out)
{
	char text[TIME_TEXT_SIZE];

	if (!eval_int(run, source, out))
		return false;
	if (out->type == MAP_NOTHING || out->i <= 0) {
		*out = (struct map_value){ .type = MAP_NOTHING };
		return true;
	}
	if (!time_format_ms(out->i, text))
		return refuse(run, out, "time");
	return set_copy(run, text, out);
}

static bool is_word(const struct map_value *text, const char *word)
{
	size_t len = strlen(word);

	if (text->len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text_lower(text->text[i]) != word[i])
			return false;
	}
	return true;
}

static bool eval_bool(const struct map_run *run, const struct map_source *source,
		      struct map_value *out)
{
	if (!map_eval(run, &source->sources[0], out))
		return false;
	if (out->type == MAP_NOTHING || out->type == MAP_BOOL)
		return true;
	if (out->type == MAP_INT && (out->i == 0 || out->i == 1))
		return set_bool(out, out->i == 1);
	if (out->type != MAP_TEXT)
		return refuse(run, out, "boolean");
	if (is_word(out, "true") || is_word(out, "yes") || is_word(out, "1"))
		return set_bool(out, true);
	if (is_word(out, "false") || is_word(out, "no") || is_word(out, "0"))
		return set_bool(out, false);
	return refuse(run, out, "boolean");
}

/* Room for all members of `parts`; fills in their texts. */
static bool gather(const struct map_run *run, const struct map_value *parts, size_t count,
		   struct map_value *out)
{
	struct map_value *items;
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += parts[i].type == MAP_LIST ? parts[i].len : 1;
	items = scratch_take(run->scratch, total * sizeof(*items));
	if (items == NULL)
		return err_oom(run->err);
	total = 0;
	for (size_t i = 0; i < count; i++) {
		bool is_list = parts[i].type == MAP_LIST;
		const struct map_value *members = is_list ? parts[i].items : &parts[i];

		for (size_t k = 0; k < (is_list ? parts[i].len : 1); k++) {
			if (members[k].type == MAP_NOTHING)
				continue;
			items[total] = members[k];
			if (!map_text(run, &items[total++]))
				return false;
		}
	}
	*out = (struct map_value){ .type = total > 0 ? MAP_LIST : MAP_NOTHING,
				   .items = items,
				   .len = total };
	return true;
}

static bool eval_list(const struct map_run *run, const struct map_source *source,
		      struct map_value *out)
{
	struct map_value *parts = scratch_take(run->scratch, source->count * sizeof(*parts));

	if (parts == NULL)
		return err_oom(run->err);
	for (size_t i = 0; i < source->count; i++) {
		if (!map_eval(run, &source->sources[i], &parts[i]))
			return false;
	}
	return gather(run, parts, source->count, out);
}

static bool eval_present(const struct map_run *run, const struct map_source *source,
			 struct map_value *out)
{
	struct map_value value;

	if (!map_eval(run, &source->sources[0], &value))
		return false;
	return set_bool(out, value.type != MAP_NOTHING);
}

static bool eval_known(const struct map_run *run, const struct map_source *source,
		       struct map_value *out)
{
	bool found;

	if (!eval_text(run, source, out, &found))
		return false;
	return set_bool(out, found && run->host->is_known(run->host->arg, source->text, out->text,
							  out->len));
}

static bool eval_search(const struct map_run *run, const struct map_source *source,
			struct map_value *out)
{
	bool found;

	if (!eval_text(run, source, out, &found))
		return false;
	if (found && source->op == MAP_OP_CONTAINS)
		found = text_contains(out->text, out->len, source->text, source->len);
	else if (found)
		found = text_matches(out->text, out->len, source->text, source->len);
	return set_bool(out, found);
}

static bool eval_none(const struct map_run *run, const struct map_source *source,
		      struct map_value *out)
{
	for (size_t i = 0; i < source->count; i++) {
		struct map_value value;

		if (!map_eval(run, &source->sources[i], &value))
			return false;
		if (map_is_true(&value))
			return set_bool(out, false);
	}
	return set_bool(out, true);
}

static bool eval_function(const struct map_run *run, const struct map_source *source,
			  struct map_value *out)
{
	*out = (struct map_value){ 0 };
	if (!run->host->call(run->host->arg, source->function, out, run->err))
		return false;
	if (out->type == MAP_TEXT && map_is_null(run->map, out->text, out->len))
		out->type = MAP_NOTHING;
	return true;
}

static bool eval_const(const struct map_run *run, const struct map_source *source,
		       struct map_value *out)
{
	(void)run;
	*out = source->value;
	return true;
}

bool map_eval(const struct map_run *run, const struct map_source *source, struct map_value *out)
{
	typedef bool eval_fn(const struct map_run *, const struct map_source *, struct map_value *);
	static eval_fn *const table[] = {
		[MAP_OP_PATH] = eval_path,	   [MAP_OP_FUNCTION] = eval_function,
		[MAP_OP_CONST] = eval_const,	   [MAP_OP_TIME] = eval_time,
		[MAP_OP_LOWER] = eval_lower,	   [MAP_OP_PICK] = eval_pick,
		[MAP_OP_FIRST] = eval_first,	   [MAP_OP_JOIN] = eval_join,
		[MAP_OP_EPOCH_MS] = eval_epoch_ms, [MAP_OP_INT] = eval_int,
		[MAP_OP_BOOL] = eval_bool,	   [MAP_OP_LIST] = eval_list,
		[MAP_OP_PRESENT] = eval_present,   [MAP_OP_KNOWN] = eval_known,
		[MAP_OP_CONTAINS] = eval_search,   [MAP_OP_MATCHES] = eval_search,
		[MAP_OP_NONE] = eval_none,	   [MAP_OP_UNBOXED] = eval_unboxed,
	};

	return table[source->op](run, source, out);
}
