/* The audit trail. */
#include "store/audit.h"

#include "store/db.h"

bool audit_add(struct store_tx *tx, const char *who, const char *verb, const char *object,
	       const char *details, const char *now, struct err *err)
{
	struct db_stmt *stmt = db_prepare(tx,
					  "INSERT INTO audit (at, who, verb, object, details)"
					  " VALUES ($1, $2, $3, $4, $5)",
					  err);

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, now);
	db_bind_text(stmt, 2, who);
	db_bind_text(stmt, 3, verb);
	db_bind_text(stmt, 4, object);
	db_bind_text(stmt, 5, details);
	return db_exec(stmt, NULL, err);
}
