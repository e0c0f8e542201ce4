-- lua-cjson as scripts get it: exact integers and doubles, arrays that stay arrays, bounded sizes.
local cjson <const> = require "cjson"

local function round_trip(text)
  return cjson.encode(cjson.decode(text))
end

describe("cjson", function()
  it("keeps 64-bit integers", function()
    assert.equal("9007199254740993", round_trip("9007199254740993"))
    assert.equal("[9007199254740993,9223372036854775807,-9223372036854775808,0,-1]",
      round_trip("[9007199254740993,9223372036854775807,-9223372036854775808,0,-1]"))
    assert.equal("integer", math.type(cjson.decode("[1]")[1]))
    assert.equal("[123456789012345678]", cjson.encode({ 123456789012345678 }))
  end)

  it("keeps integers beyond 64 bit as floats, never clamped", function()
    local value <const> = cjson.decode("[9223372036854775808]")[1]
    assert.equal("float", math.type(value))
    assert.equal(2.0 ^ 63, value)
  end)

  it("writes the shortest double that reads back", function()
    assert.equal("[0.1,0.30000000000000004,1e+300,-0]", round_trip("[0.1,0.30000000000000004,1e300,-0.0]"))
  end)

  it("tells empty arrays from empty objects", function()
    assert.equal('[[],{},{"a":[]}]', round_trip('[[],{},{"a":[]}]'))
    assert.equal("[]", cjson.encode(setmetatable({}, cjson.array_mt)))
    assert.equal("{}", cjson.encode({}))
  end)

  it("does not take a number key for an empty array", function()
    assert.equal('{"1.5":[]}', cjson.encode({ [1.5] = setmetatable({}, cjson.array_mt) }))
  end)

  it("has an array metatable that cannot be changed", function()
    assert.has_error(function() cjson.array_mt.__gc = function() end end)
    assert.equal(cjson.array_mt, getmetatable(cjson.decode("[1]")))
  end)

  it("is the same in cjson.safe", function()
    local safe <const> = require "cjson.safe"
    assert.equal("[9007199254740993,[]]", safe.encode(safe.decode("[9007199254740993,[]]")))
    assert.equal(safe.array_mt, getmetatable(safe.decode("[]")))
    assert.is_nil(safe.decode("[1,"))
  end)

  it("refuses to write what would overflow its lengths", function()
    local text <const> = ("x"):rep(10 * 1024 * 1024)
    local many <const> = {}
    for i = 1, 400 do many[i] = text end
    assert.has_error(function() cjson.encode(many) end, "JSON text too large: more than 128 MiB")
  end)

  it("refuses tables that unfold without end", function()
    local value = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }
    for _ = 1, 12 do value = { value, value, value, value, value, value, value, value, value, value } end
    assert.has_error(function() cjson.encode(value) end, "JSON text too large: more than 128 MiB")
  end)
end)
