/* scripts/lib/muster/model.lua and the store say the same about the canonical model. */
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "base/str.h"
#include "store/model.h"
#include "unit.h"

static const char *const types[] = {
	[MODEL_TEXT] = "text", [MODEL_BOOL] = "bool", [MODEL_TIME] = "time", [MODEL_LIST] = "list"
};

/* The text of a field of the table on top. */
static const char *field(lua_State *L, const char *name)
{
	const char *text;

	lua_getfield(L, -1, name);
	text = lua_tostring(L, -1);
	lua_pop(L, 1);
	assert_non_null(text);
	return text;
}

/* The column's table is on top. */
static void compare_values(lua_State *L, const struct model_column *column)
{
	bool listed = lua_getfield(L, -1, "one_of") == LUA_TTABLE;
	lua_Integer count = 0;

	assert_int_equal(listed, column->one_of != NULL);
	for (; listed && column->one_of[count] != NULL; count++) {
		lua_geti(L, -1, count + 1);
		assert_string_equal(lua_tostring(L, -1), column->one_of[count]);
		lua_pop(L, 1);
	}
	if (listed)
		assert_int_equal(luaL_len(L, -1), count);
	lua_pop(L, 1);
}

/* The entity's table is on top. */
static void compare_columns(lua_State *L, const struct model_entity *entity)
{
	lua_getfield(L, -1, "columns");
	assert_int_equal(luaL_len(L, -1), entity->column_count);
	for (size_t i = 0; i < entity->column_count; i++) {
		lua_geti(L, -1, (lua_Integer)i + 1);
		assert_string_equal(field(L, "name"), entity->columns[i].name);
		assert_string_equal(field(L, "type"), types[entity->columns[i].type]);
		compare_values(L, &entity->columns[i]);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void test_the_two_models_agree(void **state)
{
	lua_State *L = luaL_newstate();
	const struct model_entity *entities;
	size_t count, named = 0;

	(void)state;
	luaL_openlibs(L);
	if (luaL_dofile(L, "scripts/lib/muster/model.lua") != LUA_OK)
		fail_msg("%s", lua_tostring(L, -1));
	entities = model_entities(&count);
	for (size_t i = 0; i < count; i++) {
		if (lua_getfield(L, -1, entities[i].name) != LUA_TTABLE)
			fail_msg("model.lua has no %s", entities[i].name);
		assert_string_equal(field(L, "name"), entities[i].name);
		compare_columns(L, &entities[i]);
		lua_pop(L, 1);
	}
	for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
		named++;
	assert_int_equal(named, count);
	lua_close(L);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_two_models_agree) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
