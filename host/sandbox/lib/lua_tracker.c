/* Which rows came before. */
#include "sandbox/lib/lua_tracker.h"

#include <stdlib.h>

#include "base/hash.h"
#include "sandbox/lib/lua_page.h"
#include "sandbox/lua/bind.h"

#define TRACKER "muster.tracker"

enum { FIRST_SIZE = 1024, TRACKED_AT_ONCE = 64 };

/* 64-bit hashes of ids, or of whole rows; open addressing, 0 is a free place. */
struct tracker {
	uint64_t *slots;
	size_t size, count;
	uint64_t seed;
};

static int release(lua_State *L)
{
	struct tracker *tracker = lua_touserdata(L, 1);

	free(tracker->slots);
	tracker->slots = NULL;
	return 0;
}

static uint64_t *find(const struct tracker *tracker, uint64_t hash)
{
	size_t mask = tracker->size - 1;
	size_t i = (size_t)hash & mask;

	while (tracker->slots[i] != 0 && tracker->slots[i] != hash)
		i = (i + 1) & mask;
	return &tracker->slots[i];
}

static void grow(lua_State *L, struct tracker *tracker)
{
	struct tracker larger = *tracker;

	larger.size = tracker->size == 0 ? FIRST_SIZE : tracker->size * 2;
	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (larger.slots == NULL)
		luaL_error(L, "not enough memory");
	for (size_t i = 0; tracker->slots != NULL && i < tracker->size; i++) {
		if (tracker->slots[i] != 0)
			*find(&larger, tracker->slots[i]) = tracker->slots[i];
	}
	free(tracker->slots);
	*tracker = larger;
}

/* true when it is new; there is room. */
static bool add_hash(struct tracker *tracker, uint64_t hash)
{
	uint64_t *slot = find(tracker, hash);

	if (*slot != 0)
		return false;
	*slot = hash;
	tracker->count++;
	return true;
}

/* The rows' hashes; their slots, which lie anywhere in memory, are on their way by then. */
static size_t hash_rows(const struct tracker *tracker, const struct page *page, size_t first,
			const struct json_pick *pick, const struct json_plan *plan,
			uint64_t hashes[TRACKED_AT_ONCE])
{
	size_t count = 0;

	for (size_t i = first; i < page->count && i < first + TRACKED_AT_ONCE; i++) {
		struct json_span key = page_span(page, i);

		if (pick != NULL)
			page_pick(page, pick, plan, i, &key);
		if (key.at == NULL)
			continue;
		hashes[count] = hash64(key.at, key.len, tracker->seed) | 1;
		__builtin_prefetch(&tracker->slots[hashes[count++] & (tracker->size - 1)]);
	}
	return count;
}

/* tracker:add(page, id path or nil) -> new rows, rows that came before */
static int l_add(lua_State *L)
{
	struct tracker *tracker = luaL_checkudata(L, 1, TRACKER);
	const struct page *page = page_test(L, 2);
	const char *path = luaL_optstring(L, 3, NULL);
	struct json_pick *pick = path != NULL ? page_push_pick(L, path) : NULL;
	struct json_plan plan = { 0 };
	lua_Integer fresh = 0, repeated = 0;

	luaL_argcheck(L, page != NULL, 2, "a page is wanted");
	if (pick != NULL)
		json_plan_make(&plan, pick, &page->list.shape, page->bytes);
	while (tracker->slots == NULL || (tracker->count + page->count) * 2 > tracker->size)
		grow(L, tracker);
	for (size_t i = 0; i < page->count; i += TRACKED_AT_ONCE) {
		uint64_t hashes[TRACKED_AT_ONCE];
		size_t count = hash_rows(tracker, page, i, pick, &plan, hashes);

		for (size_t k = 0; k < count; k++) {
			bool is_new = add_hash(tracker, hashes[k]);

			fresh += is_new;
			repeated += !is_new;
		}
	}
	lua_pushinteger(L, fresh);
	lua_pushinteger(L, repeated);
	return 2;
}

static int l_count(lua_State *L)
{
	struct tracker *tracker = luaL_checkudata(L, 1, TRACKER);

	lua_pushinteger(L, (lua_Integer)tracker->count);
	return 1;
}

int lua_tracker_new(lua_State *L)
{
	struct tracker *tracker = bind_new(L, TRACKER, sizeof(*tracker), 0);

	tracker->seed = hash_seed();
	return 1;
}

void lua_tracker_open(lua_State *L)
{
	static const luaL_Reg meta[] = { { "__gc", release }, { NULL, NULL } };
	static const luaL_Reg methods[] = { { "add", l_add },
					    { "count", l_count },
					    { NULL, NULL } };

	bind_type(L, TRACKER, meta, methods);
}
