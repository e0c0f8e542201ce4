/* A table for people. */
#include "cli/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cell.h"
#include "cli/terminal.h"
#include "cli/text.h"

struct table {
	struct output_options options;
	struct output_column *columns; /* visible ones; names borrowed from the output */
	size_t *from;		       /* index of each in a row's values */
	size_t *widths;
	bool *is_number;
	bool *is_firm; /* gives way last where the terminal is narrow */
	size_t count;
	size_t gap;   /* between columns */
	char **cells; /* of the rows kept, row by row; room for one more */
	size_t kept;
	bool is_fixed; /* the widths are chosen */
};

static void insert_column(struct table *table, const struct output_column *column, size_t from)
{
	size_t at = table->count++;

	for (; at > 0 && table->columns[at - 1].order > column->order; at--) {
		table->columns[at] = table->columns[at - 1];
		table->from[at] = table->from[at - 1];
	}
	table->columns[at] = *column;
	table->from[at] = from;
	table->is_number[table->count - 1] = true;
}

struct table *table_new(const struct output_options *options, const struct output_column *columns,
			size_t count, struct err *err)
{
	struct table *table = calloc(1, sizeof(*table));
	size_t room = count ? count : 1;

	if (!table || !(table->columns = calloc(room, sizeof(*table->columns))) ||
	    !(table->from = calloc(room, sizeof(*table->from))) ||
	    !(table->widths = calloc(room, sizeof(*table->widths))) ||
	    !(table->is_number = calloc(room, sizeof(*table->is_number))) ||
	    !(table->is_firm = calloc(room, sizeof(*table->is_firm))) ||
	    !(table->cells = calloc(room, (OUTPUT_FIT_ROWS + 1) * sizeof(*table->cells)))) {
		table_free(table);
		err_oom(err);
		return NULL;
	}
	table->options = *options;
	for (size_t i = 0; i < count; i++) {
		if (!columns[i].is_hidden)
			insert_column(table, &columns[i], i);
	}
	return table;
}

static void free_row(char **cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(cells[i]);
		cells[i] = NULL;
	}
}

void table_free(struct table *table)
{
	if (!table)
		return;
	if (table->cells)
		free_row(table->cells, table->kept * table->count);
	free(table->cells);
	free(table->columns);
	free(table->from);
	free(table->widths);
	free(table->is_number);
	free(table->is_firm);
	free(table);
}

/* --- widths --- */

/* The widest of the columns above `min` that are not firm (all of them: NULL); count if none is. */
static size_t widest(const size_t *widths, const bool *is_firm, size_t count, size_t min)
{
	size_t at = count;

	for (size_t i = 0; i < count; i++) {
		if (widths[i] > min && !(is_firm && is_firm[i]) &&
		    (at == count || widths[i] > widths[at]))
			at = i;
	}
	return at;
}

/* Lowers the widest ones to what is above `room`; the sum that is left. */
static size_t lower(size_t *widths, const bool *is_firm, size_t count, size_t min, size_t sum,
		    size_t room)
{
	while (sum > room) {
		size_t at = widest(widths, is_firm, count, min);

		if (at == count)
			break;
		widths[at]--;
		sum--;
	}
	return sum;
}

void table_fit_widths(size_t *widths, const bool *is_firm, size_t count, size_t room)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += widths[i];
	sum = lower(widths, is_firm, count, TABLE_SOFT_MIN, sum, room);
	if (count > 1)
		sum = lower(widths + 1, is_firm + 1, count - 1, TABLE_HARD_MIN, sum, room);
	lower(widths, NULL, count, TABLE_HARD_MIN, sum, room);
}

/* A column of a query is called as its author likes. */
static void title_of(const struct output_column *column, struct buf *out)
{
	struct buf upper = BUF_INIT;

	for (const char *at = column->name; *at; at++)
		buf_char(&upper, *at == '_' ? ' ' : (char)toupper((unsigned char)*at));
	text_escape(out, buf_text(&upper), upper.len);
	out->failed |= upper.failed;
	buf_fini(&upper);
}

/* Half a number, time or state says nothing. */
static bool holds_out(const struct table *table, size_t i)
{
	enum output_kind kind = table->columns[i].kind;

	return table->is_number[i] || kind == OUTPUT_TIME || kind == OUTPUT_STATE ||
	       kind == OUTPUT_BOOL;
}

static size_t room_beside(const struct table *table, size_t gap)
{
	size_t gaps = table->count ? (table->count - 1) * gap : 0;

	return table->options.width > gaps ? table->options.width - gaps : 0;
}

/* The columns move together before more than long texts is cut. */
static size_t choose_gap(const struct table *table)
{
	size_t least = 0;

	for (size_t i = 0; i < table->count; i++) {
		bool is_long = !table->is_firm[i] && table->widths[i] > TABLE_SOFT_MIN;

		least += is_long ? TABLE_SOFT_MIN : table->widths[i];
	}
	return table->options.width && least > room_beside(table, TABLE_GAP) ? 1 : TABLE_GAP;
}

static void choose_widths(struct table *table, struct buf *out)
{
	for (size_t i = 0; i < table->count; i++) {
		struct buf title = BUF_INIT;

		title_of(&table->columns[i], &title);
		table->widths[i] = text_width(buf_text(&title), title.len);
		table->is_firm[i] = holds_out(table, i);
		out->failed |= title.failed;
		buf_fini(&title);
	}
	for (size_t i = 0; i < table->kept * table->count; i++) {
		size_t width = text_width(table->cells[i], strlen(table->cells[i]));

		if (width > table->widths[i % table->count])
			table->widths[i % table->count] = width;
	}
	table->gap = choose_gap(table);
	if (table->options.width)
		table_fit_widths(table->widths, table->is_firm, table->count,
				 room_beside(table, table->gap));
	table->is_fixed = true;
}

/* --- lines --- */

static enum terminal_style state_style(const char *state)
{
	static const struct {
		const char *state;
		enum terminal_style style;
	} styles[] = {
		{ "ok", TERMINAL_GREEN },	    { "degraded", TERMINAL_YELLOW },
		{ "partial", TERMINAL_YELLOW },	    { "held", TERMINAL_YELLOW },
		{ "stale", TERMINAL_YELLOW },	    { "interrupted", TERMINAL_YELLOW },
		{ "failed", TERMINAL_RED },	    { "needs-auth", TERMINAL_RED },
		{ "needs-approval", TERMINAL_RED }, { "cancelled", TERMINAL_YELLOW },
		{ "paused", TERMINAL_DIM },
	};

	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		if (str_eq(state, styles[i].state))
			return styles[i].style;
	}
	return TERMINAL_PLAIN;
}

static void put_cell(const struct table *table, size_t i, const char *text,
		     enum terminal_style style, struct buf *out)
{
	bool is_last = i + 1 == table->count;
	bool has_style = table->options.has_colour && style != TERMINAL_PLAIN;
	size_t len = strlen(text), own = text_width(text, len);
	/* Only a terminal's width is a reason to leave something out. */
	size_t width = table->options.width || own < table->widths[i] ? table->widths[i] : own;
	enum text_fill fill = table->is_number[i] ? TEXT_FILL_LEFT
			      : is_last		  ? TEXT_FILL_NONE
						  : TEXT_FILL_RIGHT;

	buf_str(out, terminal_style(has_style, style));
	text_fit(out, text, len, width, fill);
	buf_str(out, terminal_style(has_style, TERMINAL_PLAIN));
	buf_str(out, is_last ? "\n" : table->gap == 1 ? " " : "  ");
}

static void put_line(const struct table *table, char *const *cells, struct buf *out)
{
	for (size_t i = 0; i < table->count; i++)
		put_cell(table, i, cells[i],
			 table->columns[i].kind == OUTPUT_STATE ? state_style(cells[i])
								: TERMINAL_PLAIN,
			 out);
}

static void put_header(const struct table *table, struct buf *out)
{
	struct buf title = BUF_INIT;

	for (size_t i = 0; i < table->count; i++) {
		buf_clear(&title);
		title_of(&table->columns[i], &title);
		put_cell(table, i, buf_text(&title), TERMINAL_BOLD, out);
		out->failed |= title.failed;
	}
	buf_fini(&title);
}

void table_flush(struct table *table, struct buf *out)
{
	if (table->is_fixed)
		return;
	choose_widths(table, out);
	put_header(table, out);
	for (size_t row = 0; row < table->kept; row++)
		put_line(table, table->cells + row * table->count, out);
	free_row(table->cells, table->kept * table->count);
	table->kept = 0;
}

/* --- rows --- */

static bool is_numeric(const struct query_value *value, enum output_kind kind)
{
	return value->type == QUERY_NULL ||
	       ((value->type == QUERY_INT || value->type == QUERY_REAL) && kind != OUTPUT_BOOL);
}

static char *cell_of(struct table *table, size_t i, const struct query_value *value)
{
	enum output_kind kind = table->columns[i].kind;
	struct buf raw = BUF_INIT, escaped = BUF_INIT;

	if (!table->is_fixed && !is_numeric(value, kind))
		table->is_number[i] = false;
	cell_for_person(&raw, value, kind);
	text_escape(&escaped, buf_text(&raw), raw.len);
	escaped.failed |= raw.failed;
	buf_fini(&raw);
	return buf_take(&escaped);
}

/* The row's texts into cells; none is left behind on failure. */
static bool fill_row(struct table *table, const struct query_value *values, char **cells,
		     struct err *err)
{
	for (size_t i = 0; i < table->count; i++) {
		cells[i] = cell_of(table, i, &values[table->from[i]]);
		if (!cells[i]) {
			free_row(cells, i);
			return err_oom(err);
		}
	}
	return true;
}

bool table_row(struct table *table, const struct query_value *values, struct buf *out,
	       struct err *err)
{
	char **cells = table->cells + table->kept * table->count;

	if (!fill_row(table, values, cells, err))
		return false;
	if (table->is_fixed) {
		put_line(table, cells, out);
		free_row(cells, table->count);
		return true;
	}
	table->kept++;
	if (table->kept == OUTPUT_FIT_ROWS)
		table_flush(table, out);
	return true;
}
