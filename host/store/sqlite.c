/*
 * The SQLite driver: the one file that knows sqlite3.h.
 *
 * Files are 0600 in a folder of 0700, which SQLite hands on to -wal and -shm. Only the writer opens
 * for writing; whoever else has the connection cannot change the project whatever SQL it runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "store/driver.h"
#include "store/private_file.h"

enum {
	BUSY_TIMEOUT_MS = 30000,
	QUERY_TIMEOUT_MS = 300000,
	QUERY_VALUE_MAX = 64 * 1024 * 1024,
	PROGRESS_STEPS = 10000,
};

struct driver_conn {
	sqlite3 *db;
	enum driver_role role;
	int64_t deadline_ms; /* monotonic; of the next row of a person's query */
	char *path;
};

/* --- errors --- */

static bool fail_disk(struct driver_conn *conn, struct err *err)
{
	int errnum = sqlite3_system_errno(conn->db);
	bool is_full = (sqlite3_errcode(conn->db) & 0xff) == SQLITE_FULL || errnum == ENOSPC ||
		       errnum == EDQUOT;

	err_set(err, ERR_STORE, "%s: %s%s%s (%lld bytes free)", conn->path,
		sqlite3_errmsg(conn->db), errnum != 0 ? ": " : "",
		errnum != 0 ? strerror(errnum) : "", (long long)file_free_bytes(conn->path));
	if (is_full)
		return err_hint(err, "make room on the disk; what was committed before is safe");
	return err_hint(err, "check the disk and the folder's permissions; what was committed "
			     "before is safe");
}

static bool fail_damaged(struct driver_conn *conn, const char *what, struct err *err)
{
	err_set(err, ERR_STORE, "%s: the database is damaged: %s", conn->path, what);
	return err_hint(err,
			"keep the file as it is, and put a backup in the project's place: muster "
			"restore BACKUP DIR --replace");
}

static bool fail_busy(struct driver_conn *conn, struct err *err)
{
	err_set(err, ERR_BUSY, "%s: another process kept the database locked for %d s", conn->path,
		BUSY_TIMEOUT_MS / 1000);
	return err_hint(err, "wait until the other muster process has ended, then try again");
}

static bool fail_query(struct driver_conn *conn, struct err *err)
{
	switch (sqlite3_errcode(conn->db) & 0xff) {
	case SQLITE_INTERRUPT:
		err_set(err, ERR_OVER_LIMIT, "the query ran for %d s without a row",
			QUERY_TIMEOUT_MS / 1000);
		return err_hint(err, "narrow it with WHERE, or add a LIMIT");
	case SQLITE_TOOBIG:
		return err_set(err, ERR_OVER_LIMIT, "a value of the query is larger than %d MiB",
			       QUERY_VALUE_MAX / 1024 / 1024);
	case SQLITE_AUTH:
		err_set(err, ERR_USAGE, "a query only reads, and only the public tables (%s)",
			sqlite3_errmsg(conn->db));
		return err_hint(err, "SELECT name FROM sqlite_schema lists what there is");
	default:
		return err_set(err, ERR_USAGE, "%s", sqlite3_errmsg(conn->db));
	}
}

static bool fail(struct driver_conn *conn, struct err *err)
{
	switch (sqlite3_errcode(conn->db) & 0xff) {
	case SQLITE_NOMEM:
		return err_oom(err);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail_busy(conn, err);
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return fail_disk(conn, err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fail_damaged(conn, sqlite3_errmsg(conn->db), err);
	default:
		break;
	}
	if (conn->role == DRIVER_QUERY)
		return fail_query(conn, err);
	/* SQLITE_ERROR: the SQL itself is wrong, and it is ours. */
	return err_set(err, sqlite3_errcode(conn->db) == SQLITE_ERROR ? ERR_BUG : ERR_STORE,
		       "%s: %s", conn->path, sqlite3_errmsg(conn->db));
}

/* --- files --- */

static bool sqlite_check(const char *path, struct err *err)
{
	bool exists;

	if (!private_file_check_folder(path, err) || !private_file_check(path, "", &exists, err))
		return false;
	if (!exists) {
		err_set(err, ERR_MISSING, "there is no database at %s", path);
		return err_hint(err, "muster init makes a project; a lost database comes back from "
				     "a backup (muster restore)");
	}
	return private_file_check(path, "-wal", &exists, err) &&
	       private_file_check(path, "-shm", &exists, err);
}

static bool sqlite_is_unclean(const char *path)
{
	char name[4096];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", path);
	return stat(name, &st) == 0 && st.st_size > 0;
}

static bool sqlite_script(struct driver_conn *conn, const char *sql, struct err *err)
{
	return sqlite3_exec(conn->db, sql, NULL, NULL, NULL) == SQLITE_OK || fail(conn, err);
}

/* --- a person's SQL --- */

static int authorize(void *arg, int action, const char *first, const char *second,
		     const char *database, const char *within)
{
	(void)arg;
	(void)database;
	(void)within;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_READ:
		return query_is_public(first) ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_FUNCTION:
		return str_eq(second, "load_extension") ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_PRAGMA: /* "what columns are there?" */
		return str_eq(first, "table_info") ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

static void start_waiting(struct driver_conn *conn)
{
	conn->deadline_ms = clock_monotonic_ms() + QUERY_TIMEOUT_MS;
}

static int is_past_deadline(void *arg)
{
	struct driver_conn *conn = arg;

	return clock_monotonic_ms() >= conn->deadline_ms;
}

/*
 * Built-in tables come into being with their first use, which looks like a CREATE TABLE: before the
 * authorizer. The public views use JSON functions, which Debian 12's SQLite does not count among
 * the harmless ones; so the schema is trusted here, where nothing can be written.
 */
static bool restrain(struct driver_conn *conn, struct err *err)
{
	if (!sqlite_script(conn,
			   "SELECT 1 FROM json_each('[]'), json_tree('[]'), pragma_table_info('x')",
			   err))
		return false;
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL);
	start_waiting(conn);
	sqlite3_limit(conn->db, SQLITE_LIMIT_LENGTH, QUERY_VALUE_MAX);
	sqlite3_limit(conn->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_progress_handler(conn->db, PROGRESS_STEPS, is_past_deadline, conn);
	sqlite3_set_authorizer(conn->db, authorize, conn);
	return true;
}

/* --- connections --- */

static const char *settings_of(enum driver_role role)
{
	switch (role) {
	case DRIVER_WRITER:
		return "PRAGMA journal_mode = WAL; PRAGMA cache_size = -40960; PRAGMA "
		       "wal_autocheckpoint = 8000;"
		       "PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = ON;";
	case DRIVER_SCRATCH:
		return "PRAGMA cache_size = -16384; PRAGMA foreign_keys = OFF;";
	default:
		return "PRAGMA cache_size = -16384; PRAGMA foreign_keys = ON;"
		       "PRAGMA query_only = ON;";
	}
}

/* A damaged file is left to whoever examines it: closing does not even merge the log into it. */
static void keep_as_it_is(struct driver_conn *conn, bool keep)
{
	if (conn->db != NULL)
		sqlite3_db_config(conn->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep, NULL);
}

static bool configure(struct driver_conn *conn, struct err *err)
{
	sqlite3 *db = conn->db;

	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (!sqlite_script(conn,
			   "PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL;"
			   "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;",
			   err) ||
	    !sqlite_script(conn, settings_of(conn->role), err))
		return false;
	if (conn->role == DRIVER_QUERY && !restrain(conn, err))
		return false;
	keep_as_it_is(conn, false);
	return true;
}

static void sqlite_close(struct driver_conn *conn)
{
	if (conn == NULL)
		return;
	sqlite3_close(conn->db);
	free(conn->path);
	free(conn);
}

static struct driver_conn *open_conn(const char *path, enum driver_role role, struct err *err)
{
	struct driver_conn *conn = calloc(1, sizeof(*conn));
	int flags = role == DRIVER_WRITER ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	int status;

	if (conn == NULL || (conn->path = str_dup(path)) == NULL) {
		free(conn);
		err_oom(err);
		return NULL;
	}
	conn->role = role;
	/* Counting its memory takes a lock at each allocation. Refused, harmlessly, once it runs.
	 */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	status = sqlite3_open_v2(path, &conn->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	keep_as_it_is(conn, true);
	if (conn->db == NULL)
		err_oom(err);
	else if (status != SQLITE_OK)
		fail(conn, err);
	else if (configure(conn, err))
		return conn;
	sqlite_close(conn);
	return NULL;
}

static struct driver_conn *sqlite_open(const char *path, enum driver_role role, struct err *err)
{
	return sqlite_check(path, err) ? open_conn(path, role, err) : NULL;
}

static bool sqlite_create(const char *path, struct err *err)
{
	struct driver_conn *conn;
	bool ok;

	if (!private_file_check_folder(path, err) || !private_file_make(path, err))
		return false;
	conn = open_conn(path, DRIVER_WRITER, err);
	ok = conn != NULL;
	sqlite_close(conn);
	return ok;
}

/* --- transactions --- */

static bool sqlite_begin(struct driver_conn *conn, enum store_mode mode, struct err *err)
{
	bool is_writing = mode == STORE_WRITE && conn->role == DRIVER_WRITER;

	return sqlite_script(conn, is_writing ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

static bool sqlite_commit(struct driver_conn *conn, struct err *err)
{
	/* A full disk rolls the transaction back on its own; what came after it ran without one. */
	if (sqlite3_get_autocommit(conn->db))
		return err_set(err, ERR_STORE, "%s: the database gave the transaction up",
			       conn->path);
	return sqlite_script(conn, "COMMIT", err);
}

static bool sqlite_rollback(struct driver_conn *conn)
{
	if (sqlite3_get_autocommit(conn->db))
		return true;
	return sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK;
}

/* --- statements --- */

static sqlite3_stmt *native(struct driver_stmt *stmt)
{
	return (sqlite3_stmt *)stmt;
}

/* SQLite numbers parameters by first use, whatever they are called: db.h's rule is checked. */
static bool check_parameters(struct driver_conn *conn, sqlite3_stmt *stmt, struct err *err)
{
	int count = sqlite3_bind_parameter_count(stmt);

	for (int i = 1; i <= count && conn->role != DRIVER_QUERY; i++) {
		const char *name = sqlite3_bind_parameter_name(stmt, i);
		char expected[16];

		snprintf(expected, sizeof(expected), "$%d", i);
		if (name == NULL || !str_eq(name, expected))
			return err_set(err, ERR_BUG, "parameter %d comes before its turn in: %s", i,
				       sqlite3_sql(stmt));
	}
	return true;
}

static bool sqlite_prepare(struct driver_conn *conn, const char *sql, struct driver_stmt **stmt,
			   const char **tail, struct err *err)
{
	sqlite3_stmt *prepared = NULL;
	bool ok = sqlite3_prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared,
				     tail) == SQLITE_OK;

	*stmt = (struct driver_stmt *)prepared;
	return ok ? check_parameters(conn, prepared, err) : fail(conn, err);
}

static void sqlite_finalize(struct driver_stmt *stmt)
{
	sqlite3_finalize(native(stmt));
}

static bool sqlite_reset(struct driver_stmt *stmt)
{
	return sqlite3_reset(native(stmt)) == SQLITE_OK;
}

static void sqlite_unbind(struct driver_stmt *stmt)
{
	sqlite3_clear_bindings(native(stmt));
}

static void sqlite_bind_text(struct driver_stmt *stmt, int index, const char *text, size_t len)
{
	sqlite3_bind_text64(native(stmt), index, text, len, SQLITE_STATIC, SQLITE_UTF8);
}

static void sqlite_bind_blob(struct driver_stmt *stmt, int index, const void *data, size_t len)
{
	/* A null pointer would bind NULL; an empty blob is a value. */
	sqlite3_bind_blob64(native(stmt), index, len > 0 ? data : "", len, SQLITE_STATIC);
}

static void sqlite_bind_int(struct driver_stmt *stmt, int index, int64_t value)
{
	sqlite3_bind_int64(native(stmt), index, value);
}

static void sqlite_bind_double(struct driver_stmt *stmt, int index, double value)
{
	sqlite3_bind_double(native(stmt), index, value);
}

static void sqlite_bind_null(struct driver_stmt *stmt, int index)
{
	sqlite3_bind_null(native(stmt), index);
}

static bool sqlite_step(struct driver_conn *conn, struct driver_stmt *stmt, bool *has_row,
			struct err *err)
{
	int status;

	if (conn->role == DRIVER_QUERY)
		start_waiting(conn);
	status = sqlite3_step(native(stmt));
	*has_row = status == SQLITE_ROW;
	if (*has_row)
		return true;
	if (status != SQLITE_DONE)
		fail(conn, err);
	sqlite3_reset(native(stmt));
	return status == SQLITE_DONE;
}

static int64_t sqlite_changed(struct driver_conn *conn)
{
	return sqlite3_changes64(conn->db);
}

static int64_t sqlite_insert_id(struct driver_conn *conn)
{
	return sqlite3_last_insert_rowid(conn->db);
}

static int sqlite_parameter_count(struct driver_stmt *stmt)
{
	return sqlite3_bind_parameter_count(native(stmt));
}

static int sqlite_parameter(struct driver_stmt *stmt, int number)
{
	char name[16];
	int index;

	snprintf(name, sizeof(name), "$%d", number);
	index = sqlite3_bind_parameter_index(native(stmt), name);
	return index > 0 ? index : number;
}

/* --- columns --- */

static int sqlite_column_count(struct driver_stmt *stmt)
{
	return sqlite3_column_count(native(stmt));
}

static const char *sqlite_column_name(struct driver_stmt *stmt, int column)
{
	return sqlite3_column_name(native(stmt), column);
}

static enum query_type sqlite_column_type(struct driver_stmt *stmt, int column)
{
	switch (sqlite3_column_type(native(stmt), column)) {
	case SQLITE_INTEGER:
		return QUERY_INT;
	case SQLITE_FLOAT:
		return QUERY_REAL;
	case SQLITE_TEXT:
		return QUERY_TEXT;
	case SQLITE_BLOB:
		return QUERY_BLOB;
	default:
		return QUERY_NULL;
	}
}

static const char *sqlite_column_text(struct driver_stmt *stmt, int column, size_t *len)
{
	const unsigned char *text = sqlite3_column_text(native(stmt), column);

	*len = (size_t)sqlite3_column_bytes(native(stmt), column);
	return (const char *)text;
}

static const void *sqlite_column_blob(struct driver_stmt *stmt, int column, size_t *len)
{
	const void *data = sqlite3_column_blob(native(stmt), column);

	*len = (size_t)sqlite3_column_bytes(native(stmt), column);
	return data;
}

static int64_t sqlite_column_int(struct driver_stmt *stmt, int column)
{
	return sqlite3_column_int64(native(stmt), column);
}

static double sqlite_column_double(struct driver_stmt *stmt, int column)
{
	return sqlite3_column_double(native(stmt), column);
}

/* --- care of the file --- */

/* VACUUM INTO accepts an empty file: ours is there first, so that its mode is. */
static bool sqlite_backup(struct driver_conn *conn, const char *target, struct err *err)
{
	char *sql;
	bool ok;

	if (unlink(target) != 0 && errno != ENOENT)
		return err_set_errno(err, ERR_STORE, errno, "%s", target);
	if (!private_file_make(target, err))
		return false;
	sql = sqlite3_mprintf("VACUUM INTO %Q", target);
	if (sql == NULL)
		return err_oom(err);
	ok = sqlite_script(conn, sql, err);
	sqlite3_free(sql);
	return ok || err_context(err, "backup to %s", target);
}

static bool sqlite_truncate_log(struct driver_conn *conn, struct err *err)
{
	if (sqlite3_wal_checkpoint_v2(conn->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) ==
	    SQLITE_OK)
		return true;
	return fail(conn, err);
}

static bool is_sound(struct driver_conn *conn, struct driver_stmt *check, struct err *err)
{
	const char *finding;
	bool has_row;
	size_t len;

	if (!sqlite_step(conn, check, &has_row, err))
		return false;
	finding = has_row ? sqlite_column_text(check, 0, &len) : NULL;
	if (finding != NULL && str_eq(finding, "ok"))
		return true;
	return fail_damaged(conn, finding != NULL ? finding : "unreadable", err);
}

static bool sqlite_verify(struct driver_conn *conn, bool is_full, struct err *err)
{
	const char *sql = is_full ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)";
	struct driver_stmt *check;
	bool ok;

	keep_as_it_is(conn, true);
	if (!sqlite_prepare(conn, sql, &check, NULL, err))
		return false;
	ok = is_sound(conn, check, err);
	sqlite_finalize(check);
	if (ok)
		keep_as_it_is(conn, false);
	return ok;
}

const struct driver driver_sqlite = {
	.name = "SQLite",
	.migrations = sqlite_migrations,
	.names_sql = "SELECT m.name, i.name FROM sqlite_schema m, pragma_table_info(m.name) i"
		     " WHERE m.type IN ('table', 'view') ORDER BY m.name, i.cid",
	.no_table = "no such table: ",
	.no_column = "no such column: ",
	.create = sqlite_create,
	.check = sqlite_check,
	.open = sqlite_open,
	.close = sqlite_close,
	.script = sqlite_script,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.prepare = sqlite_prepare,
	.finalize = sqlite_finalize,
	.reset = sqlite_reset,
	.unbind = sqlite_unbind,
	.bind_text = sqlite_bind_text,
	.bind_blob = sqlite_bind_blob,
	.bind_int = sqlite_bind_int,
	.bind_double = sqlite_bind_double,
	.bind_null = sqlite_bind_null,
	.step = sqlite_step,
	.changed = sqlite_changed,
	.insert_id = sqlite_insert_id,
	.parameter_count = sqlite_parameter_count,
	.parameter = sqlite_parameter,
	.column_count = sqlite_column_count,
	.column_name = sqlite_column_name,
	.column_type = sqlite_column_type,
	.column_text = sqlite_column_text,
	.column_blob = sqlite_column_blob,
	.column_int = sqlite_column_int,
	.column_double = sqlite_column_double,
	.backup = sqlite_backup,
	.truncate_log = sqlite_truncate_log,
	.verify = sqlite_verify,
	.version = sqlite3_libversion,
	.is_unclean = sqlite_is_unclean,
};
