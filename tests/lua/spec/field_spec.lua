-- Field helpers, from the descriptor to the value that the evaluator in C gives.
local f <const> = require "muster.field"
local vendor <const> = require "vendor"

-- The value of one custom field over one row.
local function value(source, row, extra, known)
  local result <const> = vendor.map({ source_id = f.const "x", ["custom.v"] = source }, row, extra, known)
  if result.bad[1] then
    return nil, result.bad[1][2]
  end
  return result.rows[1][2]
end

describe("field", function()
  describe("paths", function()
    it("reach into objects and lists", function()
      assert.equal("b", value("a.b.c", '[{"a":{"b":{"c":"b"}}}]'))
      assert.equal("two", value("a.2", '[{"a":["one","two"]}]'))
      assert.equal("y", value("a.1.x", '[{"a":[{"x":"y"}]}]'))
    end)

    it("give nothing where there is nothing", function()
      for _, row in ipairs { "{}", '{"a":null}', '{"a":""}', '{"a":{}}', '{"a":[]}', '{"a":{"b":null}}' } do
        local got <const>, reason <const> = value("a.b", "[" .. row .. "]")
        assert.is_nil(got, row)
        assert.is_nil(reason, row)
      end
    end)

    it("do not lead through values that have no members", function()
      for text, wanted in pairs { ["7"] = "number", ['"x"'] = "text", ["true"] = "boolean", ["[1]"] = "list" } do
        local _, reason <const> = value("a.b.c", ('[{"a":%s}]'):format(text))
        assert.equal("custom.v: a.b.c leads through a " .. wanted, reason)
      end
    end)

    it("see through escapes in keys and texts", function()
      assert.equal("é\n\"/", value("ab", [==[[{"\u0061b":"\u00e9\n\"\/"}]]==]))
      assert.equal("📱", value("a", [==[[{"a":"\ud83d\udcf1"}]]==]))
    end)

    it("reach the extra row", function()
      assert.equal("d1", value("^d.id", "[{}]", { d = { id = "d1" } }))
    end)

    it("ask for the extra row by name", function()
      local fault <const> = vendor.fault(value, "^d.id", "[{}]")
      assert.matches("extra row 'd'", fault.message)
    end)
  end)

  it("keeps numbers exact", function()
    local row <const> = '[{"a":9007199254740993,"b":123456789012345678901,"c":1.5,"d":1e3,"e":-0,"f":7.0}]'
    local result <const> = vendor.map({
      source_id = "a", serial_number = "b", asset_tag = "c", imei = "d", model = "e", name = "f",
    }, row)
    local got <const> = vendor.row(result)
    assert.equal("9007199254740993", got.source_id)
    assert.equal("123456789012345678901", got.serial_number)
    assert.equal("1.5", got.asset_tag)
    assert.equal("1000", got.imei)
    assert.equal("0", got.model)
    assert.equal("7", got.name)
  end)

  it("refuses floats that are no exact ids", function()
    local result <const> = vendor.map({ source_id = "a" }, '[{"a":9007199254740992.0}]')
    assert.matches("too large to be exact", result.bad[1][2])
  end)

  it("time: normalises every usual spelling", function()
    for text, wanted in pairs {
      ["2026-03-02T09:14:55.120345Z"] = "2026-03-02T09:14:55.120Z",
      ["2025-11-19 10:02:11.440210+00:00"] = "2025-11-19T10:02:11.440Z",
      ["2025-11-19 10:02:09 +0000"] = "2025-11-19T10:02:09.000Z",
      ["2024-03-01T00:00:00+05:30"] = "2024-02-29T18:30:00.000Z",
    } do
      assert.equal(wanted, value(f.time "t", ('[{"t":"%s"}]'):format(text)))
    end
  end)

  it("time: nothing stays nothing, what is no time fails the row", function()
    assert.is_nil(value(f.time "t", '[{"t":""}]'))
    local _, reason <const> = value(f.time "t", '[{"t":"yesterday"}]')
    assert.equal('custom.v: "yesterday" is no time', reason)
  end)

  it("epoch_ms: milliseconds as numbers or texts; never is nothing", function()
    for text, wanted in pairs {
      ["1716500000123"] = "2024-05-23T21:33:20.123Z", ['"1716500000000"'] = "2024-05-23T21:33:20.000Z",
    } do
      assert.equal(wanted, value(f.epoch_ms "t", ('[{"t":%s}]'):format(text)))
    end
    for _, never in ipairs { "0", "-1", '"-1"', '""', "null" } do
      assert.is_nil(value(f.epoch_ms "t", ('[{"t":%s}]'):format(never)))
    end
    local _, reason <const> = value(f.epoch_ms "t", '[{"t":"yesterday"}]')
    assert.equal('custom.v: "yesterday" is no whole number', reason)
  end)

  it("lower: ASCII only, blanks at the ends go", function()
    assert.equal("rosa@Éxample.com", value(f.lower "e", '[{"e":"  Rosa@ÉXAMPLE.com "}]'))
    assert.is_nil(value(f.lower "e", '[{"e":"   "}]'))
  end)

  it("pick: by text, number and boolean, with and without default", function()
    local platform <const> = f.pick("p", { Mac = "macos", ["7"] = "seven", [true] = "yes" }, "unknown")
    assert.equal("macos", value(platform, '[{"p":"Mac"}]'))
    assert.equal("seven", value(platform, '[{"p":7}]'))
    assert.equal("yes", value(platform, '[{"p":true}]'))
    assert.equal("unknown", value(platform, '[{"p":"mac"}]'))
    assert.equal("unknown", value(platform, "[{}]"))
    assert.is_nil(value(f.pick("p", { Mac = "macos" }), '[{"p":"iPad"}]'))
    assert.is_false(value(f.pick("p", { [3] = false }), '[{"p":3}]'))
  end)

  it("pick: a list is no single value", function()
    local _, reason <const> = value(f.pick("p", { a = "b" }), '[{"p":["a"]}]')
    assert.matches("is a list where single value has to be", reason)
  end)

  it("first: takes the first that is something, false included", function()
    assert.equal("b", value(f.first("a", "b"), '[{"a":"","b":"b"}]'))
    assert.is_false(value(f.first("a", "b"), '[{"a":false,"b":"b"}]'))
    assert.is_nil(value(f.first("a", "b"), "[{}]"))
  end)

  it("join: leaves out what is nothing", function()
    assert.equal("15.5 (a)", value(f.join(" ", "v", "x"), '[{"v":"15.5","x":"(a)"}]'))
    assert.equal("15.5", value(f.join(" ", "v", "x"), '[{"v":"15.5","x":""}]'))
    assert.is_nil(value(f.join(" ", "v", "x"), "[{}]"))
  end)

  it("int: from numbers and numeric texts, nothing else", function()
    assert.equal(42, value(f.int "a", '[{"a":"42"}]'))
    assert.equal(-7, value(f.int "a", '[{"a":-7}]'))
    assert.equal(1000, value(f.int "a", '[{"a":1e3}]'))
    for _, bad in ipairs { '"4 2"', '"0x10"', "1.5", "true", '"99999999999999999999"', '"-"' } do
      local got, reason = value(f.int "a", ('[{"a":%s}]'):format(bad))
      assert.is_nil(got, bad)
      assert.matches("whole number", reason)
    end
  end)

  it("bool: from booleans, 0 and 1, and words in any case", function()
    for text, wanted in pairs { ['"True"'] = true, ["1"] = true, ['"YES"'] = true, ["false"] = false,
      ['"no"'] = false, ["0"] = false } do
      assert.equal(wanted, value(f.bool "a", ('[{"a":%s}]'):format(text)), text)
    end
    assert.is_nil(value(f.bool "a", '[{"a":""}]'))
    local _, reason <const> = value(f.bool "a", '[{"a":"maybe"}]')
    assert.matches('"maybe" is no boolean', reason)
  end)

  it("list: gathers members and texts, leaves out what is nothing", function()
    assert.same({ "a", "b", "1" }, value(f.list("t", "u"), '[{"t":["a",null,"","b"],"u":1}]'))
    assert.is_nil(value(f.list "t", '[{"t":[]}]'))
    local _, reason <const> = value(f.list "t", '[{"t":[{"x":1}]}]')
    assert.matches("is an object", reason)
  end)

  it("const: is what it is", function()
    assert.equal("x", value(f.const "x", "[{}]"))
    assert.equal(5, value(f.const(5), "[{}]"))
    assert.is_false(value(f.const(false), "[{}]"))
  end)

  it("present: tells something from nothing", function()
    assert.is_true(value(f.present "a.b", '[{"a":{"b":0}}]'))
    assert.is_true(value(f.present "a", '[{"a":{"b":1}}]'))
    for _, row in ipairs { "{}", '{"a":""}', '{"a":null}', '{"a":{}}' } do
      assert.is_false(value(f.present "a", "[" .. row .. "]"), row)
    end
  end)

  it("known: asks for ids as text", function()
    local known <const> = { user = { "7" } }
    assert.is_true(value(f.known("user", "u"), '[{"u":7}]', nil, known))
    assert.is_false(value(f.known("user", "u"), '[{"u":8}]', nil, known))
    assert.is_false(value(f.known("user", "u"), "[{}]", nil, known))
  end)

  it("contains: in any ASCII case, anywhere", function()
    for name, wanted in pairs { ["FigmaHELPERTool"] = true, helper = true, ["1Password Helper"] = true,
      Helpe = false, [""] = false, ["hélper"] = false } do
      assert.equal(wanted, value(f.contains("n", "Helper"), ('[{"n":"%s"}]'):format(name)), name)
    end
  end)

  it("matches: globs over the whole text, in linear time", function()
    for text, wanted in pairs { ["Mac mini"] = true, ["Mac "] = true, ["iMac x"] = false, Machine = false } do
      assert.equal(wanted, value(f.matches("n", "Mac *"), ('[{"n":"%s"}]'):format(text)), text)
    end
    assert.is_true(value(f.matches("n", "a?c*e"), '[{"n":"abcde"}]'))
    local hard <const> = ("a"):rep(3000)
    assert.is_false(value(f.matches("n", ("*a"):rep(20) .. "b"), ('[{"n":"%s"}]'):format(hard)))
  end)

  it("none: is true when nothing of it is", function()
    assert.is_true(value(f.none("a", f.contains("b", "x")), '[{"b":"y"}]'))
    assert.is_false(value(f.none("a", "b"), '[{"a":false,"b":"y"}]'))
    assert.is_false(value(f.none(f.present "b"), '[{"b":1}]'))
  end)

  it("unboxed: goes on where the path can, and takes what is there where it cannot", function()
    for row, wanted in pairs {
      ['{"a":{"b":{"c":7}}}'] = "7", ['{"a":{"b":"x"}}'] = "x", ['{"a":"y"}'] = "y",
    } do
      assert.equal(wanted, value(f.join("", f.unboxed "a.b.c"), "[" .. row .. "]"), row)
    end
    assert.is_nil(value(f.unboxed "a.b", '[{"a":{"c":1}}]'))
    assert.is_nil(value(f.unboxed "a.b", '[{"c":1}]'))
    assert.is_nil(value(f.unboxed "a.b", '[{"a":null}]'))
    assert.has_error(function() f.unboxed(f.lower "a") end)
  end)

  describe("functions of the row", function()
    it("get the decoded row and the extra rows", function()
      local got <const> = value(function(row, extra)
        return row.a .. extra.d.b
      end, '[{"a":"x"}]', { d = { b = "y" } })
      assert.equal("xy", got)
    end)

    it("give any scalar or list", function()
      for _, wanted in ipairs { "t", 5, 2.5, true } do
        assert.equal(wanted, value(function() return wanted end, "[{}]"))
      end
      assert.same({ "a", "b" }, value(function() return { "a", "b" } end, "[{}]"))
      assert.is_nil(value(function() return nil end, "[{}]"))
    end)

    it("fail their row only, with place and reason", function()
      local _, reason <const> = value(function(row) return row.missing.field end, "[{}]")
      assert.matches("^custom.v: .*field_spec.lua:%d+: .*missing", reason)
    end)

    it("cannot give invalid UTF-8 or strange values", function()
      local _, utf8_reason <const> = value(function() return "\xff" end, "[{}]")
      assert.matches("invalid UTF%-8", utf8_reason)
      local _, type_reason <const> = value(function() return print end, "[{}]")
      assert.matches("gives a function", type_reason)
      local _, nan_reason <const> = value(function() return 0 / 0 end, "[{}]")
      assert.matches("number that is none", nan_reason)
    end)
  end)

  describe("the values of a source", function()
    it("are those that it says itself", function()
      assert.same({ "a" }, f.values(f.const "a"))
      assert.same({ "no", "x", "y" }, f.values(f.pick("p", { [1] = "x", [2] = "y", [3] = "x" }, "no")))
      assert.same({ "a", false, true }, f.values(f.first(f.pick("p", { [1] = true, [2] = false }), f.const "a")))
      assert.same({ "discovered", "managed" }, f.values(f.list(f.pick("p", { [true] = "managed" }, "discovered"))))
    end)

    it("are unknown where the vendor's come through", function()
      for _, source in ipairs { "p", f.lower "p", f.first(f.const "a", "p"), f.list "p", function() return 1 end } do
        assert.is_nil(f.values(source))
      end
    end)
  end)

  describe("descriptors", function()
    it("print themselves", function()
      assert.equal('pick(platform, { Mac = "macos", iPad = "ipados" }, "unknown")',
        tostring(f.pick("platform", { iPad = "ipados", Mac = "macos" }, "unknown")))
      assert.equal('first(user.id, lower(user.email))', tostring(f.first("user.id", f.lower "user.email")))
      assert.equal('join(" ", a, b)', tostring(f.join(" ", "a", "b")))
      assert.equal('contains(name, "helper")', tostring(f.contains("name", "helper")))
      assert.equal('known("device", device_id)', tostring(f.known("device", "device_id")))
      assert.equal("function(row)", f.text(print))
    end)

    it("know whether they are all data", function()
      assert.is_true(f.is_data(f.first("a", f.lower "b")))
      assert.is_false(f.is_data(f.first("a", f.first(function() end))))
    end)

    it("refuse wrong arguments where they are written", function()
      for _, make in ipairs {
        function() f.time() end, function() f.lower {} end, function() f.first() end,
        function() f.pick("a", {}) end, function() f.pick("a", { b = {} }) end,
        function() f.join("a") end, function() f.contains("a", "") end, function() f.const(nil) end,
        function() f.known("", "a") end, function() f.first("a", nil, "c") end,
      } do
        local fault <const> = vendor.fault(make)
        assert.matches("field_spec.lua:%d+: field%.%a+:", fault.message)
      end
    end)
  end)
end)
