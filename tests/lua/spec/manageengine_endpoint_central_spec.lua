-- Endpoint Central: keys with and without their tables' names, serial numbers, and the rows.
package.path = package.path .. ";scripts/vendors/?.lua"
local rows_of <const> = require "manageengine_endpoint_central.rows"
local vendor <const> = require "vendor"
local vendor_rows <const> = require "vendor_rows"

local central <const> = dofile "scripts/vendors/manageengine_endpoint_central/init.lua"

describe("manageengine_endpoint_central", function()
  it("asks for read scopes and writes nothing", function()
    for _, scope in ipairs(central.auth.scopes) do
      assert.matches("^DesktopCentralCloud%.%a+%.READ$", scope)
    end
    for _, stream in pairs(central.streams) do
      for _, call in ipairs(stream.calls) do
        assert.matches("^GET ", call)
      end
    end
  end)

  it("knows keys by their plain names, but not those that mean another thing", function()
    assert.same(
      { full_name = "A", computer_live_status = 1, modernapp_status = "x", status = "own" },
      rows_of.plain_row {
        ["managedcomputer.full_name"] = "A", ["resourcelivestatus.status"] = 1, ["modernappdetails.status"] = "x",
        status = "own",
      })
    assert.same({ owner = "plain" }, rows_of.plain_row { owner = "plain", ["managedcomputerextn.owner"] = "prefixed" })
  end)

  it("finds serial numbers under every key, and takes placeholders for none", function()
    for key, value in pairs { servicetag = "5CG1", serial_number = "5CG1", service_tag = "5CG1" } do
      assert.equal("5CG1", rows_of.hardware({ a = { [key] = value } }).serial_number)
    end
    for _, text in ipairs { "To be filled by O.E.M.", "Default string", "System Serial Number", "0", "--" } do
      assert.is_nil(rows_of.hardware({ a = { servicetag = text } }).serial_number)
    end
  end)

  it("calls a part that is gone unlicensed, and failures with status 200 failures", function()
    local function check(status, text)
      local api <const> = vendor.api(function() return status, text end,
        { errors = central.errors, settings = { data_center = "eu" } })
      return central.check.run(api)
    end
    local found <const> = check(200, '{"message_response":{"computers":[{"customer_id":90071000000000101}]}}')
    assert.equal("90071000000000101@eu", found.tenant)
    assert.is_false(check(404, "{}").permissions[3].granted)
    for _, text in ipairs { '{"status":"error","error_code":"X"}', '{"message_type":"error","response_code":"X"}' } do
      assert.equal("remote", vendor.fault(check, 200, text).kind)
    end
    for _, field in ipairs { "error_code", "response_code" } do
      assert.is_false(check(401, ('{"%s":"OAUTH_SCOPE_MISMATCH"}'):format(field)).permissions[1].granted)
    end
  end)
end)

describe("manageengine_endpoint_central's rows", function()
  for _, case in ipairs { "computers", "software" } do
    it("are those of " .. case, function()
      assert.same(vendor_rows.run("manageengine_endpoint_central", case, rows_of.plain_rows))
    end)
  end
end)
