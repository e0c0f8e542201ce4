-- Vendors tested with data: a page as the vendor sends it, and the rows that must come out.
--
-- tests/vendors/<id>/<case>.json: { "list", "body", "extra": { name: row }, "known": { entity: [ id ] },
-- "rows": { map: [ { column: value } ] }, "dropped": { map: [ [rule, id] ] }, "skipped": { map: n },
-- "bad": { map: [ ... ] } }. A column that is absent must be nil; the order of rows counts.
--
--   assert.same(vendor_rows.run("manageengine_mdm", "devices"))

local cjson <const> = require "cjson"
local contract <const> = require "muster.contract"
local core <const> = require "muster.core"
local mapping <const> = require "muster.mapping"
local vendor <const> = require "vendor"

local vendor_rows = {}

function vendor_rows.read_file(path)
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
    if inner ~= cjson.null then
      copy[key] = plain(inner)
    end
  end
  return copy
end

-- A connector is a file, or a folder with init.lua.
local function connector_file(id)
  local path <const> = ("scripts/vendors/%s.lua"):format(id)
  local file <const> = io.open(path)
  return file and file:close() and path or ("scripts/vendors/%s/init.lua"):format(id)
end

-- Everything that one map is to give, and gives.
local function outcomes(maps, data, map, prepare)
  local page <const> = core.page(body(cjson.encode(data.body)), data.list)
  local result <const> = vendor.run(core.map(mapping.spec(maps[map], maps)), prepare and prepare(page) or page,
    data.extra, data.known)
  local wanted <const> = {
    rows = plain(data.rows[map]), dropped = plain(data.dropped and data.dropped[map] or {}),
    skipped = data.skipped and data.skipped[map] or 0, bad = plain(data.bad and data.bad[map] or {}),
  }
  return wanted, {
    rows = plain(by_column(result)), dropped = plain(result.dropped), skipped = result.skipped, bad = plain(result.bad),
  }
end

---What the case says, and what comes out: both by map. `prepare` makes of a page what the connector emits.
---@return table wanted
---@return table got
function vendor_rows.run(id, case, prepare)
  local file <const> = connector_file(id)
  local connector <const> = dofile(file)
  local maps <const> = mapping.read(connector.map, contract.derived(connector, file), file)
  local data <const> = cjson.decode(vendor_rows.read_file(("tests/vendors/%s/%s.json"):format(id, case)))
  local wanted <const>, got <const> = {}, {}
  for map in pairs(data.rows) do
    wanted[map], got[map] = outcomes(maps, data, map, prepare)
  end
  return wanted, got
end

return vendor_rows
