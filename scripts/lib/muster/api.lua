-- The vendor as a stream sees it.
--
--   local reply = api:get("api:/devices/{id}", { expand = "user" }, { path = { id = id } })
--   reply.status, reply.headers["x-total-count"], reply.body.name
--   api:map(4, ids, function(id) ... end)       -- up to four at a time
--   for device in api:parents("device", { "name" }) do ... end
--   api.settings.api_url.host, api.now, api.limit
--
-- Every failure is raised as one table: kind, message, status, hint, retry_after_ms, stop. A status
-- listed in opts.absent is no failure. A body is decoded when it is looked at; an empty one is nil.

local core <const> = require "muster.core"
local task <const> = require "muster.task"

---@class muster.Api
---@field settings table parsed settings, no secrets among them
---@field now string the session's start, RFC 3339 UTC
---@field limit integer? rows a stream should read; nil = all
---@field full boolean
local Api <const> = {}
Api.__index = Api

local api = {}

local PARENTS_PAGE <const> = 500

-- The undecoded bodies of replies; pagers look at them without Lua tables.
local bodies <const> = setmetatable({}, { __mode = "k" })
local contexts <const> = setmetatable({}, { __mode = "k" })

local Reply <const> = {}

function Reply.__index(reply, key)
  if key ~= "body" then
    return nil
  end
  local body = bodies[reply]
  local value = body and core.decode(body)
  rawset(reply, "body", value)
  return value
end

local function query_value(name, value)
  if type(value) == "boolean" or math.type(value) == "integer" then
    return tostring(value)
  elseif type(value) == "string" then
    return value
  elseif math.type(value) == "float" and math.tointeger(value) then
    return ("%d"):format(math.tointeger(value))
  end
  return core.raise {
    kind = "bug",
    message = ('query "%s": a text, an integer or a boolean is wanted, not %s'):format(name, type(value)),
  }
end

-- A map becomes pairs in the order of their names, so that a request is the same every time.
local function pairs_of(map)
  local names, list = {}, {}
  for name in pairs(map or {}) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = map[name]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      list[#list + 1] = { name, query_value(name, one) }
    end
  end
  return list[1] and list or nil
end

local function parts_of(path)
  local parts = nil
  for name, value in pairs(path or {}) do
    parts = parts or {}
    parts[name] = query_value(name, value)
  end
  return parts
end

-- The value at a path: "error_code", "response_status.1.status". A key may have a dot of its own.
local function value_at(body, path)
  if body[path] ~= nil then
    return body[path]
  end
  local value = body
  for step in path:gmatch "[^.]+" do
    if type(value) ~= "table" then
      return nil
    end
    local index = math.tointeger(tonumber(step))
    value = value[value[step] == nil and index or step]
  end
  return value
end

local function body_matches(wanted, reply)
  local ok, body = pcall(function()
    return reply.body
  end)
  if not ok or type(body) ~= "table" then
    return false
  end
  for key, value in pairs(wanted) do
    if value_at(body, key) ~= value then
      return false
    end
  end
  return true
end

local function is_chosen(when, settings)
  for setting, value in pairs(when or {}) do
    if settings[setting] ~= value then
      return false
    end
  end
  return true
end

local function matches(rule, context, call, reply)
  local base = call:match("^%u+ ([^:]+):")
  return (rule.base == nil or rule.base == base)
    and (rule.call == nil or rule.call == call)
    and (rule.status == nil or rule.status == reply.status)
    and is_chosen(rule.when, context.settings)
    and (rule.body == nil or body_matches(rule.body, reply))
end

-- Not all rows were seen, neither in a scope nor in its stream.
local function note_part(context)
  while context do
    context.is_cut, context = true, context.outer
  end
end

local EXCERPT <const> = 200

-- Of a failure that calls itself a success nobody else keeps the words.
local function excerpt(reply)
  local ok, text = pcall(function()
    return host.json.canonical(reply.body)
  end)
  return ok and ": " .. text:sub(1, EXCERPT):gsub("[\xC0-\xFF][\x80-\xBF]*$", "") or ""
end

-- The host took a success for what it seemed: it has to hear of the hole even if a script goes on.
local function raise_rule(rule, call, reply, failure, context)
  local message = failure and failure.message or ("%s: answered %d%s"):format(call, reply.status, excerpt(reply))
  note_part(context)
  if not failure then
    core.event("failed", { message = message, scope = context.scope })
  end
  core.raise {
    kind = rule.kind, status = reply.status, message = message,
    hint = rule.hint or failure and failure.hint, stop = rule.stop or failure and failure.stop,
    retry_after_ms = rule.wait_s and rule.wait_s * 1000 or failure and failure.retry_after_ms,
  }
end

-- The connector's `errors` speak first, then the host.
local function judge(context, call, reply, failure, absent)
  for _, status in ipairs(absent or {}) do
    if status == reply.status then
      return
    end
  end
  for _, rule in ipairs(context.errors) do
    if matches(rule, context, call, reply) then
      raise_rule(rule, call, reply, failure, context)
    end
  end
  if failure then
    note_part(context)
    core.raise(failure)
  end
end

-- A stream with `single` vouches for its listing, or for each scope, with one successful request.
local function count_single(context)
  if context.single then
    context.requests = context.requests + 1
    if context.requests > 1 then
      core.raise {
        kind = "bug",
        message = ("the stream says single = true and makes a second request%s")
          :format(context.scope and " in one scope" or ""),
      }
    end
  end
end

---@param method string
---@param where string "api:/devices/{id}"
---@param query? table
---@param opts? table { path, headers, body, content_type, absent, idempotent, url }
---@return table reply { status, headers, body }
local function request(self, method, where, query, opts)
  local context = contexts[self]
  local call = method .. " " .. where
  opts = opts or {}
  count_single(context)
  local result, fault = host.http.request {
    call = call, path = parts_of(opts.path), query = pairs_of(query), url = opts.url,
    headers = pairs_of(opts.headers), body = opts.body and core.encode_body(opts.body),
    content_type = opts.body and (opts.content_type or "application/json"),
    absent = opts.absent and core.array(opts.absent), idempotent = opts.idempotent,
    scope = context.scope,
  }
  if not result then
    note_part(context)
    error(fault, 0)
  end
  local reply = setmetatable({ status = result.status, headers = result.headers }, Reply)
  bodies[reply] = result.body
  judge(context, call, reply, result.error, opts.absent)
  if context.single then
    core.event("single", { scope = context.scope })
  end
  return reply
end

function Api:get(where, query, opts)
  return request(self, "GET", where, query, opts)
end

function Api:post(where, query, opts)
  return request(self, "POST", where, query, opts)
end

function Api:put(where, query, opts)
  return request(self, "PUT", where, query, opts)
end

function Api:patch(where, query, opts)
  return request(self, "PATCH", where, query, opts)
end

function Api:delete(where, query, opts)
  return request(self, "DELETE", where, query, opts)
end

---Calls fn(item, index) for each item, up to n at a time; the first error cancels the rest.
---@return any[] results in the order of the list
function Api:map(n, list, fn) -- luacheck: ignore self
  return task.map(n, list, fn)
end

-- The next rows after `after`, and whether there are more.
local function ask_parents(entity, columns, after, left)
  local page = core.call("parents", {
    entity = entity, columns = columns, after = after,
    limit = left and math.min(left, PARENTS_PAGE) or PARENTS_PAGE,
  })
  return page.rows, page.more
end

---The live rows of a stream this one depends on, as { id, source_id, <fields> }; under a limit so
---many of them.
---@param entity string
---@param fields? string[]
---@return fun(): table?
function Api:parents(entity, fields)
  local columns = { "id", "source_id", table.unpack(fields or {}) }
  local asked = core.array { table.unpack(columns, 2) }
  local rows, at, more, after, left = {}, 0, true, 0, self.limit
  return function()
    while at >= #rows do
      if not more then
        return nil
      elseif left == 0 then
        api.note_cut(self)
        return nil
      end
      rows, more = ask_parents(entity, asked, after, left)
      at, left = 0, left and left - #rows
    end
    at = at + 1
    local row = {}
    for i, column in ipairs(columns) do
      row[column] = rows[at][i]
    end
    after = row.id
    return row
  end
end

---A listing stopped at the limit.
function api.note_cut(made)
  note_part(contexts[made])
end

---Did a listing stop at the limit, or a request fail?
---@return boolean
function api.is_cut(made)
  return contexts[made].is_cut
end

---The undecoded body of a reply; nil if it was empty. For pagers.
function api.raw_body(reply)
  return bodies[reply]
end

---Which scope of its stream an api asks for; nil = the stream itself.
---@return integer?
function api.scope_of(made)
  return contexts[made].scope
end

---The same api for one scope of the stream.
---@param made muster.Api
---@param scope integer
---@return muster.Api
function api.scoped(made, scope)
  local outer = contexts[made]
  local part = setmetatable({
    settings = made.settings, now = made.now, full = made.full, limit = made.limit,
  }, Api)
  contexts[part] = {
    errors = outer.errors, settings = made.settings, single = outer.single, requests = 0,
    is_cut = false, scope = scope, outer = outer,
  }
  return part
end

---@param context table { errors, settings, now, limit, single, full }
---@return muster.Api
function api.new(context)
  local made = setmetatable({
    settings = context.settings or {}, now = context.now, full = context.full or false,
    limit = context.limit and context.limit > 0 and context.limit or nil,
  }, Api)
  contexts[made] = {
    errors = context.errors or {}, settings = made.settings, single = context.single, requests = 0, is_cut = false,
  }
  return made
end

return api
