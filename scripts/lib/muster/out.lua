-- Where a stream hands over what it read.
--
--   out:emit("device", rows)                       -- a page, or a list of tables
--   out:emit("device_app", rows, { d = device })   -- "^d.source_id" reaches into the extra row
--
-- Rows go through the map of that name (host/sandbox/map/map.h); rows that cannot be mapped are
-- reported with their reason, the others go on.

local core <const> = require "muster.core"
local schema <const> = require "muster.schema"

---@class muster.Out
local Out <const> = {}
Out.__index = Out

local out = {}

local states <const> = setmetatable({}, { __mode = "k" })

local function map_of(state, name)
  if not state.emits[name] then
    local near = schema.nearest(tostring(name), schema.sorted_keys(state.emits))
    core.raise {
      kind = "bug",
      message = ('out:emit: the stream "%s" does not emit "%s"%s'):format(state.stream, tostring(name),
        near and ('; did you mean "%s"?'):format(near) or ""),
    }
  end
  return state.maps[name]
end

---@param map string a name in the stream's `emits`
---@param rows table a page or a list of rows
---@param extra? table<string, table> further rows, reached as "^name.path"
function Out:emit(map, rows, extra)
  local state = states[self]
  core.emit(state.emitter, map_of(state, map), rows, extra)
end

-- Parts of contract 1 that this version of muster does not carry out yet: a connector that calls
-- them is told so, it does not lose rows silently.
for _, name in ipairs { "scope", "keep_scope", "event", "remove", "patch", "commit", "enrich" } do
  Out[name] = function()
    core.raise {
      kind = "bug",
      message = ("out:%s is not in this version of muster; streams list snapshots with out:emit"):format(name),
    }
  end
end

---@param stream string
---@param emits table<string, string>
---@param maps table<string, userdata> compiled
---@return muster.Out
function out.new(stream, emits, maps)
  local made = setmetatable({}, Out)
  states[made] = { stream = stream, emits = emits, maps = maps, emitter = core.emitter(stream) }
  return made
end

---Sends what derived maps still hold and waits until the host has everything.
---@param made muster.Out
---@param is_cut boolean the listing was cut short: rows that the host has are not overwritten
function out.finish(made, is_cut)
  core.flush(states[made].emitter, is_cut)
end

return out
