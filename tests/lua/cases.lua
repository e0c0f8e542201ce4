-- Vendors tested with data: a page as the vendor sends it and the rows that must come out.
--
-- tests/vendors/<id>/<case>.json: { "list", "body", "extra": { name: row }, "known": { entity: [ id ] },
-- "rows": { map: [ { column: value } ] }, "dropped": { map: [ [rule, id] ] }, "skipped": { map: n } }.
-- A column that is absent must be nil.
local assert <const> = require "luassert"
local cjson <const> = require "cjson"
local contract <const> = require "muster.contract"
local core <const> = require "muster.core"
local mapping <const> = require "muster.mapping"
local vendor <const> = require "vendor"

local cases = {}

local function read_file(path)
  local file <const> = assert(io.open(path, "rb"))
  local text <const> = file:read "a"
  file:close()
  return text
end

local function by_column(result)
  local rows <const> = {}
  for i = 1, #result.rows do
    rows[i] = vendor.row(result, i)
  end
  return rows
end

local function plain(value)
  if type(value) ~= "table" then
    return value
  end
  local copy <const> = {}
  for key, inner in pairs(value) do
    copy[key] = inner ~= cjson.null and plain(inner) or nil
  end
  return copy
end

---Raises where the rows of one case are others than they have to be.
---@param connector table what the connector's file returned
---@param name string of the case
function cases.check(connector, name)
  local file <const> = ("scripts/vendors/%s.lua"):format(connector.id)
  local maps <const> = mapping.read(connector.map, contract.derived(connector, file), file)
  local data <const> = cjson.decode(read_file(("tests/vendors/%s/%s.json"):format(connector.id, name)))
  for map, wanted in pairs(data.rows) do
    local page <const> = core.page(body(cjson.encode(data.body)), data.list)
    local result <const> = vendor.run(core.map(mapping.spec(maps[map], maps)), page, data.extra, data.known)
    assert.same(plain(wanted), plain(by_column(result)), map)
    assert.same(plain(data.dropped and data.dropped[map] or {}), plain(result.dropped), map)
    assert.equal(data.skipped and data.skipped[map] or 0, result.skipped, map)
    assert.equal(0, #result.bad, map)
  end
end

return cases
