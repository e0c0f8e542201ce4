-- A connector's maps as the rest of the library works with them: every field and rule with the file
-- it comes from. Overlays change this form (muster.overlay), `muster map show` prints it, the
-- evaluator in C is compiled from it (muster.core).
--
--   local maps <const> = mapping.read(connector.map, "kandji.lua")
--   maps.device.fields.name.source, maps.device.fields.name.origin

local core <const> = require "muster.core"
local field <const> = require "muster.field"
local model <const> = require "muster.model"
local schema <const> = require "muster.schema"

local mapping = {}

---@class muster.Part
---@field source any
---@field origin string the file it comes from

---@class muster.Map
---@field name string
---@field entity string
---@field derived boolean
---@field fields table<string, muster.Part> source_id, columns and custom.*
---@field keep table<string, muster.Part>
---@field drop table<string, muster.Part>
---@field key muster.Part? its source is a list of sources
---@field nulls muster.Part? its source is a list of texts
---@field fold muster.Part? its source is the rank
---@field follows string? a derived map that takes only the rows which this other map keeps

-- Keys of a map that are no fields.
local PARTS <const> = { "entity", "follows", "keep", "drop", "key", "nulls", "fold" }

local CUSTOM <const> = "^custom%.[%a_][%w_]*$"

local function known_fields(entity)
  local known = { "source_id", table.unpack(PARTS) }
  for _, column in ipairs(model[entity].columns) do
    known[#known + 1] = column.name
  end
  return known
end

local function check_path(path, at)
  local steps = path:gsub("^%^[%a_][%w_]*%.", "")
  if steps:find("^%.") or steps:find("%.$") or steps:find("..", 1, true) then
    schema.fail(at, '"%s" is no path: a step between the dots is empty', path)
  end
end

local function check_source(source, at)
  if not field.is_source(source) then
    schema.fail(at, "must be a path, a field helper or a function of the row, not %s",
      source == "" and "an empty text" or type(source))
  elseif type(source) == "string" then
    check_path(source, at)
  elseif field.is_descriptor(source) then
    for _, inner in ipairs(source.sources) do
      check_source(inner, at)
    end
  end
end

local function check_one_of(column, value, at)
  if value ~= nil and type(value) == "string" and not schema.contains(column.one_of, value) then
    schema.unknown(at, value, column.one_of, "value of " .. column.name)
  end
end

-- A fixed value that the column cannot hold is a fault of the file, not of a row.
local function check_values(column, source, at)
  if not column.one_of or not field.is_descriptor(source) then
    return
  end
  if source.op == "pick" then
    for _, value in pairs(source.values) do
      check_one_of(column, value, at)
    end
    check_one_of(column, source.default, at)
  elseif source.op == "const" then
    check_one_of(column, source.value, at)
  elseif source.op == "first" then
    for _, inner in ipairs(source.sources) do
      check_values(column, inner, at)
    end
  end
end

---Checks one field of a map and returns it as a part.
---@param entity string
---@param name string
---@param source any
---@param at muster.Place of the field
---@return muster.Part
function mapping.field(entity, name, source, at)
  local column = model[entity].column[name]
  if name ~= "source_id" and not column and not name:find(CUSTOM) then
    local above = { file = at.file, path = at.path:sub(1, -#name - 2) }
    if name:find("^custom%.") then
      schema.fail(above, '"%s": a custom field is custom.name, with letters, digits and _', name)
    end
    schema.unknown(above, name, known_fields(entity), "field")
  end
  check_source(source, at)
  if column then
    check_values(column, source, at)
  end
  return { source = source, origin = at.file }
end

---Checks one keep or drop rule.
---@return muster.Part
function mapping.rule(name, source, at)
  if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
    schema.fail(at, "a rule needs a name of letters, digits and _")
  end
  check_source(source, at)
  return { source = source, origin = at.file }
end

---Checks key, nulls or fold.
---@return muster.Part
function mapping.special(name, value, at)
  if name == "key" then
    schema.check(schema.list(schema.any(), { min = 1 }), value, at)
    for i, source in ipairs(value) do
      check_source(source, schema.below(at, i))
    end
  elseif name == "nulls" then
    schema.check(schema.list(schema.any()), value, at)
    for i, text in ipairs(value) do
      if type(text) ~= "string" then
        schema.fail(schema.below(at, i), "must be a text, not %s", type(text))
      end
    end
  else
    schema.check(schema.record { rank = schema.any { required = true } }, value, at)
    check_source(value.rank, schema.below(at, "rank"))
    value = value.rank
  end
  return { source = value, origin = at.file }
end

local function read_rules(rules, at)
  local parts = {}
  if rules == nil then
    return parts
  end
  schema.check(schema.map(schema.any()), rules, at)
  for _, name in ipairs(schema.sorted_keys(rules)) do
    parts[name] = mapping.rule(name, rules[name], schema.below(at, name))
  end
  return parts
end

local function read_entity(name, entity, at)
  local known = schema.sorted_keys(model)
  if entity == nil and not model[name] then
    schema.unknown(at, name, known, "entity")
  elseif entity ~= nil and not model[entity] then
    schema.unknown(schema.below(at, "entity"), entity, known, "entity")
  end
  return entity or name
end

---Raises unless the map as a whole makes sense; called again after each overlay.
---@param map muster.Map
---@param at muster.Place
function mapping.check(map, at)
  for _, rule in ipairs(schema.sorted_keys(map.keep)) do
    if map.drop[rule] then
      schema.fail(at, 'the rule "%s" stands in both keep and drop', rule)
    end
  end
  if not map.fields.source_id and not map.key then
    schema.fail(at, "needs source_id or key")
  elseif map.fields.source_id and map.key then
    schema.fail(at, "has both source_id and key; one of them makes the id")
  elseif map.fold and not map.derived then
    schema.fail(at, "fold is for derived maps: no stream emits this one as derived")
  end
end

local function read_map(name, written, derived, at)
  schema.check(schema.map(schema.any()), written, at)
  local map = {
    name = name, entity = read_entity(name, written.entity, at), derived = derived,
    follows = written.follows,
  }
  map.keep = read_rules(written.keep, schema.below(at, "keep"))
  map.drop = read_rules(written.drop, schema.below(at, "drop"))
  map.fields = {}
  for _, key in ipairs(schema.sorted_keys(written)) do
    local below = schema.below(at, key)
    if key == "key" or key == "nulls" or key == "fold" then
      map[key] = mapping.special(key, written[key], below)
    elseif not schema.contains(PARTS, key) then
      map.fields[key] = mapping.field(map.entity, key, written[key], below)
    end
  end
  mapping.check(map, at)
  return map
end

local function check_follows(maps, map, at)
  if map.follows == nil then
    return
  elseif not maps[map.follows] then
    schema.unknown(at, map.follows, schema.sorted_keys(maps), "map")
  elseif not map.derived or maps[map.follows].follows then
    schema.fail(at, "only a derived map can follow another, and only one that follows none")
  end
end

---Reads a connector's `map` table.
---@param written table
---@param derived table<string, boolean> which maps are derived
---@param file string
---@return table<string, muster.Map>
function mapping.read(written, derived, file)
  local at = schema.below(schema.at(file), "map")
  local maps = {}
  for _, name in ipairs(schema.sorted_keys(written)) do
    maps[name] = read_map(name, written[name], derived[name] or false, schema.below(at, name))
  end
  for name, map in pairs(maps) do
    check_follows(maps, map, schema.below(schema.below(at, name), "follows"))
  end
  return maps
end

---The names of a map's fields in a fixed order: source_id, the model's columns, custom fields.
---@param map muster.Map
---@return string[]
function mapping.field_names(map)
  local names = {}
  if map.fields.source_id then
    names[1] = "source_id"
  end
  for _, column in ipairs(model[map.entity].columns) do
    if map.fields[column.name] then
      names[#names + 1] = column.name
    end
  end
  for _, name in ipairs(schema.sorted_keys(map.fields)) do
    if name:find(CUSTOM) then
      names[#names + 1] = name
    end
  end
  return names
end

local function rule_list(rules)
  local list = {}
  for i, name in ipairs(schema.sorted_keys(rules)) do
    list[i] = { name = name, source = rules[name].source, origin = rules[name].origin }
  end
  return list
end

local function texts(sources)
  local list = {}
  for i, source in ipairs(sources) do
    list[i] = field.text(source)
  end
  return list
end

---What the evaluator is compiled from (core.map).
---@param map muster.Map
---@param maps table<string, muster.Map>
---@return table
function mapping.spec(map, maps)
  local leader = map.follows and maps[map.follows]
  local columns = {}
  for _, name in ipairs(mapping.field_names(map)) do
    if name ~= "source_id" then
      local column = model[map.entity].column[name]
      columns[#columns + 1] = {
        name = name, source = map.fields[name].source,
        type = name:find("_source_id$") and "id" or column and column.type or "any", one_of = column and column.one_of,
      }
    end
  end
  return {
    name = map.name, entity = map.entity, derived = map.derived, columns = columns,
    source_id = map.fields.source_id and map.fields.source_id.source,
    id_text = map.key and table.concat(texts(map.key.source), " or ")
      or field.text(map.fields.source_id.source),
    key = map.key and map.key.source, nulls = map.nulls and map.nulls.source,
    keep = rule_list(map.keep), drop = rule_list(map.drop), rank = map.fold and map.fold.source,
    leader_keep = leader and rule_list(leader.keep), leader_drop = leader and rule_list(leader.drop),
  }
end

local function declare_rules(rules)
  local list = rule_list(rules)
  for i, rule in ipairs(list) do
    list[i] = { name = rule.name, rule = field.text(rule.source), origin = rule.origin }
  end
  return core.array(list)
end

---What the host is told (host/README.md, the declaration).
---@param map muster.Map
---@return table
function mapping.declare(map)
  local fields = {}
  for i, name in ipairs(mapping.field_names(map)) do
    local part = map.fields[name]
    local values = field.values(part.source)
    fields[i] = {
      name = name, source = field.text(part.source), origin = part.origin,
      is_data = field.is_data(part.source), values = values and core.array(values),
    }
  end
  return {
    entity = map.entity, derived = map.derived, fields = core.array(fields),
    keep = declare_rules(map.keep), drop = declare_rules(map.drop),
    key = map.key and texts(map.key.source),
    nulls = map.nulls and core.array(map.nulls.source),
    fold = map.fold and field.text(map.fold.source), follows = map.follows,
  }
end

---Calls fn(source) for every source of the map, nested ones included.
---@param map muster.Map
---@param fn fun(source: any)
function mapping.each_source(map, fn)
  local function visit(source)
    fn(source)
    for _, inner in ipairs(field.is_descriptor(source) and source.sources or {}) do
      visit(inner)
    end
  end
  for _, parts in ipairs { map.fields, map.keep, map.drop } do
    for _, part in pairs(parts) do
      visit(part.source)
    end
  end
  for _, source in ipairs(map.key and map.key.source or {}) do
    visit(source)
  end
  if map.fold then
    visit(map.fold.source)
  end
end

return mapping
