/* Exits with 0 when the lua-cjson it is linked with is exact. Run by exact.cmake. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

int luaopen_cjson(lua_State *L);

static const char probe[] =
	"local cjson = require 'cjson'\n"
	"local values = cjson.decode('[9007199254740993,9223372036854775808]')\n"
	"assert(math.type(values[1]) == 'integer' and values[1] == 9007199254740993)\n"
	"assert(values[2] == 2.0 ^ 63 and math.type(values[2]) == 'float')\n"
	"assert(cjson.encode({ 0.1 + 0.2, 123456789012345678 })\n"
	"  == '[0.30000000000000004,123456789012345678]')\n"
	"cjson.decode_array_with_array_mt(true)\n"
	"assert(cjson.encode(cjson.decode('[[],{}]')) == '[[],{}]')\n"
	"assert(cjson.array_mt)\n";

int main(void)
{
	lua_State *L = luaL_newstate();
	int status;

	luaL_openlibs(L);
	luaL_requiref(L, "cjson", luaopen_cjson, 0);
	status = luaL_dostring(L, probe);
	lua_close(L);
	return status == LUA_OK ? 0 : 1;
}
