-- The connector contract: each mistake is named with file, key and what was probably meant.
local contract <const> = require "muster.contract"
local schema <const> = require "muster.schema"
local vendor <const> = require "vendor"

local function connector()
  return {
    contract = 1, id = "demo", name = "Demo", version = "1.0.0",
    settings = {
      { id = "url", type = "url", label = "URL", hosts = { "*.demo.example" } },
      { id = "token", type = "secret", label = "Token" },
    },
    bases = { api = "{url}/v1" },
    auth = { kind = "bearer", token = "token" },
    check = { calls = { "GET api:/me" }, run = function() end },
    streams = {
      devices = { calls = { "GET api:/devices" }, emits = { device = "primary" }, read = function() end },
    },
    map = { device = { source_id = "id" } },
  }
end

-- The message after `change` has had its way with a sound connector.
local function message(change)
  local changed <const> = connector()
  change(changed)
  return vendor.fault(contract.check, changed, "demo.lua").message
end

describe("contract", function()
  it("takes a sound connector", function()
    assert.has_no.errors(function() contract.check(connector(), "demo.lua") end)
  end)

  it("names unknown keys and the nearest known one, at every level", function()
    assert.equal('demo.lua: unknown key "setings"; did you mean "settings"?',
      message(function(c) c.setings = {} end))
    assert.equal('demo.lua: streams.devices: unknown key "emit"; did you mean "emits"?',
      message(function(c) c.streams.devices.emit = {} end))
    assert.equal('demo.lua: settings[1]: unknown key "host"; did you mean "hosts"?',
      message(function(c) c.settings[1].host = "x" end))
    assert.equal('demo.lua: auth: unknown key "tokn"; did you mean "token"?',
      message(function(c) c.auth.tokn = "x" end))
    assert.matches('unknown key "zzzzzz"; known are ', message(function(c) c.limits = { zzzzzz = 1 } end))
  end)

  it("names missing keys and wrong types", function()
    assert.equal('demo.lua: key "version" is missing', message(function(c) c.version = nil end))
    assert.equal("demo.lua: name: must be a text, not integer", message(function(c) c.name = 5 end))
    assert.equal("demo.lua: name: must not be empty", message(function(c) c.name = "" end))
    assert.equal("demo.lua: streams.devices.read: must be a function, not string",
      message(function(c) c.streams.devices.read = "x" end))
    assert.equal("demo.lua: streams.devices.may_degrade: must be true or false, not string",
      message(function(c) c.streams.devices.may_degrade = "no" end))
    assert.equal('demo.lua: guide: must be a list, but has the key "a"',
      message(function(c) c.guide = { a = "x" } end))
    assert.equal("demo.lua: limits.concurrent: 0 is out of range",
      message(function(c) c.limits = { concurrent = 0 } end))
  end)

  it("wants a table, and its own version of the contract", function()
    assert.equal("demo.lua: must return one table, not nil", vendor.fault(contract.check, nil, "demo.lua").message)
    assert.equal("demo.lua: is written for contract 2, this muster speaks 1",
      message(function(c) c.contract = 2 end))
  end)

  it("checks calls: method, base, path", function()
    local function of(call)
      return message(function(c) c.streams.devices.calls = { call } end)
    end
    assert.matches('"GET /devices" is no call; it looks like', of "GET /devices")
    assert.matches('unknown method "FETCH"', of "FETCH api:/devices")
    assert.matches('unknown base "apo"; did you mean "api"', of "GET apo:/devices")
    assert.matches("is no call", of "GET api:/devices?x=1")
    assert.matches("must not hold", of "GET api:/devices/../secrets")
    assert.matches("must not hold", of "GET api:/a//b")
    assert.matches('key "call" is missing', of { bind = {} })
    assert.matches("calls: must not be empty", message(function(c) c.streams.devices.calls = {} end))
  end)

  it("checks settings", function()
    assert.matches('settings%[3%]: a second setting "url"', message(function(c)
      c.settings[3] = { id = "url", type = "text", label = "x" }
    end))
    assert.matches('key "hosts" is missing', message(function(c) c.settings[1].hosts = nil end))
    assert.matches('unknown value "txt"; did you mean "text"', message(function(c) c.settings[2].type = "txt" end))
    assert.matches('key "choices" is missing', message(function(c)
      c.settings[3] = { id = "dc", type = "choice", label = "x" }
    end))
    assert.matches("a secret has neither default nor parse", message(function(c) c.settings[2].default = "x" end))
    assert.has_no.errors(function()
      local c <const> = connector()
      c.settings[1].hosts = "admin"
      contract.check(c, "demo.lua")
    end)
  end)

  it("wants a row with every column for each choice of a table, and columns that are there", function()
    local function with_table(change)
      return function(c)
        c.settings[3] = {
          id = "dc", type = "choice", label = "x", choices = { "eu", "us" },
          table = { eu = { api = "a.eu", login = "l.eu" }, us = { api = "a.us", login = "l.us" } },
        }
        c.bases.login = "https://{dc.login}"
        change(c)
      end
    end
    assert.has_no.errors(function()
      local c <const> = connector()
      with_table(function() end)(c)
      contract.check(c, "demo.lua")
    end)
    assert.matches('settings%[3%].table.us: key "login" is missing', message(with_table(function(c)
      c.settings[3].table.us.login = nil
    end)))
    assert.matches('settings%[3%].table.us: key "api" is missing', message(with_table(function(c)
      c.settings[3].table.us = nil
    end)))
    assert.matches('unknown column of dc "lgin"; did you mean "login"', message(with_table(function(c)
      c.bases.login = "https://{dc.lgin}"
    end)))
    assert.matches('belongs to a setting with "choices"', message(function(c)
      c.settings[2].table = { a = { b = "c" } }
    end))
  end)

  it("keeps secrets out of addresses, and wants secrets where they belong", function()
    assert.matches('unknown setting "tokne"; did you mean "token"', message(function(c) c.bases.api = "{tokne}" end))
    assert.matches('the secret "token" cannot be part of an address',
      message(function(c) c.bases.api = "{url}/{token}" end))
    assert.matches('auth.token: the setting "url" is no secret', message(function(c) c.auth.token = "url" end))
    assert.matches('unknown setting "tokn"; did you mean "token"', message(function(c) c.auth.token = "tokn" end))
  end)

  it("knows the vendor's table of permissions", function()
    local c <const> = connector()
    c.permissions = {
      { section = "A > Users", category = "Accounts", permission = "Edit", access = "Edit", needed_for = { "x" } },
      { permission = "Devices", needed_for = { "devices", "all actions" } },
    }
    assert.has_no.errors(function() contract.check(c, "demo.lua") end)
    assert.matches('permissions%[1%]: key "needed_for" is missing',
      message(function(other) other.permissions = { { permission = "x" } } end))
    assert.matches('permissions%[1%]: unknown key "permision"; did you mean "permission"',
      message(function(other) other.permissions = { { permision = "x", needed_for = { "y" } } } end))
  end)

  it("checks errors", function()
    assert.matches('errors%[1%].kind: unknown value "forbiden"; did you mean "forbidden"',
      message(function(c) c.errors = { { status = 403, kind = "forbiden" } } end))
    assert.matches("needs a status, a body or both", message(function(c) c.errors = { { kind = "auth" } } end))
    assert.matches('errors%[1%].when: unknown setting "tokem"; did you mean "token"',
      message(function(c) c.errors = { { status = 401, kind = "auth", when = { tokem = "x" } } } end))
    assert.matches('the secret "token" cannot be compared',
      message(function(c) c.errors = { { status = 401, kind = "auth", when = { token = "x" } } } end))
  end)

  it("takes the headers of one quota or of several", function()
    local c <const> = connector()
    c.limits = { headers = { { remaining = "a", reset = "b" }, { remaining = "c", window = "1h" } } }
    assert.has_no.errors(function() contract.check(c, "demo.lua") end)
    assert.matches('limits.headers%[1%]: unknown key "remainin"', message(function(other)
      other.limits = { headers = { { remainin = "a" } } }
    end))
    assert.matches('limits.headers: unknown key "remainin"', message(function(other)
      other.limits = { headers = { remainin = "a" } }
    end))
  end)

  it("checks who counts together", function()
    assert.matches('limits.shared: unknown value "tenants"; did you mean "tenant"',
      message(function(c) c.limits = { shared = "tenants" } end))
    assert.matches('"provider" needs the key "provider"', message(function(c) c.limits = { shared = "provider" } end))
  end)

  it("checks what streams emit and depend on", function()
    assert.matches('emits: unknown map "devic"; did you mean "device"',
      message(function(c) c.streams.devices.emits = { devic = "primary" } end))
    assert.matches('depends: unknown stream "device"; did you mean "devices"',
      message(function(c) c.streams.devices.depends = { "device" } end))
    assert.matches("depends on itself in a circle", message(function(c) c.streams.devices.depends = { "devices" } end))
  end)

  it("knows which maps are derived, one kind a map", function()
    local c <const> = connector()
    c.streams.more = { calls = { "GET api:/x" }, emits = { device = "derived" }, read = function() end }
    assert.matches('"device" is primary in one stream and derived in another',
      vendor.fault(contract.derived, c, "demo.lua").message)
    c.streams.more.emits = { user = "derived" }
    assert.same({ device = false, user = true }, contract.derived(c, "demo.lua"))
  end)

  it("orders streams by what they depend on, else by name", function()
    local streams <const> = {
      zebra = {}, apps = { depends = { "devices", "zebra" } }, devices = {}, a = { depends = { "apps" } },
    }
    assert.same({ "devices", "zebra", "apps", "a" }, contract.order(streams, schema.at "x"))
    assert.is_true(contract.depends_on(streams, "a", "zebra"))
    assert.is_false(contract.depends_on(streams, "zebra", "a"))
  end)
end)

describe("schema.nearest", function()
  it("allows a third of the word to differ, at least one letter", function()
    assert.equal("emits", schema.nearest("emit", { "emits", "needs" }))
    assert.equal("id", schema.nearest("ids", { "id", "name" }))
    assert.is_nil(schema.nearest("completely", { "id", "name" }))
    assert.equal("serial_number", schema.nearest("seral_nmber", { "serial_number", "source_id" }))
  end)
end)
