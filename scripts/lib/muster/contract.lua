-- The connector contract, version 1: what the table may hold that a connector file returns. One
-- table is the validation and the documentation (scripts/README.md explains each key in words).
--
--   contract.check(connector, "kandji.lua")     -- raises at the first fault
--   contract.order(connector.streams, at)       -- the streams in the order they run

local auth <const> = require "muster.auth"
local schema <const> = require "muster.schema"

local contract = {}

contract.VERSION = 1

local text <const> = schema.text()
local name <const> = schema.text { pattern = "^[%a_][%w_]*$", words = "name" }
local texts <const> = schema.list(text)
local required_text <const> = schema.text { required = true }
local required_call <const> = schema.call { required = true }

-- The kinds of errors that scripts see (design: "Errors"); host/base/err.h has the same list.
local KINDS <const> = {
  "net", "timeout", "throttled", "auth", "forbidden", "unlicensed", "refused", "remote", "data",
  "store", "cancelled", "over_limit", "busy", "bug",
}

-- "GET api:/devices/{id}"
local METHODS <const> = { "GET", "POST", "PUT", "PATCH", "DELETE" }
local CALL_PATTERN <const> = "^(%u+) ([%a_][%w_]*):(/[^%s?#]*)$"

-- --- settings ---

local SETTING <const> = schema.record {
  id = schema.text { required = true, pattern = "^[%a_][%w_]*$", words = "name" },
  type = schema.text { required = true, one_of = { "text", "url", "choice", "bool", "int", "secret" } },
  label = required_text,
  help = text,
  example = text,
  required = schema.boolean(),
  default = schema.any(),
  pattern = text,
  when = schema.map(text),
  hosts = schema.either(function(value)
    return type(value) == "string" and schema.text { one_of = { "admin" } }
      or type(value) == "table" and schema.list(text, { min = 1 }) or nil
  end, '"admin" or a list of hosts'),
  choices = schema.list(text, { min = 1 }),
  table = schema.map(schema.map(text)),
  parse = schema.call(),
  signs = schema.boolean(),
}

-- --- limits, calls, errors ---

local scalars <const> = schema.map(schema.any())

-- What an overlay may say as well.
contract.RATES = schema.list(schema.text {
  pattern = "^%d+/%d*[smhd]$", words = 'rate such as "50/s" or "10000/h"',
})
contract.CONCURRENT = schema.integer { min = 1, max = 64 }

local QUOTA <const> = schema.record { remaining = required_text, reset = text, window = text }

local LIMITS <const> = schema.record {
  rates = contract.RATES,
  concurrent = contract.CONCURRENT,
  per_endpoint = schema.map(contract.RATES),
  shared = schema.text { one_of = { "credential", "provider", "tenant" } },
  headers = schema.either(function(value)
    return type(value) == "table" and (value[1] and schema.list(QUOTA) or QUOTA) or nil
  end, "a table, or a list of tables"),
}

local function check_call_text(value, at)
  local method, _, path = value:match(CALL_PATTERN)
  if not method then
    schema.fail(at, '"%s" is no call; it looks like "GET api:/devices/{id}"', value)
  elseif not schema.contains(METHODS, method) then
    schema.unknown(at, method, METHODS, "method")
  elseif path:find("//", 1, true) or path:find("/%.%.?/") or path:find("/%.%.?$") then
    schema.fail(at, '"%s": the path must not hold //, /./ or /../', value)
  end
end

local call_text <const> = schema.text { check = check_call_text }

local BOUND_CALL <const> = schema.record({
  call = schema.text { required = true, check = check_call_text },
  bind = scalars, query = scalars, body = scalars,
})

local call <const> = schema.either(function(value)
  return type(value) == "string" and call_text or type(value) == "table" and BOUND_CALL or nil
end, 'a call such as "GET api:/devices"')

local calls <const> = schema.list(call, { required = true, min = 1 })

local needs <const> = schema.list(schema.list(text, { min = 1 }))

-- A line of the table that a vendor's documentation has: what is to be allowed for what.
local PERMISSION <const> = schema.record {
  permission = required_text, section = text, category = text, access = text,
  needed_for = schema.list(text, { required = true, min = 1 }),
}

local ERROR <const> = schema.record({
  base = text, call = call_text, status = schema.integer { min = 100, max = 599 },
  body = scalars, kind = schema.text { required = true, one_of = KINDS },
  wait_s = schema.integer { min = 0 }, stop = schema.boolean(), hint = text, when = schema.map(text),
}, {
  check = function(value, at)
    if value.status == nil and value.body == nil then
      schema.fail(at, "needs a status, a body or both to be recognised by")
    end
  end,
})

-- --- streams, actions ---

local STREAM <const> = schema.record {
  calls = calls,
  needs = needs,
  emits = schema.map(schema.text { one_of = { "primary", "derived" } }, { required = true }),
  mode = schema.text { one_of = { "snapshot", "events" } },
  depends = texts,
  may_degrade = schema.boolean(),
  enabled = schema.boolean(),
  single = schema.boolean(),
  read = required_call,
}

local ACTION <const> = schema.record {
  label = text, target = required_text, destructive = schema.boolean(), needs = texts,
  calls = calls, params = schema.list(SETTING), secrets = scalars, run = required_call,
  scopes = texts, confirm = schema.any(),
}

local CONNECTOR <const> = schema.record {
  contract = schema.integer { required = true },
  id = schema.text { required = true, pattern = "^[a-z][a-z0-9_]*$", words = "connector id" },
  name = required_text,
  aliases = texts,
  version = required_text,
  docs = text,
  guide = texts,
  provider = text,
  settings = schema.list(SETTING, { required = true }),
  bases = schema.map(text, { required = true }),
  auth = auth.rule,
  limits = LIMITS,
  check = schema.record({ calls = calls, run = required_call }, { required = true }),
  streams = schema.map(STREAM, { required = true }),
  map = schema.map(schema.map(schema.any()), { required = true }),
  actions = schema.map(ACTION),
  permissions = schema.list(PERMISSION),
  errors = schema.list(ERROR),
}

-- --- what no shape can say ---

local function setting_types(connector)
  local types = {}
  for _, setting in ipairs(connector.settings) do
    types[setting.id] = setting.type
  end
  return types
end

-- What an address is made of must not depend on the row: each choice has one, with every column.
local function check_table(setting, at)
  local columns = {}
  if not setting.choices then
    schema.fail(at, 'belongs to a setting with "choices"')
  end
  for _, choice in ipairs(setting.choices) do
    for column in pairs(setting.table[choice] or {}) do
      columns[column] = true
    end
  end
  for _, choice in ipairs(setting.choices) do
    for _, column in ipairs(schema.sorted_keys(columns)) do
      if not (setting.table[choice] or {})[column] then
        schema.fail(schema.below(at, choice), 'key "%s" is missing', column)
      end
    end
  end
end

local function check_settings(settings, at)
  local seen = {}
  for i, setting in ipairs(settings) do
    local below = schema.below(at, i)
    if seen[setting.id] then
      schema.fail(below, 'a second setting "%s"', setting.id)
    elseif setting.type == "choice" and not setting.choices then
      schema.fail(below, 'key "choices" is missing')
    elseif setting.type == "url" and not setting.hosts then
      schema.fail(below, 'key "hosts" is missing: which hosts may it name?')
    elseif setting.type == "secret" and (setting.default ~= nil or setting.parse) then
      schema.fail(below, "a secret has neither default nor parse")
    elseif setting.type ~= "secret" and setting.signs then
      schema.fail(below, "only a secret can sign")
    end
    if setting.table then
      check_table(setting, schema.below(below, "table"))
    end
    seen[setting.id] = true
  end
end

-- "data_center.mdm" names a column of the setting's table.
local function check_column(settings, written, at)
  local id, column = written:match("^([^.]*)%.(.*)$")
  for _, setting in ipairs(settings) do
    if setting.id == id then
      local _, row = next(setting.table or {})
      if not row or not row[column] then
        schema.unknown(at, column, schema.sorted_keys(row or {}), "column of " .. id)
      end
    end
  end
  return id
end

---Every {name} in it is a setting that scripts may see, or a column of its table.
---@param text_with_names string "https://{data_center.accounts}"
---@param settings table[]
---@param types table<string, string> setting id -> type
---@param at muster.Place
function contract.check_template(text_with_names, settings, types, at)
  for written in text_with_names:gmatch("{([^}]*)}") do
    local setting = check_column(settings, written, at) or written
    if not types[setting] then
      schema.unknown(at, setting, schema.sorted_keys(types), "setting")
    elseif types[setting] == "secret" then
      schema.fail(at, 'the secret "%s" cannot be part of an address', setting)
    end
  end
end

local function check_bases(bases, settings, types, at)
  for _, base in ipairs(schema.sorted_keys(bases)) do
    local below = schema.below(at, base)
    schema.check(name, base, below)
    contract.check_template(bases[base], settings, types, below)
  end
end

local function check_calls(list, bases, at)
  for i, one in ipairs(list) do
    local base = select(2, (one.call or one):match(CALL_PATTERN))
    if not bases[base] then
      schema.unknown(schema.below(at, i), base, schema.sorted_keys(bases), "base")
    end
  end
end

-- `when` of an error names settings that scripts may see.
local function check_errors(errors, types, at)
  for i, one in ipairs(errors) do
    for _, setting in ipairs(schema.sorted_keys(one.when or {})) do
      local below = schema.below(schema.below(at, i), "when")
      if not types[setting] then
        schema.unknown(below, setting, schema.sorted_keys(types), "setting")
      elseif types[setting] == "secret" then
        schema.fail(below, 'the secret "%s" cannot be compared', setting)
      end
    end
  end
end

-- Every call of the check and the streams, as it is written.
local function declared_calls(connector)
  local found = {}
  local function add(list)
    for _, one in ipairs(list) do
      found[one.call or one] = true
    end
  end
  add(connector.check.calls)
  for _, stream in pairs(connector.streams) do
    add(stream.calls)
  end
  return schema.sorted_keys(found)
end

local function check_stream(connector, stream, at)
  check_calls(stream.calls, connector.bases, schema.below(at, "calls"))
  for _, map in ipairs(schema.sorted_keys(stream.emits)) do
    if not connector.map[map] then
      schema.unknown(schema.below(at, "emits"), map, schema.sorted_keys(connector.map), "map")
    end
  end
  for _, other in ipairs(stream.depends or {}) do
    if not connector.streams[other] then
      local streams = schema.sorted_keys(connector.streams)
      schema.unknown(schema.below(at, "depends"), other, streams, "stream")
    end
  end
end

-- The kind with which streams emit each map; one map, one kind.
local function emitted_kinds(streams, at)
  local kinds = {}
  for _, stream in ipairs(schema.sorted_keys(streams)) do
    for map, kind in pairs(streams[stream].emits) do
      if kinds[map] and kinds[map] ~= kind then
        schema.fail(schema.below(at, stream .. ".emits"),
          '"%s" is primary in one stream and derived in another', map)
      end
      kinds[map] = kind
    end
  end
  return kinds
end

---Which maps are derived.
---@return table<string, boolean>
function contract.derived(connector, file)
  local derived = {}
  local at = schema.below(schema.at(file), "streams")
  for map, kind in pairs(emitted_kinds(connector.streams, at)) do
    derived[map] = kind == "derived"
  end
  return derived
end

---The names of the streams in the order they run: dependencies first, else by name.
---@param streams table
---@param at muster.Place
---@return string[]
function contract.order(streams, at)
  local ordered, state = {}, {}
  local function visit(stream)
    if state[stream] == "open" then
      schema.fail(schema.below(at, stream), "depends on itself in a circle")
    elseif not state[stream] then
      state[stream] = "open"
      local depends = { table.unpack(streams[stream].depends or {}) }
      table.sort(depends)
      for _, other in ipairs(depends) do
        visit(other)
      end
      state[stream] = "done"
      ordered[#ordered + 1] = stream
    end
  end
  for _, stream in ipairs(schema.sorted_keys(streams)) do
    visit(stream)
  end
  return ordered
end

---Does one stream need another, directly or through others?
---@return boolean
function contract.depends_on(streams, stream, other)
  for _, near in ipairs(streams[stream].depends or {}) do
    if near == other or contract.depends_on(streams, near, other) then
      return true
    end
  end
  return false
end

---Checks the whole table; raises an error of kind "bug" at the first fault.
---@param connector any what the file returned
---@param file string for messages
function contract.check(connector, file)
  local at = schema.at(file)
  if type(connector) ~= "table" then
    schema.fail(at, "must return one table, not %s", type(connector))
  elseif math.type(connector.contract) == "integer" and connector.contract ~= contract.VERSION then
    schema.fail(at, "is written for contract %d, this muster speaks %d",
      connector.contract, contract.VERSION)
  end
  schema.check(CONNECTOR, connector, at)
  local types = setting_types(connector)
  check_settings(connector.settings, schema.below(at, "settings"))
  check_bases(connector.bases, connector.settings, types, schema.below(at, "bases"))
  if connector.auth then
    local known = { types = types, bases = connector.bases, calls = declared_calls(connector) }
    function known.check_template(template, below)
      contract.check_template(template, connector.settings, types, below)
    end
    auth.check(connector.auth, known, schema.below(at, "auth"))
  end
  check_calls(connector.check.calls, connector.bases, schema.below(at, "check.calls"))
  check_errors(connector.errors or {}, types, schema.below(at, "errors"))
  local streams = schema.below(at, "streams")
  for _, stream in ipairs(schema.sorted_keys(connector.streams)) do
    check_stream(connector, connector.streams[stream], schema.below(streams, stream))
  end
  contract.order(connector.streams, streams)
  for _, action in ipairs(schema.sorted_keys(connector.actions or {})) do
    auth.check_scopes(connector.actions[action], schema.below(at, "actions." .. action))
  end
  if (connector.limits or {}).shared == "provider" and not connector.provider then
    schema.fail(schema.below(at, "limits.shared"), '"provider" needs the key "provider"')
  end
end

return contract
