/* An SQL query into an output. */
#include "cli/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "cli/cell.h"
#include "cli/cli.h"

enum { TERMINAL_LIMIT = 100 };

struct printing {
	const struct rows_options *options;
	struct rows_result *result;
	struct output *output; /* NULL until the columns are known */
};

/* Hides what a table does not show, and puts the rest into the order of `visible`. */
static void place(const struct rows_options *options, struct output_column *column)
{
	column->is_hidden = options->visible != NULL;
	for (size_t i = 0; options->visible && options->visible[i]; i++) {
		if (!str_eq(options->visible[i], column->name))
			continue;
		column->is_hidden = false;
		column->order = i;
	}
}

static bool is_json(const char *name)
{
	static const char *const names[] = { "custom",	"streams", "mac_addresses",
					     "origins", "sources", "accounts" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(names[i], name))
			return true;
	}
	return false;
}

static enum output_kind kind_of(const struct rows_options *options, const char *name)
{
	if (!options->has_model)
		return OUTPUT_PLAIN;
	if (is_json(name))
		return OUTPUT_VALUE;
	if (str_has_prefix(name, "is_"))
		return OUTPUT_BOOL;
	return str_has_suffix(name, "_at") ? OUTPUT_TIME : OUTPUT_PLAIN;
}

static size_t times_before(const char *const *names, size_t i)
{
	size_t times = 0;

	for (size_t k = 0; k < i; k++)
		times += str_eq(names[k], names[i]);
	return times;
}

/* A name that came before gets a number: "id", "id_2". JSON objects have no member twice. */
static char *unique_name(const char *const *names, size_t i)
{
	size_t times = times_before(names, i);
	struct buf name = BUF_INIT;

	buf_str(&name, names[i]);
	if (times > 0)
		buf_printf(&name, "_%zu", times + 1);
	return buf_take(&name);
}

static void free_columns(struct output_column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)columns[i].name);
	free(columns);
}

static bool name_columns(const struct rows_options *options, const char *const *names, size_t count,
			 struct output_column *columns)
{
	for (size_t i = 0; i < count; i++) {
		columns[i].name = unique_name(names, i);
		if (!columns[i].name)
			return false;
		columns[i].kind = kind_of(options, names[i]);
		place(options, &columns[i]);
	}
	return true;
}

static bool take_columns(void *arg, const char *const *names, size_t count, struct err *err)
{
	struct printing *printing = arg;
	struct output_column *columns = calloc(count + 1, sizeof(*columns));

	if (!columns)
		return err_oom(err);
	if (name_columns(printing->options, names, count, columns))
		printing->output = output_new(&printing->options->output, columns, count, err);
	else
		err_oom(err);
	free_columns(columns, count);
	return printing->output != NULL;
}

static bool take_row(void *arg, const struct query_value *values, size_t count, struct err *err)
{
	struct printing *printing = arg;

	(void)count;
	if (printing->options->limit > 0 &&
	    printing->result->count == (size_t)printing->options->limit) {
		printing->result->was_cut = true;
		return true;
	}
	printing->result->count++;
	return output_row(printing->output, values, err);
}

int64_t rows_limit(const struct cli *cli)
{
	bool is_for_person = cli->terminal.is_out && !cli->is_json;

	return parsed_number(&cli->parsed, "limit", is_for_person ? TERMINAL_LIMIT : 0);
}

bool rows_print(struct store *store, const char *sql, const char *const *binds, size_t bind_count,
		const struct rows_options *options, struct rows_result *result, struct err *err)
{
	struct printing printing = { .options = options, .result = result };
	struct query_sink sink = { .columns = take_columns, .row = take_row, .arg = &printing };
	bool done;

	*result = (struct rows_result){ 0 };
	done = query_run(store, sql, binds, bind_count, &sink, err);
	if (done && printing.output)
		done = output_end(printing.output, err);
	output_free(printing.output);
	return done;
}

/* --- as JSON --- */

struct collecting {
	char **names;
	enum output_kind *kinds;
	size_t count;
	json_t *list;
};

static void free_names(struct collecting *collecting)
{
	for (size_t i = 0; collecting->names && i < collecting->count; i++)
		free(collecting->names[i]);
	free(collecting->names);
	free(collecting->kinds);
}

static bool take_names(void *arg, const char *const *names, size_t count, struct err *err)
{
	struct collecting *collecting = arg;

	collecting->names = calloc(count + 1, sizeof(*collecting->names));
	collecting->kinds = calloc(count + 1, sizeof(*collecting->kinds));
	if (!collecting->names || !collecting->kinds)
		return err_oom(err);
	for (; collecting->count < count; collecting->count++) {
		size_t i = collecting->count;

		collecting->names[i] = str_dup(names[i]);
		collecting->kinds[i] =
			kind_of(&(struct rows_options){ .has_model = true }, names[i]);
		if (!collecting->names[i])
			return err_oom(err);
	}
	return true;
}

static bool take_object(void *arg, const struct query_value *values, size_t count, struct err *err)
{
	struct collecting *collecting = arg;
	json_t *object = json_object();
	bool done = json_array_append_new(collecting->list, object) == 0;

	for (size_t i = 0; done && i < count; i++) {
		json_t *cell = cell_for_json(&values[i], collecting->kinds[i]);

		done = cell && json_object_set_new(object, collecting->names[i], cell) == 0;
	}
	return done || err_oom(err);
}

json_t *rows_json(struct store *store, const char *sql, const char *const *binds, size_t bind_count,
		  struct err *err)
{
	struct collecting collecting = { .list = json_array() };
	struct query_sink sink = { .columns = take_names, .row = take_object, .arg = &collecting };
	bool done = collecting.list ? query_run(store, sql, binds, bind_count, &sink, err)
				    : err_oom(err);

	free_names(&collecting);
	if (done)
		return collecting.list;
	json_decref(collecting.list);
	return NULL;
}

void rows_select(struct buf *sql, const struct model_entity *entity, const char *alias)
{
	static const char *const last[] = { "custom",	  "streams",	"first_seen_at",
					    "updated_at", "removed_at", "removed_reason" };

	buf_printf(sql,
		   "%s.id AS id, a.vendor || '/' || a.name AS account, %s.source_id AS source_id",
		   alias, alias);
	for (size_t i = 0; i < entity->column_count; i++)
		buf_printf(sql, ", %s.%s AS %s", alias, entity->columns[i].name,
			   entity->columns[i].name);
	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
		buf_printf(sql, ", %s.%s AS %s", alias, last[i], last[i]);
}
