-- The typed stubs name what the sandbox registers: all of it and nothing else, with annotations.
local function read(path)
  local file <close> = assert(io.open(path, "r"))
  return file:read("a")
end

-- Adds the names of the functions in a module: "host.json.decode".
local function add_functions(names, prefix, module)
  for name, member in pairs(module) do
    if type(member) == "function" then
      names[prefix .. name] = true
    end
  end
  return names
end

local function functions_of_host()
  local names <const> = add_functions({}, "host.", host)
  for name, module in pairs(host) do
    if type(module) == "table" then
      add_functions(names, "host." .. name .. ".", module)
    end
  end
  return names
end

-- Name -> { parameters, annotations above it }.
local function stubs_of(path)
  local found <const> = {}
  local annotations = ""
  for line in io.lines(path) do
    local name <const>, parameters <const> = line:match("^function ([%w_.:]+)%((.-)%) end$")
    if name then
      found[name] = { parameters, annotations }
    end
    annotations = line:match("^%-%-%-") and annotations .. line .. "\n" or ""
  end
  return found
end

local function assert_same_names(stubs, live)
  for name in pairs(live) do
    assert(stubs[name], "no stub for " .. name)
  end
  for name in pairs(stubs) do
    assert(live[name], "a stub for what does not exist: " .. name)
  end
end

describe("the stubs", function()
  it("name the functions of host", function()
    local stubs <const> = stubs_of("scripts/lib/host.meta.lua")
    stubs["body:text"], stubs["body:close"] = nil, nil
    assert_same_names(stubs, functions_of_host())
  end)

  it("name what a body offers", function()
    local stubs <const> = stubs_of("scripts/lib/host.meta.lua")
    local sample <const> = body("[1]")
    for name in pairs(stubs) do
      local method <const> = name:match("^body:(.*)")
      assert(not method or sample[method], name)
    end
    assert.equal("[1]", sample:text())
    assert.equal(3, #sample)
  end)

  it("name the functions of cjson", function()
    local live <const> = add_functions({}, "cjson.", require "cjson")
    assert_same_names(stubs_of("scripts/lib/cjson.meta.lua"), live)
  end)

  it("annotate every parameter", function()
    for _, path in ipairs { "scripts/lib/host.meta.lua", "scripts/lib/cjson.meta.lua" } do
      for name, stub in pairs(stubs_of(path)) do
        for parameter in stub[1]:gmatch("[%w_.]+") do
          local pattern <const> = "---@param " .. parameter
          assert(stub[2]:find(pattern, 1, true), name .. " lacks " .. pattern)
        end
      end
    end
  end)

  it("mention what is no function", function()
    local text <const> = read("scripts/lib/host.meta.lua")
    for name, member in pairs(host.json) do
      assert(type(member) == "function" or text:find("---@field " .. name, 1, true), name)
    end
  end)
end)
