-- Scopes and events: what a stream's calls tell the host.

local api_module <const> = require "muster.api"
local core <const> = require "muster.core"
local out_module <const> = require "muster.out"
local page <const> = require "muster.page"
local vendor <const> = require "vendor"

-- A stream whose emits, calls and flushes are kept; `fn(api, out, kept)` reads it.
local function reading(stream, answer, fn, context)
  local api <const> = vendor.api(answer, context)
  local told <const>, kept <const> = {}, { emits = {}, calls = {}, flushes = {} }
  local own <const> = { emit = core.emit, call = core.call, flush = core.flush }
  core.event = function(name, args)
    told[#told + 1] = { name = name, args = args }
  end
  core.emit = function(_, map, rows, extra, emitted)
    kept.emits[#kept.emits + 1] = { map = map, count = #rows, extra = extra, context = emitted }
  end
  core.call = function(method, args)
    kept.calls[#kept.calls + 1] = { method = method, args = args }
  end
  core.flush = function(_, is_part, goes_on)
    kept.flushes[#kept.flushes + 1] = { is_part = is_part, goes_on = goes_on }
  end
  kept.told = told
  local made <const> = out_module.new(stream, { device_app = "the map", app = "the other" }, api)
  local ok <const>, fault <const> = pcall(fn, api, made, kept)
  local finished <const>, last = pcall(out_module.finish, made)
  core.emit, core.call, core.flush = own.emit, own.call, own.flush
  kept.fault = not ok and fault or not finished and last or nil
  return kept
end

local LISTING <const> = { name = "apps", emits = { device_app = "primary", app = "derived" } }
local LOG <const> = { name = "log", mode = "events", emits = LISTING.emits }

local function rows_of_two()
  return 200, '[{"id":1},{"id":2}]'
end

local function list(api)
  for _ in page.offset(api, "api:/devices/{id}/apps", { size = 3, path = { id = 1 } }) do end
end

local function scopes_told(kept)
  local lines = {}
  for _, event in ipairs(kept.told) do
    if event.name == "scope" then
      lines[#lines + 1] = ("%d %s"):format(event.args.id, event.args.at)
    end
  end
  return table.concat(lines, ", ")
end

describe("out:scope", function()
  it("ties requests, pages and rows to the parent", function()
    local kept <const> = reading(LISTING, rows_of_two, function(_, out)
      assert.is_true(out:scope("device", "d1", function(api, part)
        list(api)
        part:emit("device_app", { {} }, { d = {} })
      end))
      out:emit("app", { {} })
    end)
    assert.is_nil(kept.fault)
    assert.same({ scope = { 1, "device", "d1" } }, kept.emits[1].context)
    assert.is_nil(kept.emits[2].context)
    assert.equal("1 open, 1 end", scopes_told(kept))
    assert.same({ id = 1, at = "open", entity = "device", parent = "d1" }, kept.told[1].args)
    assert.equal(1, kept.told[2].args.scope)
    assert.same({ { is_part = false, goes_on = false } }, kept.flushes)
  end)

  it("tells the host of which scope a request is", function()
    local scope
    reading(LISTING, rows_of_two, function(_, out)
      local request <const> = host.http.request
      host.http.request = function(asked)
        scope = asked.scope
        return request(asked)
      end
      out:scope("device", "d1", list)
    end)
    assert.equal(1, scope)
  end)

  it("goes on after a failure, which costs this parent's part alone", function()
    local turn = 0
    local kept <const> = reading(LISTING, function()
      turn = turn + 1
      return turn == 1 and 500 or 200, "[]"
    end, function(_, out)
      assert.is_false(out:scope("device", "d1", list))
      assert.is_true(out:scope("device", "d2", list))
    end)
    assert.is_nil(kept.fault)
    assert.equal("1 open, 1 failed, 2 open, 2 end", scopes_told(kept))
    assert.same({ { is_part = true, goes_on = false } }, kept.flushes)
  end)

  it("ends the stream over what the next parent would meet, too", function()
    local kept <const> = reading(LISTING, function() return 401, "" end, function(_, out)
      out:scope("device", "d1", list)
    end)
    assert.equal("auth", kept.fault.kind)
    assert.equal("1 open, 1 failed", scopes_told(kept))
    assert.equal("bug", reading(LISTING, rows_of_two, function(_, out)
      out:scope("device", "d1", function() error { kind = "bug", message = "x" } end)
    end).fault.kind)
    assert.matches("a mistake", reading(LISTING, rows_of_two, function(_, out)
      out:scope("device", "d1", function() error "a mistake" end)
    end).fault)
  end)

  it("asks for no other part once the vendor wants to be left alone", function()
    local asked = 0
    local kept <const> = reading(LISTING, function()
      asked = asked + 1
      return asked == 2 and 429 or 200, "[]"
    end, function(_, out)
      for i = 1, 20 do
        out:scope("device", "d" .. i, list)
      end
    end)
    assert.equal(2, asked)
    assert.is_nil(kept.fault)
    assert.matches("1 end, 2 open, 2 failed, 3 open, 3 failed", scopes_told(kept))
  end)

  it("gives up when none of the first parts can be read, and names the first reason", function()
    local asked = 0
    local function read(count)
      asked = 0
      return reading(LISTING, function()
        asked = asked + 1
        return 403, ""
      end, function(_, out)
        for i = 1, count do
          out:scope("device", "d" .. i, list)
        end
      end)
    end
    assert.equal("forbidden", read(3).fault.kind)
    assert.equal(3, asked)
    assert.equal("forbidden", read(100).fault.kind)
    assert.equal(10, asked)
  end)

  it("may make one request in each scope of a `single` stream", function()
    local kept <const> = reading(LISTING, rows_of_two, function(_, out)
      for i = 1, 3 do
        out:scope("device", "d" .. i, function(api) api:get "api:/x" end)
      end
      out:scope("device", "d4", function(api)
        api:get "api:/x"
        api:get "api:/x"
      end)
    end, { single = true })
    assert.matches("a second request in one scope", kept.fault.message)
    local singles = {}
    for _, event in ipairs(kept.told) do
      singles[#singles + 1] = event.name == "single" and event.args.scope or nil
    end
    assert.same({ 1, 2, 3, 4 }, singles)
  end)

  it("is cut as a whole when a part of it is", function()
    local api
    reading(LISTING, rows_of_two, function(outer, out)
      api = outer
      out:scope("device", "d1", list)
    end, { limit = 1 })
    assert.is_true(api_module.is_cut(api))
  end)

  it("takes a part that was begun and left for one that was not seen", function()
    local kept <const> = reading(LISTING, rows_of_two, function(_, out)
      coroutine.wrap(function()
        out:scope("device", "d1", coroutine.yield)
      end)()
      out:scope("device", "d2", list)
    end)
    assert.same({ { is_part = true, goes_on = false } }, kept.flushes)
  end)

  it("takes a part whose failure is hushed up for one that was not seen", function()
    local kept <const> = reading(LISTING, function()
      return 500, "{}"
    end, function(_, out)
      out:scope("device", "d1", function(api)
        pcall(list, api)
      end)
    end)
    assert.same({ { is_part = true, goes_on = false } }, kept.flushes)
  end)

  it("refuses nesting, ids that are none, and streams of events", function()
    local function fault_of(stream, fn)
      return reading(stream, rows_of_two, function(_, out) fn(out) end).fault.message
    end
    assert.matches("scopes do not nest", fault_of(LISTING, function(out)
      out:scope("device", "d1", function(_, part) part:scope("device", "d2", list) end)
    end))
    assert.matches("must be a text that is not empty, not number",
      fault_of(LISTING, function(out) out:scope("device", 7, list) end))
    assert.matches("not an empty one", fault_of(LISTING, function(out) out:scope("device", "", list) end))
    assert.matches("lists nothing", fault_of(LOG, function(out) out:scope("device", "d1", list) end))
  end)

  it("keeps what did not change, unless everything is to be mapped anew", function()
    local kept <const> = reading(LISTING, rows_of_two, function(_, out)
      assert.is_true(out:keep_scope("device", "d1"))
    end)
    assert.same({ id = 1, at = "keep", entity = "device", parent = "d1" }, kept.told[1].args)
    assert.is_true(kept.flushes[1].is_part)
    assert.same({}, reading(LISTING, rows_of_two, function(_, out)
      assert.is_false(out:keep_scope("device", "d1"))
    end, { full = true }).told)
  end)

  it("reads a part whose revision changed, and notes it after the last derived row", function()
    local stored <const>, order <const> = { ["revision/apps/d1"] = "1", ["revision/apps/d2"] = "1" }, {}
    local own <const> = host.store
    host.store = {
      get = function(key) return stored[key] end,
      set = function(key, text)
        order[#order + 1] = ("%s = %s"):format(key, text)
      end,
    }
    local function read_all(_, out, kept)
      for id, revision in pairs { d1 = "1", d2 = "2" } do
        assert.is_true(out:scope("device", id, list, revision))
      end
      assert.is_true(out:scope("device", "d3", list))
      assert.equal(0, #kept.flushes)
      assert.same({}, order)
    end
    local kept <const> = reading(LISTING, rows_of_two, read_all)
    assert.is_nil(kept.fault)
    assert.equal(1, #kept.flushes)
    assert.same({ "revision/apps/d2 = 2" }, order)
    assert.matches("keep", scopes_told(kept))
    local function keeps(stream, context)
      return scopes_told(reading(stream, rows_of_two, function(_, out)
        out:scope("device", "d1", list, "1")
      end, context)):find "keep" ~= nil
    end
    assert.is_true(keeps(LISTING, { full = true }))
    assert.is_false(keeps { name = "apps", emits = LISTING.emits, again = true })
    local other <const> = { name = "apps", emits = LISTING.emits, raw = { seed = "\1\255", rows = {} } }
    assert.is_false(keeps(other))
    stored["revision/apps/d1"] = "01ff 1"
    assert.is_true(keeps(other))
    for i = #order, 1, -1 do
      order[i] = nil
    end
    reading(LISTING, rows_of_two, function(_, out)
      out:scope("device", "d2", list, "2")
    end, { limit = 1 })
    reading(LISTING, rows_of_two, function(_, out)
      out:scope("device", "d2", function() error { kind = "remote", message = "x" } end, "2")
    end)
    assert.same({}, order)
    host.store = own
  end)
end)

describe("events", function()
  it("take the time in any form and go with what they change", function()
    local kept <const> = reading(LOG, rows_of_two, function(_, out)
      local now <const> = out:event("e1", "2026-03-02T10:14:55.5+01:00")
      now:emit("device_app", { {} })
      now:remove("device_app", { {} })
      now:patch("device_app", { {} })
    end)
    assert.is_nil(kept.fault)
    local stamp <const> = { "2026-03-02T09:14:55.500Z", "e1" }
    assert.same({ event = stamp }, kept.emits[1].context)
    assert.same({ event = stamp, op = "remove" }, kept.emits[2].context)
    assert.same({ event = stamp, op = "patch" }, kept.emits[3].context)
  end)

  it("without a readable time go to the host, which sets them aside, and nothing is derived", function()
    local kept <const> = reading(LOG, rows_of_two, function(_, out)
      for _, at in ipairs { "soon", "", 7, true } do
        local now <const> = out:event("e1", at)
        now:emit("device_app", { {} })
        now:emit("app", { {} })
      end
      out:event("e2", nil):remove("device_app", { {} })
    end)
    assert.is_nil(kept.fault)
    assert.equal(5, #kept.emits)
    assert.same({ "none", "e1" }, kept.emits[1].context.event)
    assert.same({ event = { "none", "e2" }, op = "remove" }, kept.emits[5].context)
  end)

  it("commit a state behind everything before it", function()
    local kept <const> = reading(LOG, rows_of_two, function(_, out)
      out:commit { b = 1, a = { "x" } }
    end)
    assert.same({ { method = "commit", args = { state = '{"a":["x"],"b":1}' } } }, kept.calls)
    assert.same({ { is_part = true, goes_on = true }, { is_part = true, goes_on = false } }, kept.flushes)
  end)

  it("say what is wrong with them", function()
    local function fault_of(stream, fn)
      return reading(stream, rows_of_two, function(_, out) fn(out) end).fault.message
    end
    assert.matches("must be a text", fault_of(LOG, function(out) out:event(nil, "2026-03-02T09:14:55Z") end))
    assert.matches("belongs to an event", fault_of(LOG, function(out) out:remove("device_app", {}) end))
    assert.matches('"app" is derived', fault_of(LOG, function(out)
      out:event("e1", "2026-03-02T09:14:55Z"):remove("app", {})
    end))
    for _, name in ipairs { "event", "remove", "patch", "commit" } do
      assert.matches('belongs to streams with mode = "events"', fault_of(LISTING, function(out) out[name](out) end))
    end
    assert.matches("at most 65536", fault_of(LOG, function(out) out:commit { ("x"):rep(70000) } end))
  end)
end)

describe("out:enrich", function()
  local function fault_of(...)
    local args <const> = table.pack(...)
    return reading(LISTING, rows_of_two, function(_, out) out:enrich(table.unpack(args, 1, args.n)) end).fault.message
  end

  it("sends the match as the id, and the fields in the order of their names", function()
    local kept <const> = reading(LISTING, rows_of_two, function(_, out)
      out:enrich("user", { email = "ada@acme.example" }, { title = "Dr", ["custom.desk"] = 7 })
    end)
    assert.same({
      method = "emit",
      args = {
        map = "enrich", entity = "user", stream = "apps", op = "enrich", match = "email",
        columns = { "source_id", "custom.desk", "title" }, rows = { { "ada@acme.example", 7, "Dr" } },
      },
    }, kept.calls[1])
  end)

  it("names what the model does not have", function()
    assert.matches('no entity "laptop"', fault_of("laptop", { source_id = "1" }, {}))
    assert.matches('user has no column "titel"; did you mean "title"',
      fault_of("user", { source_id = "1" }, { titel = "Dr" }))
    assert.matches("match is one column", fault_of("user", {}, {}))
    assert.matches("match is one column", fault_of("user", { email = "a", name = "b" }, {}))
  end)
end)
