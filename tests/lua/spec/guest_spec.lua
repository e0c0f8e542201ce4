-- The handlers of the host's calls, and the minimal connector of the author's guide.
local core <const> = require "muster.core"
local guest <const> = require "muster.guest"
local vendor <const> = require "vendor"

local MINIMAL <const> = "examples/minimal/vendors/minimal.lua"

local function read_file(path)
  local file <const> = assert(io.open(path, "rb"))
  local text <const> = file:read "a"
  file:close()
  return text
end

local function load(text, overlays)
  return guest.load { connector = "minimal", file = "vendors/minimal.lua", text = text, overlays = overlays }
end

describe("load", function()
  it("declares the minimal connector", function()
    local declared <const> = load(read_file(MINIMAL))
    assert.equal("minimal", declared.id)
    assert.same({ address = "url", key = "secret" },
      { address = declared.settings[1].type, key = declared.settings[2].type })
    local stream <const> = declared.streams[1]
    assert.same({ "devices", "snapshot", true, false },
      { stream.name, stream.mode, stream.enabled, stream.may_degrade })
    assert.is_true(declared.maps.user.derived)
    assert.equal("time(seen)", declared.maps.user.fold)
    assert.equal("vendors/minimal.lua", declared.maps.device.fields[1].origin)
  end)

  it("tells which values a column can have, and which actions there are", function()
    local action <const> = [[actions = {
      wipe = {
        label = "Wipe", target = "device", destructive = true, needs = { "Erase" },
        calls = { "POST api:/wipe" }, run = function() end,
      },
    }, streams = {]]
    local declared <const> = load((read_file(MINIMAL):gsub("streams = {", action, 1)))
    local values <const> = {}
    for _, one in ipairs(declared.maps.user.fields) do
      values[one.name] = one.values and table.concat(one.values, " ") or nil
    end
    assert.same({ status = "active" }, values)
    assert.same({ "wipe", "Wipe", "device", true, "Erase" }, {
      declared.actions[1].name, declared.actions[1].label, declared.actions[1].target,
      declared.actions[1].destructive, declared.actions[1].needs[1],
    })
    assert.same(0, #load(read_file(MINIMAL)).actions)
  end)

  it("names the file and line of what cannot be compiled or run", function()
    assert.matches("^vendors/minimal.lua:2:", vendor.fault(load, "\nreturn {").message)
    assert.matches("^vendors/minimal.lua:1:", vendor.fault(load, "local x = nil; return x.y").message)
    assert.equal("vendors/minimal.lua: must return one table, not nil", vendor.fault(load, "").message)
  end)

  it("refuses another connector's file", function()
    local text <const> = read_file(MINIMAL):gsub('id = "minimal"', 'id = "other"', 1)
    assert.matches('its id is "other", it was asked for as "minimal"', vendor.fault(load, text).message)
  end)

  it("applies overlays in order, with their origins", function()
    local declared <const> = load(read_file(MINIMAL), {
      { file = "mappings/minimal.lua", text = 'return { map = { device = { model = "type" } } }' },
      { file = "mappings/minimal@acme.lua", text = 'return { map = { device = { model = "kind" } } }' },
    })
    local origins <const> = {}
    for _, one in ipairs(declared.maps.device.fields) do
      origins[one.name] = one.source .. " " .. one.origin
    end
    assert.equal("kind mappings/minimal@acme.lua", origins.model)
    assert.equal("name vendors/minimal.lua", origins.name)
  end)

  it("lets `known` ask only for what a stream depends on", function()
    local text <const> = read_file(MINIMAL):gsub("source_id = \"id\",",
      'source_id = "id", keep = { a = f.known("user", "owner.email") },', 1)
    assert.matches('map.device: known%("user", owner.email%): the stream "devices" depends on none',
      vendor.fault(load, text).message)
  end)
end)

describe("the minimal connector", function()
  it("reads devices and their users", function()
    load(read_file(MINIMAL))
    local emitted <const> = {}
    vendor.api(function()
      return 200, '{"total":2,"devices":[{"id":7,"name":"A","os":"Darwin","owner":{"email":"A@x.example"}},'
        .. '{"id":8,"os":"BeOS","owner":{}}]}'
    end)
    local emit <const>, flush <const> = core.emit, core.flush
    core.emit = function(_, map, rows)
      emitted[#emitted + 1] = vendor.run(map, rows)
    end
    core.flush = function() end
    local ok <const>, fault <const> = pcall(guest.read, { stream = "devices", settings = {}, now = "x", limit = 0 })
    core.emit, core.flush = emit, flush
    assert(ok, fault)
    assert.equal("7", vendor.row(emitted[1], 1).source_id)
    assert.equal("unknown", vendor.row(emitted[1], 2).platform)
    assert.same({ "a@x.example" }, { vendor.row(emitted[2], 1).source_id })
    assert.equal(1, emitted[2].skipped)
    assert.equal("open page end", vendor.told())
    assert.same({ limit = "100", offset = "0", sort = "id" }, vendor.requests[1].query)
  end)

  it("passes its connection test", function()
    load(read_file(MINIMAL))
    vendor.api(function() return 200, "{}" end)
    local result <const> = guest.check { settings = { address = { host = "acme.minimal.example" } }, now = "x" }
    assert.equal("acme.minimal.example", result.tenant)
  end)

  it("is the one that the author's guide prints", function()
    local guide <const> = read_file "scripts/README.md"
    assert.is_truthy(guide:find(read_file(MINIMAL), 1, true))
  end)
end)

describe("read", function()
  local HEAD <const> = [[
    local f <const> = require "muster.field"
    return { contract = 1, id = "minimal", name = "M", version = "1", settings = {}, bases = { api = "x" },
      check = { calls = { "GET api:/x" }, run = function() end }, map = { device = { source_id = "id" } },
      streams = { devices = { calls = { "GET api:/x" }, emits = { device = "primary" }, needs = { { "List", "/x" } },
        read = function(api, out, state) ]]

  local function fault_of(statement, state)
    load(HEAD .. statement .. " end } } }")
    vendor.api(function() return 403, "" end)
    return vendor.fault(guest.read, { stream = "devices", settings = {}, now = "x", state = state })
  end

  it("takes a committed null for no state, and false for itself", function()
    local statement <const> = "error { kind = 'bug', message = tostring(state) }"
    assert.equal("nil", fault_of(statement, "null").message)
    assert.equal("nil", fault_of(statement, nil).message)
    assert.equal("false", fault_of(statement, "false").message)
  end)

  it("names the missing permission in the vendor's own words", function()
    local fault <const> = fault_of 'api:get "api:/x"'
    assert.equal("forbidden", fault.kind)
    assert.equal('GET api:/x: HTTP 403; needs "List" (/x)', fault.message)
  end)

  it("refuses maps that the stream does not emit", function()
    assert.matches('the stream "devices" does not emit "devise"; did you mean "device"',
      fault_of 'out:emit("devise", {})'.message)
  end)
end)
