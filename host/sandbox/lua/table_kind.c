/* Is a Lua table a list or a map? */
#include "sandbox/lua/table_kind.h"

#include "sandbox/json/cjson_exact.h"

bool table_is_list(lua_State *L, size_t *count)
{
	size_t length = lua_rawlen(L, -1);

	*count = length;
	if (cjson_is_array(L, -1))
		return true;
	*count = 0;
	for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
		++*count;
	return *count > 0 && *count == length;
}
