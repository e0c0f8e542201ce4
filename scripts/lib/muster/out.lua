-- Where a stream hands over what it read.
--
--   out:emit("device", rows)                       -- a page, or a list of tables
--   out:emit("device_app", rows, { d = device })   -- "^d.source_id" reaches into the extra row
--
-- Children of one parent, with a proof and a failure of their own:
--
--   for device in api:parents("device") do
--     out:scope("device", device.source_id, function(api, out)
--       for rows in page.offset(api, "api:/devices/{id}/apps", { path = { id = device.source_id }, ... }) do
--         out:emit("device_app", rows)
--       end
--     end)
--   end
--
-- A fourth argument of out:scope is a revision of the part: where it did not change, nothing is read.
--
-- Streams with mode = "events" tell what happened; the host puts it in order and leaves out what it
-- was told before:
--
--   for rows in page.token(api, "insights:/events", { query = { since = state and state.since } }) do
--     for _, event in ipairs(rows) do
--       local now = out:event(event.id, event.timestamp)
--       if event.type == "software_remove" then now:remove("device_app", { event }) end
--     end
--     out:commit { since = ... }
--   end
--
-- Rows go through the map of that name (host/sandbox/map/map.h); rows that cannot be mapped are
-- reported with their reason, the others go on.

local api_module <const> = require "muster.api"
local core <const> = require "muster.core"
local model <const> = require "muster.model"
local schema <const> = require "muster.schema"

---@class muster.Out
local Out <const> = {}
Out.__index = Out

local out = {}

-- Of a scope's failures these say that the next parent would fare no better.
local FATAL <const> = {
  auth = true, over_limit = true, bug = true, busy = true, cancelled = true, store = true,
}

-- So many failures without one success, and the stream gives up.
local HOPELESS <const> = 10

local STATE_MAX <const> = 64 * 1024

local HASH_SIZE <const> = 16

-- { stream, events, emits, maps, emitter, api, scopes, read, failed, kept, fault, throttled, revisions,
-- seed, again } of a stream; what belongs to a scope or an event has besides it `context`, the
-- arguments that its rows carry along.
local states <const> = setmetatable({}, { __mode = "k" })
local contexts <const> = setmetatable({}, { __mode = "k" })

-- Events whose time cannot be read: the host sets aside what they tell.
local undated <const> = setmetatable({}, { __mode = "k" })

local function misuse(message, ...)
  core.raise { kind = "bug", message = message:format(...) }
end

local function map_of(state, verb, name)
  if not state.emits[name] then
    local near = schema.nearest(tostring(name), schema.sorted_keys(state.emits))
    misuse('out:%s: the stream "%s" does not emit "%s"%s', verb, state.stream, tostring(name),
      near and ('; did you mean "%s"?'):format(near) or "")
  end
  return state.maps[name]
end

local function need_id(verb, id)
  if type(id) ~= "string" or id == "" then
    misuse("out:%s: the id must be a text that is not empty, not %s", verb,
      id == "" and "an empty one" or type(id))
  end
end

-- The same stream, for rows that carry `context` along.
local function bound(state, context)
  local made = setmetatable({}, Out)
  states[made], contexts[made] = state, context
  return made
end

---@param map string a name in the stream's `emits`
---@param rows table a page or a list of rows
---@param extra? table<string, table> further rows, reached as "^name.path"
function Out:emit(map, rows, extra)
  local state = states[self]
  local compiled = map_of(state, "emit", map)
  if not (undated[self] and state.emits[map] == "derived") then
    core.emit(state.emitter, compiled, rows, extra, contexts[self])
  end
end

-- --- children of one parent ---

local function check_scope(self, verb, id)
  local state = states[self]
  if state.events then
    misuse('out:%s: a stream with mode = "events" lists nothing', verb)
  elseif contexts[self] then
    misuse("out:%s: scopes do not nest", verb)
  end
  need_id(verb, id)
  state.scopes = state.scopes + 1
  return state, state.scopes
end

-- A hole in one parent's part: the others go on, unless nothing says that they could.
local function scope_failed(state, number, fault)
  local message = type(fault) == "table" and fault.message or tostring(fault)
  core.event("scope", { id = number, at = "failed", message = message })
  state.failed, state.fault = state.failed + 1, state.fault or fault
  if type(fault) == "table" and fault.kind == "throttled" then
    state.throttled = fault
  end
  local is_hopeless = state.read == 0 and state.failed >= HOPELESS
  if type(fault) ~= "table" or FATAL[fault.kind] or fault.stop or is_hopeless then
    error(fault, 0)
  end
end

local function revision_key(self, id)
  return ("revision/%s/%s"):format(states[self].stream, tostring(id))
end

-- Under another mapping the same revision is another reading.
local function stamp_of(state, revision)
  return revision and state.seed .. revision
end

local function keep(self, verb, entity, id)
  local state, number = check_scope(self, verb, id)
  core.event("scope", { id = number, at = "keep", entity = entity, parent = id })
  state.kept = state.kept + 1
  return true
end

---Reads the children of one parent. What `fn` asks for through its api and emits through its out
---belongs to this scope: only a scope that was read to its end lets a child's absence mean removal,
---and a failure inside costs this parent's part alone. All scopes of a stream are of one entity.
---@param entity string of the parent: "device"
---@param id string its source_id
---@param fn fun(api: muster.Api, out: muster.Out)
---@param revision? string what the vendor says of the children's state (a revision, a time): where it is
---that of the part's last reading under the same mapping, they stay as they are and fn is not called
---@return boolean true; false if it failed
function Out:scope(entity, id, fn, revision)
  local key, stamp = revision_key(self, id), stamp_of(states[self], revision)
  if stamp and not states[self].again and host.store.get(key) == stamp then
    return keep(self, "scope", entity, id)
  end
  local state, number = check_scope(self, "scope", id)
  core.event("scope", { id = number, at = "open", entity = entity, parent = id })
  local part = bound(state, { scope = core.array { number, entity, id } })
  local calls = api_module.scoped(state.api, number)
  -- Whom the vendor told to wait asks for no other part, which would prolong it.
  local ok, fault = false, state.throttled
  if not fault then
    ok, fault = pcall(fn, calls, part)
  end
  if not ok then
    scope_failed(state, number, fault)
    return false
  end
  core.event("scope", { id = number, at = "end" })
  state.read = state.read + 1
  if stamp and not api_module.is_cut(calls) then
    state.revisions[key] = stamp
  end
  return true
end

---The vendor says that this parent's children did not change: they stay as they are. Refused (false)
---when everything has to be mapped anew; then read them.
---@param entity string
---@param id string
---@return boolean
function Out:keep_scope(entity, id)
  return not states[self].api.full and keep(self, "keep_scope", entity, id)
end

-- --- what happened ---

local function check_events(self, verb)
  local state = states[self]
  if not state.events then
    misuse('out:%s belongs to streams with mode = "events"; what a listing no longer shows is removed by the host',
      verb)
  end
  return state
end

-- Times that a vendor wrote can be anything.
local function readable(at)
  return type(at) == "string" and host.time.parse(at) or nil
end

---One event: what is emitted, removed and patched through the result takes effect in the order of
---`at` and once, however often and in whatever order the vendor tells it. Where no time can be read,
---the event has no place in that order: the rows are set aside with the reason, the log goes on.
---@param id string the vendor's id of the event
---@param at any when it happened, as the vendor wrote it; any form that host.time.parse reads
---@return muster.Out
function Out:event(id, at)
  local state = check_events(self, "event")
  need_id("event", id)
  local time = readable(at)
  local made = bound(state, { event = core.array { time or "none", id } })
  undated[made] = not time or nil
  return made
end

local function change(self, verb, map, rows, extra)
  local state = check_events(self, verb)
  local context = contexts[self]
  if not context then
    misuse("out:%s belongs to an event: out:event(id, at):%s(...)", verb, verb)
  elseif state.emits[map] == "derived" then
    misuse('out:%s: "%s" is derived from other rows', verb, map)
  end
  core.emit(state.emitter, map_of(state, verb, map), rows, extra, { event = context.event, op = verb })
end

---The rows are gone. Only what makes the source_id is looked at; a row that no one knows is no fault.
---@param map string
---@param rows table
---@param extra? table<string, table>
function Out:remove(map, rows, extra)
  change(self, "remove", map, rows, extra)
end

---Changes the fields that are there and leaves the others. A row that no one knows is left out, and
---counted as skipped.
---@param map string
---@param rows table
---@param extra? table<string, table>
function Out:patch(map, rows, extra)
  change(self, "patch", map, rows, extra)
end

---Everything up to here is handed over: the next session's `read` gets this state. It is stored in
---the transaction of the rows before it.
---@param state any what JSON can say, up to 64 KiB
function Out:commit(state)
  local own = check_events(self, "commit")
  local text = host.json.canonical(state)
  if #text > STATE_MAX then
    core.raise {
      kind = "over_limit",
      message = ("out:commit: a state of %d bytes, at most %d"):format(#text, STATE_MAX),
    }
  end
  core.flush(own.emitter, true, true)
  core.call("commit", { state = text })
end

-- --- what others' rows lack ---

-- Column names and their values, in the order of the names; the match comes first, as the id.
local function addition(entity, match, fields)
  local column, value = next(match)
  if column == nil or next(match, column) ~= nil then
    misuse("out:enrich: match is one column and its value")
  end
  local columns, row = { "source_id" }, { tostring(value) }
  for _, name in ipairs(schema.sorted_keys(fields)) do
    local known = model[entity].column
    if not known[name] and not name:find "^custom%." then
      local near = schema.nearest(name, schema.sorted_keys(known))
      misuse('out:enrich: %s has no column "%s"%s', entity, name, near and ('; did you mean "%s"?'):format(near) or "")
    end
    columns[#columns + 1] = name
    row[#row + 1] = fields[name]
  end
  return column, core.array(columns), core.array(row)
end

---Adds fields to a row that another stream owns: what the owner says comes first, the addition
---fills what it leaves empty. A complete listing that does not add them again takes them away; in a
---stream of events they stay. Nobody found, or more than one: skipped, and counted.
---@param entity string "user"
---@param match table<string, string> one column and its value: { email = "ada@acme.example" }
---@param fields table<string, any> columns of the entity and custom.*, as they are to be stored
function Out:enrich(entity, match, fields)
  local state = states[self]
  if not model[entity] then
    misuse('out:enrich: there is no entity "%s"', tostring(entity))
  end
  local column, columns, row = addition(entity, match, fields)
  core.call("emit", {
    map = "enrich", entity = entity, stream = state.stream, op = "enrich", match = column,
    columns = columns, rows = core.array { row },
  })
end

-- --- the stream ---

-- The emitter, and what it need not tell again: rows that the host has from the same records.
local function emitter_of(stream)
  local raw = stream.raw
  local emitter = core.emitter(stream.name, raw and raw.seed)
  for entity, count in pairs(raw and raw.rows or {}) do
    local from = 0
    repeat
      local hashes = core.call("raw", { entity = entity, from = from }).hashes
      core.raw(emitter, entity, hashes)
      from = from + #hashes // HASH_SIZE
    until from >= count or #hashes == 0
  end
  return emitter
end

-- What stands for connector, mapping and settings; "" = not told.
local function seed_of(stream)
  return stream.raw and host.crypto.hex(stream.raw.seed) .. " " or ""
end

---@param stream table { name, emits, mode, raw, again }
---@param maps table<string, userdata> compiled
---@param calls muster.Api
---@return muster.Out
function out.new(stream, maps, calls)
  return bound({
    stream = stream.name, emits = stream.emits, events = stream.mode == "events", maps = maps,
    api = calls, emitter = emitter_of(stream), seed = seed_of(stream), again = stream.again,
    scopes = 0, read = 0, failed = 0, kept = 0, revisions = {},
  }, nil)
end

---Sends what derived maps still hold and waits until the host has everything. Where not all rows
---were seen (a limit, a failed request, a part that was not read, events), derived rows only add to what the host has.
---@param made muster.Out
function out.finish(made)
  local state = states[made]
  if state.failed > 0 and state.read + state.kept == 0 then
    error(state.fault, 0)
  end
  local is_part = api_module.is_cut(state.api) or state.scopes > state.read or state.events
  core.flush(state.emitter, is_part, false)
  -- Not before: derived rows are handed over only now, and a revision must not outrun its rows.
  for _, key in ipairs(schema.sorted_keys(state.revisions)) do
    host.store.set(key, state.revisions[key])
  end
end

return out
