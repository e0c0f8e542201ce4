-- A vendor for specs: answers requests by a function, keeps what was asked and what was told.
--
--   local vendor <const> = require "vendor"
--   local api <const> = vendor.api(function(request) return 200, '[{"id":1}]' end)
--   vendor.requests[1].query.limit, vendor.events[1].at
--
-- The answering function gets { call, query (a map), path, url, headers, body } and gives status,
-- text and headers. Statuses from 400 on are failures, as the host sees them.

local api_module <const> = require "muster.api"
local core <const> = require "muster.core"

local vendor = { requests = {}, events = {} }

local KINDS <const> = { [401] = "auth", [403] = "forbidden", [429] = "throttled" }

local function map_of(pairs_list)
  local map = {}
  for _, pair in ipairs(pairs_list or {}) do
    map[pair[1]] = pair[2]
  end
  return map
end

local function is_absent(request, status)
  for _, absent in ipairs(request.absent or {}) do
    if absent == status then
      return true
    end
  end
  return false
end

local function answer_with(fn)
  return function(request)
    local asked = {
      call = request.call, path = request.path, url = request.url, body = request.body,
      query = map_of(request.query), headers = map_of(request.headers), raw_query = request.query,
      content_type = request.content_type, absent = request.absent,
    }
    vendor.requests[#vendor.requests + 1] = asked
    local status, text, headers = fn(asked)
    local reply = { status = status, headers = headers or {}, body = body(text or "") }
    if status >= 400 and not is_absent(request, status) then
      reply.error = {
        kind = KINDS[status] or "remote", status = status,
        message = ("%s: HTTP %d"):format(request.call, status),
      }
    end
    return reply
  end
end

---@param fn fun(request: table): integer, string, table?
---@param context? table of muster.api
function vendor.api(fn, context)
  vendor.requests, vendor.events = {}, {}
  host.http = { request = answer_with(fn) }
  core.event = function(name, args)
    vendor.events[#vendor.events + 1] = { name = name, at = args.at, rows = args.rows,
      drift = args.drift, total = args.total, pager = args.pager }
  end
  return api_module.new(context or {})
end

---The `at` of all page events, in order.
function vendor.told()
  local told = {}
  for i, event in ipairs(vendor.events) do
    told[i] = event.at
  end
  return table.concat(told, " ")
end

---The error that fn raises, as its table.
function vendor.fault(fn, ...)
  local ok, fault = pcall(fn, ...)
  assert(not ok, "an error was expected")
  return type(fault) == "table" and fault or { message = fault }
end

---Runs rows (a list, or JSON text) through one map; returns the `emit` calls merged into one.
function vendor.map(spec_map, rows, extra, known)
  local mapping <const> = require "muster.mapping"
  local derived <const> = { thing = spec_map.derived }
  local entity <const> = spec_map.entity or "device"
  local written = {}
  for key, value in pairs(spec_map) do
    written[key] = value
  end
  written.derived, written.entity = nil, entity
  local maps <const> = mapping.read({ thing = written }, derived, "spec.lua")
  return vendor.run(core.map(mapping.spec(maps.thing, maps)), rows, extra, known)
end

---The same with a compiled map.
function vendor.run(map, rows, extra, known)
  local page = type(rows) == "string" and core.page(body(rows)) or rows
  local merged = { rows = {}, dropped = {}, bad = {}, skipped = 0 }
  for _, call in ipairs(core.preview(core.emitter "spec", map, page, extra, known)) do
    merged.columns = call.columns
    merged.skipped = merged.skipped + call.skipped
    for _, list in ipairs { "rows", "dropped", "bad" } do
      for _, item in ipairs(call[list]) do
        merged[list][#merged[list] + 1] = item
      end
    end
  end
  return merged
end

---One row of `vendor.map` as a table by column.
function vendor.row(result, index)
  local row = {}
  for i, column in ipairs(result.columns) do
    row[column] = result.rows[index or 1][i]
  end
  return row
end

return vendor
