/* SQL of a person. */
#define _GNU_SOURCE
#include "store/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/driver.h"

static const char *const public_names[] = {
	"accounts",
	"apps",
	"audit",
	"changes",
	"credentials",
	"device_apps",
	"device_users",
	"devices",
	"enrichments",
	"event_marks",
	"group_members",
	"groups",
	"held_removals",
	"held_removal_items",
	"installed_apps",
	"inventory",
	"leases",
	"licenses",
	"limits",
	"live_devices",
	"people",
	"quarantine",
	"recordings",
	"schema_migrations",
	"session_batches",
	"sessions",
	"settings",
	"stream_state",
	"tokens",
	"user_apps",
	"user_licenses",
	"users",
	"sqlite_schema",
	"sqlite_master",
	"json_each",
	"json_tree",
	"pragma_table_info",
};

bool query_is_public(const char *table)
{
	for (size_t i = 0; i < sizeof(public_names) / sizeof(public_names[0]); i++) {
		if (str_eq(public_names[i], table))
			return true;
	}
	return false;
}

/* --- one run --- */

struct run {
	const struct driver *driver;
	struct driver_conn *conn;
	struct driver_stmt *stmt;
	const struct query_sink *sink;
	size_t count; /* of columns */
};

static void read_value(const struct run *run, int column, struct query_value *out)
{
	const struct driver *driver = run->driver;

	*out = (struct query_value){ .type = driver->column_type(run->stmt, column) };
	switch (out->type) {
	case QUERY_INT:
		out->i = driver->column_int(run->stmt, column);
		break;
	case QUERY_REAL:
		out->d = driver->column_double(run->stmt, column);
		break;
	case QUERY_TEXT:
		out->bytes = driver->column_text(run->stmt, column, &out->len);
		break;
	case QUERY_BLOB:
		out->bytes = driver->column_blob(run->stmt, column, &out->len);
		break;
	case QUERY_NULL:
		break;
	}
}

static bool hand_names(const struct run *run, const char **names, struct err *err)
{
	for (size_t i = 0; i < run->count; i++)
		names[i] = run->driver->column_name(run->stmt, (int)i);
	return run->sink->columns == NULL ||
	       run->sink->columns(run->sink->arg, names, run->count, err);
}

static bool hand_rows(const struct run *run, struct query_value *values, struct err *err)
{
	bool has_row, ok;

	while ((ok = run->driver->step(run->conn, run->stmt, &has_row, err)) && has_row) {
		for (size_t i = 0; i < run->count; i++)
			read_value(run, (int)i, &values[i]);
		ok = run->sink->row(run->sink->arg, values, run->count, err);
		if (!ok)
			return false;
	}
	return ok;
}

static bool hand_over(const struct run *run, struct err *err)
{
	const char **names = calloc(run->count, sizeof(*names));
	struct query_value *values = calloc(run->count, sizeof(*values));
	bool ok;

	if (names == NULL || values == NULL)
		ok = err_oom(err);
	else
		ok = hand_names(run, names, err) && hand_rows(run, values, err);
	free(names);
	free(values);
	return ok;
}

/* --- what was meant --- */

/* Public tables (or views) once each, or the columns of those that the SQL names. */
struct names {
	bool is_of_columns;
	const char *sql;
	struct buf text; /* NUL-terminated, one behind the other */
	size_t count;
	char last_table[64];
};

static void add_name(struct names *names, const char *table, const char *column)
{
	bool is_new_table = !str_eq(names->last_table, table);

	snprintf(names->last_table, sizeof(names->last_table), "%s", table);
	if (!query_is_public(table))
		return;
	if (names->is_of_columns ? strcasestr(names->sql, table) == NULL : !is_new_table)
		return;
	buf_str(&names->text, names->is_of_columns ? column : table);
	buf_char(&names->text, '\0');
	names->count++;
}

static bool read_names(const struct driver *driver, struct driver_conn *conn, struct names *names)
{
	struct err ignored = ERR_INIT;
	struct driver_stmt *stmt;
	bool has_row;
	size_t len;

	if (!driver->prepare(conn, driver->names_sql, &stmt, NULL, &ignored))
		return false;
	while (driver->step(conn, stmt, &has_row, &ignored) && has_row)
		add_name(names, driver->column_text(stmt, 0, &len),
			 driver->column_text(stmt, 1, &len));
	driver->finalize(stmt);
	return !names->text.failed && names->count > 0;
}

static void hint_nearest(const struct names *names, const char *wrong, struct err *err)
{
	const char **candidates = calloc(names->count, sizeof(*candidates)), *nearest;
	const char *at = names->text.data;

	if (candidates == NULL)
		return;
	for (size_t i = 0; i < names->count; i++, at += strlen(at) + 1)
		candidates[i] = at;
	nearest = str_nearest(wrong, candidates, names->count);
	if (nearest != NULL)
		err_hint(err, "did you mean %s?", nearest);
	else
		err_hint(err, "SELECT name, sql FROM sqlite_schema shows tables and columns");
	free(candidates);
}

/* A name in the message that is none: says which one is near. Best effort. */
static void suggest(const struct driver *driver, struct driver_conn *conn, const char *sql,
		    struct err *err)
{
	struct names names = { .sql = sql };
	const char *wrong, *dot;

	names.is_of_columns = str_has_prefix(err->message, driver->no_column);
	if (!names.is_of_columns && !str_has_prefix(err->message, driver->no_table))
		return;
	wrong = err->message + strlen(names.is_of_columns ? driver->no_column : driver->no_table);
	dot = strrchr(wrong, '.');
	if (read_names(driver, conn, &names))
		hint_nearest(&names, dot != NULL ? dot + 1 : wrong, err);
	buf_fini(&names.text);
}

/* --- checks --- */

static bool check_single(const struct run *run, const char *tail, struct err *err)
{
	struct driver_stmt *second;

	if (run->stmt == NULL)
		return err_set(err, ERR_USAGE, "there is no SQL in it");
	if (run->driver->prepare(run->conn, tail, &second, NULL, err) && second == NULL)
		return true;
	run->driver->finalize(second);
	err_set(err, ERR_USAGE, "one statement at a time");
	return err_hint(err, "what stands behind the first semicolon is a second one");
}

static bool bind_all(const struct run *run, const char *const *binds, size_t count, struct err *err)
{
	int wanted = run->driver->parameter_count(run->stmt);

	if (wanted < 0 || (size_t)wanted != count)
		return err_set(err, ERR_USAGE, "the query has %d parameters, %zu were given",
			       wanted, count);
	for (size_t i = 0; i < count; i++) {
		int index = run->driver->parameter(run->stmt, (int)i + 1);

		if (binds[i] != NULL)
			run->driver->bind_text(run->stmt, index, binds[i], strlen(binds[i]));
	}
	return true;
}

static bool prepare(struct run *run, const char *sql, const char *const *binds, size_t bind_count,
		    struct err *err)
{
	const char *tail = "";

	if (!run->driver->prepare(run->conn, sql, &run->stmt, &tail, err))
		return false;
	if (!check_single(run, tail, err) || !bind_all(run, binds, bind_count, err))
		return false;
	run->count = (size_t)run->driver->column_count(run->stmt);
	if (run->count > 0)
		return true;
	return err_set(err, ERR_USAGE, "only statements that read are allowed");
}

bool query_run(struct store *store, const char *sql, const char *const *binds, size_t bind_count,
	       const struct query_sink *sink, struct err *err)
{
	struct run run = { .driver = &driver_sqlite, .sink = sink };
	bool ok;

	run.conn = run.driver->open(store_path(store), DRIVER_QUERY, err);
	if (run.conn == NULL)
		return false;
	ok = prepare(&run, sql, binds, bind_count, err) && hand_over(&run, err);
	if (!ok && err->kind == ERR_USAGE)
		suggest(run.driver, run.conn, sql, err);
	run.driver->finalize(run.stmt);
	run.driver->close(run.conn);
	return ok;
}
