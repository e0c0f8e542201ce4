/*
 * Compiling maps. The table comes from muster.mapping, which has checked it in words a person
 * understands; what is wrong here is a fault of ours and raises plainly. Everything is taken from
 * the map's own memory, so that an error may jump over any frame.
 */
#include "sandbox/map/lua_map.h"

#include <lauxlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/lua/bind.h"

#define MAP "muster.map"

enum { NESTING_MAX = 24 };

static const struct {
	const char *name;
	enum map_op op;
} ops[] = {
	{ "const", MAP_OP_CONST },	 { "time", MAP_OP_TIME },   { "lower", MAP_OP_LOWER },
	{ "pick", MAP_OP_PICK },	 { "first", MAP_OP_FIRST }, { "join", MAP_OP_JOIN },
	{ "int", MAP_OP_INT },		 { "bool", MAP_OP_BOOL },   { "list", MAP_OP_LIST },
	{ "present", MAP_OP_PRESENT },	 { "known", MAP_OP_KNOWN }, { "contains", MAP_OP_CONTAINS },
	{ "matches", MAP_OP_MATCHES },	 { "none", MAP_OP_NONE },   { "unboxed", MAP_OP_UNBOXED },
	{ "epoch_ms", MAP_OP_EPOCH_MS },
};

struct compiler {
	lua_State *L;
	struct map *map;
	int functions; /* stack index of the table of functions */
	struct map_source known[16];
};

static void *take(struct compiler *c, size_t count, size_t size)
{
	void *memory = scratch_take(&c->map->memory, (count + 1) * size);

	if (memory == NULL)
		luaL_error(c->L, "not enough memory");
	return memory;
}

static char *copy_text(struct compiler *c, const char *text, size_t len)
{
	char *copy = take(c, len, 1);

	memcpy(copy, text, len);
	return copy;
}

/* A copy of the text at `index`; NULL when it is none. */
static const char *take_text(struct compiler *c, int index, size_t *len)
{
	size_t length;
	const char *text;

	if (lua_type(c->L, index) != LUA_TSTRING)
		return NULL;
	text = lua_tolstring(c->L, index, &length);
	if (len != NULL)
		*len = length;
	return copy_text(c, text, length);
}

static const char *take_field(struct compiler *c, int table, const char *name, size_t *len)
{
	const char *text;

	lua_getfield(c->L, table, name);
	text = take_text(c, -1, len);
	lua_pop(c->L, 1);
	return text;
}

/* A NULL-terminated array of the texts of a list field; NULL when there is none. */
static const char *const *take_texts(struct compiler *c, int table, const char *name)
{
	const char **texts = NULL;
	lua_Integer count;

	if (lua_getfield(c->L, table, name) == LUA_TTABLE) {
		count = luaL_len(c->L, -1);
		texts = take(c, (size_t)count, sizeof(*texts));
		for (lua_Integer i = 0; i < count; i++) {
			lua_geti(c->L, -1, i + 1);
			texts[i] = take_text(c, -1, NULL);
			lua_pop(c->L, 1);
		}
	}
	lua_pop(c->L, 1);
	return texts;
}

/* Text, integer or boolean; anything else is nothing. */
static struct map_value take_value(struct compiler *c, int index)
{
	struct map_value value = { 0 };

	switch (lua_type(c->L, index)) {
	case LUA_TSTRING:
		value.type = MAP_TEXT;
		value.text = take_text(c, index, &value.len);
		if (!str_is_utf8(value.text, value.len))
			luaL_error(c->L, "a text of the mapping is no UTF-8");
		break;
	case LUA_TNUMBER:
		value.type = MAP_INT;
		value.i = luaL_checkinteger(c->L, index);
		break;
	case LUA_TBOOLEAN:
		value.type = MAP_BOOL;
		value.flag = lua_toboolean(c->L, index);
		break;
	default:
		break;
	}
	return value;
}

/* --- sources --- */

/* The pick for the extra row; its number in *extra. */
static struct json_pick *extra_pick(struct compiler *c, const char *name, size_t len, int *extra)
{
	struct map *map = c->map;

	for (size_t i = 0; i < map->extra_count; i++) {
		if (strlen(map->extra_names[i]) == len &&
		    memcmp(map->extra_names[i], name, len) == 0) {
			*extra = (int)i;
			return map->extras[i];
		}
	}
	if (map->extra_count == MAP_EXTRAS_MAX)
		luaL_error(c->L, "map %s: more than %d extra rows", map->name, MAP_EXTRAS_MAX);
	*extra = (int)map->extra_count;
	map->extra_names[map->extra_count] = copy_text(c, name, len);
	map->extras[map->extra_count] = json_pick_new();
	return map->extras[map->extra_count++];
}

static void compile_path(struct compiler *c, const char *path, struct map_source *out)
{
	struct json_pick *pick = c->map->row;

	*out = (struct map_source){ .op = MAP_OP_PATH, .extra = -1 };
	out->text = copy_text(c, path, strlen(path));
	if (path[0] == '^') {
		size_t len = strcspn(path, ".");

		if (path[len] == '\0')
			luaL_error(c->L, "map %s: '%s' names no field of the extra row",
				   c->map->name, path);
		pick = extra_pick(c, path + 1, len - 1, &out->extra);
		path += len + 1;
	}
	out->slot = pick != NULL ? json_pick_add(pick, path) : -1;
	if (out->slot < 0)
		luaL_error(c->L, "map %s: the path '%s' has too many steps", c->map->name, path);
}

static void compile_function(struct compiler *c, int index, struct map_source *out)
{
	int count = (int)lua_rawlen(c->L, c->functions) + 1;

	*out = (struct map_source){ .op = MAP_OP_FUNCTION, .function = count };
	c->map->has_functions = true;
	lua_pushvalue(c->L, index);
	lua_rawseti(c->L, c->functions, count);
}

static enum map_op find_op(struct compiler *c, int table)
{
	const char *name;
	enum map_op op = MAP_OP_PATH;

	lua_getfield(c->L, table, "op");
	name = lua_tostring(c->L, -1);
	for (size_t i = 0; name != NULL && i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (str_eq(ops[i].name, name))
			op = ops[i].op;
	}
	if (op == MAP_OP_PATH)
		luaL_error(c->L, "map %s: no such operation: %s", c->map->name,
			   name != NULL ? name : "?");
	lua_pop(c->L, 1);
	return op;
}

static void compile_pairs(struct compiler *c, int table, struct map_source *out)
{
	struct map_pair *pairs;
	size_t count = 0;

	lua_getfield(c->L, table, "default");
	out->value = take_value(c, -1);
	lua_getfield(c->L, table, "values");
	luaL_checktype(c->L, -1, LUA_TTABLE);
	for (lua_pushnil(c->L); lua_next(c->L, -2) != 0; lua_pop(c->L, 1))
		count++;
	pairs = take(c, count, sizeof(*pairs));
	out->pairs = pairs;
	for (lua_pushnil(c->L); lua_next(c->L, -2) != 0; lua_pop(c->L, 1))
		pairs[out->pair_count++] =
			(struct map_pair){ take_value(c, -2), take_value(c, -1) };
	lua_pop(c->L, 2);
}

static void compile_source(struct compiler *c, int index, int depth, struct map_source *out);

static struct map_source *compile_list(struct compiler *c, int table, int depth, size_t *count)
{
	struct map_source *sources;

	*count = (size_t)luaL_len(c->L, table);
	sources = take(c, *count, sizeof(*sources));
	for (size_t i = 0; i < *count; i++) {
		lua_geti(c->L, table, (lua_Integer)i + 1);
		compile_source(c, lua_gettop(c->L), depth, &sources[i]);
		lua_pop(c->L, 1);
	}
	return sources;
}

/* What an operation has beside its sources. */
static void compile_extras(struct compiler *c, int table, struct map_source *out)
{
	switch (out->op) {
	case MAP_OP_CONST:
		lua_getfield(c->L, table, "value");
		out->value = take_value(c, -1);
		lua_pop(c->L, 1);
		break;
	case MAP_OP_PICK:
		compile_pairs(c, table, out);
		break;
	case MAP_OP_JOIN:
		out->text = take_field(c, table, "separator", &out->len);
		break;
	case MAP_OP_KNOWN:
		out->text = take_field(c, table, "entity", &out->len);
		break;
	case MAP_OP_CONTAINS:
	case MAP_OP_MATCHES:
		out->text = take_field(c, table, "text", &out->len);
		if (out->op == MAP_OP_CONTAINS)
			str_lower((char *)(uintptr_t)out->text);
		break;
	case MAP_OP_UNBOXED:
		if (out->count != 1 || out->sources[0].op != MAP_OP_PATH)
			luaL_error(c->L, "map %s: unboxed needs a path", c->map->name);
		break;
	default:
		break;
	}
}

static void note_known(struct compiler *c, const struct map_source *source)
{
	if (c->map->known_count == sizeof(c->known) / sizeof(c->known[0]))
		luaL_error(c->L, "map %s: too many f.known", c->map->name);
	c->known[c->map->known_count++] = *source;
}

static void compile_descriptor(struct compiler *c, int table, int depth, struct map_source *out)
{
	*out = (struct map_source){ .op = find_op(c, table) };
	lua_getfield(c->L, table, "sources");
	luaL_checktype(c->L, -1, LUA_TTABLE);
	out->sources = compile_list(c, lua_gettop(c->L), depth + 1, &out->count);
	lua_pop(c->L, 1);
	if (out->count == 0 && out->op != MAP_OP_CONST)
		luaL_error(c->L, "map %s: an operation without a source", c->map->name);
	compile_extras(c, table, out);
	if (out->op == MAP_OP_KNOWN)
		note_known(c, out);
}

static void compile_source(struct compiler *c, int index, int depth, struct map_source *out)
{
	luaL_checkstack(c->L, 12, "a mapping");
	if (depth > NESTING_MAX)
		luaL_error(c->L, "map %s: field helpers nested too deeply", c->map->name);
	switch (lua_type(c->L, index)) {
	case LUA_TSTRING:
		compile_path(c, lua_tostring(c->L, index), out);
		break;
	case LUA_TFUNCTION:
		compile_function(c, index, out);
		break;
	case LUA_TTABLE:
		compile_descriptor(c, index, depth, out);
		break;
	default:
		luaL_error(c->L, "map %s: a %s is no source", c->map->name,
			   luaL_typename(c->L, index));
	}
}

/* The source in a field; false when the field is not there. */
static bool compile_field(struct compiler *c, int table, const char *name, struct map_source *out)
{
	bool found = lua_getfield(c->L, table, name) != LUA_TNIL;

	if (found)
		compile_source(c, lua_gettop(c->L), 0, out);
	lua_pop(c->L, 1);
	return found;
}

/* --- the map --- */

static enum map_column_type column_type(const char *name)
{
	static const char *const names[] = { [MAP_COLUMN_TEXT] = "text",
					     [MAP_COLUMN_BOOL] = "bool",
					     [MAP_COLUMN_TIME] = "time",
					     [MAP_COLUMN_LIST] = "list",
					     [MAP_COLUMN_ID] = "id" };

	for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(names[i], name))
			return (enum map_column_type)i;
	}
	return MAP_COLUMN_ANY;
}

static void compile_columns(struct compiler *c, int spec)
{
	size_t count;
	int list;

	lua_getfield(c->L, spec, "columns");
	list = lua_gettop(c->L);
	count = (size_t)luaL_len(c->L, list);
	c->map->columns = take(c, count, sizeof(*c->map->columns));
	for (size_t i = 0; i < count; i++) {
		struct map_column *column = &c->map->columns[i];

		lua_geti(c->L, list, (lua_Integer)i + 1);
		column->name = take_field(c, -1, "name", NULL);
		column->type = column_type(take_field(c, -1, "type", NULL));
		column->one_of = take_texts(c, -1, "one_of");
		compile_field(c, lua_gettop(c->L), "source", &column->source);
		lua_pop(c->L, 1);
	}
	c->map->column_count = count;
	lua_pop(c->L, 1);
}

static size_t count_rules(struct compiler *c, int spec, const char *name)
{
	size_t count = 0;

	if (lua_getfield(c->L, spec, name) == LUA_TTABLE)
		count = (size_t)luaL_len(c->L, -1);
	lua_pop(c->L, 1);
	return count;
}

/* "device.owned": the map's name and the rule's. */
static const char *rule_name(struct compiler *c, int rule)
{
	const char *name;

	lua_getfield(c->L, rule, "name");
	lua_pushfstring(c->L, "%s.%s", c->map->name, luaL_checkstring(c->L, -1));
	name = take_text(c, -1, NULL);
	lua_pop(c->L, 2);
	return name;
}

static void compile_rule_list(struct compiler *c, int spec, const char *name, bool drops,
			      bool is_leaders)
{
	size_t count = count_rules(c, spec, name);
	int list;

	lua_getfield(c->L, spec, name);
	list = lua_gettop(c->L);
	for (size_t i = 0; i < count; i++) {
		struct map_rule *rule = &c->map->rules[c->map->rule_count];

		lua_geti(c->L, list, (lua_Integer)i + 1);
		*rule = (struct map_rule){ .name = rule_name(c, lua_gettop(c->L)),
					   .drops = drops,
					   .is_leaders = is_leaders };
		compile_field(c, lua_gettop(c->L), "source", &rule->source);
		c->map->rule_count++;
		lua_pop(c->L, 1);
	}
	lua_pop(c->L, 1);
}

static void compile_rules(struct compiler *c, int spec)
{
	size_t count = count_rules(c, spec, "leader_keep") + count_rules(c, spec, "leader_drop") +
		       count_rules(c, spec, "keep") + count_rules(c, spec, "drop");

	c->map->rules = take(c, count, sizeof(*c->map->rules));
	compile_rule_list(c, spec, "leader_keep", false, true);
	compile_rule_list(c, spec, "leader_drop", true, true);
	compile_rule_list(c, spec, "keep", false, false);
	compile_rule_list(c, spec, "drop", true, false);
}

static void compile_key(struct compiler *c, int spec)
{
	if (lua_getfield(c->L, spec, "key") == LUA_TTABLE) {
		c->map->key = compile_list(c, lua_gettop(c->L), 0, &c->map->key_count);
		c->map->is_joined = true;
		lua_pop(c->L, 1);
		return;
	}
	lua_pop(c->L, 1);
	c->map->key = take(c, 1, sizeof(*c->map->key));
	c->map->key_count = 1;
	if (!compile_field(c, spec, "source_id", c->map->key))
		luaL_error(c->L, "map %s: neither source_id nor key", c->map->name);
}

static void compile_rank(struct compiler *c, int spec)
{
	struct map_source *rank = take(c, 1, sizeof(*rank));

	if (compile_field(c, spec, "rank", rank))
		c->map->rank = rank;
}

int lua_map_compile(lua_State *L)
{
	struct compiler c = { .L = L };

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	c.map = bind_new(L, MAP, sizeof(*c.map), 1);
	lua_newtable(L);
	c.functions = lua_gettop(L);
	c.map->name = take_field(&c, 1, "name", NULL);
	c.map->entity = take_field(&c, 1, "entity", NULL);
	c.map->id_text = take_field(&c, 1, "id_text", NULL);
	c.map->nulls = take_texts(&c, 1, "nulls");
	lua_getfield(L, 1, "derived");
	c.map->is_derived = lua_toboolean(L, -1);
	lua_pop(L, 1);
	c.map->row = json_pick_new();
	if (c.map->row == NULL || c.map->name == NULL || c.map->entity == NULL ||
	    c.map->id_text == NULL)
		return luaL_error(L, "a map without name, entity or id");
	compile_key(&c, 1);
	compile_columns(&c, 1);
	compile_rules(&c, 1);
	compile_rank(&c, 1);
	c.map->known = take(&c, c.map->known_count, sizeof(*c.map->known));
	memcpy(c.map->known, c.known, c.map->known_count * sizeof(*c.known));
	lua_setiuservalue(L, 2, 1);
	return 1;
}

const struct map *lua_map_check(lua_State *L, int index)
{
	return luaL_checkudata(L, index, MAP);
}

void lua_map_push_function(lua_State *L, int index, int function)
{
	lua_getiuservalue(L, index, 1);
	lua_rawgeti(L, -1, function);
	lua_remove(L, -2);
}

static int release(lua_State *L)
{
	map_fini(lua_touserdata(L, 1));
	return 0;
}

void lua_map_open(lua_State *L)
{
	static const luaL_Reg meta[] = { { "__gc", release }, { NULL, NULL } };

	bind_type(L, MAP, meta, NULL);
}
