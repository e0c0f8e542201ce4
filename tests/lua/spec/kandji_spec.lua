-- The Kandji connector: addresses, the connection test, its walks, and the rows that come out of the
-- pages in tests/vendors/kandji.
local guest <const> = require "muster.guest"
local vendor <const> = require "vendor"
local vendor_rows <const> = require "vendor_rows"

local FILE <const> = "scripts/vendors/kandji.lua"

local function read_file(path)
  local file <const> = assert(io.open(path, "rb"))
  local text <const> = file:read "a"
  file:close()
  return text
end

local function load_connector()
  return guest.load { connector = "kandji", file = "vendors/kandji.lua", text = read_file(FILE) }
end

local kandji <const> = dofile(FILE)

describe("kandji", function()
  it("keeps the contract and declares itself", function()
    local declared <const> = load_connector()
    assert.equal("kandji", declared.id)
    assert.same({ "devices", "apps" }, { declared.streams[1].name, declared.streams[2].name })
    assert.is_true(declared.streams[2].may_degrade)
    assert.same({ "iru" }, { table.unpack(declared.aliases) })
    assert.equal("bearer", declared.auth.kind)
  end)

  it("asks for nothing but the two permissions of the product statement", function()
    local calls <const> = {}
    for _, stream in pairs(kandji.streams) do
      for _, call in ipairs(stream.calls) do
        calls[call] = true
      end
    end
    assert.same({ ["GET api:/devices"] = true, ["GET api:/prism/apps"] = true }, calls)
    assert.same({ "Device list", "/api/v1/devices" }, kandji.streams.devices.needs[1])
    assert.same({ "Applications", "/api/v1/prism/apps" }, kandji.streams.apps.needs[1])
  end)

  it("takes the API URL in every spelling a person may paste", function()
    load_connector()
    local us <const>, eu <const>, old <const> = "https://acme.api.kandji.io", "https://acme.api.eu.kandji.io",
      "https://acme.clients.us-1.kandji.io"
    for typed, wanted in pairs {
      ["acme"] = us, ["Acme"] = us, ["acme.kandji.io"] = us, ["acme.api.kandji.io"] = us,
      ["https://acme.api.kandji.io"] = us, [" https://acme.api.kandji.io/ "] = us,
      ["HTTPS://ACME.API.KANDJI.IO/api/v1/"] = us, ["acme.api.kandji.io/api"] = us,
      ["http://acme.kandji.io"] = us, ["https://acme.kandji.io/devices/all"] = us, ["acme.kandji.io."] = us,
      ["acme.eu.kandji.io"] = eu, ["acme.api.eu.kandji.io/api/v1"] = eu, ["https://acme.eu.kandji.io/settings"] = eu,
      ["acme.clients.us-1.kandji.io"] = old,
      ["proxy.example:8443/kandji/api/v1"] = "https://proxy.example:8443/kandji",
    } do
      local result <const> = guest.settings { values = { api_url = typed } }
      assert.equal(0, #result.errors, typed)
      assert.equal(wanted, result.values.api_url.url, typed)
    end
  end)

  it("refuses addresses that cannot be right, and says why", function()
    load_connector()
    for typed, wanted in pairs {
      [""] = "is needed", ["acme.iru.com"] = "stayed under kandji.io", ["acme kandji"] = "must name a host",
      ["ftp://acme.api.kandji.io"] = "must begin with https://",
      ["https://user:pw@acme.kandji.io"] = "must name a host",
      ["https://acme.api.kandji.io?x=1"] = "must not hold",
    } do
      local fault <const> = guest.settings({ values = { api_url = typed } }).errors[1]
      assert.matches(wanted, fault.message, 1, true)
      assert.equal("api_url", fault.id)
    end
  end)
end)

describe("kandji's connection test", function()
  local function check(answers)
    local api <const> = vendor.api(function(request)
      local answer <const> = answers[request.call:match("api:(.*)$")]
      return answer, answer == 200 and (request.call:find("prism") and '{"data":[]}' or "[]") or ""
    end, { errors = kandji.errors, settings = { api_url = { host = "acme.api.kandji.io" } } })
    return kandji.check.run(api)
  end

  it("names the tenant and what is granted, with the smallest requests", function()
    local result <const> = check { ["/devices"] = 200, ["/prism/apps"] = 200 }
    assert.equal("acme.api.kandji.io", result.tenant)
    assert.same({
      { name = "Device list", path = "/api/v1/devices", granted = true },
      { name = "Applications", path = "/api/v1/prism/apps", granted = true },
    }, result.permissions)
    assert.equal("1", vendor.requests[1].query.limit)
  end)

  it("tells a missing permission by its name, whether it is 401, 403 or 404", function()
    for _, status in ipairs { 401, 403, 404 } do
      local apps <const> = check({ ["/devices"] = 200, ["/prism/apps"] = status }).permissions[2]
      assert.is_false(apps.granted)
      assert.matches("HTTP " .. status, apps.reason)
      assert.matches('allow "Applications" (/api/v1/prism/apps)', apps.reason, 1, true)
    end
    assert.is_false(check({ ["/devices"] = 403, ["/prism/apps"] = 200 }).permissions[1].granted)
  end)

  it("tells a wrong token: everything is refused", function()
    for _, status in ipairs { 401, 403 } do
      local fault <const> = vendor.fault(check, { ["/devices"] = status, ["/prism/apps"] = status })
      assert.equal("auth", fault.kind)
      assert.matches("the token is wrong", fault.hint)
    end
  end)

  it("tells a wrong URL: everything is 404", function()
    local fault <const> = vendor.fault(check, { ["/devices"] = 404, ["/prism/apps"] = 404 })
    assert.equal("remote", fault.kind)
    assert.matches("check the API URL", fault.hint)
  end)

  it("passes other failures on", function()
    assert.equal("remote", vendor.fault(check, { ["/devices"] = 503, ["/prism/apps"] = 200 }).kind)
  end)
end)

describe("kandji's streams", function()
  local function read(stream, answer)
    local emitted <const> = {}
    local out <const> = {}
    function out:emit(map, rows) -- luacheck: ignore self
      emitted[#emitted + 1] = map .. #rows
    end
    kandji.streams[stream].read(vendor.api(answer, { errors = kandji.errors }), out)
    return emitted
  end

  it("list devices in the order of their ids", function()
    local emitted <const> = read("devices", function() return 200, '[{"device_id":"1"}]' end)
    assert.same({ "device1", "blueprint1", "blueprint_device1", "user1", "license1", "user_license1" }, emitted)
    assert.same({ limit = "300", offset = "0", ordering = "device_id" }, vendor.requests[1].query)
  end)

  it("take the single object of one published sample", function()
    assert.equal("device1", read("devices", function() return 200, '{"device_id":"1","user":""}' end)[1])
    assert.equal("data", vendor.fault(read, "devices", function() return 200, '{"detail":"x"}' end).kind)
  end)

  it("list apps by cursor, without sort_by", function()
    local answers <const> = { '{"cursor":"a","data":[{"name":"x"}]}', '{"cursor":null,"data":[{"name":"y"}]}' }
    local emitted <const> = read("apps", function() return 200, table.remove(answers, 1) end)
    assert.same({ "app1", "device_app1", "app1", "device_app1" }, emitted)
    assert.same({ limit = "300" }, vendor.requests[1].query)
    assert.same({ limit = "300", cursor = "a" }, vendor.requests[2].query)
  end)

  it("degrade when the first page of apps is refused, and only then for 401", function()
    for status, kind in pairs { [401] = "forbidden", [403] = "forbidden", [404] = "unlicensed" } do
      local fault <const> = vendor.fault(read, "apps", function() return status, "" end)
      assert.equal(kind, fault.kind)
      assert.matches("Applications", fault.hint)
    end
    local fault <const> = vendor.fault(read, "apps", function()
      if #vendor.requests == 1 then
        return 200, '{"cursor":"a","data":[{"name":"x"}]}'
      end
      return 401, ""
    end)
    assert.equal("auth", fault.kind)
  end)

  it("call a 404 of the device list a wrong URL", function()
    local fault <const> = vendor.fault(read, "devices", function() return 404, '{"message":"no Route matched"}' end)
    assert.equal("remote", fault.kind)
    assert.matches("API URL", fault.hint)
  end)
end)

describe("kandji's rows", function()
  for _, case in ipairs { "devices", "apps" } do
    it("are those of " .. case, function()
      assert.same(vendor_rows.run("kandji", case))
    end)
  end
end)
