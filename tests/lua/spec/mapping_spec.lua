-- Maps: rules, ids, columns, folds, and rows that are bad.
local f <const> = require "muster.field"
local mapping <const> = require "muster.mapping"
local vendor <const> = require "vendor"

local function read(map, derived)
  return mapping.read(map, derived or {}, "x.lua")
end

describe("a map", function()
  it("gives rows with source_id first, columns in the model's order, custom fields last", function()
    local result <const> = vendor.map({
      source_id = "id", serial_number = "s", name = "n", ["custom.b"] = "b", ["custom.a"] = "a",
    }, '[{"id":1,"n":"N","s":"S","a":true,"b":[1,"x"]}]')
    assert.same({ "source_id", "name", "serial_number", "custom.a", "custom.b" }, result.columns)
    assert.same({ { "1", "N", "S", true, { 1, "x" } } }, result.rows)
  end)

  it("counts what named rules drop, with the id", function()
    local result <const> = vendor.map({
      source_id = "id", keep = { owned = f.present "u" },
      drop = { old = f.contains("n", "old"), test = "is_test" },
    }, '[{"id":1,"u":"x","n":"a"},{"id":2,"n":"b"},{"id":3,"u":"x","n":"Old"},{"id":4,"u":"x","is_test":true},{}]')
    assert.equal(1, #result.rows)
    assert.same({ "thing.owned", "2" }, result.dropped[1])
    assert.same({ "thing.old", "3" }, result.dropped[2])
    assert.same({ "thing.test", "4" }, result.dropped[3])
    assert.equal("thing.owned", result.dropped[4][1])
    assert.is_nil(result.dropped[4][2])
  end)

  it("joins the parts of a key with their lengths", function()
    local result <const> = vendor.map({ key = { "a", f.first("p", "b") } },
      '[{"a":"12:3","b":"x"},{"a":"1","b":"2","p":"é"},{"a":"1"}]')
    assert.equal("4:12:31:x", result.rows[1][1])
    assert.equal("1:12:é", result.rows[2][1])
    assert.equal("it has no id: a or first(p, b) is nothing", result.bad[1][2])
  end)

  it("keeps ids of neighbouring numbers and spellings apart", function()
    local result <const> = vendor.map({ source_id = "id" },
      '[{"id":9007199254740992},{"id":9007199254740993},{"id":"00123"},{"id":"123"},{"id":" 123"}]')
    local ids <const> = {}
    for i, row in ipairs(result.rows) do
      ids[i] = row[1]
    end
    assert.same({ "9007199254740992", "9007199254740993", "00123", "123", " 123" }, ids)
  end)

  it("takes texts in `nulls` for nothing", function()
    local result <const> = vendor.map({ source_id = "id", name = "n", nulls = { "--", "No value" } },
      '[{"id":"1","n":"--"},{"id":"2","n":"No value"},{"id":"3","n":"No values"},{"id":"--"}]')
    assert.is_nil(result.rows[1][2])
    assert.is_nil(result.rows[2][2])
    assert.equal("No values", result.rows[3][2])
    assert.equal("it has no id: id is nothing", result.bad[1][2])
  end)

  it("gives its functions no clock: a row that comes again may not differ", function()
    local result <const> = vendor.map({ source_id = "id", name = function() return host.time.now() end }, '[{"id":1}]')
    assert.matches("host.time.now: .*out:emit%(map, rows, { session = { now = api.now } }%)", result.bad[1][2])
    assert.matches("there is no session", select(2, pcall(host.time.now)))
  end)

  it("trims texts but not ids", function()
    local result <const> = vendor.map({ source_id = "id", name = "n", user_source_id = "n" },
      '[{"id":" 1 ","n":" Figma "}]')
    assert.same({ " 1 ", "Figma", " Figma " }, result.rows[1])
  end)

  it("sets aside rows of wrong types with the reason, the others live", function()
    local result <const> = vendor.map({
      source_id = "id", name = "n", is_managed = "m", last_seen_at = "t", mac_addresses = "l", platform = "p",
    }, [[ [{"id":1,"n":{"x":1}},{"id":2,"m":"yes"},{"id":3,"t":"soon"},{"id":4,"l":"a"},{"id":5,"p":"beos"},
           {"id":[1]},{"n":"x"},{"id":8,"n":"ok"}] ]])
    local reasons <const> = {}
    for i, bad in ipairs(result.bad) do
      reasons[i] = (bad[1] or "-") .. " " .. bad[2]
    end
    assert.same({
      "1 name: is an object where text has to be",
      "2 is_managed: is no boolean (f.bool and f.pick make one of texts and numbers)",
      '3 last_seen_at: "soon" is no time',
      "4 mac_addresses: is no list (f.list makes one)",
      '5 platform: "beos" is none of the values it can have',
      "- source_id: is a list where text has to be",
      "- it has no id: id is nothing",
    }, reasons)
    assert.equal("8", result.rows[1][1])
    assert.equal('{"id":1,"n":{"x":1}}', result.bad[1][3])
  end)

  it("sets aside rows whose JSON is broken inside, with the bytes in hex", function()
    local result <const> = vendor.map({ source_id = "id", name = "n" },
      '[{"id":1,"n":"\xff"},{"id":2,"n":"a\\u0000b"},{"id":3,"n":"\\ud800"},{"id":4,"id":5},{"id":6,"n":1e999},'
      .. '{"id":7,"n":"ok"},17,[],{"id":"\xc0"}]')
    assert.equal(1, #result.rows)
    local shown <const> = {}
    for i, bad in ipairs(result.bad) do
      shown[i] = ("%s %s"):format(bad[1] or "-", bad[2]:gsub(" at byte %d+", ""))
    end
    assert.same({
      "1 row 1 holds invalid UTF-8", "2 row 2 holds a NUL character", "3 row 3 holds a lone surrogate",
      "- row 4 holds a duplicate key", "6 row 5 holds a number out of range",
      "- a row must be an object", "- a row must be an object", "- row 9 holds invalid UTF-8",
    }, shown)
    assert.matches("ff", result.bad[1][3])
  end)

  it("knows no id of a row whose id is what is broken", function()
    local result <const> = vendor.map({ key = { "d", f.first("p", "n") }, name = "n" },
      '[{"d":"1","p":"a\\u12","n":"x"},{"d":"2\\x","p":"b"},{"d":"3\t","p":"c"},{"d":1e999,"p":"d"},'
      .. '{"d":"5","p":"e","n":"a\\x"},{"d":"6","n":"a\\x","p":"f","d":"7"}]')
    local shown <const> = {}
    for i, bad in ipairs(result.bad) do
      shown[i] = bad[1] or "-"
    end
    assert.same({ "-", "-", "-", "-", "1:51:e", "-" }, shown)
  end)

  it("maps lists of Lua tables as it maps pages", function()
    local cjson <const> = require "cjson"
    local result <const> = vendor.map({ source_id = "id", name = "n.x", asset_tag = "a" }, {
      { id = 5, n = { x = "X" }, a = cjson.null }, { id = 9007199254740993 },
    })
    assert.same({ "5", "X" }, result.rows[1])
    assert.equal("9007199254740993", result.rows[2][1])
  end)

  it("wants a list of rows, not a single one", function()
    assert.matches("a list of rows is wanted", vendor.fault(vendor.map, { source_id = "id" }, { id = 5 }).message)
    assert.equal(0, #vendor.map({ source_id = "id" }, {}).rows)
  end)
end)

describe("a derived map", function()
  local function winner(rank, ...)
    local rows <const> = { ... }
    local result <const> = vendor.map({
      derived = true, entity = "user", source_id = "id", name = "n", fold = rank and { rank = rank },
    }, "[" .. table.concat(rows, ",") .. "]")
    return result
  end

  it("keeps the row of the greatest rank, whatever the order", function()
    local a <const>, b <const>, c <const> = '{"id":1,"n":"A","t":"2026-03-02T00:00:00Z"}',
      '{"id":1,"n":"B","t":"2026-03-02 01:00:00+00:00"}', '{"id":1,"n":"C","t":""}'
    for _, order in ipairs { { a, b, c }, { c, b, a }, { b, c, a }, { a, c, b } } do
      assert.same({ { "1", "B" } }, winner(f.time "t", table.unpack(order)).rows)
    end
  end)

  it("compares numbers as numbers, and lets bytes decide ties", function()
    assert.same({ { "1", "ten" } }, winner("t", '{"id":1,"n":"ten","t":10}', '{"id":1,"n":"nine","t":9}').rows)
    assert.same({ { "1", "-1" } }, winner("t", '{"id":1,"n":"-1","t":-1}', '{"id":1,"n":"-2","t":-2}').rows)
    local one <const>, two <const> = '{"id":1,"n":"aa"}', '{"id":1,"n":"ab"}'
    assert.same(winner(nil, one, two).rows, winner(nil, two, one).rows)
  end)

  it("skips and counts rows without a key", function()
    local result <const> = winner(nil, '{"n":"x"}', '{"id":"","n":"y"}', '{"id":2,"n":"z"}')
    assert.equal(2, result.skipped)
    assert.equal(1, #result.rows)
    assert.equal(0, #result.bad)
  end)

  it("refuses a rank that cannot be compared", function()
    assert.matches("fold.rank must be", winner("t", '{"id":1,"t":true}').bad[1][2])
  end)

  it("follows another map: takes only what that one keeps", function()
    local core <const> = require "muster.core"
    local maps <const> = read({
      device = { source_id = "id", keep = { owned = "u" }, drop = { old = "o" } },
      license = { follows = "device", source_id = "l" },
    }, { license = true })
    local result <const> = vendor.run(core.map(mapping.spec(maps.license, maps)),
      '[{"id":1,"u":"x","l":"A"},{"id":2,"l":"B"},{"id":3,"u":"x","o":true,"l":"C"}]')
    assert.same({ { "A" } }, result.rows)
    assert.equal(2, result.skipped)
    assert.is_nil(result.dropped[1][1])
    assert.equal("B", result.dropped[1][2])
  end)
end)

describe("reading a map", function()
  local function message(map, derived)
    return vendor.fault(read, map, derived).message
  end

  it("names the nearest field", function()
    assert.equal('x.lua: map.device: unknown field "serial_numbr"; did you mean "serial_number"?',
      message { device = { source_id = "id", serial_numbr = "s" } })
    assert.matches('unknown entity "devise"; did you mean "device"', message { devise = { source_id = "id" } })
    assert.matches('map.a.entity: unknown entity "usr"; did you mean "user"',
      message { a = { entity = "usr", source_id = "id" } })
  end)

  it("checks paths, custom names and sources", function()
    assert.matches('map.device.name: "a..b" is no path', message { device = { source_id = "id", name = "a..b" } })
    assert.matches("custom field is custom.name", message { device = { source_id = "id", ["custom.a-b"] = "x" } })
    assert.matches("must be a path, a field helper or a function of the row, not number",
      message { device = { source_id = "id", name = 5 } })
    assert.matches("map.device.keep: a rule needs a name",
      message { device = { source_id = "id", keep = { ["a b"] = "x" } } }:gsub("keep%.a b", "keep"))
  end)

  it("checks fixed values against what the column can hold", function()
    assert.matches('unknown value of platform "macosx"; did you mean "macos"',
      message { device = { source_id = "id", platform = f.pick("p", { Mac = "macosx" }) } })
    assert.matches('unknown value of status "archived"',
      message { user = { source_id = "id", status = f.first("s", f.const "archived") } })
  end)

  it("wants one way to make the id, and fold on derived maps only", function()
    assert.matches("needs source_id or key", message { device = { name = "n" } })
    assert.matches("has both source_id and key", message { device = { source_id = "id", key = { "a" } } })
    assert.matches("fold is for derived maps", message { device = { source_id = "id", fold = { rank = "t" } } })
    assert.matches('"x" stands in both keep and drop',
      message { device = { source_id = "id", keep = { x = "a" }, drop = { x = "b" } } })
  end)

  it("checks whom a map follows", function()
    assert.matches('unknown map "devic"; did you mean "device"', message(
      { device = { source_id = "id" }, license = { follows = "devic", source_id = "l" } }, { license = true }))
    assert.matches("only a derived map can follow another",
      message { device = { source_id = "id" }, license = { follows = "device", source_id = "l" } })
  end)

  it("declares every field with text, origin and whether it is data", function()
    local maps <const> = read { device = { source_id = "id", name = function() end, key = nil } }
    local declared <const> = mapping.declare(maps.device)
    assert.same({ name = "source_id", source = "id", origin = "x.lua", is_data = true }, declared.fields[1])
    assert.same({ name = "name", source = "function(row)", origin = "x.lua", is_data = false }, declared.fields[2])
  end)
end)
