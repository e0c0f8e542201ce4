-- Walking a listing, page by page, with the evidence that nothing was left out.
--
--   for rows in page.offset(api, "api:/devices", { size = 300, id = "device_id" }) do
--     out:emit("device", rows)
--   end
--
-- Every pager takes these options:
--   list        where the rows are: "data", "result.items"; nil = the answer itself
--   or_object   true: a single object in place of the list is a list of one
--   size        rows to ask for; it also tells a short page
--   id          path of the row's id: duplicates and drift are seen by it
--   total       path of the vendor's count, where it has one that can be believed
--   query, headers, path, method, body   as in api:get; `body` is a table for POST
--
-- A page is worked off when the next one is asked for; the host may commit there. The pager tells
-- the host open, page and end, and raises (kind "data") over a page that repeats the one before, a
-- second page in a row without a new row, a missing list, a count that does not add up and more
-- than 10,000 pages. A loop that is left early never counts as complete.

local api_module <const> = require "muster.api"
local core <const> = require "muster.core"

local page = {}

local MAX_PAGES <const> = 10000

local pager_count = 0

local Walk <const> = {}
Walk.__index = Walk

local function fail(walk, message, ...)
  core.raise {
    kind = "data",
    message = ("%s: page %d: %s"):format(walk.call, walk.pages, message:format(...)),
  }
end

local function new_walk(api, where, opts)
  pager_count = pager_count + 1
  local walk = setmetatable({
    api = api, where = where, opts = opts, id = pager_count, pages = 0, rows = 0,
    method = opts.method or "GET", seen = core.tracker(), stale_pages = 0,
  }, Walk)
  walk.call = walk.method .. " " .. where
  core.event("page", { pager = walk.id, at = "open" })
  return walk
end

local function merged(first, second)
  local all = {}
  for key, value in pairs(first or {}) do
    all[key] = value
  end
  for key, value in pairs(second or {}) do
    all[key] = value
  end
  return all
end

-- One request: `ask` may hold query, headers, body, url, absent.
function Walk:fetch(ask)
  local opts = self.opts
  self.pages = self.pages + 1
  if self.pages > MAX_PAGES then
    fail(self, "more than %d pages: pagination loop", MAX_PAGES)
  end
  local request = {
    path = opts.path, headers = merged(opts.headers, ask.headers), absent = ask.absent,
    url = ask.url, idempotent = self.method == "POST" and opts.idempotent ~= false or nil,
  }
  if opts.body or ask.body then
    request.body = merged(opts.body, ask.body)
  end
  local method = self.api[self.method:lower()]
  return method(self.api, self.where, not ask.url and merged(opts.query, ask.query) or nil, request)
end

-- The rows of a reply. An object counts as a row only with the id that rows have: services also
-- report failures in objects.
function Walk:read(reply)
  local body = api_module.raw_body(reply)
  local ok, rows, is_object = pcall(core.page, body, self.opts.list, self.opts.or_object)
  if not ok then
    if type(rows) == "table" and rows.message then
      rows.message = ("%s: page %d: %s"):format(self.call, self.pages, rows.message)
    end
    error(rows, 0)
  end
  if is_object and self.opts.id and core.row_id(rows, 1, self.opts.id) == nil then
    fail(self, "an object without %s where a list of rows has to be", self.opts.id)
  end
  return rows
end

-- Raises over loops; returns what was odd about the page.
function Walk:inspect(rows)
  local print = #rows > 0 and core.fingerprint(rows) or nil
  if print and print == self.last_print then
    fail(self, "the same rows as the page before: pagination loop")
  end
  self.last_print = print
  local fresh, repeated = self.seen:add(rows, self.opts.id)
  self.stale_pages = fresh == 0 and #rows > 0 and self.stale_pages + 1 or 0
  if self.stale_pages >= 2 then
    fail(self, "two pages in a row without a new row: pagination loop")
  end
  if self.opts.id and repeated > 0 then
    return ("%d rows came twice"):format(repeated)
  end
  return nil
end

function Walk:check_total(rows)
  if not self.opts.total then
    return nil
  end
  local total = core.find(rows, self.opts.total)
  if math.type(total) ~= "integer" then
    fail(self, 'no count at "%s"', self.opts.total)
  end
  local before = self.total
  self.total = total
  if before and before ~= total then
    return ("the count went from %d to %d"):format(before, total)
  end
  return nil
end

-- After the last page: fewer rows than the vendor counts are a hole; more are drift.
function Walk:check_end()
  local distinct = self.seen:count()
  if self.total and distinct < self.total then
    fail(self, "the listing ended after %d rows, the vendor counts %d", distinct, self.total)
  elseif self.total and distinct > self.total then
    return ("%d rows, the vendor counts %d"):format(distinct, self.total)
  end
  return nil
end

function Walk:event(at, rows, drift)
  core.event("page", { pager = self.id, at = at, rows = rows, total = self.total, drift = drift })
end

-- Keeps the first of two remarks about drift.
function Walk:remark(drift)
  self.drift = self.drift or drift
end

-- The last page under a limit is cut to it.
function Walk:cut(rows)
  local limit = self.api.limit
  if limit and self.rows + #rows >= limit then
    self.is_cut = true
    core.take(rows, limit - self.rows)
  end
  self.rows = self.rows + #rows
end

function Walk:finish()
  self.is_over = true
  if self.is_cut then
    api_module.note_cut(self.api)
    self:event("cut")
  else
    self:event("end", nil, self:check_end())
  end
  return nil
end

-- `step(walk)` returns the rows of the next page and sets walk.is_last when the end was seen; nil
-- when there is no further page.
local function iterate(walk, step)
  local worked_off = nil
  return function()
    if worked_off then
      walk:event("page", worked_off, walk.drift)
      walk.drift, worked_off = nil, nil
    end
    if walk.is_over then
      return nil
    elseif walk.is_cut or walk.is_last then
      return walk:finish()
    end
    local rows = step(walk)
    if not rows then
      return walk:finish()
    end
    walk:cut(rows)
    worked_off = #rows
    return rows
  end
end

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
  local rows = walk:read(reply)
  local count = #rows
  if opts.ends == "empty" then
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
---vendor that sends short pages in between. Where `id` is known the pages overlap by one row.
---Further options: offset_param, limit_param, first (number of the first row), overlap = false.
---@param api muster.Api
---@param where string
---@param opts table
---@return fun(): userdata?
function page.offset(api, where, opts)
  need(opts, "size", "offset")
  local walk = new_walk(api, where, opts)
  walk.taken = 0
  return iterate(walk, offset_step)
end

-- --- number ---

local function number_step(walk)
  local opts = walk.opts
  local query = { [opts.number_param or "page"] = walk.number }
  if opts.size then
    query[opts.limit_param or "limit"] = opts.size
  end
  local rows = walk:read(walk:fetch { query = query })
  local pages = opts.pages and core.find(rows, opts.pages)
  if opts.pages and math.type(pages) ~= "integer" then
    fail(walk, 'no count of pages at "%s"', opts.pages)
  elseif pages then
    walk.is_last = walk.number - (opts.first or 1) + 1 >= pages
  elseif opts.ends == "empty" then
    walk.is_last = #rows == 0
  else
    walk.is_last = #rows < need(opts, "size", "number")
  end
  walk.number = walk.number + 1
  walk:remark(walk:check_total(rows))
  walk:remark(walk:inspect(rows))
  return rows
end

---Pages by number: ?page=3&limit=100. Ends as `pages` (path of the number of pages) says, else at a
---page shorter than `size`, or empty with `ends = "empty"`.
---Further options: number_param, limit_param, first (number of the first page, 1).
---@return fun(): userdata?
function page.number(api, where, opts)
  local walk = new_walk(api, where, opts)
  walk.number = opts.first or 1
  return iterate(walk, number_step)
end

-- --- token and cursor ---

local function token_place(walk, token)
  local send = walk.opts.send or { query = "cursor" }
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
    fail(walk, "the next page's token is no text")
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
  if reply.status == 400 then
    return nil
  end
  local rows = walk:read(reply)
  walk.by_offset = true
  walk.taken = walk.taken + #rows
  walk.is_last = #rows < opts.size
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
    ask.query = merged(ask.query, place.query)
    ask.headers, ask.body = place.headers, place.body
    ask.absent = walk.opts.restart and { 400 } or nil
  end
  local reply = walk:fetch(ask)
  if walk.token and walk.opts.restart and reply.status == 400 then
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
  local rows = walk:read(reply)
  local count = #rows
  walk.taken = walk.taken + count
  walk:remark(walk:check_total(rows))
  local token = read_token(walk, reply, rows)
  if token and token == walk.token then
    fail(walk, "the same cursor came twice in a row: pagination loop")
  end
  walk.token = token
  walk.is_last = token == nil or count == 0 and walk.opts.ends ~= "token"
  if token == nil and may_go_on(walk, rows, count) then
    walk.needs_offset, walk.is_last = true, false
  end
  walk:remark(walk:inspect(rows))
  return rows
end

---Pages by a token of the answer. `from = { body = "next.token" }` or `{ header = "x-next" }` says
---where it comes, `send = { query = "cursor" }`, `{ header = ... }` or `{ body = ... }` where it
---goes. Ends without a token, or at an empty page; with `ends = "token"` an empty page does not end.
---`restart = true`: a 400 for a token begins anew, once.
---`fallback_offset = "offset"`, `fallback_total = "total"`: for services that may page by offset.
---@return fun(): userdata?
function page.token(api, where, opts)
  need(opts, "from", "token")
  local walk = new_walk(api, where, opts)
  walk.taken = 0
  return iterate(walk, token_step)
end

---page.token with the token at `cursor` in the answer and `?cursor=` in the request.
---@return fun(): userdata?
function page.cursor(api, where, opts)
  opts = merged(opts, {
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
  local opts = walk.opts
  local ask = walk.url and { url = walk.url } or first_ask(walk)
  local reply = walk:fetch(ask)
  local rows = walk:read(reply)
  local url
  if opts.next then
    url = core.find(rows, opts.next)
  else
    url = header_link(reply.headers.link)
  end
  if url ~= nil and type(url) ~= "string" then
    fail(walk, "the link to the next page is no text")
  elseif url and url == walk.url then
    fail(walk, "it links to itself: pagination loop")
  end
  walk.url = url ~= "" and url or nil
  walk.is_last = walk.url == nil
  walk:remark(walk:check_total(rows))
  walk:remark(walk:inspect(rows))
  return rows
end

---Pages by the vendor's link to the next one: at the path `next` in the answer, else in the Link
---header. The host lets a link through only if it meets the stream's calls and hosts.
---@return fun(): userdata?
function page.link(api, where, opts)
  return iterate(new_walk(api, where, opts), link_step)
end

return page
