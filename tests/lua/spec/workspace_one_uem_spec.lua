-- The Workspace ONE UEM connector: addresses, the connection test, one row an app, and the rows that come
-- out of the pages in tests/vendors/workspace_one_uem.
local cjson <const> = require "cjson"
local guest <const> = require "muster.guest"
local vendor <const> = require "vendor"
local vendor_rows <const> = require "vendor_rows"

local FILE <const> = "scripts/vendors/workspace_one_uem/init.lua"

local function read_file(path)
  local file <const> = assert(io.open(path, "rb"))
  local text <const> = file:read "a"
  file:close()
  return text
end

local function load_connector()
  return guest.load { connector = "workspace_one_uem", file = FILE, text = read_file(FILE) }
end

local connector <const> = dofile(FILE)

describe("workspace_one_uem", function()
  it("keeps the contract and declares its table of permissions", function()
    local declared <const> = load_connector()
    assert.equal(15, #declared.permissions)
    assert.equal("Device Wipe", declared.permissions[13].permission)
    assert.equal("oauth2", declared.auth.alternatives.oauth.kind)
  end)

  it("asks for the rights of the product statement, and for groups where they may be missing", function()
    for name, stream in pairs(connector.streams) do
      local right <const> = stream.needs[1][1]
      assert.equal(right == "Groups (Read)", name == "groups" or name == "members")
      assert.is_true(stream.may_degrade or name == "users" or name == "devices")
    end
  end)

  it("takes the API's address in every spelling a person may paste", function()
    load_connector()
    for typed, wanted in pairs {
      ["as1234.awmdm.com"] = "https://as1234.awmdm.com", ["AS1234.awmdm.com/"] = "https://as1234.awmdm.com",
      ["https://as1234.awmdm.com/API"] = "https://as1234.awmdm.com",
      ["https://as1234.awmdm.com/api/help"] = "https://as1234.awmdm.com",
      ["as1234.awmdm.com/AirWatch"] = "https://as1234.awmdm.com",
      ["mdm.acme.example:8443/api"] = "https://mdm.acme.example:8443",
      ["https://mdm.acme.example/uem/API/"] = "https://mdm.acme.example/uem",
    } do
      local result <const> = guest.settings { values = { api_url = typed, username = "u" } }
      assert.equal(0, #result.errors, typed)
      assert.equal(wanted, result.values.api_url.url, typed)
    end
  end)

  it("refuses the console's address and offers the API's", function()
    load_connector()
    for typed, wanted in pairs {
      ["https://cn1234.awmdm.com/AirWatch"] = "as1234.awmdm.com", ["cn99.awmdm.com"] = "as99.awmdm.com",
      ["http://as1234.awmdm.com"] = "must begin with https://",
    } do
      local fault <const> = guest.settings({ values = { api_url = typed, username = "u" } }).errors[1]
      assert.matches(wanted, fault.message, 1, true)
    end
  end)
end)

describe("workspace_one_uem's connection test", function()
  local ORGANIZATION_GROUPS <const> = cjson.encode {
    OrganizationGroups = {
      { Id = 571, Uuid = "uuid-sales" }, { Id = { Value = 570 }, Uuid = "uuid-customer" },
      { Id = 572, Uuid = "uuid-engineering" },
    },
    TotalResults = 3,
  }

  local function check(answers)
    local api <const> = vendor.api(function(request)
      local path <const> = request.call:match("api:(.*)$")
      return answers[path] or 200, path == "/system/groups/search" and ORGANIZATION_GROUPS or ""
    end, { errors = connector.errors, settings = { api_url = { host = "as1234.awmdm.com" } } })
    return connector.check.run(api)
  end

  it("names the topmost organization group, and each right", function()
    local result <const> = check { ["/mam/apps/search"] = 403 }
    assert.equal("uuid-customer@as1234.awmdm.com", result.tenant)
    local granted <const> = {}
    for i, permission in ipairs(result.permissions) do
      granted[i] = permission.granted
    end
    assert.same({ true, true, false, true }, granted)
    assert.matches("Apps %(Read%)", result.permissions[3].reason)
  end)

  it("names the host where groups may not be read, or there are none", function()
    for _, status in ipairs { 403, 204 } do
      assert.equal("as1234.awmdm.com", check({ ["/system/groups/search"] = status }).tenant)
    end
  end)

  it("stops at the first 401", function()
    local fault <const> = vendor.fault(check, { ["/system/users/search"] = 401 })
    assert.equal("auth", fault.kind)
    assert.is_true(fault.stop)
    assert.matches("locked", fault.hint)
    assert.equal(1, #vendor.requests)
  end)
end)

describe("workspace_one_uem's apps", function()
  local function read(rows)
    local emitted <const> = {}
    local api <const> = vendor.api(function() return 200, cjson.encode { DeviceApps = rows, Total = #rows } end,
      { errors = connector.errors })
    local devices <const> = { { source_id = "1", platform = "macos" } }
    function api:parents() -- luacheck: ignore self
      return function() return table.remove(devices) end
    end
    function api:map(_, list, fn) -- luacheck: ignore self
      for _, item in ipairs(list) do fn(item) end
    end
    local out <const> = {}
    function out:scope(_, _, fn) fn(api, out) end -- luacheck: ignore self
    function out:emit(map, page) -- luacheck: ignore self
      if map == "device_app" then
        for _, row in ipairs(page) do emitted[#emitted + 1] = row.Version .. "/" .. row.Status end
      end
    end
    connector.streams.apps.read(api, out)
    return emitted
  end

  local function app(id, identifier, version, status)
    return {
      Id = { Value = id }, ApplicationIdentifier = identifier, ApplicationName = id == 2 and "n " or "N",
      Version = version, Status = status or 1,
    }
  end

  it("are one row an app: one that is there, then the later version", function()
    assert.same({ "1/1", "2/1" }, read { app(1, "a", "1"), app(2, "b", "2") })
    assert.same({ "2/1" }, read { app(1, "a", "1"), app(2, "a", "2") })
    assert.same({ "2/1" }, read { app(1, "a", "2"), app(2, "a", "1") })
    assert.same({ "1/1" }, read { app(1, "a", "1"), app(2, "a", "9", 3) })
    assert.same({ "5/1" }, read { app(1, "", "4"), app(2, cjson.null, "5") })
  end)
end)

describe("workspace_one_uem's rows", function()
  for _, case in ipairs { "users", "devices" } do
    it("are those of " .. case, function() assert.same(vendor_rows.run("workspace_one_uem", case)) end)
  end
end)
