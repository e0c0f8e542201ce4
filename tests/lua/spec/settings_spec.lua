-- Settings as typed, and addresses.
local settings <const> = require "muster.settings"
local url <const> = require "muster.url"

local DECLARED <const> = {
  { id = "mode", type = "choice", label = "Mode", choices = { "Cloud", "onprem" }, default = "Cloud" },
  { id = "host", type = "url", label = "Host", hosts = "admin", when = { mode = "onprem" } },
  { id = "size", type = "int", label = "Size", default = 10 },
  { id = "deep", type = "bool", label = "Deep", required = false },
  { id = "code", type = "text", label = "Code", pattern = "^%u+$", example = "ABC" },
  { id = "token", type = "secret", label = "Token" },
}

local function parse(typed)
  return settings.parse(DECLARED, typed)
end

describe("settings", function()
  it("parse by type, with defaults", function()
    local result <const> = parse { code = " ABC ", deep = "Yes", size = "-3" }
    assert.same({ mode = "Cloud", size = -3, deep = true, code = "ABC" }, result.values)
    assert.equal(0, #result.errors)
    assert.equal(10, parse({ code = "ABC" }).values.size)
  end)

  it("ask for what is needed, only where it applies", function()
    local result <const> = parse { mode = "ONPREM" }
    assert.same({ { id = "host", message = "Host is needed" }, { id = "code", message = "Code is needed" } },
      { result.errors[1], result.errors[2] })
    assert.equal("onprem", result.values.mode)
    assert.equal(1, #parse({}).errors)
  end)

  it("say what is wrong with what was typed", function()
    local result <const> = parse { mode = "x", size = "1.5", deep = "perhaps", code = "abc" }
    local messages <const> = {}
    for i, fault in ipairs(result.errors) do
      messages[i] = fault.message
    end
    assert.same({
      "Mode must be one of Cloud, onprem", "Size must be a whole number", "Deep must be yes or no",
      "Code does not look right; for example ABC",
    }, messages)
  end)

  it("never look at secrets", function()
    assert.is_nil(parse({ code = "ABC", token = "canary" }).values.token)
  end)

  it("let `parse` speak last", function()
    local own <const> = { { id = "a", type = "text", label = "A", parse = function(text)
      if text == "bad" then
        return nil, "is bad"
      end
      return { host = text }
    end } }
    assert.same({ a = { host = "x" } }, settings.parse(own, { a = "x" }).values)
    assert.equal("A is bad", settings.parse(own, { a = "bad" }).errors[1].message)
  end)

  it("declare what the host needs", function()
    local declared <const> = settings.declare(DECLARED)
    assert.is_false(declared[1].required)
    assert.is_true(declared[5].required)
    assert.equal("admin", declared[2].hosts)
    assert.is_false(declared[5].has_parse)
  end)
end)

describe("url.parse", function()
  it("takes what people paste", function()
    for typed, wanted in pairs {
      ["acme.example"] = "https://acme.example", ["https://Acme.Example/"] = "https://acme.example",
      ["HTTPS://a.b:8443/api/v1/"] = "https://a.b:8443/api/v1", ["a.b."] = "https://a.b",
    } do
      assert.equal(wanted, url.parse(typed).url)
    end
    assert.equal(8443, url.parse("a.b:8443").port)
  end)

  it("refuses what is no plain https address", function()
    for _, typed in ipairs {
      "http://a.b", "ftp://a.b", "https://u:p@a.b", "a.b?x=1", "a.b/#x", "", "https://", "a b", "a..b", "-a.b",
      "a.b:99999999", "a.b:x", "[::1]", "a\\b",
    } do
      local parsed <const>, fault <const> = url.parse(typed)
      assert.is_nil(parsed, typed)
      assert.matches("must", fault)
    end
  end)
end)
