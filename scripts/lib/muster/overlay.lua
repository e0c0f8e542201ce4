-- Overlays: what a project changes about a connector, in files of its own that upgrades never touch.
--
--   -- mappings/kandji.lua, then mappings/kandji@acme.lua
--   return {
--     map = {
--       device = {
--         asset_tag = false,                          -- drops the field
--         ["custom.site"] = "blueprint_name",         -- adds one
--         keep = { owned = false },                   -- switches a rule off
--       },
--     },
--     streams = { details = { enabled = true } },     -- opts in
--     limits = { rates = { "10/s" } },                -- what the vendor has agreed to
--   }
--
-- Fields and rules are merged one by one; key, nulls, fold and each of the limits are replaced whole,
-- or dropped with false. Fields and rules keep the file they come from.

local contract <const> = require "muster.contract"
local mapping <const> = require "muster.mapping"
local schema <const> = require "muster.schema"

local overlay = {}

local function or_false(rule, words)
  return schema.either(function(value)
    return value == false and schema.boolean() or rule
  end, words)
end

local SHAPE <const> = schema.record {
  map = schema.map(schema.map(schema.any())),
  streams = schema.map(schema.record { enabled = schema.boolean { required = true } }),
  limits = schema.record {
    rates = or_false(contract.RATES, "a list of rates"),
    concurrent = or_false(contract.CONCURRENT, "a number"),
    per_endpoint = or_false(schema.map(contract.RATES), "rates by call"),
  },
}

local function merge_rules(parts, written, at)
  if written == false then
    for name in pairs(parts) do
      parts[name] = nil
    end
    return
  end
  schema.check(schema.map(schema.any()), written, at)
  for _, name in ipairs(schema.sorted_keys(written)) do
    local below = schema.below(at, name)
    if written[name] ~= false then
      parts[name] = mapping.rule(name, written[name], below)
    elseif not parts[name] then
      schema.unknown(at, name, schema.sorted_keys(parts), "rule")
    else
      parts[name] = nil
    end
  end
end

local function merge_field(map, name, source, at)
  local below = schema.below(at, name)
  if source ~= false then
    map.fields[name] = mapping.field(map.entity, name, source, below)
  elseif not map.fields[name] then
    schema.unknown(at, name, schema.sorted_keys(map.fields), "field")
  else
    map.fields[name] = nil
  end
end

local function merge_map(map, written, at)
  for _, key in ipairs(schema.sorted_keys(written)) do
    local below = schema.below(at, key)
    if key == "keep" or key == "drop" then
      merge_rules(map[key], written[key], below)
    elseif key == "entity" then
      schema.fail(below, "an overlay cannot change the entity of a map")
    elseif key == "key" or key == "nulls" or key == "fold" then
      map[key] = written[key] ~= false and mapping.special(key, written[key], below) or nil
    else
      merge_field(map, key, written[key], at)
    end
  end
  mapping.check(map, at)
end

local function merge_streams(streams, written, at)
  for _, name in ipairs(schema.sorted_keys(written)) do
    if not streams[name] then
      schema.unknown(at, name, schema.sorted_keys(streams), "stream")
    end
    streams[name].enabled = written[name].enabled
  end
end

local function merged_limits(limits, written)
  local merged = {}
  for key, value in pairs(limits) do
    merged[key] = value
  end
  for key, value in pairs(written) do
    merged[key] = value or nil
  end
  return merged
end

---Merges one overlay into the maps and into the connector's streams and limits, in place.
---@param maps table<string, muster.Map>
---@param connector table
---@param written table what the overlay file returned
---@param file string
function overlay.merge(maps, connector, written, file)
  local at = schema.at(file)
  schema.check(SHAPE, written, at)
  for _, name in ipairs(schema.sorted_keys(written.map or {})) do
    local below = schema.below(at, "map")
    if not maps[name] then
      schema.unknown(below, name, schema.sorted_keys(maps), "map")
    end
    merge_map(maps[name], written.map[name], schema.below(below, name))
  end
  merge_streams(connector.streams, written.streams or {}, schema.below(at, "streams"))
  connector.limits = merged_limits(connector.limits or {}, written.limits or {})
end

return overlay
