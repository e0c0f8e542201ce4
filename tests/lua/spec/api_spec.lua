-- api:*, replies, and how failures are classified.
local api_module <const> = require "muster.api"
local vendor <const> = require "vendor"

local function one(status, text, headers)
  return function() return status, text, headers end
end

describe("api", function()
  it("sends query, parts and headers in a fixed order, numbers exactly", function()
    local api <const> = vendor.api(one(200, "{}"))
    api:get("api:/devices/{id}", { z = 1, a = "x", list = { 9007199254740993, true } },
      { path = { id = 7 }, headers = { ["x-b"] = "1", ["x-a"] = "2" }, absent = { 404 } })
    local asked <const> = vendor.requests[1]
    assert.equal("GET api:/devices/{id}", asked.call)
    assert.same({ { "a", "x" }, { "list", "9007199254740993" }, { "list", "true" }, { "z", "1" } }, asked.raw_query)
    assert.same({ id = "7" }, asked.path)
    assert.same({ ["x-a"] = "2", ["x-b"] = "1" }, asked.headers)
    assert.same({ 404 }, asked.absent)
  end)

  it("encodes tables as JSON, leaves texts as they are", function()
    local api <const> = vendor.api(one(200, ""))
    api:post("api:/x", nil, { body = { a = 1 } })
    api:patch("api:/x", nil, { body = "a=1", content_type = "application/x-www-form-urlencoded" })
    assert.equal('{"a":1}', vendor.requests[1].body)
    assert.equal("application/json", vendor.requests[1].content_type)
    assert.equal("a=1", vendor.requests[2].body)
  end)

  it("refuses query values that are no scalars", function()
    local api <const> = vendor.api(one(200, "{}"))
    assert.equal("bug", vendor.fault(api.get, api, "api:/x", { a = { {} } }).kind)
    assert.equal("bug", vendor.fault(api.get, api, "api:/x", { a = 1.5 }).kind)
    assert.equal(0, #vendor.requests)
  end)

  it("decodes a body when it is looked at; an empty one is nil", function()
    local api <const> = vendor.api(one(200, '{"id":12345678901234567890,"n":null,"l":[]}'))
    local reply <const> = api:get "api:/x"
    assert.equal("12345678901234567890", reply.body.id)
    assert.equal(reply.body, reply.body)
    assert.is_nil(vendor.api(one(204, "")):delete("api:/x").body)
  end)

  it("raises over a body that is no strict JSON, only when it is looked at", function()
    for _, text in ipairs { "<html>", "{", '{"a":1,"a":2}', '{"a":NaN}', '{"a":"\xff"}', "[01]", "{} {}" } do
      local reply <const> = vendor.api(one(200, text)):get "api:/x"
      assert.equal("data", vendor.fault(function() return reply.body end).kind, text)
    end
  end)

  it("raises the host's failures as they are", function()
    local api <const> = vendor.api(one(403, "{}"))
    local fault <const> = vendor.fault(api.get, api, "api:/x")
    assert.equal("forbidden", fault.kind)
    assert.equal(403, fault.status)
    assert.equal("GET api:/x: HTTP 403", tostring(fault))
  end)

  it("lets opts.absent declare what is no failure", function()
    local api <const> = vendor.api(one(404, '{"detail":"none"}'))
    local reply <const> = api:get("api:/x", nil, { absent = { 404 } })
    assert.equal(404, reply.status)
    assert.equal("none", reply.body.detail)
  end)

  it("asks the connector's errors first: by status, base, call and body", function()
    local errors <const> = {
      { call = "GET api:/a", status = 404, kind = "unlicensed", hint = "buy it" },
      { base = "insights", status = 401, kind = "unlicensed" },
      { status = 200, body = { status = "failure" }, kind = "throttled", wait_s = 600 },
      { body = { errorCode = 1005 }, kind = "auth", stop = true },
    }
    local function fault_of(answer, where)
      local api <const> = vendor.api(answer, { errors = errors })
      return vendor.fault(api.get, api, where)
    end
    local hinted <const> = {
      { status = 401, when = { sign_in = "oauth" }, kind = "auth", hint = "the client" },
      { status = 401, kind = "auth", hint = "the account" },
    }
    for sign_in, hint in pairs { oauth = "the client", basic = "the account" } do
      local api <const> = vendor.api(one(401, ""), { errors = hinted, settings = { sign_in = sign_in } })
      assert.equal(hint, vendor.fault(api.get, api, "api:/x").hint)
      assert.equal(hint, vendor.fault(api.get, api_module.scoped(api, 1), "api:/x").hint)
    end
    local nested <const> = { { status = 200, body = { ["s.1.status"] = "failed" }, kind = "remote", hint = "both" } }
    for text, hint in pairs {
      ['{"s":[{"status":"failed"}]}'] = "both", ['{"s":{"1":{"status":"failed"}}}'] = "both",
      ['{"s.1.status":"failed"}'] = "both", ['{"s":[{"status":"success"}]}'] = false, ['{"s":1}'] = false,
    } do
      local api <const> = vendor.api(one(200, text), { errors = nested })
      local ok <const>, fault <const> = pcall(api.get, api, "api:/x")
      assert.equal(hint, not ok and fault.hint, text)
    end
    local absent <const> = fault_of(one(404, ""), "api:/a")
    assert.equal("unlicensed", absent.kind)
    assert.equal("buy it", absent.hint)
    assert.equal("remote", fault_of(one(404, ""), "api:/b").kind)
    assert.equal("unlicensed", fault_of(one(401, ""), "insights:/x").kind)
    assert.equal("auth", fault_of(one(401, ""), "api:/x").kind)
    local throttled <const> = fault_of(one(200, '{"status":"failure"}'), "api:/x")
    assert.equal("throttled", throttled.kind)
    assert.equal(600000, throttled.retry_after_ms)
    local stopped <const> = fault_of(one(400, '{"errorCode":1005}'), "api:/x")
    assert.equal("auth", stopped.kind)
    assert.is_true(stopped.stop)
    assert.equal(200, vendor.api(one(200, '{"status":"ok"}'), { errors = errors }):get("api:/x").status)
  end)

  it("lets a single stream make one request and tells the host", function()
    local api <const> = vendor.api(one(200, "[]"), { single = true })
    api:get "api:/x"
    assert.equal("single", vendor.events[1].name)
    assert.matches("single = true and makes a second request", vendor.fault(api.get, api, "api:/x").message)
  end)

  it("shows settings, now and limit", function()
    local api <const> = vendor.api(one(200, ""), { settings = { a = 1 }, now = "2026-01-01T00:00:00.000Z", limit = 0 })
    assert.equal(1, api.settings.a)
    assert.equal("2026-01-01T00:00:00.000Z", api.now)
    assert.is_nil(api.limit)
  end)

  it("walks parents page by page", function()
    local core <const> = require "muster.core"
    local api <const> = vendor.api(one(200, ""))
    local asked <const>, call <const> = {}, core.call
    core.call = function(method, args)
      asked[#asked + 1] = { method, args.entity, args.after, table.concat(args.columns, ",") }
      if args.after == 0 then
        return { rows = { { 1, "d1", "A" }, { 4, "d4", nil } }, more = true }
      end
      return { rows = { { 9, "d9", "C" } }, more = false }
    end
    local seen <const> = {}
    for device in api:parents("device", { "name" }) do
      seen[#seen + 1] = device.source_id .. (device.name or "-")
    end
    core.call = call
    assert.same({ "d1A", "d4-", "d9C" }, seen)
    assert.same({ { "parents", "device", 0, "source_id,name" }, { "parents", "device", 4, "source_id,name" } }, asked)
  end)
end)
