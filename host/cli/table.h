/*
 * A table for people. Widths are chosen from the first rows: where the terminal is too narrow the
 * widest columns give way and then the gaps, so that short ones (ids, states, counts) stay whole.
 */
#ifndef MUSTER_CLI_TABLE_H
#define MUSTER_CLI_TABLE_H

#include "cli/output.h"

struct table;

struct table *table_new(const struct output_options *options, const struct output_column *columns,
			size_t count, struct err *err);
void table_free(struct table *table);

/* Keeps the row, or appends its line to out once the widths are chosen. */
bool table_row(struct table *table, const struct query_value *values, struct buf *out,
	       struct err *err);

/* Appends the header and the rows kept so far; rows that follow go straight to out. */
void table_flush(struct table *table, struct buf *out);

/*
 * Lowers widths until they add up to at most `room`: the largest of those that may give way first,
 * down to TABLE_SOFT_MIN, then to TABLE_HARD_MIN, but for the first column, which says what a row
 * is about, and only then the largest of all. is_firm says which hold out longest: numbers, times,
 * states.
 */
enum { TABLE_SOFT_MIN = 12, TABLE_HARD_MIN = 6, TABLE_GAP = 2 };
void table_fit_widths(size_t *widths, const bool *is_firm, size_t count, size_t room);

#endif
