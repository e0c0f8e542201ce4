-- What a sandbox does for the host: one handler per call of host/README.md, "Calls of the host to
-- the sandbox". The C side runs each as a task: handlers.load(args) and so on; what a handler
-- returns is the RESULT, what it raises the ERROR.

local api <const> = require "muster.api"
local contract <const> = require "muster.contract"
local core <const> = require "muster.core"
local field <const> = require "muster.field"
local mapping <const> = require "muster.mapping"
local out <const> = require "muster.out"
local overlay <const> = require "muster.overlay"
local schema <const> = require "muster.schema"
local settings <const> = require "muster.settings"

local handlers = {}

-- The one connector of this process: { table, file, maps, compiled }.
local loaded = nil

local function run_file(text, file)
  local chunk, fault = load(text, "@" .. file, "t")
  if not chunk then
    core.raise { kind = "bug", message = fault }
  end
  return chunk()
end

-- A list for the host. A copy: what a file of the connector's folder returned cannot be changed.
local function array(list)
  return core.array { table.unpack(list) }
end

-- Does a stream that `stream` depends on emit this entity?
local function is_read_before(connector, maps, stream, entity)
  for other, described in pairs(connector.streams) do
    for map in pairs(described.emits) do
      if maps[map].entity == entity and contract.depends_on(connector.streams, stream, other) then
        return true
      end
    end
  end
  return false
end

-- `known` may only ask for rows of a stream that the emitting one depends on.
local function check_known(connector, maps, stream, file)
  for _, name in ipairs(schema.sorted_keys(connector.streams[stream].emits)) do
    local function check(source)
      if field.is_descriptor(source) and source.op == "known"
        and not is_read_before(connector, maps, stream, source.entity) then
        schema.fail(schema.below(schema.at(file), "map." .. name),
          '%s: the stream "%s" depends on none that emits this entity', tostring(source), stream)
      end
    end
    mapping.each_source(maps[name], check)
    if maps[name].follows then
      mapping.each_source(maps[maps[name].follows], check)
    end
  end
end

local function declare_streams(connector, file)
  local list = {}
  for i, name in ipairs(contract.order(connector.streams, schema.below(schema.at(file), "streams"))) do
    local stream = connector.streams[name]
    list[i] = {
      name = name, calls = array(stream.calls), needs = array(stream.needs or {}),
      emits = stream.emits, mode = stream.mode or "snapshot", depends = array(stream.depends or {}),
      may_degrade = stream.may_degrade or false, enabled = stream.enabled ~= false,
      single = stream.single or false,
    }
  end
  return array(list)
end

local function declare_actions(actions)
  local list = {}
  for i, name in ipairs(schema.sorted_keys(actions)) do
    local action = actions[name]
    list[i] = {
      name = name, label = action.label, target = action.target, destructive = action.destructive or false,
      needs = array(action.needs or {}), scopes = array(action.scopes or {}),
    }
  end
  return array(list)
end

local function declare_maps(maps)
  local declared = {}
  for name, map in pairs(maps) do
    declared[name] = mapping.declare(map)
  end
  return declared
end

local function declare(connector, maps, file)
  return {
    contract = connector.contract, id = connector.id, name = connector.name,
    version = connector.version, docs = connector.docs, provider = connector.provider,
    aliases = array(connector.aliases or {}), guide = array(connector.guide or {}),
    settings = settings.declare(connector.settings), bases = connector.bases,
    auth = connector.auth, limits = connector.limits or {},
    check = { calls = array(connector.check.calls) },
    permissions = array(connector.permissions or {}),
    errors = array(connector.errors or {}), streams = declare_streams(connector, file),
    actions = declare_actions(connector.actions or {}), maps = declare_maps(maps),
  }
end

---@param args table { connector, file, text, overlays = { { file, text } } }
function handlers.load(args)
  local file = args.file
  local connector = run_file(args.text, file)
  contract.check(connector, file)
  if connector.id ~= args.connector then
    schema.fail(schema.at(file), 'its id is "%s", it was asked for as "%s"',
      connector.id, args.connector)
  end
  local maps = mapping.read(connector.map, contract.derived(connector, file), file)
  for _, one in ipairs(args.overlays or {}) do
    overlay.merge(maps, connector, run_file(one.text, one.file), one.file)
  end
  local compiled = {}
  for name, map in pairs(maps) do
    compiled[name] = core.map(mapping.spec(map, maps))
  end
  for stream in pairs(connector.streams) do
    check_known(connector, maps, stream, file)
  end
  loaded = { connector = connector, compiled = compiled }
  return declare(connector, maps, file)
end

---@param args table { values }
function handlers.settings(args)
  return settings.parse(loaded.connector.settings, args.values)
end

---@param args table { settings, now }
function handlers.check(args)
  local connector = loaded.connector
  return connector.check.run(api.new {
    calls = connector.check.calls, errors = connector.errors, settings = args.settings,
    now = args.now,
  })
end

-- A refusal says which permission is missing, in the vendor's own words.
local function name_permission(fault, needs)
  local is_refusal = type(fault) == "table" and (fault.kind == "forbidden" or fault.kind == "unlicensed")
  if is_refusal and needs and needs[1] then
    local names = {}
    for i, need in ipairs(needs) do
      names[i] = need[2] and ('"%s" (%s)'):format(need[1], need[2]) or ('"%s"'):format(need[1])
    end
    fault.message = ("%s; needs %s"):format(fault.message, table.concat(names, ", "))
  end
  return fault
end

-- What the stream committed last; a null is nothing, and not the truthy value that JSON has for it.
local function committed(text)
  local state = text and host.json.decode(text)
  if state ~= host.json.null then
    return state
  end
  return nil
end

---@param args table { stream, settings, now, state (JSON), full, again, limit, raw = { seed, rows } }
function handlers.read(args)
  local connector = loaded.connector
  local stream = connector.streams[args.stream]
  local calls = api.new {
    calls = stream.calls, errors = connector.errors, settings = args.settings, now = args.now,
    limit = args.limit, single = stream.single, full = args.full,
  }
  local described = {
    name = args.stream, emits = stream.emits, mode = stream.mode, raw = args.raw, again = args.again,
  }
  local rows = out.new(described, loaded.compiled, calls)
  local ok, fault = pcall(function()
    stream.read(calls, rows, committed(args.state))
    out.finish(rows)
  end)
  if not ok then
    error(name_permission(fault, stream.needs), 0)
  end
  return {}
end

return handlers
