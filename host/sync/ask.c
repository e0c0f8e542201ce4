/* Questions of the sandbox that the store answers: known rows, parents, script keys. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/script_key.h"
#include "sync/run.h"
#include "wire/frame.h"

enum {
	PARENTS_MAX = 1000,
	PARENTS_BYTES = FRAME_PAYLOAD_MAX / 2, /* further rows come with the next question */
	PARENT_COLUMNS_MAX = 16,
};

struct ask {
	struct sync_run *run;
	bool is_last; /* of `parents`: the list was read to its end */
	uint32_t id;
	const struct ask_kind *kind;
	struct value_tree *args;
	struct buf result;
};

struct ask_kind {
	const char *method;
	/* On a store thread: appends the result. */
	bool (*read)(struct store_tx *tx, struct ask *ask, struct err *err);
};

static bool wanted_entity(const struct value *args, const struct model_entity **entity,
			  struct err *err)
{
	*entity = model_entity(value_text(args, "entity", ""));
	return *entity != NULL ||
	       err_set(err, ERR_BUG, "there is no entity \"%s\"", value_text(args, "entity", ""));
}

static bool read_known(struct store_tx *tx, struct ask *ask, struct err *err)
{
	const struct value *args = value_root(ask->args), *ids = value_get(args, "ids");
	const struct model_entity *entity;

	if (!wanted_entity(args, &entity, err))
		return false;
	value_put_list(&ask->result, value_count(ids));
	for (size_t i = 0; i < value_count(ids); i++) {
		const struct value *wanted = value_at(ids, i);
		int64_t found = 0;

		if (wanted->type == VALUE_BYTES &&
		    !entity_find(tx, ask->run->account_id, entity, wanted->bytes, wanted->len,
				 &found, err))
			return false;
		value_put_bool(&ask->result, found != 0);
	}
	return true;
}

/* --- parents --- */

struct parents {
	struct buf rows;
	int64_t count, limit;
	size_t columns;
	bool has_more;
};

static bool put_parent(void *arg, int64_t id, const char *const *values, struct err *err)
{
	struct parents *parents = arg;

	(void)err;
	parents->has_more = parents->has_more || parents->count == parents->limit ||
			    parents->rows.len >= PARENTS_BYTES;
	if (parents->has_more)
		return true;
	value_put_list(&parents->rows, parents->columns + 1);
	value_put_int(&parents->rows, id);
	for (size_t i = 0; i < parents->columns; i++)
		value_put_str(&parents->rows, values[i]);
	parents->count++;
	return true;
}

static bool read_parents(struct store_tx *tx, struct ask *ask, struct err *err)
{
	const struct value *args = value_root(ask->args), *wanted = value_get(args, "columns");
	const char *columns[PARENT_COLUMNS_MAX];
	struct parents parents = { .columns = value_count(wanted),
				   .limit = value_int(args, "limit", PARENTS_MAX) };
	const struct model_entity *entity;
	bool fine;

	if (!wanted_entity(args, &entity, err))
		return false;
	if (parents.columns > PARENT_COLUMNS_MAX)
		return err_set(err, ERR_BUG, "parents: at most %d columns", PARENT_COLUMNS_MAX);
	for (size_t i = 0; i < parents.columns; i++) {
		columns[i] =
			value_at(wanted, i)->type == VALUE_BYTES ? value_at(wanted, i)->bytes : "";
		if (!str_eq(columns[i], "source_id") && model_column(entity, columns[i]) < 0)
			return err_set(err, ERR_BUG, "parents: %s has no column \"%s\"",
				       entity->name, columns[i]);
	}
	if (parents.limit < 1 || parents.limit > PARENTS_MAX)
		parents.limit = PARENTS_MAX;
	fine = entity_each(tx, ask->run->account_id, entity, columns, parents.columns,
			   value_int(args, "after", 0), parents.limit + 1, put_parent, &parents,
			   err);
	value_put_map(&ask->result, 2);
	value_put_str(&ask->result, "more");
	value_put_bool(&ask->result, parents.has_more);
	ask->is_last = !parents.has_more;
	value_put_str(&ask->result, "rows");
	value_put_list(&ask->result, (size_t)parents.count);
	buf_append(&ask->result, parents.rows.data, parents.rows.len);
	fine = fine && buf_ok(&parents.rows, err);
	buf_fini(&parents.rows);
	return fine;
}

/* --- script keys --- */

static void put_key_value(struct buf *result, const char *value, size_t len)
{
	value_put_map(result, 1);
	value_put_str(result, "value");
	if (value != NULL)
		value_put_bytes(result, value, len);
	else
		value_put_nil(result);
}

static bool read_key(struct store_tx *tx, struct ask *ask, struct err *err)
{
	const char *key = value_text(value_root(ask->args), "key", "");
	struct buf owner = BUF_INIT, value = BUF_INIT;
	bool found = false, fine;

	buf_printf(&owner, "account:%s", ask->run->account_id);
	fine = buf_ok(&owner, err) &&
	       script_key_get(tx, buf_text(&owner), key, &found, &value, err);
	put_key_value(&ask->result, found ? buf_text(&value) : NULL, value.len);
	buf_fini(&owner);
	buf_fini(&value);
	return fine;
}

/* --- all of them --- */

static const struct ask_kind kinds[] = {
	{ "known", read_known },
	{ "parents", read_parents },
	{ "key_get", read_key },
};

static void free_ask(struct ask *ask)
{
	value_tree_free(ask->args);
	buf_fini(&ask->result);
	free(ask);
}

static bool work(struct store_tx *tx, void *arg, struct err *err)
{
	struct ask *ask = arg;

	return ask->kind->read(tx, ask, err) && buf_ok(&ask->result, err);
}

static void on_answer(void *arg, const struct err *err)
{
	struct ask *ask = arg;
	struct sync_run *run = ask->run;

	run->units--;
	if (ask->is_last)
		proof_parents(&run->stream.proof);
	if (run->is_ending)
		run_fail(run, err);
	else if (err->kind != ERR_NONE)
		guest_fail(connector_guest(run->connector), ask->id, err);
	else
		guest_answer(connector_guest(run->connector), ask->id, &ask->result);
	free_ask(ask);
}

/* A key that is set but not committed yet is answered from the batch. */
static bool answer_pending_key(struct ask *ask)
{
	const char *value;
	size_t len;

	if (ask->kind->read != read_key ||
	    !batch_find_key(ask->run, value_text(value_root(ask->args), "key", ""), &value, &len))
		return false;
	put_key_value(&ask->result, value, len);
	guest_answer(connector_guest(ask->run->connector), ask->id, &ask->result);
	free_ask(ask);
	return true;
}

static const struct ask_kind *find_kind(const char *method)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_eq(kinds[i].method, method))
			return &kinds[i];
	}
	return NULL;
}

bool ask_store(struct sync_run *run, uint32_t id, const char *method, const void *args, size_t len)
{
	const struct ask_kind *kind = find_kind(method);
	struct err err = ERR_INIT;
	struct ask *ask;

	if (kind == NULL)
		return false;
	ask = calloc(1, sizeof(*ask));
	if (ask == NULL) {
		err_oom(&err);
		guest_fail(connector_guest(run->connector), id, &err);
		return true;
	}
	*ask = (struct ask){ .run = run, .id = id, .kind = kind };
	ask->args = value_parse(args, len, &err);
	if (ask->args != NULL && answer_pending_key(ask))
		return true;
	if (ask->args != NULL && store_submit(run->data, STORE_READ, work, on_answer, ask, &err)) {
		run->units++;
		return true;
	}
	free_ask(ask);
	guest_fail(connector_guest(run->connector), id, &err);
	return true;
}
