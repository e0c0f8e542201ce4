/* Rows for a person or a program: chooses the format, holds the bytes, writes them. */
#include "cli/output.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/cell.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/text.h"

enum { FLUSH_BYTES = 64 * 1024 };

struct output {
	struct output_options options;
	struct output_column *columns; /* names owned */
	size_t count;
	struct table *table;
	struct buf bytes;
	size_t rows;
};

static bool copy_columns(struct output *output, const struct output_column *columns, size_t count)
{
	output->columns = calloc(count ? count : 1, sizeof(*columns));
	if (!output->columns)
		return false;
	for (; output->count < count; output->count++) {
		struct output_column *column = &output->columns[output->count];

		*column = columns[output->count];
		column->name = str_dup(column->name);
		if (!column->name)
			return false;
	}
	return true;
}

static void begin(struct output *output)
{
	if (output->options.format == OUTPUT_JSON)
		buf_char(&output->bytes, '[');
	for (size_t i = 0; output->options.format == OUTPUT_CSV && i < output->count; i++) {
		buf_str(&output->bytes, i ? "," : "");
		cell_for_csv(&output->bytes,
			     &(struct query_value){ .type = QUERY_TEXT,
						    .bytes = output->columns[i].name,
						    .len = strlen(output->columns[i].name) },
			     OUTPUT_PLAIN, output->options.is_terminal);
	}
	if (output->options.format == OUTPUT_CSV)
		buf_str(&output->bytes, "\r\n");
}

struct output *output_new(const struct output_options *options, const struct output_column *columns,
			  size_t count, struct err *err)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output) {
		err_oom(err);
		return NULL;
	}
	output->options = *options;
	if (!copy_columns(output, columns, count)) {
		output_free(output);
		err_oom(err);
		return NULL;
	}
	if (options->format == OUTPUT_TABLE &&
	    !(output->table = table_new(options, output->columns, count, err))) {
		output_free(output);
		return NULL;
	}
	begin(output);
	return output;
}

void output_free(struct output *output)
{
	if (!output)
		return;
	for (size_t i = 0; i < output->count; i++)
		free((char *)output->columns[i].name);
	free(output->columns);
	table_free(output->table);
	buf_fini(&output->bytes);
	free(output);
}

/* --- one row --- */

static bool reads_back(double value)
{
	char digits[40];

	snprintf(digits, sizeof(digits), "%.15g", value);
	return strtod(digits, NULL) == value;
}

/* 15 digits where that is exact (0.1 stays 0.1), else 17. */
static size_t precision_of(const struct output *output, const struct query_value *values)
{
	for (size_t i = 0; i < output->count; i++) {
		if (values[i].type == QUERY_REAL && isfinite(values[i].d) &&
		    !reads_back(values[i].d))
			return JSON_REAL_PRECISION(17);
	}
	return JSON_REAL_PRECISION(15);
}

static json_t *row_object(const struct output *output, const struct query_value *values)
{
	json_t *object = json_object();

	for (size_t i = 0; i < output->count; i++)
		json_put(&object, output->columns[i].name,
			 cell_for_json(&values[i], output->columns[i].kind));
	return object;
}

static int append_bytes(const char *data, size_t len, void *arg)
{
	struct buf *out = arg;

	buf_append(out, data, len);
	return out->failed ? -1 : 0;
}

static bool put_json(struct output *output, const struct query_value *values, struct err *err)
{
	json_t *object = row_object(output, values);
	size_t flags = JSON_COMPACT | precision_of(output, values);
	struct buf text = BUF_INIT;

	if (!object)
		return err_oom(err);
	if (json_dump_callback(object, append_bytes, &text, flags) != 0)
		text.failed = true;
	if (output->options.is_terminal && !text_is_harmless(buf_text(&text), text.len)) {
		buf_clear(&text);
		if (json_dump_callback(object, append_bytes, &text, flags | JSON_ENSURE_ASCII) != 0)
			text.failed = true;
	}
	buf_append(&output->bytes, buf_text(&text), text.len);
	output->bytes.failed |= text.failed;
	buf_fini(&text);
	json_decref(object);
	return true;
}

static void put_csv(struct output *output, const struct query_value *values)
{
	for (size_t i = 0; i < output->count; i++) {
		buf_str(&output->bytes, i ? "," : "");
		cell_for_csv(&output->bytes, &values[i], output->columns[i].kind,
			     output->options.is_terminal);
	}
	buf_str(&output->bytes, "\r\n");
}

static bool put_row(struct output *output, const struct query_value *values, struct err *err)
{
	switch (output->options.format) {
	case OUTPUT_TABLE:
		return table_row(output->table, values, &output->bytes, err);
	case OUTPUT_CSV:
		put_csv(output, values);
		return true;
	case OUTPUT_JSON:
		buf_str(&output->bytes, output->rows ? ",\n" : "\n");
		return put_json(output, values, err);
	case OUTPUT_NDJSON:
		if (!put_json(output, values, err))
			return false;
		buf_char(&output->bytes, '\n');
		return true;
	}
	return true;
}

static bool flush(struct output *output, struct err *err)
{
	if (!buf_ok(&output->bytes, err) ||
	    !output_write(output->options.fd, output->bytes.data, output->bytes.len, err))
		return false;
	buf_clear(&output->bytes);
	return true;
}

bool output_row(struct output *output, const struct query_value *values, struct err *err)
{
	if (!put_row(output, values, err))
		return false;
	output->rows++;
	return output->bytes.len < FLUSH_BYTES || flush(output, err);
}

bool output_end(struct output *output, struct err *err)
{
	if (output->table && output->rows > 0)
		table_flush(output->table, &output->bytes);
	if (output->options.format == OUTPUT_JSON)
		buf_str(&output->bytes, output->rows ? "\n]\n" : "]\n");
	return flush(output, err);
}

size_t output_rows(const struct output *output)
{
	return output->rows;
}

struct query_value output_text(const char *text)
{
	return (struct query_value){ .type = text ? QUERY_TEXT : QUERY_NULL,
				     .bytes = text,
				     .len = text ? strlen(text) : 0 };
}

struct query_value output_int(int64_t value)
{
	return (struct query_value){ .type = QUERY_INT, .i = value };
}

struct query_value output_real(double value)
{
	return (struct query_value){ .type = QUERY_REAL, .d = value };
}

bool output_write(int fd, const void *data, size_t len, struct err *err)
{
	if (terminal_write(fd, data, len))
		return true;
	if (errno == EPIPE)
		return err_set(err, ERR_CANCELLED, "%s", "");
	return err_set_errno(err, ERR_STORE, errno, "cannot write the output");
}
