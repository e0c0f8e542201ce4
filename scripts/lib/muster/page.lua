-- Walking a listing, page by page, with the evidence that nothing was left out.
--
--   for rows in page.offset(api, "api:/devices", { size = 300, id = "device_id" }) do
--     out:emit("device", rows)
--   end
--
-- Every pager takes these options:
--   list        where the rows are: "data", "result.items"; a list of names: the first that is there;
--               nil = the answer itself
--   or_object   true: a single object in place of the list is a list of one
--   size        rows to ask for; it also tells a short page
--   id          path of the row's id: duplicates and drift are seen by it
--   total       path of the vendor's count, where it has one that can be believed
--   may_lack_total   true: the count may be missing
--   empty       statuses that say that there are no rows: { 204 }, { 404 }
--   may_lack_body    true: a first answer without a body says so, too
--   query, headers, path, method, body   as in api:get; `body` is a table for POST
--   compose     function of the whole query: the query as the vendor wants it, such as JSON in one parameter
--
-- A page is worked off when the next one is asked for; the host may commit there. The pager tells
-- the host open, page and end, and raises (kind "data") over a page that repeats the one before, a
-- second page in a row without a new row, a missing list, a count that does not add up and more
-- than 10,000 pages. A loop that is left early never counts as complete.

local core <const> = require "muster.core"
local walks <const> = require "muster.walk"

local page = {}

local function need(opts, key, pager)
  if opts[key] == nil then
    core.raise { kind = "bug", message = ("page.%s: the option %s is missing"):format(pager, key) }
  end
  return opts[key]
end

-- --- offset ---

-- With overlap each page begins with the last row of the one before. If that row is no longer
-- there, rows have moved under the walk; the overlap still saves the walk from losing one.
local function drop_overlap(walk, rows)
  if not walk.overlapped then
    return
  end
  local first = #rows > 0 and core.row_id(rows, 1, walk.opts.id)
  if first and first == walk.last_id then
    core.skip(rows, 1)
  else
    walk:remark("rows moved while the listing was read")
  end
end

local function offset_step(walk)
  local opts = walk.opts
  local size = opts.size
  walk.overlapped = opts.id and opts.overlap ~= false and walk.taken > 0
  local offset = walk.overlapped and walk.taken - 1 or walk.taken
  local reply = walk:fetch {
    query = { [opts.offset_param or "offset"] = offset + (opts.first or 0),
      [opts.limit_param or "limit"] = size },
  }
  if not reply then
    return nil
  end
  local rows = walk:read(reply)
  local count = #rows
  if opts.more then
    walk.is_last = count == 0 or core.find(rows, opts.more) ~= true
  elseif opts.ends == "empty" then
    walk.is_last = count == 0 or walk.overlapped and count == 1
  else
    walk.is_last = count < size
  end
  walk:remark(walk:check_total(rows))
  walk.taken = offset + count
  if count > 0 and opts.id then
    local last = core.row_id(rows, count, opts.id)
    drop_overlap(walk, rows)
    walk.last_id = last
  elseif walk.overlapped then
    walk:remark("the listing became shorter while it was read")
  end
  walk:remark(walk:inspect(rows))
  return rows
end

---Rows by offset: ?offset=600&limit=300. Ends at a page shorter than `size`; `ends = "empty"` for a
---vendor that sends short pages in between; `more` is the path of a boolean that tells whether there
---is more. Where `id` is known the pages overlap by one row.
---Further options: offset_param, limit_param, first (number of the first row), overlap = false.
---@param api muster.Api
---@param where string
---@param opts table
---@return fun(): userdata?
function page.offset(api, where, opts)
  need(opts, "size", "offset")
  local walk = walks.new(api, where, opts)
  walk.taken = 0
  return walk:pages_of(offset_step)
end

-- --- number ---

local function is_last_number(walk, rows)
  local opts = walk.opts
  if opts.pages then
    local pages = core.find(rows, opts.pages)
    if math.type(pages) ~= "integer" then
      walk:fail('no count of pages at "%s"', opts.pages)
    end
    return walk.number - (opts.first or 1) + 1 >= pages
  elseif opts.ends == "total" and #rows > 0 then
    return walk.seen:count() >= walk.total
  elseif opts.ends then
    return #rows == 0
  end
  return #rows < need(opts, "size", "number")
end

local function number_step(walk)
  local opts = walk.opts
  local query = { [opts.number_param or "page"] = walk.number }
  if opts.size then
    query[opts.limit_param or "limit"] = opts.size
  end
  local reply = walk:fetch { query = query }
  if not reply then
    return nil
  end
  local rows = walk:read(reply)
  walk:remark(walk:check_total(rows))
  walk:remark(walk:inspect(rows))
  walk.is_last = is_last_number(walk, rows)
  walk.number = walk.number + 1
  return rows
end

---Pages by number: ?page=3&limit=100. Ends as `pages` (path of the number of pages) says, else at a
---page shorter than `size`. `ends = "empty"`: at an empty one; `ends = "total"`: when as many rows came
---as `total` says, or at an empty one, for vendors that cut `size` to what they like.
---Further options: number_param, limit_param, first (number of the first page, 1).
---@return fun(): userdata?
function page.number(api, where, opts)
  if opts.ends == "total" then
    need(opts, "total", "number")
  end
  local walk = walks.new(api, where, opts)
  walk.number = opts.first or 1
  return walk:pages_of(number_step)
end

-- --- token and cursor ---

local function token_place(walk, token)
  local send = walk.opts.send or { query = "cursor" }
  if walk.opts.from.json then
    local value, fault = host.json.decode(token)
    if fault then
      walk:fail("the next page's token is no JSON: %s", fault.message)
    end
    token = value
  end
  if send.header then
    return { headers = { [send.header] = token } }
  elseif send.body then
    return { body = { [send.body] = token } }
  end
  return { query = { [send.query] = token } }
end

local function read_token(walk, reply, rows)
  local from = walk.opts.from
  local token
  if from.header then
    token = reply.headers[from.header:lower()]
  else
    token = core.find(rows, from.body)
  end
  if math.type(token) == "integer" then
    token = ("%d"):format(token)
  elseif token ~= nil and type(token) ~= "string" then
    walk:fail("the next page's token is no text")
  end
  return token ~= "" and token or nil
end

local function first_ask(walk)
  local opts = walk.opts
  local query = {}
  if opts.size then
    query[opts.limit_param or "limit"] = opts.size
  end
  return { query = query }
end

-- Some services promise tokens and do not hand them out: a full page, or a count above what came,
-- without a token is then not the end. One question by offset tells: 400 means that tokens are the
-- rule and the end was real; rows mean that the rest has to be read by offset.
local function may_go_on(walk, rows, count)
  local opts = walk.opts
  if not opts.fallback_offset then
    return false
  end
  local total = opts.fallback_total and core.find(rows, opts.fallback_total)
  return count == opts.size or math.type(total) == "integer" and total > walk.taken
end

local function fallback_step(walk)
  local opts = walk.opts
  local ask = first_ask(walk)
  ask.query[opts.fallback_offset] = walk.taken
  ask.absent = not walk.by_offset and { 400 } or nil
  local reply = walk:fetch(ask)
  if not reply or reply.status == 400 then
    return nil
  end
  local rows = walk:read(reply)
  walk.by_offset = true
  walk.taken = walk.taken + #rows
  walk.is_last = #rows == 0 or not may_go_on(walk, rows, #rows)
  walk:remark(walk:inspect(rows))
  return rows
end

-- A token that has grown old: the walk begins anew, once. Rows that come again are written again.
local function restart(walk)
  if walk.restarted then
    core.raise {
      kind = "remote", status = 400,
      message = ("%s: page %d: the vendor refused its own cursor twice (400)")
        :format(walk.call, walk.pages),
    }
  end
  walk.restarted, walk.token, walk.taken, walk.last_print = true, nil, 0, nil
  walk.seen = core.tracker()
end

local function fetch_token(walk)
  local ask = first_ask(walk)
  if walk.token then
    local place = token_place(walk, walk.token)
    ask.query = walks.merged(ask.query, place.query)
    ask.headers, ask.body = place.headers, place.body
    ask.absent = walk.opts.restart and { 400 } or nil
  end
  local reply = walk:fetch(ask)
  if reply and walk.token and walk.opts.restart and reply.status == 400 then
    restart(walk)
    return fetch_token(walk)
  end
  return reply
end

local function token_step(walk)
  if walk.needs_offset then
    return fallback_step(walk)
  end
  local reply = fetch_token(walk)
  if not reply then
    return nil
  end
  local rows = walk:read(reply)
  local count = #rows
  walk.taken = walk.taken + count
  walk:remark(walk:check_total(rows))
  local token = read_token(walk, reply, rows)
  if count == 0 and walk.opts.ends ~= "token" then
    token = nil
  elseif token and token == walk.token then
    walk:fail("the same cursor came twice in a row: pagination loop")
  end
  walk.token = token
  walk.is_last = token == nil
  if token == nil and may_go_on(walk, rows, count) then
    walk.needs_offset, walk.is_last = true, false
  end
  walk:remark(walk:inspect(rows))
  return rows
end

---Pages by a token of the answer. `from = { body = "next.token" }` or `{ header = "x-next" }` says
---where it comes, `send = { query = "cursor" }`, `{ header = ... }` or `{ body = ... }` where it
---goes; `from.json = true`: the token is JSON text and goes into a body as the value it says.
---Ends without a token, or at an empty page; with `ends = "token"` an empty page does not end.
---`restart = true`: a 400 for a token begins anew, once.
---`fallback_offset = "offset"`, `fallback_total = "total"`: for services that may page by offset.
---@return fun(): userdata?
function page.token(api, where, opts)
  need(opts, "from", "token")
  local walk = walks.new(api, where, opts)
  walk.taken = 0
  return walk:pages_of(token_step)
end

---page.token with the token at `cursor` in the answer and `?cursor=` in the request.
---@return fun(): userdata?
function page.cursor(api, where, opts)
  opts = walks.merged(opts, {
    from = { body = opts.cursor or "cursor" }, send = { query = opts.cursor_param or "cursor" },
  })
  return page.token(api, where, opts)
end

-- --- link ---

local function header_link(text)
  for target, parameters in (text or ""):gmatch("<([^>]*)>([^,]*)") do
    if parameters:find('rel="?next"?') then
      return target
    end
  end
  return nil
end

local function link_step(walk)
  if walk.needs_offset then
    return fallback_step(walk)
  end
  local opts = walk.opts
  local ask = walk.url and { url = walk.url } or first_ask(walk)
  local reply = walk:fetch(ask)
  if not reply then
    return nil
  end
  local rows = walk:read(reply)
  local url
  if opts.next then
    url = core.find(rows, opts.next)
  else
    url = header_link(reply.headers.link)
  end
  if url ~= nil and type(url) ~= "string" then
    walk:fail("the link to the next page is no text")
  elseif url and url == walk.url then
    walk:fail("it links to itself: pagination loop")
  end
  walk.url = url ~= "" and url or nil
  walk.taken = walk.taken + #rows
  walk.needs_offset = not walk.url and #rows > 0 and may_go_on(walk, rows, #rows)
  walk.is_last = not walk.url and not walk.needs_offset
  walk:remark(walk:check_total(rows))
  walk:remark(walk:inspect(rows))
  return rows
end

---Pages by the vendor's link to the next one: at the path `next` in the answer, else in the Link
---header. The host lets a link through only if it meets the stream's calls and hosts.
---`fallback_offset = "offset"`, `fallback_total = "total"`: for services that give no link now and then.
---@return fun(): userdata?
function page.link(api, where, opts)
  local walk = walks.new(api, where, opts)
  walk.taken = 0
  return walk:pages_of(link_step)
end

return page
