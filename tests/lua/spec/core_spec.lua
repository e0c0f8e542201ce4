-- What hostile or careless use of muster.core meets: errors, never freed memory.
local core <const> = require "muster.core"
local f <const> = require "muster.field"
local mapping <const> = require "muster.mapping"
local vendor <const> = require "vendor"

local function compile(map)
  local maps <const> = mapping.read({ device = map }, {}, "spec.lua")
  return core.map(mapping.spec(maps.device, maps))
end

describe("muster.core", function()
  it("gives a page its bytes: closing the body changes nothing", function()
    local text <const> = body '[{"id":"a"},{"id":"b"}]'
    local rows <const> = core.page(text)
    text:close()
    assert.equal(0, #text)
    assert.equal("b", rows[2].id)
  end)

  it("emits the page as it was, whatever a function does to it", function()
    local rows <const> = core.page(body '[{"id":"a"},{"id":"b"},{"id":"c"}]')
    local map <const> = compile {
      source_id = "id", name = function()
        if #rows > 0 then
          core.skip(rows, #rows)
        end
        return "x"
      end,
    }
    assert.equal(3, #vendor.run(map, rows).rows)
    assert.equal(0, #rows)
  end)

  it("takes no rows for a stream that has ended", function()
    local emitter <const> = core.emitter "devices"
    pcall(core.flush, emitter)
    for _, fn in ipairs { core.emit, core.flush, core.preview } do
      assert.matches("the stream 'devices' has ended",
        vendor.fault(fn, emitter, compile { source_id = "id" }, {}).message)
    end
  end)

  it("survives a function that emits through the map that called it", function()
    local emitter <const> = core.emitter "devices"
    local map, depth = nil, 0
    map = compile {
      source_id = "id", name = function()
        depth = depth + 1
        if depth < 4 then
          core.preview(emitter, map, { { id = ("y"):rep(5000) } })
        end
        return "x"
      end,
    }
    local calls <const> = core.preview(emitter, map, { { id = "a" }, { id = "b" } })
    assert.is_true(#calls >= 1)
  end)

  it("refuses arguments of other types", function()
    for _, call in ipairs {
      { core.page, "text" }, { core.page, nil }, { core.emit, {}, {}, {} }, { core.map, 5 }, { core.find, {}, "x" },
      { core.skip, core.page(body "[1]"), 2 }, { core.skip, core.page(body "[1]"), -1 },
      { core.row_id, core.page(body "[1]"), 2, "id" }, { core.page, body "[]", ("a."):rep(20) },
      { core.emitter, {} }, { core.event, "x", print }, { core.raise, "text" },
    } do
      vendor.fault(table.unpack(call, 1, 4))
    end
  end)

  it("keeps what known functions of rows look at alive", function()
    local map <const> = compile { source_id = "id", keep = { k = f.known("user", function(row)
      collectgarbage()
      return row.id
    end) } }
    local result <const> = vendor.run(map, '[{"id":"a"},{"id":"b"}]', nil, { user = { "b" } })
    assert.equal("b", result.rows[1][1])
  end)

  describe("rows that the host has", function()
    local SEED <const> = ("s"):rep(16)

    local function raw_of(map, rows, extra)
      return core.preview(core.emitter("devices", SEED), map, rows, extra)[1].raw
    end

    local function preview_again(raw, map, rows, extra)
      local emitter <const> = core.emitter("devices", SEED)
      core.raw(emitter, "device", raw)
      return core.preview(emitter, map, rows, extra)[1]
    end

    it("are told by their place", function()
      local map <const> = compile { source_id = "id", name = function(row) return row.name end }
      local raw <const> = raw_of(map, { { id = "a" }, { id = "b", name = "B" } })
      local call <const> = preview_again(raw, map, { { id = "b", name = "B" }, { id = "a", name = "A" } })
      assert.equal("\1\0\0\0", call.same)
      assert.equal(1, #call.rows)
    end)

    it("are told whole when a function sees something else in the extra row", function()
      local map <const> = compile { source_id = "id", name = function(_, extra) return extra.d.name end }
      local raw <const> = raw_of(map, { { id = "a" } }, { d = { name = "one" } })
      local call <const> = preview_again(raw or ("-"):rep(16), map, { { id = "a" } }, { d = { name = "two" } })
      assert.is_nil(call.same)
      assert.equal("two", vendor.row(call, 1).name)
    end)

    it("may be of every entity of the model", function()
      local emitter <const> = core.emitter("all", SEED)
      for entity in pairs(require "muster.model") do
        core.raw(emitter, entity, SEED)
      end
    end)
  end)
end)
