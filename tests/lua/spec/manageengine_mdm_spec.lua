-- MDM Cloud: settings, the connection test, its walks, and the rows that come out.
local guest <const> = require "muster.guest"
local vendor <const> = require "vendor"
local vendor_rows <const> = require "vendor_rows"

local FILE <const> = "scripts/vendors/manageengine_mdm.lua"

local function load_connector()
  return guest.load {
    connector = "manageengine_mdm", file = "vendors/manageengine_mdm.lua", text = vendor_rows.read_file(FILE),
  }
end

local mdm <const> = dofile(FILE)

describe("manageengine_mdm", function()
  it("keeps the contract and declares itself", function()
    local declared <const> = load_connector()
    assert.equal("manageengine_mdm", declared.id)
    assert.equal("zoho", declared.provider)
    assert.equal("mdm.manageengine.ca", declared.settings[1].table.ca.mdm)
    assert.equal("accounts.zohocloud.ca", declared.settings[1].table.ca.accounts)
  end)

  it("asks for the three read scopes and for nothing that writes", function()
    assert.same({
      "MDMOnDemand.MDMUser.READ", "MDMOnDemand.MDMInventory.READ", "MDMOnDemand.MDMDeviceMgmt.READ",
    }, mdm.auth.scopes)
    for _, stream in pairs(mdm.streams) do
      for _, call in ipairs(stream.calls) do
        assert.matches("^GET ", call)
      end
    end
  end)

  it("takes the data centre in the spellings of the article", function()
    load_connector()
    for typed, code in pairs {
      [".com"] = "us", [".eu"] = "eu", [".in"] = "in", [".com.au"] = "au", [".jp"] = "jp", [".ca"] = "ca",
      [".sa"] = "sa", [".uk"] = "uk", ["mdm.manageengine.com.au"] = "au",
    } do
      local result <const> = guest.settings { values = { data_center = typed, client_id = "1000.ABC" } }
      assert.equal(0, #result.errors, typed)
      assert.equal(code, result.values.data_center)
    end
    local refused <const> = guest.settings { values = { data_center = "mdm.acme.example", client_id = "1000.ABC" } }
    assert.matches("only MDM Cloud can be connected", refused.errors[1].message)
  end)
end)

describe("manageengine_mdm's connection test", function()
  local function check(answers)
    local api <const> = vendor.api(function(request)
      local answer <const> = answers[request.call:match("api:/(.*)$")]
      return answer[1], answer[2] or "{}"
    end, { errors = mdm.errors, settings = { data_center = "eu" } })
    return mdm.check.run(api)
  end

  it("names the customer, and each scope that is missing in each of its words", function()
    for _, answer in ipairs {
      { 401, '{"error_code":"OAUTH_SCOPE_MISMATCH"}' }, { 403, '{"error_code":"SCOPE_MISMATCH"}' },
      { 401, '{"error_code":"INVALID_OAUTHSCOPE"}' }, { 403, "{}" },
    } do
      local result <const> = check {
        users = answer, devices = { 200, '{"devices":[{"customer_id":100}]}' }, groups = { 204, "" },
      }
      assert.equal("100@eu", result.tenant)
      assert.same({ false, true, true }, {
        result.permissions[1].granted, result.permissions[2].granted, result.permissions[3].granted,
      })
      assert.equal("MDMOnDemand.MDMUser.READ", result.permissions[1].name)
    end
    assert.equal("eu", check({ users = { 204, "" }, devices = { 204, "" }, groups = { 204, "" } }).tenant)
  end)

  it("raises over a token that is over", function()
    for _, word in ipairs { "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE" } do
      local bad <const> = { 401, ('{"error_code":"%s"}'):format(word) }
      assert.equal("auth", vendor.fault(check, { users = bad, devices = bad, groups = bad }).kind)
    end
  end)

  it("waits out a lock, whatever its status and its spelling", function()
    for _, status in ipairs { 200, 400, 404, 429, 500 } do
      for _, code in ipairs { '"COM0002"', "1002", '"1002"' } do
        local fault <const> = vendor.fault(check, { users = { status, ('{"error_code":%s}'):format(code) } })
        assert.same({ "throttled", 300000 }, { fault.kind, fault.retry_after_ms })
      end
    end
  end)
end)

describe("manageengine_mdm's rows", function()
  for _, case in ipairs { "devices", "users", "apps", "groups", "members" } do
    it("are those of " .. case, function()
      assert.same(vendor_rows.run("manageengine_mdm", case))
    end)
  end
end)
