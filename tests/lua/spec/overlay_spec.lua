-- Overlays: merged field by field, dropped with false, every part with its origin.
local contract <const> = require "muster.contract"
local f <const> = require "muster.field"
local mapping <const> = require "muster.mapping"
local overlay <const> = require "muster.overlay"
local vendor <const> = require "vendor"

local function maps()
  return mapping.read({
    device = {
      source_id = "id", name = "n", asset_tag = "a", nulls = { "-" },
      keep = { owned = "u" }, drop = { helper = f.contains("n", "helper") },
    },
    user = { source_id = "u", fold = { rank = "t" } },
  }, { user = true }, "vendors/demo.lua")
end

local function merged(written, connector)
  local all <const> = maps()
  overlay.merge(all, connector or { streams = { devices = {} } }, written, "mappings/demo.lua")
  return all
end

local function message(written)
  return vendor.fault(merged, written).message
end

describe("overlay", function()
  it("changes, adds and drops fields, and keeps each one's origin", function()
    local device <const> = merged {
      map = { device = { name = "hostname", asset_tag = false, ["custom.site"] = "s" } },
    }.device
    assert.same({ source = "hostname", origin = "mappings/demo.lua" }, device.fields.name)
    assert.same({ source = "s", origin = "mappings/demo.lua" }, device.fields["custom.site"])
    assert.is_nil(device.fields.asset_tag)
    assert.equal("vendors/demo.lua", device.fields.source_id.origin)
  end)

  it("changes, adds and drops rules by their names", function()
    local device <const> = merged {
      map = { device = { keep = { owned = false, corporate = "c" }, drop = { helper = "h" } } },
    }.device
    assert.is_nil(device.keep.owned)
    assert.equal("c", device.keep.corporate.source)
    assert.equal("mappings/demo.lua", device.drop.helper.origin)
    assert.same({}, merged { map = { device = { drop = false } } }.device.drop)
  end)

  it("replaces key, nulls and fold whole", function()
    assert.same({ "x" }, merged { map = { device = { nulls = { "x" } } } }.device.nulls.source)
    assert.is_nil(merged { map = { user = { fold = false } } }.user.fold)
    local device <const> = merged { map = { device = { source_id = false, key = { "a", "b" } } } }.device
    assert.same({ "a", "b" }, device.key.source)
  end)

  it("applies one after the other", function()
    local all <const> = maps()
    overlay.merge(all, { streams = {} }, { map = { device = { name = "one" } } }, "mappings/demo.lua")
    overlay.merge(all, { streams = {} }, { map = { device = { name = "two" } } }, "mappings/demo@acme.lua")
    assert.same({ source = "two", origin = "mappings/demo@acme.lua" }, all.device.fields.name)
  end)

  it("opts into streams, and changes nothing else about them", function()
    local streams <const> = { devices = {}, details = { enabled = false } }
    merged({ streams = { details = { enabled = true } } }, { streams = streams })
    assert.is_true(streams.details.enabled)
    assert.matches('streams.devices: unknown key "calls"',
      message { streams = { devices = { calls = { "GET api:/x" } } } })
    assert.matches('unknown stream "device"; did you mean "devices"',
      message { streams = { device = { enabled = true } } })
  end)

  it("changes limits one by one, and drops them", function()
    local limits <const> = { rates = { "2/s" }, concurrent = 2, per_endpoint = { ["GET api:/x"] = { "1/s" } } }
    local connector <const> = { streams = {}, limits = limits }
    merged({ limits = { rates = { "10/s", "100/m" }, per_endpoint = false } }, connector)
    assert.same({ rates = { "10/s", "100/m" }, concurrent = 2 }, connector.limits)
    assert.same({ "2/s" }, limits.rates)
    local bare <const> = { streams = {} }
    merged({ limits = { concurrent = 8 } }, bare)
    assert.same({ concurrent = 8 }, bare.limits)
    assert.matches("limits.rates", message { limits = { rates = { "fast" } } })
    assert.matches('unknown key "headers"', message { limits = { headers = { remaining = "x" } } })
  end)

  it("names what is not there to be changed or dropped", function()
    assert.equal('mappings/demo.lua: map.device: unknown field "serial_numbr"; did you mean "serial_number"?',
      message { map = { device = { serial_numbr = "x" } } })
    assert.matches('unknown map "devices"; did you mean "device"', message { map = { devices = { name = "x" } } })
    assert.matches('map.device: unknown field "model"', message { map = { device = { model = false } } })
    assert.matches('map.device.keep: unknown rule "owed"; did you mean "owned"',
      message { map = { device = { keep = { owed = false } } } })
    assert.matches('unknown key "settings"', message { settings = {} })
    assert.matches("must be a table", message "text")
  end)

  it("cannot leave a map without an id, or turn it into another entity", function()
    assert.matches("needs source_id or key", message { map = { device = { source_id = false } } })
    assert.matches("cannot change the entity", message { map = { device = { entity = "user" } } })
  end)

  it("goes through to what is compiled and declared", function()
    local all <const> = merged { map = { device = { name = "hostname" } } }
    assert.equal("hostname", mapping.declare(all.device).fields[2].source)
    assert.equal("hostname", mapping.spec(all.device, all).columns[1].source)
    assert.is_true(contract.VERSION == 1)
  end)
end)
