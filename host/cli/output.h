/*
 * Rows for a person or a program: a table fitted to the terminal, a JSON array, NDJSON, or CSV.
 *
 * Rows are written as they come: a table looks at its first OUTPUT_FIT_ROWS rows to choose its
 * widths, everything else holds one row at a time. JSON values keep their types; CSV is RFC 4180
 * (CRLF, quotes doubled) with a ' before texts that a spreadsheet would take for a formula.
 */
#ifndef MUSTER_CLI_OUTPUT_H
#define MUSTER_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/query.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_NDJSON, OUTPUT_CSV };

enum { OUTPUT_FIT_ROWS = 1000 };

enum output_kind {
	OUTPUT_PLAIN,
	OUTPUT_BOOL,  /* 0 and 1: no/yes in tables, false/true elsewhere */
	OUTPUT_VALUE, /* text that is JSON: as it is in JSON, a list of texts joined in tables */
	OUTPUT_STATE, /* of an account or a session: coloured */
	OUTPUT_TIME,  /* RFC 3339: to the minute in tables */
};

struct output_column {
	const char *name; /* key in JSON, header in CSV */
	enum output_kind kind;
	bool is_hidden; /* not in tables */
	size_t order;	/* in tables: smaller ones stand further left, equal ones as given */
};

struct output_options {
	enum output_format format;
	int fd;
	size_t width; /* of the terminal; 0 = not bounded */
	bool has_colour;
	bool is_terminal; /* CSV and NDJSON escape what must not reach one */
};

struct output;

/* Columns are copied. NULL = out of memory. */
struct output *output_new(const struct output_options *options, const struct output_column *columns,
			  size_t count, struct err *err);
void output_free(struct output *output);

bool output_row(struct output *output, const struct query_value *values, struct err *err);

/* Writes what is left. Without it nothing may have been written. */
bool output_end(struct output *output, struct err *err);

/* Rows so far. */
size_t output_rows(const struct output *output);

/* Values for rows made by hand; NULL text = NULL. */
struct query_value output_text(const char *text);
struct query_value output_int(int64_t value);
struct query_value output_real(double value);

/* fd's failure as an error; ERR_CANCELLED without message when the reader went away. */
bool output_write(int fd, const void *data, size_t len, struct err *err);

#endif
