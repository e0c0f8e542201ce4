/* One strict walk over a JSON body. */
#include "sandbox/json/json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sabotage.h"
#include "sandbox/json/json_keys.h"
#include "sandbox/json/json_text.h"
#include "sandbox/json/json_words.h"

enum {
	LEVELS = JSON_KEYS_LEVELS, /* beyond these the body as a whole is refused */
	FIRST_ROWS = 64,
	INT64_DIGITS = 18, /* so many digits always fit */
	DOUBLE_DIGITS = 300,
};

enum step { STEP_VALUE, STEP_KEY, STEP_AFTER, STEP_END, STEP_FAIL };

struct scan {
	const unsigned char *start, *at, *end;
	const struct json_place *place;
	struct json_list *list;
	struct json_row *row; /* the one being walked; NULL between rows */
	size_t rows_room;
	unsigned depth;	    /* open containers */
	unsigned row_depth; /* depth at which rows begin and end */
	unsigned matched;   /* open containers on the way to the list */
	bool on_path;	    /* the value that comes next is on that way */
	bool in_list;
	bool found, has_big;
	bool is_object[LEVELS];
	struct json_keys keys;
	struct buf scratch; /* keys with escapes */
	struct err *err;
};

/* --- findings --- */

static size_t offset_of(const struct scan *scan, const unsigned char *at)
{
	return (size_t)(at - scan->start);
}

static enum step fail_at(struct scan *scan, const unsigned char *at, const char *what)
{
	if (at >= scan->end)
		err_set(scan->err, ERR_DATA, "the answer is cut short: it ends at byte %zu",
			offset_of(scan, scan->end));
	else
		err_set(scan->err, ERR_DATA, "not JSON: %s at byte %zu", what, offset_of(scan, at));
	return STEP_FAIL;
}

/*
 * false when the defect concerns the body as a whole. Of several in a row the first is told, but
 * for keys that come twice: they leave open what the row says, where others spoil a value.
 */
static bool note(struct scan *scan, enum json_defect defect, const unsigned char *at)
{
	if (scan->row == NULL)
		return err_set(scan->err, ERR_DATA, "the answer holds %s at byte %zu",
			       json_defect_text(defect), offset_of(scan, at));
	if (scan->row->defect == JSON_SOUND ||
	    (defect == JSON_DUPLICATE_KEY && scan->row->defect != JSON_DUPLICATE_KEY)) {
		scan->row->defect = (uint8_t)defect;
		scan->row->defect_at = (uint32_t)offset_of(scan, at);
	}
	return true;
}

static void skip_space(struct scan *scan)
{
	while (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t')
		scan->at++;
}

/* --- strings --- */

/* Past one \u escape, or the two of a pair. */
static bool walk_unicode(struct scan *scan)
{
	const unsigned char *escape = scan->at;
	int32_t first = json_hex4(escape + 2, scan->end), second;

	scan->at += 2;
	if (first < 0)
		return note(scan, JSON_BAD_ESCAPE, escape);
	scan->at += 4;
	if (first == 0)
		return note(scan, JSON_NUL, escape);
	if (first < 0xd800 || first > 0xdfff)
		return true;
	second =
		scan->at[0] == '\\' && scan->at[1] == 'u' ? json_hex4(scan->at + 2, scan->end) : -1;
	if (first > 0xdbff || second < 0xdc00 || second > 0xdfff)
		return note(scan, JSON_LONE_SURROGATE, escape);
	scan->at += 6;
	return true;
}

static bool walk_escape(struct scan *scan)
{
	const unsigned char *escape = scan->at;

	if (escape[1] == 'u')
		return walk_unicode(scan);
	if (escape + 1 >= scan->end) {
		scan->at++;
		return true;
	}
	scan->at += 2;
	if (escape[1] == '\0' || strchr("\"\\/bfnrt", escape[1]) == NULL)
		return note(scan, JSON_BAD_ESCAPE, escape);
	return true;
}

/* One byte or sequence that json_plain_end stopped at. */
static bool walk_special(struct scan *scan)
{
	const unsigned char *at = scan->at;
	size_t len;

	if (*at == '\\')
		return walk_escape(scan);
	if (*at < 0x20) {
		scan->at++;
		return note(scan, *at == 0 ? JSON_NUL : JSON_CONTROL, at);
	}
	len = json_utf8_sequence(at, scan->end);
	scan->at += len > 0 ? len : 1;
	return len > 0 || note(scan, JSON_BAD_UTF8, at);
}

/* From the opening quote to behind the closing one. */
static bool walk_string(struct scan *scan, bool *has_escape)
{
	const unsigned char *open = scan->at++;

	*has_escape = false;
	for (;;) {
		scan->at = json_plain_end(scan->at, scan->end);
		if (scan->at >= scan->end)
			return fail_at(scan, scan->end, "") != STEP_FAIL;
		if (*scan->at == '"')
			break;
		*has_escape |= *scan->at == '\\';
		if (!walk_special(scan))
			return false;
	}
	scan->at++;
	if (scan->at - open > JSON_STRING_MAX)
		return note(scan, JSON_LONG_STRING, open);
	return true;
}

/* --- numbers and words --- */

/* Does the number, known to be well formed, fit a double, and an integer 64 bits? */
static bool check_range(struct scan *scan, const unsigned char *first, bool is_integer)
{
	size_t len = (size_t)(scan->at - first);

	if (is_integer) {
		if (len > INT64_DIGITS && !json_fits_int64((const char *)first, len)) {
			scan->has_big = true;
			if (scan->row != NULL)
				scan->row->has_big = true;
		}
		return true;
	}
	if (len < DOUBLE_DIGITS && memchr(first, 'e', len) == NULL &&
	    memchr(first, 'E', len) == NULL)
		return true;
	if (isinf(strtod((const char *)first, NULL)))
		return note(scan, JSON_NUMBER_RANGE, first);
	return true;
}

static enum step walk_number(struct scan *scan)
{
	const unsigned char *first = scan->at;
	bool is_integer, is_sound;

	scan->at = json_number_end(first, &is_integer, &is_sound);
	if (!is_sound)
		return fail_at(scan, scan->at, "a malformed number");
	return check_range(scan, first, is_integer) ? STEP_AFTER : STEP_FAIL;
}

static enum step walk_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < len; i++) {
		if (scan->at + i >= scan->end || scan->at[i] != (unsigned char)word[i])
			return fail_at(scan, scan->at + i, "an unknown word");
	}
	scan->at += len;
	return STEP_AFTER;
}

/* --- rows --- */

static bool begin_row(struct scan *scan)
{
	struct json_list *list = scan->list;

	if (list->count == JSON_ROWS_MAX)
		return err_set(scan->err, ERR_OVER_LIMIT, "more than %d rows in one page",
			       JSON_ROWS_MAX);
	if (list->count == scan->rows_room) {
		size_t room = scan->rows_room == 0 ? FIRST_ROWS : scan->rows_room * 2;
		struct json_row *rows = realloc(list->rows, room * sizeof(*rows));

		if (rows == NULL)
			return err_oom(scan->err);
		list->rows = rows;
		scan->rows_room = room;
	}
	scan->row = &list->rows[list->count++];
	*scan->row = (struct json_row){ .at = (uint32_t)offset_of(scan, scan->at) };
	json_shape_begin_row(&list->shape, *scan->at == '{');
	return true;
}

static void end_row(struct scan *scan)
{
	scan->row->len = (uint32_t)(offset_of(scan, scan->at) - scan->row->at);
	scan->row->members = json_shape_end_row(&scan->list->shape);
	scan->row = NULL;
}

/* Inside a row that is an object, and not deeper: its keys and values are looked at. */
static bool is_at_member(const struct scan *scan)
{
	return scan->row != NULL && scan->depth == scan->row_depth + 1 &&
	       scan->is_object[scan->row_depth];
}

static bool refuse_target(struct scan *scan, const char *what)
{
	char text[JSON_PLACE_TEXT];

	return err_set(scan->err, ERR_DATA, "%s must be a list of rows but is %s",
		       json_place_text(scan->place, text), what);
}

/* The value at the end of the path is about to be walked. */
static bool begin_target(struct scan *scan)
{
	scan->found = true;
	scan->list->at = offset_of(scan, scan->at);
	if (*scan->at == '[') {
		scan->in_list = true;
		scan->row_depth = scan->depth + 1;
		return true;
	}
	if (*scan->at != '{' || !scan->place->or_object)
		return refuse_target(scan, json_kind_text(*scan->at));
	scan->row_depth = scan->depth;
	return begin_row(scan);
}

/* --- structure --- */

static bool is_target(const struct scan *scan)
{
	return scan->place != NULL && !scan->found && scan->on_path &&
	       scan->matched == scan->place->depth;
}

static enum step open_container(struct scan *scan)
{
	bool is_object = *scan->at == '{';

	if (scan->depth >= JSON_DEPTH_MAX && !note(scan, JSON_TOO_DEEP, scan->at))
		return STEP_FAIL;
	if (scan->depth == LEVELS) {
		err_set(scan->err, ERR_DATA, "the answer is nested deeper than %d levels", LEVELS);
		return STEP_FAIL;
	}
	scan->is_object[scan->depth] = is_object;
	if (is_object)
		json_keys_open(&scan->keys, scan->depth);
	scan->depth++;
	scan->at++;
	skip_space(scan);
	if (*scan->at == (is_object ? '}' : ']'))
		return STEP_AFTER;
	return is_object ? STEP_KEY : STEP_VALUE;
}

static bool wants_row(const struct scan *scan)
{
	return scan->in_list && scan->row == NULL && scan->depth == scan->row_depth;
}

/* What begins with the value that comes: the list, a row, a member of a row. */
static bool begin_value(struct scan *scan)
{
	if (is_target(scan))
		return begin_target(scan);
	if (wants_row(scan))
		return begin_row(scan);
	return !is_at_member(scan) ||
	       json_shape_open(&scan->list->shape, (uint32_t)offset_of(scan, scan->at)) ||
	       err_oom(scan->err);
}

static enum step walk_value(struct scan *scan)
{
	bool has_escape;

	skip_space(scan);
	if (scan->at >= scan->end)
		return fail_at(scan, scan->at, "");
	if (!begin_value(scan))
		return STEP_FAIL;
	switch (*scan->at) {
	case '{':
	case '[':
		scan->on_path = scan->on_path && *scan->at == '{';
		return open_container(scan);
	case '"':
		scan->on_path = false;
		return walk_string(scan, &has_escape) ? STEP_AFTER : STEP_FAIL;
	case 't':
		return walk_word(scan, "true");
	case 'f':
		return walk_word(scan, "false");
	case 'n':
		return walk_word(scan, "null");
	default:
		if (*scan->at != '-' && !json_is_digit(*scan->at))
			return fail_at(scan, scan->at, "an unexpected character");
		return walk_number(scan);
	}
}

/* Is this key the next one on the way to the list? */
static void match_key(struct scan *scan, const char *key, size_t len)
{
	const char *wanted;

	scan->on_path = false;
	if (scan->place == NULL || scan->found || scan->matched + 1 != scan->depth ||
	    scan->matched == scan->place->depth)
		return;
	wanted = scan->place->path[scan->matched];
	if (strlen(wanted) == len && memcmp(wanted, key, len) == 0) {
		scan->matched++;
		scan->on_path = true;
	}
}

static enum step check_key(struct scan *scan, const unsigned char *open, const char *key,
			   size_t len)
{
	if (scan->keys.counts[scan->depth - 1] == JSON_KEYS_MAX &&
	    !note(scan, JSON_MANY_KEYS, open))
		return STEP_FAIL;
	switch (json_keys_add(&scan->keys, scan->depth - 1, key, len)) {
	case JSON_KEY_NO_MEMORY:
		err_oom(scan->err);
		return STEP_FAIL;
	case JSON_KEY_AGAIN:
		if (!sabotage_is(SABOTAGE_IGNORE_DUPLICATE_KEYS) &&
		    !note(scan, JSON_DUPLICATE_KEY, open))
			return STEP_FAIL;
		if (is_at_member(scan))
			json_shape_refuse(&scan->list->shape);
		break;
	case JSON_KEY_NEW:
		match_key(scan, key, len);
		break;
	}
	return STEP_VALUE;
}

/* The row has left the shape: the keys that it shared are its keys all the same. */
static enum step check_shared_keys(struct scan *scan, const unsigned char *open)
{
	const struct json_shape *shape = &scan->list->shape;
	enum step next = STEP_VALUE;

	for (unsigned i = 0; next == STEP_VALUE && i < shape->next; i++)
		next = check_key(scan, open, (const char *)scan->start + shape->keys[i].at,
				 shape->keys[i].len);
	return next;
}

/* true when the shape answers for the key. */
static bool follow_shape(struct scan *scan, const unsigned char *open, bool has_escape,
			 enum step *next)
{
	struct json_piece key = { .at = (uint32_t)offset_of(scan, open + 1),
				  .len = (uint32_t)(scan->at - open) - 2 };

	*next = STEP_VALUE;
	switch (json_shape_key(&scan->list->shape, (const char *)scan->start, key, !has_escape)) {
	case JSON_SHAPE_SAME:
		return true;
	case JSON_SHAPE_LEFT:
		*next = check_shared_keys(scan, open);
		return *next == STEP_FAIL;
	case JSON_SHAPE_APART:
		break;
	}
	return false;
}

static enum step add_key(struct scan *scan, const unsigned char *open, bool has_escape)
{
	const char *key = (const char *)open + 1;
	size_t len = (size_t)(scan->at - open) - 2;
	enum step next;

	if (is_at_member(scan) && follow_shape(scan, open, has_escape, &next))
		return next;
	if (has_escape) {
		buf_clear(&scan->scratch);
		json_unescape(key, len, &scan->scratch);
		if (!buf_ok(&scan->scratch, scan->err))
			return STEP_FAIL;
		key = buf_text(&scan->scratch);
		len = scan->scratch.len;
	}
	return check_key(scan, open, key, len);
}

static enum step walk_key(struct scan *scan)
{
	const unsigned char *open;
	bool has_escape;
	enum step next;

	skip_space(scan);
	open = scan->at;
	if (*open != '"')
		return fail_at(scan, open, "no key where one has to be");
	if (!walk_string(scan, &has_escape))
		return STEP_FAIL;
	next = add_key(scan, open, has_escape);
	if (next == STEP_FAIL)
		return next;
	skip_space(scan);
	if (*scan->at != ':')
		return fail_at(scan, scan->at, "no colon after a key");
	scan->at++;
	return next;
}

static enum step close_container(struct scan *scan)
{
	bool is_object = scan->is_object[scan->depth - 1];

	if (*scan->at != (is_object ? '}' : ']'))
		return fail_at(scan, scan->at, "neither a comma nor the end of a list or object");
	scan->at++;
	scan->depth--;
	if (is_object)
		json_keys_close(&scan->keys, scan->depth);
	if (scan->in_list && scan->depth + 1 == scan->row_depth) {
		scan->in_list = false;
		scan->list->end = offset_of(scan, scan->at);
	}
	if (!scan->found && scan->matched > scan->depth)
		scan->matched = scan->depth;
	return STEP_AFTER;
}

/* Behind a value: what ends here, and what comes next. */
static enum step walk_after(struct scan *scan)
{
	if (is_at_member(scan))
		json_shape_close(&scan->list->shape, (uint32_t)offset_of(scan, scan->at));
	if (scan->row != NULL && scan->depth == scan->row_depth) {
		end_row(scan);
		if (!scan->in_list)
			scan->list->end = offset_of(scan, scan->at);
	}
	if (scan->depth == 0)
		return STEP_END;
	skip_space(scan);
	if (*scan->at != ',')
		return close_container(scan);
	scan->at++;
	return scan->is_object[scan->depth - 1] ? STEP_KEY : STEP_VALUE;
}

static bool walk(struct scan *scan)
{
	enum step step = STEP_VALUE;

	for (;;) {
		switch (step) {
		case STEP_VALUE:
			step = walk_value(scan);
			break;
		case STEP_KEY:
			step = walk_key(scan);
			break;
		case STEP_AFTER:
			step = walk_after(scan);
			break;
		case STEP_END:
			return true;
		case STEP_FAIL:
			return false;
		}
	}
}

/* --- the whole --- */

static bool check_start(struct scan *scan)
{
	skip_space(scan);
	if (scan->at >= scan->end)
		return err_set(scan->err, ERR_DATA, "the answer is empty where JSON has to be");
	if (*scan->at == '\0' || strchr("{[\"-0123456789tfn", *scan->at) == NULL)
		return json_refuse_content(scan->at, scan->end, scan->err);
	return true;
}

static bool check_end(struct scan *scan)
{
	char text[JSON_PLACE_TEXT];

	skip_space(scan);
	if (scan->at < scan->end)
		return fail_at(scan, scan->at, "more than one value") != STEP_FAIL;
	if (scan->place != NULL && !scan->found)
		return err_set(scan->err, ERR_DATA, "there is no list at %s",
			       json_place_text(scan->place, text));
	return true;
}

bool json_scan(const char *data, size_t len, const struct json_place *place, struct json_list *out,
	       bool *has_big, struct err *err)
{
	const unsigned char *bytes = (const unsigned char *)data;
	struct scan scan = { .start = bytes,
			     .at = bytes,
			     .end = bytes + len,
			     .place = place,
			     .list = out,
			     .on_path = true,
			     .row_depth = ~0u,
			     .err = err };
	bool ok;

	if (len > JSON_BYTES_MAX)
		return err_set(err, ERR_OVER_LIMIT, "an answer of more than %d bytes",
			       JSON_BYTES_MAX);
	if (out != NULL)
		*out = (struct json_list){ 0 };
	json_keys_init(&scan.keys);
	ok = check_start(&scan) && walk(&scan) && check_end(&scan);
	json_keys_fini(&scan.keys);
	buf_fini(&scan.scratch);
	if (has_big != NULL)
		*has_big = scan.has_big;
	if (!ok && out != NULL)
		json_list_fini(out);
	return ok;
}

void json_list_fini(struct json_list *list)
{
	free(list->rows);
	json_shape_fini(&list->shape);
	*list = (struct json_list){ 0 };
}
