-- One walk over a listing, and the evidence it gives the host: opened, each page worked off, ended or
-- cut. Pagers (muster.page) only differ in how they ask for the next page.
--
--   local made <const> = walk.new(api, "api:/devices", opts)
--   return made:pages_of(function(self) ... return rows end)

local api_module <const> = require "muster.api"
local core <const> = require "muster.core"
local schema <const> = require "muster.schema"

local MAX_PAGES <const> = 10000

-- What a pager may be told (muster.page explains it); a name that nobody reads would be passed over.
local OPTIONS <const> = {
  "body", "compose", "cursor", "cursor_param", "empty", "ends", "fallback_offset", "fallback_total", "first",
  "from", "headers", "id", "idempotent", "limit_param", "list", "may_lack_body", "may_lack_total", "method",
  "more", "next", "number_param", "offset_param", "or_object", "overlap", "pages", "path", "query", "restart",
  "send", "size", "total",
}

local pager_count = 0

local walk = {}

---@class muster.Walk
local Walk <const> = {}
Walk.__index = Walk

---Raises: "GET api:/devices: page 3: message".
function Walk:fail(message, ...)
  core.raise {
    kind = "data",
    message = ("%s: page %d: %s"):format(self.call, self.pages, message:format(...)),
  }
end

---@param api muster.Api
---@param where string "api:/devices"
---@param opts table see muster.page
function walk.new(api, where, opts)
  for name in pairs(opts) do
    if not schema.contains(OPTIONS, name) then
      schema.unknown(schema.at(where), name, OPTIONS, "option")
    end
  end
  pager_count = pager_count + 1
  local made = setmetatable({
    api = api, where = where, opts = opts, id = pager_count, pages = 0, rows = 0,
    method = opts.method or "GET", seen = core.tracker(), stale_pages = 0,
  }, Walk)
  made.call = made.method .. " " .. where
  core.event("page", { pager = made.id, at = "open", scope = api_module.scope_of(api) })
  return made
end

---A copy of `first` with the keys of `second`.
function walk.merged(first, second)
  local all = {}
  for key, value in pairs(first or {}) do
    all[key] = value
  end
  for key, value in pairs(second or {}) do
    all[key] = value
  end
  return all
end

local function joined(first, second)
  if not (first and second) then
    return first or second
  end
  return table.move(second, 1, #second, #first + 1, table.move(first, 1, #first, 1, {}))
end

-- Does the vendor say that there are no rows?
function Walk:says_none(reply)
  local opts = self.opts
  return schema.contains(opts.empty or {}, reply.status)
    or opts.may_lack_body and self.pages == 1 and #api_module.raw_body(reply) == 0
end

-- One request: `ask` may hold query, headers, body, url, absent. nil: the vendor says that there are
-- no rows.
function Walk:fetch(ask)
  local opts = self.opts
  self.pages = self.pages + 1
  if self.pages > MAX_PAGES then
    self:fail("more than %d pages: pagination loop", MAX_PAGES)
  end
  local request = {
    path = opts.path, headers = walk.merged(opts.headers, ask.headers),
    absent = joined(opts.empty, ask.absent),
    url = ask.url, idempotent = self.method == "POST" and opts.idempotent ~= false or nil,
  }
  if opts.body or ask.body then
    request.body = walk.merged(opts.body, ask.body)
  end
  local method = self.api[self.method:lower()]
  local query = not ask.url and walk.merged(opts.query, ask.query) or nil
  local reply = method(self.api, self.where, query and opts.compose and opts.compose(query) or query, request)
  return not self:says_none(reply) and reply or nil
end

-- Where a list has several names, the first that is there.
function Walk:find_list(body)
  local names = self.opts.list
  if type(names) ~= "table" then
    return pcall(core.page, body, names, self.opts.or_object)
  end
  local failed
  for _, name in ipairs(names) do
    local ok, rows, is_object = pcall(core.page, body, name, self.opts.or_object)
    if ok then
      return true, rows, is_object
    end
    failed = failed or rows
  end
  return false, failed
end

-- The rows of a reply. An object counts as a row only with the id that rows have: services also
-- report failures in objects.
function Walk:read(reply)
  local ok, rows, is_object = self:find_list(api_module.raw_body(reply))
  if not ok then
    if type(rows) == "table" and rows.message then
      rows.message = ("%s: page %d: %s"):format(self.call, self.pages, rows.message)
    end
    error(rows, 0)
  end
  if is_object and self.opts.id and core.row_id(rows, 1, self.opts.id) == nil then
    self:fail("an object without %s where a list of rows has to be", self.opts.id)
  end
  return rows
end

-- Raises over loops; returns what was odd about the page.
function Walk:inspect(rows)
  local print = #rows > 0 and core.fingerprint(rows) or nil
  if print and print == self.last_print then
    self:fail("the same rows as the page before: pagination loop")
  end
  self.last_print = print
  local fresh, repeated = self.seen:add(rows, self.opts.id)
  self.stale_pages = fresh == 0 and #rows > 0 and self.stale_pages + 1 or 0
  if self.stale_pages >= 2 then
    self:fail("two pages in a row without a new row: pagination loop")
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
  if total == nil and self.opts.may_lack_total then
    return nil
  elseif math.type(total) ~= "integer" then
    self:fail('no count at "%s"', self.opts.total)
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
    self:fail("the listing ended after %d rows, the vendor counts %d", distinct, self.total)
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

---The pages that a loop is to see. `step(walk)` returns the rows of the next page, and sets is_last
---when they are the last; nil when there is no further page.
---@param step fun(walk: muster.Walk): userdata?
---@return fun(): userdata?
function Walk:pages_of(step)
  local worked_off = nil
  return function()
    if worked_off then
      self:event("page", worked_off, self.drift)
      self.drift, worked_off = nil, nil
    end
    if self.is_over then
      return nil
    elseif self.is_cut or self.is_last then
      return self:finish()
    end
    local rows = step(self)
    if not rows then
      return self:finish()
    end
    self:cut(rows)
    worked_off = #rows
    return rows
  end
end

return walk
