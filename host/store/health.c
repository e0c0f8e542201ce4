/* How a database is. */
#include "store/health.h"

#include <stdio.h>

#include "base/str.h"
#include "store/session.h"
#include "store/tx.h"

static bool read_last_session(struct store_tx *tx, struct health *out, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx, "SELECT max(started_at) FROM sessions", err);
	const char *text;
	bool has_row;
	size_t len;

	if (stmt == NULL || !db_step(stmt, &has_row, err))
		return false;
	text = has_row ? db_column_text(stmt, 0, &len) : NULL;
	snprintf(out->last_session, sizeof(out->last_session), "%s", text != NULL ? text : "");
	db_reset(stmt);
	return true;
}

static bool read_facts(struct store_tx *tx, const char *path, struct health *out, struct err *err)
{
	out->newest_schema = migrate_newest(tx->driver->migrations);
	if (!migrate_version(tx, path, &out->schema, err))
		return false;
	if (out->schema == 0 || out->schema > out->newest_schema)
		return true;
	return lease_count(tx, clock_wall_ms(), &out->leases, &out->stale_leases, err) &&
	       read_last_session(tx, out, err);
}

bool health_read(const char *path, bool is_full, struct health *out, struct err *err)
{
	const struct driver *driver = &driver_sqlite;
	struct store_tx *tx;
	bool ok;

	*out = (struct health){ 0 };
	tx = driver->check(path, err) ? tx_open(driver, path, DRIVER_READER, err) : NULL;
	if (tx == NULL)
		return false;
	ok = driver->verify(tx->conn, is_full, err) && read_facts(tx, path, out, err);
	tx_close(tx);
	return ok;
}

const char *health_library(char *out, size_t size)
{
	snprintf(out, size, "%s %s", driver_sqlite.name, driver_sqlite.version());
	return out;
}

/* "3.40.1" as 3040001; 0 = it reads otherwise. */
static int64_t version_number(const char *text)
{
	int64_t number = 0, part;

	for (int i = 0; i < 3; i++) {
		if (!str_next_int64(&text, &part))
			return 0;
		number = number * 1000 + part;
		text += *text == '.';
	}
	return number;
}

bool health_library_is_fixed(void)
{
	int64_t version = version_number(driver_sqlite.version());

	return version >= 3051003 || (version >= 3050007 && version < 3051000) ||
	       (version >= 3044006 && version < 3045000);
}
