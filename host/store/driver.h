/*
 * What the store asks of a database. SQLite (sqlite.c) is built in; PostgreSQL will be another
 * table of these functions. For db.c, store.c, migrate.c, scratch.c and query.c only: the subjects
 * speak through db.h.
 *
 * A connection and its statements belong to one thread at a time.
 */
#ifndef MUSTER_STORE_DRIVER_H
#define MUSTER_STORE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/migrate.h"
#include "store/query.h"
#include "store/store.h"

struct driver_conn;
struct driver_stmt;

enum driver_role {
	DRIVER_WRITER,
	DRIVER_READER,
	DRIVER_SCRATCH, /* reads the project, writes temporary tables only */
	DRIVER_QUERY,	/* a person's SQL: reads public tables only, and not for ever */
};

struct driver {
	const char *name;
	const struct migration *migrations; /* ends with version 0 */
	/* Tables and views with each of their columns: two texts a row, by table. */
	const char *names_sql;
	/* How messages of ERR_USAGE begin that name what is not there, before the name. */
	const char *no_table, *no_column;

	/* Makes an empty database; the file must not exist. */
	bool (*create)(const char *path, struct err *err);
	/* Is there one, ours alone? ERR_MISSING; ERR_CONFIG if others may reach it. */
	bool (*check)(const char *path, struct err *err);
	/* Checks, too. */
	struct driver_conn *(*open)(const char *path, enum driver_role role, struct err *err);
	void (*close)(struct driver_conn *conn);

	/* Statements without parameters or rows, separated by semicolons. */
	bool (*script)(struct driver_conn *conn, const char *sql, struct err *err);
	/* STORE_WRITE waits for other writers; a DRIVER_SCRATCH never does. */
	bool (*begin)(struct driver_conn *conn, enum store_mode mode, struct err *err);
	bool (*commit)(struct driver_conn *conn, struct err *err);
	/* false = the connection is not usable any more. */
	bool (*rollback)(struct driver_conn *conn);

	/* *tail (may be NULL) = what follows the first statement. *stmt = NULL on success: there is
	 * none, only comments. */
	bool (*prepare)(struct driver_conn *conn, const char *sql, struct driver_stmt **stmt,
			const char **tail, struct err *err);
	void (*finalize)(struct driver_stmt *stmt);
	/* false = memory ran out while a column was read: what was read may be wrong. */
	bool (*reset)(struct driver_stmt *stmt);
	void (*unbind)(struct driver_stmt *stmt);
	void (*bind_text)(struct driver_stmt *stmt, int index, const char *text, size_t len);
	void (*bind_blob)(struct driver_stmt *stmt, int index, const void *data, size_t len);
	void (*bind_int)(struct driver_stmt *stmt, int index, int64_t value);
	void (*bind_double)(struct driver_stmt *stmt, int index, double value);
	void (*bind_null)(struct driver_stmt *stmt, int index);
	bool (*step)(struct driver_conn *conn, struct driver_stmt *stmt, bool *has_row,
		     struct err *err);
	int64_t (*changed)(struct driver_conn *conn);	/* by the last statement */
	int64_t (*insert_id)(struct driver_conn *conn); /* of the last row inserted */
	int (*parameter_count)(struct driver_stmt *stmt);
	/* Where $number is bound; `number` itself where parameters have no such names. */
	int (*parameter)(struct driver_stmt *stmt, int number);

	int (*column_count)(struct driver_stmt *stmt);
	const char *(*column_name)(struct driver_stmt *stmt, int column);
	enum query_type (*column_type)(struct driver_stmt *stmt, int column);
	const char *(*column_text)(struct driver_stmt *stmt, int column, size_t *len);
	const void *(*column_blob)(struct driver_stmt *stmt, int column, size_t *len);
	int64_t (*column_int)(struct driver_stmt *stmt, int column);
	double (*column_double)(struct driver_stmt *stmt, int column);

	/* Copies the whole database into a new file (0600). */
	bool (*backup)(struct driver_conn *conn, const char *target, struct err *err);
	/* Empties the write-ahead log, so that no overwritten record survives in it. */
	bool (*truncate_log)(struct driver_conn *conn, struct err *err);
	/* Reads the whole file for damage; ERR_STORE with what was found. `is_full` compares every
	 * index with its table as well, which takes several times as long. */
	bool (*verify)(struct driver_conn *conn, bool is_full, struct err *err);
	/* The version of the library that is loaded. */
	const char *(*version)(void);
	/* Did the last process end without closing the database? */
	bool (*is_unclean)(const char *path);
};

extern const struct driver driver_sqlite;

/* May a person's SQL read this table or view? The list is the public interface (README.md). */
bool query_is_public(const char *table);

#endif
