-- Pagers: how listings are walked, what the host is told, and what is refused.
local core <const> = require "muster.core"
local page <const> = require "muster.page"
local vendor <const> = require "vendor"

local function ids(from, to)
  local rows <const> = {}
  for id = from, to do
    rows[#rows + 1] = ('{"id":"%03d"}'):format(id)
  end
  return table.concat(rows, ",")
end

-- All ids that a walk gives.
local function walk(pages)
  local seen <const> = {}
  for rows in pages do
    for _, row in ipairs(rows) do
      seen[#seen + 1] = row.id
    end
  end
  return seen
end

-- A listing of rows 1..total by offset and limit.
local function listing(total)
  return function(request)
    local offset <const>, limit <const> = math.tointeger(request.query.offset), math.tointeger(request.query.limit)
    return 200, "[" .. ids(offset + 1, math.min(total, offset + limit)) .. "]"
  end
end

local function drift()
  for _, event in ipairs(vendor.events) do
    if event.drift then
      return event.drift
    end
  end
  return nil
end

describe("page.offset", function()
  local function rows_of(total, opts, limit)
    opts = opts or {}
    opts.size = opts.size or 10
    local api <const> = vendor.api(listing(total), { limit = limit })
    return walk(page.offset(api, "api:/devices", opts))
  end

  it("walks to the short page and tells the host", function()
    assert.equal(25, #rows_of(25))
    assert.equal("open page page page end", vendor.told())
    assert.equal(3, #vendor.requests)
    assert.equal("20", vendor.requests[3].query.offset)
  end)

  it("knows the end of nothing, of one page, and of full pages", function()
    assert.equal(0, #rows_of(0))
    assert.equal("open page end", vendor.told())
    assert.equal(9, #rows_of(9))
    assert.equal(1, #vendor.requests)
    assert.equal(20, #rows_of(20))
    assert.equal(3, #vendor.requests)
  end)

  it("overlaps by a row where it knows the id, and shows every row once", function()
    for total = 0, 40 do
      local seen <const> = rows_of(total, { id = "id" })
      assert.equal(total, #seen, total)
      assert.is_nil(drift())
      for i, id in ipairs(seen) do
        assert.equal(("%03d"):format(i), id)
      end
    end
    assert.equal("9", vendor.requests[2].query.offset)
  end)

  it("goes on through short pages where only an empty one ends", function()
    local texts <const> = { "[" .. ids(1, 10) .. "]", "[" .. ids(11, 13) .. "]", "[]" }
    local api <const> = vendor.api(function() return 200, table.remove(texts, 1) end)
    assert.equal(13, #walk(page.offset(api, "api:/x", { size = 10, ends = "empty" })))
    assert.equal("open page page page end", vendor.told())
  end)

  it("sees rows that move: nothing is lost, and the host hears of it", function()
    local gone = false
    local api <const> = vendor.api(function(request)
      local offset <const> = math.tointeger(request.query.offset)
      local shift <const> = gone and 1 or 0
      gone = true
      return 200, "[" .. ids(offset + 1 + shift, math.min(25, offset + 10 + shift)) .. "]"
    end)
    local seen <const> = walk(page.offset(api, "api:/x", { size = 10, id = "id" }))
    assert.equal(25, #seen)
    assert.equal("rows moved while the listing was read", drift())
  end)

  it("tells of rows that come twice", function()
    local texts <const> = { "[" .. ids(1, 10) .. "]", "[" .. ids(10, 10) .. "," .. ids(5, 5) .. "]" }
    local api <const> = vendor.api(function() return 200, table.remove(texts, 1) end)
    walk(page.offset(api, "api:/x", { size = 10, id = "id" }))
    assert.equal("1 rows came twice", drift())
  end)

  it("stops at the limit and says so", function()
    assert.equal(13, #rows_of(40, {}, 13))
    assert.equal("open page page cut", vendor.told())
    assert.equal(10, #rows_of(40, {}, 10))
    assert.equal(1, #vendor.requests)
    assert.equal(5, #rows_of(5, {}, 10))
    assert.equal("open page end", vendor.told())
  end)

  it("takes an object for a list only when it has the id of a row", function()
    local function of(text)
      local api <const> = vendor.api(function() return 200, text end)
      return walk(page.offset(api, "api:/x", { size = 10, id = "id", or_object = true }))
    end
    assert.same({ "7" }, of '{"id":"7"}')
    assert.matches("an object without id where a list", vendor.fault(of, '{"detail":"maintenance"}').message)
  end)

  it("tells nothing of an end when the loop is left early", function()
    local api <const> = vendor.api(listing(30))
    for _ in page.offset(api, "api:/x", { size = 10 }) do -- luacheck: ignore 512
      break
    end
    assert.equal("open", vendor.told())
  end)

  it("wants a size", function()
    assert.matches("page.offset: the option size is missing",
      vendor.fault(page.offset, vendor.api(listing(1)), "api:/x", {}).message)
  end)
end)

describe("every pager", function()
  local function fault_of(texts, opts)
    local last
    local api <const> = vendor.api(function()
      last = table.remove(texts, 1) or last
      return 200, last
    end)
    opts = opts or { size = 2 }
    return vendor.fault(walk, page.offset(api, "api:/x", opts)).message
  end

  it("raises over what is no list of rows, and names the page", function()
    for text, wanted in pairs {
      ["<html><title>Sign in"] = "unexpected content: HTML or XML", [""] = "empty", ["{}"] = "is an object",
      ["null"] = "is null", ["42"] = "is a number", ['"x"'] = "is a text", ["[1,2"] = "cut short",
      ['[{"a":1}] x'] = "more than one value",
    } do
      local message <const> = fault_of { text }
      assert.matches("^GET api:/x: page 1: ", message)
      assert.matches(wanted, message, 1, true)
    end
    assert.matches('there is no list at "data"', fault_of({ '{"rows":[]}' }, { size = 2, list = "data" }))
    assert.matches('"a.b" must be a list of rows but is null',
      fault_of({ '{"a":{"b":null}}' }, { size = 2, list = "a.b" }))
  end)

  it("raises over a page that repeats the one before", function()
    assert.matches("page 2: the same rows as the page before: pagination loop", fault_of { '[{"id":1},{"id":2}]' })
  end)

  it("raises over two pages in a row without a new row", function()
    assert.matches("page 4: two pages in a row without a new row: pagination loop",
      fault_of { '[{"id":1},{"id":2}]', '[{"id":3},{"id":4}]', '[{"id":1},{"id":4}]', '[{"id":2},{"id":3}]' })
  end)

  it("checks a count that was promised", function()
    local function walk_total(...)
      local texts <const> = { ... }
      local api <const> = vendor.api(function() return 200, table.remove(texts, 1) end)
      return walk(page.offset(api, "api:/x", { size = 2, list = "d", id = "id", total = "n" }))
    end
    assert.equal(3, #walk_total('{"n":3,"d":[{"id":1},{"id":2}]}', '{"n":3,"d":[{"id":2},{"id":3}]}',
      '{"n":3,"d":[{"id":3}]}'))
    assert.is_nil(drift())
    assert.matches("ended after 1 rows, the vendor counts 5",
      vendor.fault(walk_total, '{"n":5,"d":[{"id":1}]}').message)
    assert.matches('no count at "n"', vendor.fault(walk_total, '{"d":[]}').message)
    walk_total('{"n":1,"d":[{"id":1},{"id":2}]}', '{"n":2,"d":[{"id":2}]}')
    assert.equal("the count went from 1 to 2", drift())
  end)

  it("raises after ten thousand pages", function()
    local number = 0
    local api <const> = vendor.api(function()
      number = number + 1
      return 200, ('[{"id":%d}]'):format(number)
    end)
    local fault <const> = vendor.fault(walk, page.offset(api, "api:/x", { size = 1 }))
    assert.matches("more than 10000 pages", fault.message)
    assert.equal(10000, number)
  end)

  it("passes the failures of requests on", function()
    local api <const> = vendor.api(function() return 503, "" end)
    assert.equal("remote", vendor.fault(walk, page.offset(api, "api:/x", { size = 1 })).kind)
  end)
end)

describe("page.number", function()
  it("ends as the count of pages says", function()
    local api <const> = vendor.api(function(request)
      local number <const> = math.tointeger(request.query.page)
      return 200, ('{"pages":3,"d":[%s]}'):format(ids(number, number))
    end)
    assert.same({ "001", "002", "003" }, walk(page.number(api, "api:/x", { list = "d", pages = "pages" })))
    assert.equal("open page page page end", vendor.told())
  end)

  it("ends at a short page, or at an empty one", function()
    local function texts_api(...)
      local texts <const> = { ... }
      return vendor.api(function() return 200, table.remove(texts, 1) end)
    end
    local short <const> = texts_api("[" .. ids(1, 2) .. "]", "[" .. ids(3, 3) .. "]")
    assert.equal(3, #walk(page.number(short, "api:/x", { size = 2, first = 0, number_param = "p" })))
    assert.equal("0", vendor.requests[1].query.p)
    local empty <const> = texts_api("[" .. ids(1, 2) .. "]", "[" .. ids(3, 3) .. "]", "[]")
    assert.equal(3, #walk(page.number(empty, "api:/x", { size = 2, ends = "empty" })))
  end)

  local function totals(...)
    local texts <const> = { ... }
    return vendor.api(function()
      local text <const> = table.remove(texts, 1)
      return math.type(text) == "integer" and text or 200, type(text) == "string" and text or ""
    end)
  end
  local TOTAL <const> = {
    size = 500, first = 0, list = "d", id = "id", total = "n", ends = "total", empty = { 204, 404 },
  }

  it("ends when the count is reached, whatever size the vendor makes its pages", function()
    local api <const> = totals(('{"n":3,"d":[%s]}'):format(ids(1, 2)), ('{"n":3,"d":[%s]}'):format(ids(3, 3)))
    assert.same({ "001", "002", "003" }, walk(page.number(api, "api:/x", TOTAL)))
    assert.equal("open page page end", vendor.told())
  end)

  it("takes 204 for the end where that was said, and an empty 200 never", function()
    for _, status in ipairs { 204, 404 } do
      assert.same({}, walk(page.number(totals(status), "api:/x", TOTAL)))
      assert.equal("open end", vendor.told())
    end
    local short <const> = totals(('{"n":3,"d":[%s]}'):format(ids(1, 2)), 204)
    assert.matches("ended after 2 rows, the vendor counts 3",
      vendor.fault(walk, page.number(short, "api:/x", TOTAL)).message)
    local empty <const> = vendor.api(function() return 200, "" end)
    assert.is_string(vendor.fault(walk, page.number(empty, "api:/x", TOTAL)).message)
    assert.is_string(vendor.fault(walk, page.number(totals(204), "api:/x", { size = 1, list = "d" })).message)
  end)

  it("refuses an option that it does not know: it would be passed over", function()
    assert.equal('api:/x: unknown option "emty"; did you mean "empty"?',
      vendor.fault(page.number, totals(), "api:/x", { size = 1, emty = { 404 } }).message)
  end)

  it("needs the count it is to end by", function()
    assert.matches("the option total is missing",
      vendor.fault(page.number, totals(), "api:/x", { size = 1, ends = "total" }).message)
  end)
end)

describe("page.cursor", function()
  local OPTS <const> = {
    list = "data", size = 3, restart = true, fallback_offset = "offset", fallback_total = "total",
  }

  -- Answers in order; a number is a status.
  local function of(...)
    local answers <const> = { ... }
    local api <const> = vendor.api(function()
      local answer <const> = table.remove(answers, 1)
      if math.type(answer) then
        return answer, '{"detail":"Invalid"}'
      end
      return 200, answer
    end)
    return walk(page.cursor(api, "api:/prism/apps", OPTS))
  end

  local function data(from, to, cursor, total)
    return ('{"cursor":%s,"total":%s,"data":[%s]}'):format(cursor and '"' .. cursor .. '"' or "null",
      total or "null", ids(from, to))
  end

  it("goes on through short pages while there is a cursor", function()
    assert.equal(5, #of(data(1, 3, "a"), data(4, 4, "b"), data(5, 5)))
    assert.same({ limit = "3", cursor = "b" }, vendor.requests[3].query)
    assert.equal("open page page page end", vendor.told())
  end)

  it("ends at null, at an empty text, without a cursor and at an empty page", function()
    assert.equal(1, #of(data(1, 1)))
    assert.equal(1, #of '{"cursor":"","data":[{"id":"1"}]}')
    assert.equal(1, #of '{"data":[{"id":"1"}]}')
    assert.equal(3, #of(data(1, 3, "a"), data(1, 0, "b")))
    assert.equal(2, #vendor.requests)
  end)

  it("asks by offset before it believes in the end of a full page: 400 means the end was real", function()
    assert.equal(3, #of(data(1, 3), 400))
    assert.same({ limit = "3", offset = "3" }, vendor.requests[2].query)
    assert.same({ 400 }, vendor.requests[2].absent)
    assert.equal("open page end", vendor.told())
  end)

  it("goes on by offset where there are no cursors, also below a count above the rows", function()
    assert.equal(8, #of(data(1, 3), data(4, 6), data(7, 8)))
    assert.equal("6", vendor.requests[3].query.offset)
    assert.equal(2, #of(data(1, 1, nil, 2), data(2, 2, nil, 2)))
    assert.equal(1, #of(data(1, 1, nil, 2), '{"data":[]}'))
  end)

  it("raises when the same cursor comes twice in a row", function()
    assert.matches("the same cursor came twice in a row: pagination loop",
      vendor.fault(of, data(1, 3, "a"), data(4, 6, "a")).message)
  end)

  it("begins anew, once, when a cursor has grown old", function()
    assert.equal(3 + 4, #of(data(1, 3, "a"), 400, data(1, 3, "b"), data(4, 4)))
    assert.is_nil(vendor.requests[3].query.cursor)
    assert.equal("open page page page end", vendor.told())
    local fault <const> = vendor.fault(of, data(1, 3, "a"), 400, data(1, 3, "b"), 400)
    assert.matches("refused its own cursor twice %(400%)", fault.message)
    assert.equal("remote", fault.kind)
  end)

  it("refuses a cursor that is no text", function()
    assert.matches("token is no text", vendor.fault(of, '{"cursor":true,"data":[{"id":1}]}').message)
    assert.equal(1, #of '{"cursor":{"a":1},"data":[{"id":"1"}]}')
  end)
end)

describe("page.token and page.link", function()
  it("carry a token in headers or the body", function()
    local tokens <const> = { "t1", "t2" }
    local api <const> = vendor.api(function(request)
      return 200, ('[{"id":%d}]'):format(#vendor.requests), { ["x-next"] = table.remove(tokens, 1), at = request.call }
    end)
    assert.equal(3, #walk(page.token(api, "api:/search", {
      method = "POST", body = { q = "x" }, from = { header = "X-Next" }, send = { body = "after" },
    })))
    assert.equal("POST api:/search", vendor.requests[1].call)
    local sent <const> = require("cjson").decode(vendor.requests[3].body)
    assert.same({ q = "x", after = "t2" }, { q = sent.q, after = sent.after })
  end)

  it("carry a token that is JSON as what it says, and believe an empty page", function()
    local token <const> = '[1772442888123,"AbCd"]'
    local api <const> = vendor.api(function()
      return 200, #vendor.requests < 3 and ('[{"id":%d}]'):format(#vendor.requests) or "[]",
        { ["x-search_after"] = #vendor.requests == 1 and "[1,\"a\"]" or token }
    end)
    assert.equal(2, #walk(page.token(api, "api:/events", {
      method = "POST", body = { q = "x" }, from = { header = "X-Search_after", json = true },
      send = { body = "search_after" },
    })))
    assert.equal(3, #vendor.requests)
    assert.matches(token, vendor.requests[3].body, 1, true)
    assert.equal("open page page page end", vendor.told())
  end)

  it("raise over a token that is no JSON", function()
    local api <const> = vendor.api(function() return 200, '[{"id":1}]', { at = "[1," } end)
    local fault <const> = vendor.fault(walk, page.token(api, "api:/events", {
      method = "POST", from = { header = "at", json = true }, send = { body = "after" },
    }))
    assert.equal("data", fault.kind)
  end)

  it("take a declared status for an empty listing", function()
    local api <const> = vendor.api(function() return 404, "gone" end)
    assert.equal(0, #walk(page.offset(api, "api:/groups/7/members", { size = 10, empty = { 404 } })))
    assert.equal("open end", vendor.told())
    assert.equal(404, vendor.fault(walk, page.offset(api, "api:/groups", { size = 10 })).status)
  end)

  it("follow the vendor's links, in the body or the Link header", function()
    local texts <const> = { '{"next":"https://x/2","r":[{"id":1}]}', '{"next":null,"r":[{"id":2}]}' }
    local api <const> = vendor.api(function() return 200, table.remove(texts, 1) end)
    assert.equal(2, #walk(page.link(api, "api:/x", { list = "r", next = "next", size = 50 })))
    assert.equal("https://x/2", vendor.requests[2].url)
    assert.same({}, vendor.requests[2].query)
    local headers <const> = {
      { link = '<None>; rel="prev", <https://x/b>; rel="next"' }, { link = "<None>; rel=prev" },
    }
    local linked <const> = vendor.api(function()
      return 200, ('[{"id":%d}]'):format(#vendor.requests), table.remove(headers, 1)
    end)
    assert.equal(2, #walk(page.link(linked, "api:/x", {})))
    assert.equal("https://x/b", vendor.requests[2].url)
  end)

  it("ask in the vendor's way and end where a boolean says so", function()
    local texts <const> = {
      '{"more":true,"r":[{"id":1},{"id":2}]}', '{"more":true,"r":[{"id":2},{"id":3}]}', '{"r":[{"id":3},{"id":4}]}',
    }
    local api <const> = vendor.api(function() return 200, table.remove(texts, 1) end)
    assert.equal(4, #walk(page.offset(api, "api:/x", {
      list = "r", id = "id", size = 9, first = 1, offset_param = "start", limit_param = "count", more = "more",
      query = { sort = "id" },
      compose = function(query) return { q = ("%s %d %d"):format(query.sort, query.start, query.count) } end,
    })))
    assert.same({ q = "id 3 9" }, vendor.requests[3].query)
  end)

  it("go on by offset where a link is missing and the count says that there is more", function()
    local texts <const> = {
      '{"total":5,"r":[{"id":1},{"id":2}]}', '{"total":5,"r":[{"id":3},{"id":4}]}', '{"total":5,"r":[{"id":5}]}',
    }
    local api <const> = vendor.api(function() return 200, table.remove(texts, 1) end)
    assert.equal(5, #walk(page.link(api, "api:/x", {
      list = { "rows", "r" }, next = "next", size = 10, id = "id", total = "total", may_lack_total = true,
      fallback_offset = "offset", fallback_total = "total",
    })))
    assert.same({ limit = "10", offset = "4" }, vendor.requests[3].query)
  end)

  it("take an answer without a body for an empty list where that is said", function()
    for _, status in ipairs { 204, 200 } do
      local api <const> = vendor.api(function() return status, nil end)
      local opts <const> = { list = "r", next = "next", empty = { 204 }, may_lack_body = true, total = "total" }
      assert.same({}, walk(page.link(api, "api:/x", opts)))
      assert.equal("open end", vendor.told())
    end
    local texts <const> = { '{"next":"https://x/2","r":[{"id":1}]}', "" }
    local cut <const> = vendor.api(function() return 200, table.remove(texts, 1) end)
    assert.matches("the answer is empty",
      vendor.fault(walk, page.link(cut, "api:/x", { list = "r", next = "next", may_lack_body = true })).message)
  end)

  it("raise over a link to itself", function()
    local api <const> = vendor.api(function()
      return 200, ('{"next":"https://x/2","r":[{"id":%d}]}'):format(#vendor.requests)
    end)
    assert.matches("links to itself",
      vendor.fault(walk, page.link(api, "api:/x", { list = "r", next = "next" })).message)
  end)
end)

describe("a page", function()
  local function rows_of(text)
    return core.page(body(text))
  end

  it("offers #, an index, ipairs and pairs, and nothing else", function()
    local rows <const> = rows_of '[{"id":1},{"id":2}]'
    assert.equal(2, #rows)
    assert.equal(1, rows[1].id)
    assert.is_nil(rows[0])
    assert.is_nil(rows[3])
    local count = 0
    for i, row in pairs(rows) do
      count = count + i * row.id
    end
    assert.equal(5, count)
    assert.matches("no field 'id'", vendor.fault(function() return rows.id end).message)
    assert.matches("read%-only", vendor.fault(function() rows[1] = 1 end).message)
    assert.is_false(getmetatable(rows))
  end)

  it("decodes each row anew, big integers as texts", function()
    local rows <const> = rows_of(
      '[{"id":18446744073709551615,"s":"18446744073709551615","l":[-9223372036854775809,1.5]}]')
    rows[1].id = "changed"
    assert.equal("18446744073709551615", rows[1].id)
    assert.equal("-9223372036854775809", rows[1].l[1])
    assert.equal(1.5, rows[1].l[2])
  end)

  it("raises when a row with a defect is looked at, and only then", function()
    local rows <const> = rows_of '[{"id":1},{"id":1,"id":2},{"id":3}]'
    assert.equal(3, rows[3].id)
    assert.matches("row 2 holds a duplicate key at byte %d+", vendor.fault(function() return rows[2] end).message)
  end)
end)
