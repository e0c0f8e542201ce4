/* A project folder with a database, and what tests of the store need again and again. */
#ifndef MUSTER_TESTS_STORE_FIXTURE_H
#define MUSTER_TESTS_STORE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "store/account.h"
#include "store/entity.h"
#include "store/query.h"
#include "store/session.h"
#include "store/store.h"
#include "unit.h"

#define NOW "2026-03-02T09:14:55.120Z"
#define LATER "2026-03-03T10:00:00.000Z"

struct fixture {
	char folder[256];
	char path[300];
	struct store *store;
	struct err err;
};

/* Fails the test with the message. */
#define assert_ok(fixture, call)                                                                   \
	do {                                                                                       \
		if (!(call))                                                                       \
			fail_msg("%s: %s", #call, (fixture)->err.message);                         \
	} while (0)

static inline void fixture_make_folder(struct fixture *fixture)
{
	const char *base = getenv("TMPDIR");

	snprintf(fixture->folder, sizeof(fixture->folder), "%s/muster-store-XXXXXX",
		 base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/muster.db", fixture->folder);
	fixture->err = ERR_INIT;
}

static inline void fixture_open(struct fixture *fixture)
{
	fixture->store = store_open(fixture->path, NULL, &fixture->err);
	if (fixture->store == NULL)
		fail_msg("store_open: %s", fixture->err.message);
}

static inline int fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture_make_folder(fixture);
	assert_ok(fixture, store_create(fixture->path, &fixture->err));
	fixture_open(fixture);
	*state = fixture;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;
	char command[512];

	store_close(fixture->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", fixture->folder);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

static inline void fixture_write(struct fixture *fixture, store_work_fn *work, void *arg)
{
	if (!store_run(fixture->store, STORE_WRITE, work, arg, &fixture->err))
		fail_msg("unit: %s", fixture->err.message);
}

static inline void fixture_read(struct fixture *fixture, store_work_fn *work, void *arg)
{
	if (!store_run(fixture->store, STORE_READ, work, arg, &fixture->err))
		fail_msg("unit: %s", fixture->err.message);
}

/* --- an account --- */

static inline struct account fixture_account(const char *id, const char *name)
{
	return (struct account){ .id = str_dup(id),
				 .vendor = str_dup("kandji"),
				 .name = str_dup(name),
				 .label = str_dup(""),
				 .state = str_dup("new"),
				 .state_reason = str_dup(""),
				 .state_since = str_dup(NOW),
				 .state_way_out = str_dup(""),
				 .settings = str_dup("{}"),
				 .connect_to = str_dup("[]"),
				 .allow_cidrs = str_dup("[]"),
				 .is_recording = true,
				 .created_at = str_dup(NOW) };
}

struct fixture_id {
	const char *id, *name;
};

static inline bool fixture_add_account_unit(struct store_tx *tx, void *arg, struct err *err)
{
	const struct fixture_id *wanted = arg;
	struct account account = fixture_account(wanted->id, wanted->name);
	bool ok = account_add(tx, &account, err);

	account_fini(&account);
	return ok;
}

static inline void fixture_add_account(struct fixture *fixture, const char *id, const char *name)
{
	struct fixture_id wanted = { id, name };

	fixture_write(fixture, fixture_add_account_unit, &wanted);
}

/* --- rows --- */

enum { FIXTURE_CELLS = 32 };

struct fixture_row {
	struct entity_row row;
	struct entity_cell cells[FIXTURE_CELLS];
};

/* An empty row: every cell absent. */
static inline void fixture_row_init(struct fixture_row *out, const char *entity,
				    const char *source_id)
{
	*out = (struct fixture_row){ .row = { .entity = model_entity(entity),
					      .source_id = source_id,
					      .source_id_len = strlen(source_id),
					      .cells = out->cells } };
	for (size_t i = 0; i < FIXTURE_CELLS; i++)
		out->cells[i].flag = -1;
}

static inline void fixture_row_set(struct fixture_row *row, const char *column, const char *text)
{
	int index = model_column(row->row.entity, column);

	assert_true(index >= 0);
	row->cells[index].text = text;
	row->cells[index].len = text != NULL ? strlen(text) : 0;
}

static inline void fixture_row_flag(struct fixture_row *row, const char *column, bool flag)
{
	int index = model_column(row->row.entity, column);

	assert_true(index >= 0);
	row->cells[index].flag = flag;
}

static inline bool fixture_upsert(struct store_tx *tx, const struct entity_context *context,
				  const struct fixture_row *row, enum entity_outcome *outcome,
				  int64_t *id, struct err *err)
{
	struct buf scratch = BUF_INIT;
	uint8_t hash[HASH128_SIZE];
	bool ok;

	entity_hash(&row->row, &scratch, hash);
	ok = buf_ok(&scratch, err) && entity_upsert(tx, context, &row->row, hash, outcome, id, err);
	buf_fini(&scratch);
	return ok;
}

/* --- looking --- */

static inline bool fixture_no_columns(void *arg, const char *const *names, size_t count,
				      struct err *err)
{
	(void)arg;
	(void)names;
	(void)count;
	(void)err;
	return true;
}

static inline bool fixture_append_row(void *arg, const struct query_value *values, size_t count,
				      struct err *err)
{
	struct buf *out = arg;

	(void)err;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_char(out, '|');
		if (values[i].type == QUERY_INT)
			buf_printf(out, "%lld", (long long)values[i].i);
		else if (values[i].type == QUERY_REAL)
			buf_printf(out, "%g", values[i].d);
		else if (values[i].type != QUERY_NULL)
			buf_append(out, values[i].bytes, values[i].len);
	}
	buf_char(out, '\n');
	return true;
}

/* Rows of a query as lines of fields with bars; valid until the next call. */
static inline const char *fixture_query(struct fixture *fixture, const char *sql, struct buf *out)
{
	const struct query_sink sink = { fixture_no_columns, fixture_append_row, out };

	buf_clear(out);
	if (!query_run(fixture->store, sql, NULL, 0, &sink, &fixture->err))
		fail_msg("%s: %s", sql, fixture->err.message);
	return buf_text(out);
}

#define assert_query(fixture, sql, expected)                                                       \
	do {                                                                                       \
		struct buf lines_ = BUF_INIT;                                                      \
		assert_string_equal(fixture_query(fixture, sql, &lines_), expected);               \
		buf_fini(&lines_);                                                                 \
	} while (0)

#endif
