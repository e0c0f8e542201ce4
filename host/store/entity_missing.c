/* Rows that a stream did not list, and rows that lose its voice. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/change.h"
#include "store/db.h"
#include "store/entity.h"
#include "store/row.h"
#include "store/session.h"
#include "store/voices.h"

void entity_missing_fini(struct entity_missing_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].source_id);
		free(list->items[i].label);
	}
	free(list->items);
	*list = (struct entity_missing_list){ 0 };
}

static bool contains(const int64_t *sorted, size_t count, int64_t id)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sorted[middle] == id)
			return true;
		if (sorted[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* --- which rows are missing --- */

/* What the live index holds, and no more: the table itself is not read. */
static void build_live(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql,
		   "SELECT id, streams FROM %s"
		   " WHERE account_id = $1 AND removed_at IS NULL ORDER BY id",
		   entity->table);
}

/* The same with what a scope judges by behind: source_id, then column and kind of each parent, as
 * build_references. */
static void build_live_children(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;
	const struct model_parent *parent;

	buf_str(sql, "SELECT id, streams, source_id");
	for (parent = entity->parents; parent->column != NULL; parent++)
		buf_printf(sql, ", %s, %s", parent->column,
			   parent->kind_column != NULL ? parent->kind_column : "NULL");
	buf_printf(sql, " FROM %s WHERE account_id = $1 AND removed_at IS NULL ORDER BY id",
		   entity->table);
}

struct seen {
	const int64_t *ids; /* ascending */
	size_t count, next;
};

/* Both sides ascend, so one pass over the ids is enough. */
static bool was_seen(struct seen *seen, int64_t id)
{
	while (seen->next < seen->count && seen->ids[seen->next] < id)
		seen->next++;
	return seen->next < seen->count && seen->ids[seen->next] == id;
}

static bool add_missing(struct db_stmt *stmt, const char *streams, const char *stream,
			struct entity_missing_list *out, struct err *err)
{
	void *items = out->items;
	struct entity_missing *item = row_list_add(&items, &out->count, sizeof(*item), err);

	if (item == NULL)
		return false;
	out->items = items;
	item->id = db_column_int(stmt, 0);
	item->has_other_voice = !voices_is_only(streams, stream);
	return true;
}

/* Does the reference in this column point at a row of the parent's entity? */
static bool refers(struct db_stmt *stmt, int column, const struct model_parent *parent)
{
	const char *kind = db_column_text(stmt, column + 1, NULL);

	if (db_column_is_null(stmt, column))
		return false;
	return parent->kind_column == NULL || (kind != NULL && str_eq(kind, parent->entity));
}

enum { SOURCE_ID = 2, LIVE_COLUMNS };

/* A row that names no such parent belongs to no scope: nobody listed it, nobody misses it. */
static bool is_judged(struct db_stmt *stmt, const struct model_entity *entity,
		      const struct entity_scope *scope, bool *judged, struct err *err)
{
	int column = LIVE_COLUMNS;

	*judged = scope == NULL;
	if (scope == NULL)
		return true;
	if (entity == scope->parent) {
		size_t len;
		const char *id = db_column_text(stmt, SOURCE_ID, &len);

		return scope->judge(scope->arg, id, len, judged, err);
	}
	for (const struct model_parent *at = entity->parents; at->column != NULL;
	     at++, column += 2) {
		size_t len;
		const char *id;

		if (!str_eq(at->entity, scope->parent->name) || !refers(stmt, column, at))
			continue;
		id = db_column_text(stmt, column, &len);
		return scope->judge(scope->arg, id, len, judged, err);
	}
	return true;
}

static bool collect(struct store_tx *tx, const struct entity_context *context,
		    const struct model_entity *entity, struct seen *seen,
		    const struct entity_scope *scope, struct entity_missing_list *out,
		    struct err *err)
{
	struct db_stmt *stmt =
		db_prepare_built(tx, entity, scope != NULL ? build_live_children : build_live, err);
	bool has_row, judged, ok = true;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	while (ok && db_step(stmt, &has_row, err)) {
		const char *streams;

		if (!has_row)
			return true;
		streams = db_column_text(stmt, 1, NULL);
		if (!voices_has(streams, context->stream))
			continue;
		out->live++;
		if (was_seen(seen, db_column_int(stmt, 0)))
			continue;
		ok = is_judged(stmt, entity, scope, &judged, err) &&
		     (!judged || add_missing(stmt, streams, context->stream, out, err));
	}
	db_reset(stmt);
	return false;
}

/* --- what a person recognises --- */

#define NAME_OF(table, column)                                                                     \
	"coalesce((SELECT name FROM " table " p WHERE p.account_id = r.account_id"                 \
	" AND p.source_id = r." column "), r." column ")"

static const char DEVICE[] = NAME_OF("devices", "device_source_id");
static const char APP[] = NAME_OF("apps", "app_source_id");
static const char USER[] = "coalesce((SELECT coalesce(email, name) FROM users p"
			   " WHERE p.account_id = r.account_id"
			   " AND p.source_id = r.user_source_id), r.user_source_id)";
static const char GROUP[] = NAME_OF("groups", "group_source_id");

/* An expression each, in up to three parts. */
static const struct {
	const char *entity, *first, *middle, *last;
} labels[] = {
	{ "user", "coalesce(r.email, r.username, r.name, r.source_id)", "", "" },
	{ "device", "coalesce(r.name, r.hostname, r.source_id)",
	  " || coalesce(' (' || r.serial_number || ')', '')", "" },
	{ "device_user", USER, " || ' on ' || ", DEVICE },
	{ "app", "coalesce(r.name, r.identifier, r.source_id)", "", "" },
	{ "device_app", APP, " || coalesce(' ' || r.version, '') || ' on ' || ", DEVICE },
	{ "user_app", APP, " || ' of ' || ", USER },
	{ "group", "coalesce(r.name, r.source_id)", "", "" },
	{ "group_member", "coalesce(r.member_source_id, '?')", " || ' in ' || ", GROUP },
	{ "license", "coalesce(r.name, r.source_id)", "", "" },
	{ "user_license", "coalesce(r.license, '?')", " || ' of ' || ", USER },
};

static void build_names(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (str_eq(labels[i].entity, entity->name))
			buf_printf(sql, "SELECT r.source_id, %s%s%s FROM %s r WHERE r.id = $1",
				   labels[i].first, labels[i].middle, labels[i].last,
				   entity->table);
	}
}

static bool read_names(struct store_tx *tx, const struct model_entity *entity,
		       struct entity_missing *item, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_names, err);
	bool has_row;

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, item->id);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (has_row) {
		item->source_id = db_column_dup(stmt, 0);
		item->label = db_column_dup(stmt, db_column_is_null(stmt, 1) ? 0 : 1);
		db_reset(stmt);
	}
	return (item->source_id != NULL && item->label != NULL) || err_oom(err);
}

static bool read_all_names(struct store_tx *tx, const struct model_entity *entity,
			   struct entity_missing_list *list, struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!read_names(tx, entity, &list->items[i], err))
			return false;
	}
	return true;
}

/* --- which of them go with a parent --- */

static void build_parent(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;

	buf_printf(sql,
		   "SELECT id, removed_at, streams FROM %s"
		   " WHERE account_id = $1 AND source_id = $2",
		   entity->table);
}

/* The relation's references: its parent columns, then its kind columns. Built from the parents. */
static void build_references(const void *subject, struct buf *sql)
{
	const struct model_entity *entity = subject;
	const struct model_parent *parent;

	buf_str(sql, "SELECT id");
	for (parent = entity->parents; parent->column != NULL; parent++)
		buf_printf(sql, ", %s, %s", parent->column,
			   parent->kind_column != NULL ? parent->kind_column : "NULL");
	buf_printf(sql, " FROM %s WHERE id = $1", entity->table);
}

/* Rows of one parent entity that this stream listed in this session. */
struct parent_seen {
	const struct model_parent *parent;
	const struct model_entity *entity;
	int64_t *ids;
	size_t count;
};

/* A tombstone, or about to become one: live by this stream's voice alone, and not listed. */
static bool is_going(struct db_stmt *stmt, const char *stream, const struct parent_seen *seen)
{
	if (!db_column_is_null(stmt, 1))
		return true;
	return voices_is_only(db_column_text(stmt, 2, NULL), stream) &&
	       !contains(seen->ids, seen->count, db_column_int(stmt, 0));
}

/* A parent that was never stored is no parent that went. */
static bool check_parent(struct store_tx *tx, const struct entity_context *context,
			 const struct parent_seen *seen, const char *source_id, size_t len,
			 bool *going, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, seen->entity, build_parent, err);
	bool has_row;

	if (stmt == NULL)
		return false;
	db_bind_text(stmt, 1, context->account_id);
	db_bind_text_len(stmt, 2, source_id, len);
	if (!db_step(stmt, &has_row, err))
		return false;
	if (!has_row)
		return true;
	*going = *going || is_going(stmt, context->stream, seen);
	db_reset(stmt);
	return true;
}

static bool check_item(struct store_tx *tx, const struct entity_context *context,
		       const struct model_entity *entity, const struct parent_seen *seen,
		       size_t parents, struct entity_missing *item, struct err *err)
{
	struct db_stmt *stmt = db_prepare_built(tx, entity, build_references, err);
	bool has_row, ok = true;

	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, item->id);
	if (!db_step(stmt, &has_row, err))
		return false;
	for (size_t i = 0; ok && has_row && i < parents; i++) {
		int column = 1 + 2 * (int)i;
		size_t len;
		const char *source_id = db_column_text(stmt, column, &len);

		if (refers(stmt, column, seen[i].parent))
			ok = check_parent(tx, context, &seen[i], source_id, len,
					  &item->follows_parent, err);
	}
	db_reset(stmt);
	return ok;
}

enum { PARENTS_MAX = 4 };

static bool load_parents(struct store_tx *tx, const struct entity_context *context,
			 const struct model_entity *entity, struct parent_seen *seen,
			 size_t *parents, struct err *err)
{
	const struct model_parent *parent = entity->parents;
	size_t duplicates;

	for (; parent->column != NULL && *parents < PARENTS_MAX; parent++) {
		struct parent_seen *at = &seen[(*parents)++];

		at->parent = parent;
		at->entity = model_entity(parent->entity);
		if (!session_seen(tx, context->session_id, context->stream, parent->entity,
				  &at->ids, &at->count, &duplicates, err))
			return false;
	}
	return true;
}

static bool mark_followers(struct store_tx *tx, const struct entity_context *context,
			   const struct model_entity *entity, struct entity_missing_list *list,
			   struct err *err)
{
	struct parent_seen seen[PARENTS_MAX] = { 0 };
	size_t parents = 0;
	bool ok = list->count == 0 || load_parents(tx, context, entity, seen, &parents, err);

	for (size_t i = 0; ok && parents > 0 && i < list->count; i++)
		ok = check_item(tx, context, entity, seen, parents, &list->items[i], err);
	for (size_t i = 0; i < parents; i++)
		free(seen[i].ids);
	return ok;
}

bool entity_find_missing(struct store_tx *tx, const struct entity_context *context,
			 const struct model_entity *entity, const int64_t *seen, size_t seen_count,
			 const struct entity_scope *scope, struct entity_missing_list *out,
			 struct err *err)
{
	struct seen progress = { .ids = seen, .count = seen_count };

	*out = (struct entity_missing_list){ 0 };
	if (collect(tx, context, entity, &progress, scope, out, err) &&
	    read_all_names(tx, entity, out, err) && mark_followers(tx, context, entity, out, err))
		return true;
	entity_missing_fini(out);
	return false;
}
