-- ServiceDesk Plus: portals, statuses in two shapes, login pages, and the rows.
local vendor <const> = require "vendor"
local vendor_rows <const> = require "vendor_rows"

local desk <const> = dofile "scripts/vendors/manageengine_servicedesk_plus.lua"

describe("manageengine_servicedesk_plus's connection test", function()
  local function check(text, settings)
    settings = settings or {}
    settings.data_center = "eu"
    local api <const> = vendor.api(function() return 200, text end, { errors = desk.errors, settings = settings })
    return desk.check.run(api)
  end

  it("takes success in both shapes, and asks for one row", function()
    for _, shape in ipairs { '[{"status_code":2000,"status":"success"}]', '{"status_code":2000,"status":"success"}' } do
      assert.is_true(check(('{"response_status":%s,"assets":[]}'):format(shape)).permissions[1].granted)
    end
    assert.equal('{"list_info":{"row_count":1,"start_index":1}}', vendor.requests[1].query.input_data)
    assert.equal("application/vnd.manageengine.sdp.v3+json", vendor.requests[1].headers.Accept)
  end)

  it("takes a failure with status 200 for what it is, with or without a text", function()
    for said, wanted in pairs {
      ['[{"status":"failed","status_code":4000,"messages":[{"status_code":4001,"message":"Unable"}]}]'] = "Unable",
      ['{"status":"failed","messages":[{"status_code":4009,"field":"row_count"}]}'] = '"row_count","status_code":4009',
      ['[{"status_code":4000}]'] = "4000",
    } do
      assert.matches(wanted, vendor.fault(check, ('{"response_status":%s}'):format(said)).message)
    end
    assert.matches("name of the portal", vendor.fault(check, "<html>Sign in</html>").hint)
    assert.matches("without response_status", vendor.fault(check, '{"assets":[]}').message)
  end)

  it("addresses a portal by its name", function()
    local found <const> = check('{"response_status":{"status":"success"}}', { portal = "itdesk" })
    assert.equal("itdesk@eu", found.tenant)
    assert.equal("GET api:/app/{portal}/api/v3/assets", vendor.requests[1].call)
  end)

  it("takes the portal from its address, and nothing that could leave its place", function()
    local parse <const> = desk.settings[2].parse
    assert.equal("itdesk", parse "https://sdpondemand.manageengine.eu/app/itdesk/ui/assets")
    assert.equal("it-desk_2", parse "it-desk_2")
    for _, text in ipairs { "..", "a/b", "a b", "%2e%2e" } do
      assert.is_nil((parse(text)), text)
    end
  end)
end)

describe("manageengine_servicedesk_plus's rows", function()
  it("are those of assets", function()
    assert.same(vendor_rows.run("manageengine_servicedesk_plus", "assets"))
  end)
end)
