/*
 * The stream's end, or a commit of a stream of events: derived rows go to the host, then everything
 * is waited for.
 *
 * A listing that was cut short (a limit) has not seen all sightings of a key, so its winner may be
 * the wrong one. Then only rows that the host does not have yet are sent.
 */
#include <lauxlib.h>
#include <stdlib.h>

#include "sandbox/emit/emit_job.h"
#include "sandbox/guest.h"
#include "sandbox/lua/bind.h"

#define FLUSH "muster.flush"

static int flush_release(lua_State *L)
{
	struct flush *flush = lua_touserdata(L, 1);

	free(flush->entries);
	emit_ask_fini(&flush->ask);
	*flush = (struct flush){ 0 };
	return 0;
}

void flush_open(lua_State *L)
{
	static const luaL_Reg meta[] = { { "__gc", flush_release }, { NULL, NULL } };

	bind_type(L, FLUSH, meta, NULL);
}

struct flush *flush_new(lua_State *L)
{
	return bind_new(L, FLUSH, sizeof(struct flush), 0);
}

static void sort_entries(lua_State *L, struct flush *flush, const struct outbox *outbox)
{
	if (flush->entries == NULL)
		flush->entries = byte_table_sorted(&outbox->fold.rows);
	if (flush->entries == NULL)
		luaL_error(L, "not enough memory");
}

static bool is_there(const struct flush *flush, const struct byte_entry *entry)
{
	const struct byte_entry *answer =
		byte_table_find(&flush->ask.known->ids, entry->data, entry->key_len);

	return answer != NULL && answer->data[answer->key_len] == 1;
}

bool flush_take(lua_State *L, struct flush *flush, struct outbox *outbox)
{
	size_t count = outbox->fold.rows.count;

	sort_entries(L, flush, outbox);
	while (flush->next < (flush->is_cut ? flush->asked : count) && !outbox_is_full(outbox)) {
		const struct byte_entry *entry = flush->entries[flush->next++];
		size_t len;
		const char *row = fold_row(entry, &len);

		if (!flush->is_cut || !is_there(flush, entry))
			outbox_add(outbox, row, len);
	}
	return flush->next == count;
}

static void next_outbox(struct flush *flush)
{
	free(flush->entries);
	flush->entries = NULL;
	flush->outbox++;
	flush->next = flush->asked = 0;
}

/* Collects the next ids the host has to be asked about; true when there are any. */
static bool collect(lua_State *L, struct flush *flush, struct emitter *emitter,
		    const struct outbox *outbox)
{
	struct known *known = emitter_known(emitter, outbox->map->entity);
	bool ok = known != NULL || err_oom(&flush->err);

	sort_entries(L, flush, outbox);
	if (ok)
		emit_ask_begin(&flush->ask, known);
	for (; ok && flush->asked < outbox->fold.rows.count && !emit_ask_is_full(&flush->ask);
	     flush->asked++) {
		const struct byte_entry *entry = flush->entries[flush->asked];

		ok = emit_ask_note(&flush->ask, entry->data, entry->key_len, &flush->err);
	}
	if (!ok)
		bind_raise(L, &flush->err);
	return flush->ask.count > 0;
}

static int flushed(lua_State *L, int status, lua_KContext ctx)
{
	const struct flush *flush = luaL_checkudata(L, 2, FLUSH);

	if (flush->goes_on)
		emitter_restart(emitter_check(L, 1));
	(void)status;
	(void)ctx;
	return 0;
}

static int flush_on(lua_State *L, int status, lua_KContext ctx);

static int heard(lua_State *L, int status, lua_KContext ctx)
{
	struct flush *flush = luaL_checkudata(L, 2, FLUSH);

	if (!emit_ask_heard(L, &flush->ask, &flush->err))
		return bind_raise(L, &flush->err);
	return flush_on(L, status, ctx);
}

static int ask(lua_State *L, const struct flush *flush)
{
	struct buf *args = bind_buf(L);

	emit_ask_put(&flush->ask, args);
	return guest_ask(L, "known", args, 0, heard);
}

static int post(lua_State *L, const struct emitter *emitter, struct outbox *outbox)
{
	struct buf *args = bind_buf(L);

	outbox_put(outbox, emitter->stream, args);
	return guest_post(L, "emit", args, 0, flush_on);
}

static int flush_on(lua_State *L, int status, lua_KContext ctx)
{
	struct emitter *emitter = emitter_check(L, 1);
	struct flush *flush = luaL_checkudata(L, 2, FLUSH);

	(void)status;
	(void)ctx;
	lua_settop(L, 2);
	while (flush->outbox < emitter->outbox_count) {
		struct outbox *outbox = emitter->outboxes[flush->outbox];
		size_t count = outbox->fold.rows.count;

		if (flush->is_cut && flush->next == flush->asked && flush->asked < count &&
		    collect(L, flush, emitter, outbox))
			return ask(L, flush);
		if (flush_take(L, flush, outbox))
			next_outbox(flush);
		if (outbox_has_anything(outbox))
			return post(L, emitter, outbox);
	}
	return guest_drain(L, 0, flushed);
}

/*
 * Entries of the folds are walked over several waits, and then everything is forgotten: nothing may
 * be replaced meanwhile. Rows of an emit that still waits would be missing from what is committed.
 */
static void close_emitter(lua_State *L)
{
	struct emitter *emitter = emitter_check_open(L, 1);

	if (emitter->running > 0)
		lua_gc(L, LUA_GCCOLLECT); /* emits of cancelled tasks */
	if (emitter->running > 0)
		luaL_error(L, "rows of another task are still on their way: they have to be handed "
			      "over before the stream commits or ends");
	emitter->is_over = true;
}

int flush_run(lua_State *L)
{
	bool is_cut = lua_toboolean(L, 2), goes_on = lua_toboolean(L, 3);
	struct flush *flush;

	close_emitter(L);
	lua_settop(L, 1);
	flush = flush_new(L);
	flush->is_cut = is_cut;
	flush->goes_on = goes_on;
	return flush_on(L, LUA_OK, 0);
}
