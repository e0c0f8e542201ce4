/*
 * Rows of the store on their way out: an SQL query into an output.
 */
#ifndef MUSTER_CLI_ROWS_H
#define MUSTER_CLI_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/output.h"
#include "store/model.h"
#include "store/query.h"

struct cli;

struct rows_options {
	struct output_options output;
	/* What a table shows, NULL-terminated; NULL = every column. Other formats show every one.
	 */
	const char *const *visible;
	/*
	 * The query's columns are the model's: is_... are booleans, ..._at times, lists and custom
	 * JSON. A person's own SQL gets its values as they are.
	 */
	bool has_model;
	int64_t limit; /* 0 = none; the query must ask for one row more, so that a cut is known */
};

struct rows_result {
	size_t count;
	bool was_cut; /* there are more than `limit` */
};

/* --limit; without it so many rows that a terminal takes them, else all. */
int64_t rows_limit(const struct cli *cli);

/* Runs the query and prints its rows. Binds as in query_run. */
bool rows_print(struct store *store, const char *sql, const char *const *binds, size_t bind_count,
		const struct rows_options *options, struct rows_result *result, struct err *err);

/*
 * The query's rows as an array of objects, as --json prints them; the columns are the model's.
 * NULL with err. Only for what fits into memory many times over.
 */
json_t *rows_json(struct store *store, const char *sql, const char *const *binds, size_t bind_count,
		  struct err *err);

/*
 * Appends the columns that rows of an entity are shown with, as a SELECT's list: id, account,
 * source_id, the model's, custom, streams, first_seen_at, updated_at, removed_at, removed_reason.
 * `alias` is the table's, "a" has to be that of accounts.
 */
void rows_select(struct buf *sql, const struct model_entity *entity, const char *alias);

#endif
