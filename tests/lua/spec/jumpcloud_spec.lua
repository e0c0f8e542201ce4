-- JumpCloud's two connectors: what a person types, what events mean, and the rows that come out of the
-- pages in tests/vendors/jumpcloud and tests/vendors/jumpcloud_mdm.
local guest <const> = require "muster.guest"
local log <const> = require "muster.jumpcloud_log"
local vendor <const> = require "vendor"
local vendor_rows <const> = require "vendor_rows"

local function path_of(id)
  return ("scripts/vendors/%s.lua"):format(id)
end

local function load_connector(id)
  local file <const> = assert(io.open(path_of(id), "rb"))
  local text <const> = file:read "a"
  file:close()
  return guest.load { connector = id, file = ("vendors/%s.lua"):format(id), text = text }
end

local directory <const>, mdm <const> = dofile(path_of "jumpcloud"), dofile(path_of "jumpcloud_mdm")

describe("jumpcloud", function()
  it("keeps the contract, under one provider and with one credential", function()
    for _, id in ipairs { "jumpcloud", "jumpcloud_mdm" } do
      local declared <const> = load_connector(id)
      assert.equal("jumpcloud", declared.provider)
      assert.equal("header", declared.auth.kind)
      assert.same({ ["x-api-key"] = "api_key" }, declared.auth.headers)
    end
  end)

  it("reads only", function()
    for _, connector in ipairs { directory, mdm } do
      for _, stream in pairs(connector.streams) do
        for _, call in ipairs(stream.calls) do
          assert.is_truthy(call:find "^GET " or call == "POST insights:/events", call)
        end
      end
    end
  end)

  it("takes a region in every spelling, and an organization's id", function()
    load_connector "jumpcloud"
    for typed, wanted in pairs {
      [""] = "jumpcloud.com", us = "jumpcloud.com", EU = "eu.jumpcloud.com", ["in"] = "in.jumpcloud.com",
      ["console.jumpcloud.com"] = "jumpcloud.com", ["https://console.eu.jumpcloud.com/#/home"] = "eu.jumpcloud.com",
      ["api.in.jumpcloud.com"] = "in.jumpcloud.com",
    } do
      local result <const> = guest.settings { values = { domain = typed, organization_id = ("AB12"):rep(6) } }
      assert.equal(0, #result.errors, typed)
      assert.equal(wanted, result.values.domain, typed)
      assert.equal(("ab12"):rep(6), result.values.organization_id)
    end
  end)

  it("refuses what cannot be right", function()
    load_connector "jumpcloud"
    for _, typed in ipairs { { domain = "de" }, { domain = "jumpcloud.com.evil.example" },
      { organization_id = "acme" }, { organization_id = ("g"):rep(24) } } do
      assert.equal(1, #guest.settings({ values = typed }).errors)
    end
  end)

  for _, case in ipairs { "users", "members", "sign_on" } do
    it("makes the rows of " .. case, function()
      assert.same(vendor_rows.run("jumpcloud", case))
    end)
  end
end)

describe("jumpcloud_mdm", function()
  for _, case in ipairs { "systems", "apple", "managed", "links" } do
    it("makes the rows of " .. case, function()
      assert.same(vendor_rows.run("jumpcloud_mdm", case))
    end)
  end
end)

-- What a reading of these events hands over: { verb, map, app, event's order }.
local function told(events, state)
  local api <const> = vendor.api(function()
    return 200, #vendor.requests == 1 and events or "[]", { ["x-search_after"] = '[1772442888123,"a"]' }
  end, { settings = {}, now = "2026-03-02T10:00:00.000Z" })
  local list <const>, out <const> = {}, { commits = {} }
  function out:event(id, at) -- luacheck: ignore self
    local now <const> = {}
    for _, verb in ipairs { "emit", "remove" } do
      now[verb] = function(_, map, _, extra)
        list[#list + 1] = { verb, map, extra.app, id, at }
      end
    end
    return now
  end
  function out:commit(committed)
    self.commits[#self.commits + 1] = committed
  end
  log.read_software(api, out, state)
  return list, out.commits
end

local function event(kind, name, time, rest)
  return ('{"id":"e1","event_type":"software_%s","timestamp":"%s","system":{"id":"s1"},"application":{"name":"%s",'
    .. '"version":"1"}%s}'):format(kind, time, name, rest or "")
end

describe("jumpcloud's log", function()
  local TIME <const> = "2026-03-02T09:14:48.123456789Z"

  it("knows an app by its name, without .app and letter case", function()
    for name, wanted in pairs {
      ["Google Chrome"] = "Google Chrome", [" Google Chrome.app "] = "Google Chrome", ["VLC.APP"] = "VLC",
      ["Überblick"] = "Überblick",
    } do
      local list <const> = told("[" .. event("add", name, TIME) .. "]")
      assert.same({ "emit", "discovered" }, { list[1][1], list[1][2] })
      assert.equal(wanted, list[1][3].name)
      assert.equal(wanted:lower(), list[1][3].key)
    end
  end)

  it("believes the change before the app's own version", function()
    local change <const> = ',"changes":[null,{"field":"version","from":"0","to":"2"}]'
    assert.equal("2", told("[" .. event("change", "A", TIME, change) .. "]")[1][3].version)
    assert.equal("1", told("[" .. event("change", "A", TIME, ',"changes":null') .. "]")[1][3].version)
  end)

  it("passes over requests and what it does not know", function()
    for _, kind in ipairs { "add_request", "change_request", "remove_request", "reticulate" } do
      assert.same({}, told("[" .. event(kind, "A", TIME) .. "]"))
    end
  end)

  it("orders one millisecond by the rest of its fraction, an addition after a removal", function()
    local function order(kind, time)
      return told("[" .. event(kind, "A", time) .. "]")[1][4]
    end
    assert.is_true(order("add", "2026-03-02T09:14:48.1231Z") < order("remove", "2026-03-02T09:14:48.1239Z"))
    assert.is_true(order("remove", TIME) < order("add", TIME))
    assert.equal(order("add", "2026-03-02T09:14:48Z"), order("add", "2026-03-02T09:14:48.000Z"))
  end)

  it("asks for ninety days, then from the newest event on, and never for what is forgotten", function()
    local function begin(state)
      told("[]", state)
      return vendor.requests[1].body:match '"start_time":"([^"]*)"'
    end
    assert.equal("2025-12-02T10:00:00.000Z", begin())
    assert.equal("2026-03-01T11:45:00.000Z",
      begin { newest = "2026-03-01T12:00:00.000Z", read_at = "2026-03-02T09:00:00.000Z" })
    assert.equal("2026-03-02T08:45:00.000Z", begin { read_at = "2026-03-02T09:00:00.000Z" })
  end)

  it("warns of a gap that the plan may not, or cannot, have kept", function()
    local real <const> = host.log
    local said
    host.log = {
      warn = function(format, ...)
        said = format:format(...)
      end,
    }
    for day, wanted in pairs {
      ["2026-02-20"] = false, ["2026-02-10"] = "2026-02-10: if your plan keeps 15 days",
      ["2025-11-20"] = "keeps 90 days and was last read on 2025-11-20",
    } do
      said = false
      told("[]", { read_at = day .. "T10:00:00.000Z" })
      assert.is_true(said == wanted or said and said:find(wanted, 1, true) ~= nil, day)
    end
    host.log = real
  end)

  it("commits how far each page reaches, though not into the future, and the reading at its end", function()
    local before <const> = { newest = "2026-03-01T00:00:00.000Z", read_at = "2026-03-01T00:00:00.000Z" }
    for last, reached in pairs {
      [TIME] = "2026-03-02T09:14:48.123Z", ["2031-01-01T00:00:00Z"] = "2026-03-02T10:00:00.000Z",
      ["2026-02-28T23:59:00Z"] = before.newest,
    } do
      local _, commits <const> = told("[" .. event("add", "A", last) .. "]", before)
      assert.same({ newest = reached, read_at = before.read_at }, commits[1])
      assert.same({ newest = reached, read_at = "2026-03-02T10:00:00.000Z" }, commits[#commits])
    end
    local _, commits <const> = told("[]")
    assert.same({ read_at = "2026-03-02T10:00:00.000Z" }, commits[#commits])
  end)
end)
