/* Rows that lose a voice, tombstones, and their end. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/change.h"
#include "store/db.h"
#include "store/enrich.h"
#include "store/entity.h"
#include "store/row.h"
#include "store/voices.h"

static void build_streams(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql, "SELECT streams FROM %s WHERE id = $1 AND removed_at IS NULL",
		   entity->table);
}

static void build_set_streams(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql, "UPDATE %s SET streams = $1 WHERE id = $2", entity->table);
}

static void build_bury(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql,
		   "UPDATE %s SET streams = '[]', removed_at = $1, removed_reason = $2,"
		   " updated_at = $1 WHERE id = $3",
		   entity->table);
}

static bool bury(struct store_tx *tx, const struct entity_context *context,
		 const struct model_entity *entity, int64_t id, const char *reason, struct err *err)
{
	struct db_stmt *stmt;

	if (!change_log_removed(tx, context, entity, id, reason, err))
		return false;
	stmt = db_prepare_built(tx, entity, build_bury, err);
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->now);
	db_bind_text(stmt, 2, reason);
	db_bind_int(stmt, 3, id);
	return db_exec(stmt, NULL, err);
}

/* The voices of a live row without the stream's; *is_live = false leaves them empty. */
static bool read_other_voices(struct store_tx *tx, const char *stream,
			      const struct model_entity *entity, int64_t id, bool *is_live,
			      struct buf *others, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_streams, err);

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, id);
	if (!db_step(stmt, is_live, err))
		return false;
	if (!*is_live)
		return true;
	voices_remove(db_column_text(stmt, 0, NULL), stream, others);
	db_reset(stmt);
	return buf_ok(others, err);
}

static bool set_voices(struct store_tx *tx, const struct model_entity *entity, int64_t id,
		       const struct buf *streams, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_set_streams, err);

	if (stmt == NULL)
		return false;
	db_bind_text_len(stmt, 1, streams->data, streams->len);
	db_bind_int(stmt, 2, id);
	return db_exec(stmt, NULL, err);
}

bool entity_retire(struct store_tx *tx, const struct entity_context *context,
		   const struct model_entity *entity, int64_t id, const char *reason, bool *removed,
		   struct err *err)
{
	struct buf others = BUF_INIT;
	bool is_live, ok;

	*removed = false;
	ok = read_other_voices(tx, context->stream, entity, id, &is_live, &others, err);
	if (ok && is_live) {
		*removed = str_eq(buf_text(&others), "[]");
		ok = *removed ? bury(tx, context, entity, id, reason, err)
			      : set_voices(tx, entity, id, &others, err);
	}
	buf_fini(&others);
	return ok;
}

/* --- children --- */

/* The source ids of one parent entity's rows that this session removed and that are still gone.
 * What only is not read any more may well be there: its children's own stream speaks for them. */
#define REMOVED_PARENTS                                                                            \
	"SELECT p.source_id FROM changes c JOIN %s p ON p.id = c.row_id"                           \
	" WHERE c.session_id = $2 AND c.kind = 'removed' AND c.entity = '%s'"                      \
	" AND p.removed_at IS NOT NULL AND p.removed_reason <> 'unread'"

/* Live relation rows of such parents. EXISTS spares the look at the relation in a session that
 * removed none: not every parent column has an index. */
static void build_orphans(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;
	const struct model_parent *parent = entity->parents;

	for (; parent->column != NULL; parent++) {
		const char *table = model_entity(parent->entity)->table;

		if (sql->len > 0)
			buf_str(sql, " UNION ");
		buf_printf(sql, "SELECT id FROM %s WHERE account_id = $1 AND removed_at IS NULL",
			   entity->table);
		buf_printf(sql, " AND EXISTS (" REMOVED_PARENTS ")", table, parent->entity);
		buf_printf(sql, " AND %s IN (" REMOVED_PARENTS ")", parent->column, table,
			   parent->entity);
		if (parent->kind_column != NULL)
			buf_printf(sql, " AND %s = '%s'", parent->kind_column, parent->entity);
	}
}

static bool bury_orphans(struct store_tx *tx, const struct entity_context *context,
			 const struct model_entity *entity, int64_t *count, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_orphans, err);
	int64_t *ids;
	size_t found;
	bool ok;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_int(stmt, 2, context->session_id);
	ok = row_read_ids(stmt, &ids, &found, err);
	for (size_t i = 0; ok && i < found; i++)
		ok = bury(tx, context, entity, ids[i], "parent", err);
	free(ids);
	*count += (int64_t)found;
	return ok;
}

bool entity_retire_children(struct store_tx *tx, const struct entity_context *context,
			    int64_t *count, struct err *err)
{
	size_t entity_count;
	const struct model_entity *entities = model_entities(&entity_count);

	*count = 0;
	for (size_t i = 0; i < entity_count; i++) {
		if (entities[i].parents->column != NULL &&
		    !bury_orphans(tx, context, &entities[i], count, err))
			return false;
	}
	return true;
}

/* --- the end of tombstones --- */

static void build_expire(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql, "DELETE FROM %s WHERE removed_at < $1", entity->table);
}

static bool expire_one(struct db_stmt *stmt, const char *before, struct err *err)
{
	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, before);
	return db_exec(stmt, NULL, err);
}

bool entity_expire(struct store_tx *tx, const struct entity_expiry *expiry, struct err *err)
{
	size_t count;
	const struct model_entity *entities = model_entities(&count);

	for (size_t i = 0; i < count; i++) {
		if (!expire_one(db_prepare_built(tx, &entities[i], build_expire, err),
				expiry->removed_before, err))
			return false;
	}
	return enrich_expire(tx, err) &&
	       expire_one(db_prepare(tx, "DELETE FROM changes WHERE at < $1", err),
			  expiry->changed_before, err) &&
	       expire_one(db_prepare(tx, "DELETE FROM quarantine WHERE at < $1", err),
			  expiry->quarantined_before, err);
}
