/*
 * Bytes as what a sandbox sends while it reads: the arguments of `emit`, and reports of pages and
 * scopes. Whatever passes for a row is one that the store may take.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sync/proof.h"
#include "sync/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* --- emit --- */

static void on_begin(void *arg, const struct rows_origin *origin)
{
	(void)arg;
	demand(origin->entity != NULL);
	demand((origin->parent == NULL) == (origin->parent_id.at == NULL));
	demand(origin->event.id != NULL || origin->op == ROWS_UPSERT || origin->op == ROWS_ENRICH);
}

static void check_cell(const struct model_column *column, const struct entity_cell *cell)
{
	if (column->type == MODEL_BOOL)
		demand(cell->flag >= -1 && cell->flag <= 1);
	else if (cell->text != NULL)
		demand(str_is_utf8(cell->text, cell->len));
}

static bool on_row(void *arg, const struct entity_row *row, const char *problem, struct err *err)
{
	struct buf scratch = BUF_INIT;
	uint8_t hash[HASH128_SIZE];

	(void)arg;
	(void)err;
	if (problem != NULL)
		return true;
	demand(row->source_id_len > 0 && str_is_utf8(row->source_id, row->source_id_len));
	for (size_t i = 0; i < row->entity->column_count; i++)
		check_cell(&row->entity->columns[i], &row->cells[i]);
	demand(row->custom == NULL || str_is_utf8(row->custom, row->custom_len));
	if (row->raw != NULL)
		hash128(row->raw, HASH128_SIZE, hash);
	entity_hash(row, &scratch, hash);
	buf_fini(&scratch);
	return true;
}

static bool on_dropped(void *arg, const struct model_entity *entity, const char *rule,
		       const char *source_id, size_t len, struct err *err)
{
	(void)arg;
	(void)err;
	demand(entity != NULL);
	demand(rule == NULL || str_is_utf8(rule, strlen(rule)));
	demand(source_id == NULL || str_is_utf8(source_id, len));
	return true;
}

static bool on_bad(void *arg, const struct model_entity *entity, const char *source_id, size_t len,
		   const char *reason, const char *excerpt, struct err *err)
{
	(void)arg;
	(void)err;
	demand(entity != NULL && str_is_utf8(excerpt, strlen(excerpt)));
	demand(source_id == NULL || (len > 0 && str_is_utf8(source_id, len)));
	demand(reason == NULL || (reason[0] != '\0' && str_is_utf8(reason, strlen(reason))));
	return true;
}

static bool on_skipped(void *arg, int64_t count, struct err *err)
{
	(void)arg;
	(void)err;
	demand(count > 0);
	return true;
}

static bool on_same(void *arg, uint32_t place, struct err *err)
{
	(void)arg;
	(void)place;
	(void)err;
	return true;
}

static void walk(const uint8_t *data, size_t len)
{
	const struct rows_sink sink = { on_begin,   on_row,  on_dropped, on_bad,
					on_skipped, on_same, NULL };
	struct err err = ERR_INIT;

	demand(rows_count(data, len) >= 0);
	if (!rows_walk(data, len, &sink, &err))
		demand(err.kind != ERR_NONE);
}

/* --- reports --- */

/* The reports in a list, in turn. What is proven has no scope that is open or spoiled. */
static void report(const struct value *list)
{
	struct proof proof = { 0 };
	struct buf why = BUF_INIT;
	struct proof_scopes sum;

	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *args = value_at(list, i);
		struct err err = ERR_INIT;

		if (value_get(args, "pager") != NULL)
			proof_page(&proof, args, &err);
		else if (value_get(args, "at") != NULL)
			proof_scope(&proof, args, &err);
		else
			proof_failed(&proof, value_int(args, "scope", 0), "failed");
	}
	sum = proof_count_scopes(&proof);
	demand(sum.proven + sum.kept + sum.spoiled == (int64_t)proof.scope_count);
	demand(proof_holds(&proof, &why) == (why.len == 0));
	buf_fini(&why);
	proof_fini(&proof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err err = ERR_INIT;
	struct value_tree *tree = value_parse(data, len, &err);

	walk(data, len);
	if (tree != NULL && value_root(tree)->type == VALUE_LIST)
		report(value_root(tree));
	value_tree_free(tree);
	return 0;
}
