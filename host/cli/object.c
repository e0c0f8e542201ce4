/* One object for a person: its members as lines, lists of objects as tables below them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cell.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "cli/text.h"

enum { COLUMNS_MAX = 24, INDENT = 2, LIST_IN_LINE_MAX = 60 };

static struct query_value value_of(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_STRING:
		return (struct query_value){ .type = QUERY_TEXT,
					     .bytes = json_string_value(json),
					     .len = json_string_length(json) };
	case JSON_INTEGER:
		return output_int(json_integer_value(json));
	case JSON_REAL:
		return output_real(json_real_value(json));
	case JSON_TRUE:
	case JSON_FALSE:
		return output_int(json_is_true(json));
	default:
		return (struct query_value){ .type = QUERY_NULL };
	}
}

static enum output_kind kind_of(const char *key, const json_t *json)
{
	size_t len = strlen(key);

	if (json_is_boolean(json))
		return OUTPUT_BOOL;
	if (json_is_array(json))
		return OUTPUT_VALUE;
	if (len > 3 && (str_eq(key + len - 3, "_at") || str_eq(key, "state_since")))
		return OUTPUT_TIME;
	return str_eq(key, "state") || str_eq(key, "outcome") ? OUTPUT_STATE : OUTPUT_PLAIN;
}

/* What stands below the lines of its object: objects, tables, lists that are long. */
static bool is_block(const json_t *json)
{
	size_t i, len = 0;
	json_t *item;

	json_array_foreach(json, i, item) len += json_string_length(item) + 2;
	return (json_is_object(json) && json_object_size(json) > 0) ||
	       json_is_object(json_array_get(json, 0)) || len > LIST_IN_LINE_MAX;
}

/* Our own keys are told with spaces; those below are data. */
static void put_key(struct buf *out, const char *key, size_t width, size_t indent)
{
	struct buf escaped = BUF_INIT;

	text_escape(&escaped, key, strlen(key));
	for (size_t i = 0; indent == 0 && i < escaped.len; i++) {
		if (escaped.data[i] == '_')
			escaped.data[i] = ' ';
	}
	while (indent-- > 0)
		buf_char(out, ' ');
	text_fit(out, buf_text(&escaped), escaped.len, width, TEXT_FILL_RIGHT);
	out->failed |= escaped.failed;
	buf_fini(&escaped);
}

static void put_scalar(struct buf *out, const char *key, const json_t *json)
{
	struct query_value value = value_of(json);
	struct buf raw = BUF_INIT;
	size_t i;
	json_t *item;

	json_array_foreach(json, i, item)
	{
		value = value_of(item);
		buf_str(&raw, i ? ", " : "");
		cell_for_person(&raw, &value, OUTPUT_PLAIN);
	}
	if (!json_is_array(json))
		cell_for_person(&raw, &value, kind_of(key, json));
	text_escape(out, buf_text(&raw), raw.len);
	buf_char(out, '\n');
	out->failed |= raw.failed;
	buf_fini(&raw);
}

static size_t columns_of(const json_t *first, struct output_column *columns)
{
	const char *key;
	json_t *member;
	size_t count = 0;

	json_object_foreach((json_t *)first, key, member)
	{
		if (count < COLUMNS_MAX)
			columns[count++] =
				(struct output_column){ .name = key, .kind = kind_of(key, member) };
	}
	return count;
}

/* A nested list or object in a table's cell is shown as JSON text. */
static bool put_table_row(struct table *table, const struct output_column *columns, size_t count,
			  const json_t *object, struct buf *out, struct err *err)
{
	struct query_value values[COLUMNS_MAX] = { 0 };
	char *texts[COLUMNS_MAX] = { 0 };
	bool done;

	for (size_t i = 0; i < count; i++) {
		const json_t *member = json_object_get(object, columns[i].name);

		values[i] = member ? value_of(member) : output_text(NULL);
		if (json_is_array(member) || json_is_object(member)) {
			texts[i] = json_dumps(member, JSON_COMPACT);
			values[i] = output_text(texts[i]);
			out->failed |= texts[i] == NULL;
		}
	}
	done = table_row(table, values, out, err);
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	return done;
}

static bool put_table(const struct cli *cli, const json_t *list,
		      const struct output_column *columns, size_t count, size_t limit,
		      struct buf *out, struct err *err)
{
	struct output_options options = { .width = cli->terminal.out_width,
					  .has_colour = cli->terminal.colour_out };
	struct table *table = table_new(&options, columns, count, err);
	bool done = table != NULL;

	for (size_t i = 0; done && i < json_array_size(list) && (limit == 0 || i < limit); i++)
		done = put_table_row(table, columns, count, json_array_get(list, i), out, err);
	if (done)
		table_flush(table, out);
	table_free(table);
	return done;
}

static void put_list(const json_t *list, struct buf *out)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		buf_str(out, "  ");
		text_escape(out, json_string_value(item), json_string_length(item));
		buf_char(out, '\n');
	}
}

/* Members that say nothing get no line. */
static bool is_line(const json_t *json)
{
	bool is_empty = json_is_null(json) || json_is_object(json) ||
			(json_is_array(json) && json_array_size(json) == 0) ||
			(json_is_string(json) && json_string_length(json) == 0);

	return !is_block(json) && !is_empty;
}

static size_t key_width(const json_t *object)
{
	const char *key;
	json_t *member;
	size_t width = 0;

	json_object_foreach((json_t *)object, key, member)
	{
		if (is_line(member) && text_width(key, strlen(key)) > width)
			width = text_width(key, strlen(key));
	}
	return width + 2;
}

static bool put_object(const struct cli *cli, const json_t *object, size_t indent, struct buf *out,
		       struct err *err);

static bool put_block(const struct cli *cli, const char *key, const json_t *json, size_t indent,
		      struct buf *out, struct err *err)
{
	if (indent == 0)
		buf_char(out, '\n');
	put_key(out, key, text_width(key, strlen(key)), indent);
	buf_char(out, '\n');
	if (json_is_object(json))
		return put_object(cli, json, indent + INDENT, out, err);
	if (json_is_object(json_array_get(json, 0))) {
		struct output_column columns[COLUMNS_MAX];
		size_t count = columns_of(json_array_get(json, 0), columns);

		return put_table(cli, json, columns, count, 0, out, err);
	}
	put_list(json, out);
	return true;
}

static bool put_object(const struct cli *cli, const json_t *object, size_t indent, struct buf *out,
		       struct err *err)
{
	size_t width = key_width(object);
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)object, key, member)
	{
		if (!is_line(member))
			continue;
		put_key(out, key, width, indent);
		put_scalar(out, key, member);
	}
	json_object_foreach((json_t *)object, key, member)
	{
		if (is_block(member) && !put_block(cli, key, member, indent, out, err))
			return false;
	}
	return true;
}

bool cli_table(const struct cli *cli, const json_t *list, const char *const *names, size_t limit,
	       struct err *err)
{
	struct output_column columns[COLUMNS_MAX];
	struct buf out = BUF_INIT;
	size_t count = 0;
	bool done;

	for (; names[count] && count < COLUMNS_MAX; count++) {
		const json_t *first = json_object_get(json_array_get(list, 0), names[count]);

		columns[count] = (struct output_column){ .name = names[count],
							 .kind = kind_of(names[count], first) };
	}
	done = put_table(cli, list, columns, count, limit, &out, err) && buf_ok(&out, err) &&
	       cli_print(cli, buf_text(&out), out.len, err);
	buf_fini(&out);
	return done;
}

char *cli_json_text(const json_t *json, size_t flags, bool is_terminal)
{
	char *plain = is_terminal ? json_dumps(json, JSON_COMPACT) : NULL;

	if (is_terminal && !plain)
		return NULL;
	if (plain && !text_is_harmless(plain, strlen(plain)))
		flags |= JSON_ENSURE_ASCII;
	free(plain);
	return json_dumps(json, flags);
}

static bool put_json(const struct cli *cli, const json_t *object, struct buf *out, struct err *err)
{
	char *text = cli_json_text(object, JSON_INDENT(2) | JSON_REAL_PRECISION(15),
				   cli->terminal.is_out);

	if (!text)
		return err_oom(err);
	buf_str(out, text);
	buf_char(out, '\n');
	free(text);
	return true;
}

bool cli_object(const struct cli *cli, json_t *object, struct err *err)
{
	struct buf out = BUF_INIT;
	bool done;

	if (!object)
		return err_oom(err);
	done = cli->is_json ? put_json(cli, object, &out, err)
			    : put_object(cli, object, 0, &out, err);
	done = done && buf_ok(&out, err) && cli_print(cli, buf_text(&out), out.len, err);
	buf_fini(&out);
	json_decref(object);
	return done;
}
