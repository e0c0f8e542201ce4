/* One row of an emit: what the evaluator asks of Lua and of the emitter, and what comes of the row.
 */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/emit/emit_job.h"
#include "sandbox/lib/lua_modules.h"
#include "sandbox/lua/bind.h"
#include "sandbox/map/lua_map.h"

enum {
	EXCERPT = 160,
	HEX_AROUND = 8,
};

/* --- what the evaluator asks --- */

static bool is_known(void *arg, const char *entity, const char *id, size_t len)
{
	struct emit_job *job = arg;
	struct known *known = emitter_known(job->emitter, entity);
	const struct byte_entry *entry =
		known != NULL ? byte_table_find(&known->ids, id, len) : NULL;

	return entry != NULL && entry->data[entry->key_len] == 1;
}

static bool take_text(struct emit_job *job, int index, struct map_value *out, struct err *err)
{
	size_t len;
	const char *text = lua_tolstring(job->L, index, &len);
	char *copy = scratch_copy(&job->scratch, text, len);

	if (copy == NULL)
		return err_oom(err);
	*out = (struct map_value){ .type = MAP_TEXT, .text = copy, .len = len };
	return str_is_utf8(copy, len) ||
	       err_set(err, ERR_DATA, "the function's text holds invalid UTF-8 or NUL");
}

static bool take_float(struct emit_job *job, int index, struct map_value *out, struct err *err)
{
	lua_Number number = lua_tonumber(job->L, index);
	lua_Integer integer;
	char text[40];

	if (lua_numbertointeger(number, &integer) && (lua_Number)integer == number) {
		*out = (struct map_value){ .type = MAP_INT, .i = integer };
		return true;
	}
	snprintf(text, sizeof(text), "%.17g", number);
	if (strchr("-0123456789", text[0]) == NULL || text[1] == 'i' || text[1] == 'n')
		return err_set(err, ERR_DATA, "the function gives a number that is none");
	*out = (struct map_value){ .type = MAP_NUMBER,
				   .text = scratch_copy(&job->scratch, text, strlen(text)),
				   .len = strlen(text) };
	return out->text != NULL || err_oom(err);
}

static bool take_scalar(struct emit_job *job, int index, struct map_value *out, struct err *err)
{
	lua_State *L = job->L;

	*out = (struct map_value){ 0 };
	switch (lua_type(L, index)) {
	case LUA_TNIL:
	case LUA_TLIGHTUSERDATA: /* cjson.null */
		return true;
	case LUA_TBOOLEAN:
		*out = (struct map_value){ .type = MAP_BOOL, .flag = lua_toboolean(L, index) };
		return true;
	case LUA_TSTRING:
		return take_text(job, index, out, err);
	case LUA_TNUMBER:
		if (!lua_isinteger(L, index))
			return take_float(job, index, out, err);
		*out = (struct map_value){ .type = MAP_INT, .i = lua_tointeger(L, index) };
		return true;
	default:
		return err_set(err, ERR_DATA, "the function gives a %s", luaL_typename(L, index));
	}
}

static bool take_value(struct emit_job *job, int index, struct map_value *out, struct err *err)
{
	struct map_value *items;
	size_t count;

	if (lua_type(job->L, index) != LUA_TTABLE)
		return take_scalar(job, index, out, err);
	count = lua_rawlen(job->L, index);
	items = scratch_take(&job->scratch, (count + 1) * sizeof(*items));
	if (items == NULL)
		return err_oom(err);
	for (size_t i = 0; i < count; i++) {
		bool ok;

		lua_rawgeti(job->L, index, (lua_Integer)i + 1);
		ok = take_scalar(job, lua_gettop(job->L), &items[i], err);
		lua_pop(job->L, 1);
		if (!ok)
			return false;
	}
	*out = (struct map_value){ .type = MAP_LIST, .items = items, .len = count };
	return true;
}

/* The row being mapped, decoded once however many functions look at it. */
static void push_row(struct emit_job *job)
{
	if (lua_isnil(job->L, AT_ROW)) {
		page_push_row(job->L, &job->page, job->next);
		lua_replace(job->L, AT_ROW);
	}
	lua_pushvalue(job->L, AT_ROW);
}

/* job, function -> the function's value for the row (and the extra rows) */
static int run_function(lua_State *L)
{
	lua_call(L, 2, 1);
	return 1;
}

static bool call_function(void *arg, int function, struct map_value *out, struct err *err)
{
	struct emit_job *job = arg;
	lua_State *L = job->L;
	int top = lua_gettop(L), status;
	struct err fault = ERR_INIT;
	bool ok;

	if (!lua_checkstack(L, 8))
		return err_oom(err);
	lua_pushcfunction(L, run_function);
	lua_map_push_function(L, AT_MAP, function);
	push_row(job);
	lua_pushvalue(L, AT_EXTRA);
	lua_forbid_now(L, true);
	status = lua_pcall(L, 3, 1, 0);
	lua_forbid_now(L, false);
	switch (status) {
	case LUA_OK:
		ok = take_value(job, lua_gettop(L), out, err);
		break;
	case LUA_ERRMEM:
		ok = err_oom(err);
		break;
	default:
		bind_get_err(L, -1, &fault);
		ok = err_set(err, ERR_DATA, "%s", fault.message);
		break;
	}
	lua_settop(L, top);
	return ok;
}

struct map_run emit_run(struct emit_job *job, const struct map_host *host)
{
	struct map_run run = { .map = job->map,
			       .host = host,
			       .extent = job->extent,
			       .slots = job->slots +
					(job->next - job->chunk) * json_pick_count(job->map->row),
			       .scratch = &job->scratch,
			       .err = &job->err };

	for (size_t i = 0; i < job->map->extra_count; i++)
		run.extra_slots[i] = job->extra_slots[i];
	return run;
}

struct map_host emit_host(struct emit_job *job)
{
	return (struct map_host){ .arg = job, .call = call_function, .is_known = is_known };
}

/* --- the row --- */

/* Reports a row that is no object, or whose JSON has a defect. */
static void refuse(struct emit_job *job, const char *reason, const char *excerpt)
{
	const struct map_host host = emit_host(job);
	struct map_run run = emit_run(job, &host);
	struct json_row *row = page_row(&job->page, job->next);
	struct map_result result = { 0 };

	/* An id that is not the true one would tell that the true one is not listed any more. Of
	 * two keys of one name nobody knows which one is meant; it may be the id's. */
	run.is_suspect = row->defect != JSON_SOUND;
	if (row->defect == JSON_DUPLICATE_KEY || !map_run_id(&run, &result))
		result.id = NULL;
	else if (result.id == NULL && job->map->is_derived) {
		job->outbox->skipped++;
		return;
	}
	outbox_refuse(job->outbox, &result, reason, excerpt, &row->is_refused);
}

/* What is wrong with a row's JSON, and the bytes around it in hex. */
static void refuse_defect(struct emit_job *job, const struct json_row *row)
{
	const char *bytes = job->page.bytes;
	size_t from = row->defect_at > HEX_AROUND ? row->defect_at - HEX_AROUND : 0;
	size_t to = row->defect_at + HEX_AROUND;
	char reason[MAP_REASON_MAX], hex[4 * HEX_AROUND + 1] = "";

	if (from < row->at)
		from = row->at;
	if (to > row->at + row->len)
		to = row->at + row->len;
	for (size_t i = from; i < to; i++)
		snprintf(hex + 2 * (i - from), 3, "%02x", (unsigned char)bytes[i]);
	snprintf(reason, sizeof(reason), "row %zu holds %s at byte %u", job->next + 1,
		 json_defect_text((enum json_defect)row->defect), row->defect_at);
	refuse(job, reason, hex);
}

/* The beginning of the row, cut between characters. */
static const char *excerpt_of(struct emit_job *job, char out[EXCERPT + 1])
{
	struct json_span row = page_span(&job->page, job->next);
	size_t len = str_cut(row.at, row.len, EXCERPT);

	memcpy(out, row.at, len);
	out[len] = '\0';
	return out;
}

void emit_end_row(struct emit_job *job)
{
	if (!lua_isnil(job->L, AT_ROW)) {
		lua_pushnil(job->L);
		lua_replace(job->L, AT_ROW);
	}
	scratch_reset(&job->scratch);
}

/*
 * Derived rows come again and again, made of the same values: the first one says it all. Only those
 * that gave a row are remembered; the others are counted, one by one.
 */
static bool map_derived(struct emit_job *job, const struct map_run *run, const char *excerpt,
			struct json_row *row)
{
	uint8_t input[HASH128_SIZE];

	if (job->map->has_functions)
		return outbox_map(job->outbox, run, excerpt, NULL, &row->is_refused, &job->err);
	if (!emit_input(job, run, input))
		return false;
	return hash_set_has(&job->outbox->folded, input) ||
	       outbox_map(job->outbox, run, excerpt, input, &row->is_refused, &job->err);
}

/* A row that the host has from the same record is told as its place there. */
static bool map_raw(struct emit_job *job, const struct map_run *run, const char *excerpt,
		    struct json_row *row)
{
	uint8_t raw[HASH128_SIZE];
	uint32_t place;

	if (!emit_raw(job, run, raw))
		return false;
	if (job->raw == NULL || !raw_table_find(job->raw, raw, &place))
		return outbox_map(job->outbox, run, excerpt, raw, &row->is_refused, &job->err);
	outbox_same(job->outbox, place);
	return buf_ok(&job->outbox->same, &job->err);
}

static bool map_row(struct emit_job *job, const struct map_run *run, struct json_row *row)
{
	char excerpt[EXCERPT + 1];

	excerpt_of(job, excerpt);
	if (job->map->is_derived)
		return map_derived(job, run, excerpt, row);
	if (job->has_seed)
		return map_raw(job, run, excerpt, row);
	return outbox_map(job->outbox, run, excerpt, NULL, &row->is_refused, &job->err);
}

bool emit_one(struct emit_job *job)
{
	const struct map_host host = emit_host(job);
	struct map_run run = emit_run(job, &host);
	struct json_row *row = page_row(&job->page, job->next);
	char excerpt[EXCERPT + 1];
	bool ok = true;

	if (row->defect != JSON_SOUND)
		refuse_defect(job, row);
	else if (job->page.bytes[row->at] != '{')
		refuse(job, "a row must be an object", excerpt_of(job, excerpt));
	else
		ok = map_row(job, &run, row);
	emit_end_row(job);
	job->next++;
	return ok;
}
