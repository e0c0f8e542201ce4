-- What JumpCloud's two connectors share: settings, addresses, lists, the connection test, users, links.
--
--   for rows in jumpcloud.v1(api, "v1:/systems") do ... end
--   for rows in jumpcloud.v2(api, "v2:/usergroups/{id}/members", { path = { id = id }, graph = true }) do ... end
--
-- The event log is muster.jumpcloud_log's.

local f <const> = require "muster.field"
local page <const> = require "muster.page"

local jumpcloud = {}

-- --- settings ---

local KEY_HINT <const> =
  "the API key is wrong, deleted or expired: your profile > My API Key in the JumpCloud admin console"
local ORGANIZATION_HINT <const> =
  "enter the Organization ID: Settings > Organization Profile in the JumpCloud admin console"
local ROLE_HINT <const> =
  "the key acts with its administrator's role: take one that may read the whole organization"
local INSIGHTS_HINT <const> =
  "Directory Insights is part of some JumpCloud plans: ask directoryinsights@jumpcloud.com to enable it"

-- The three regions; each has its own consoles, accounts and keys.
local DOMAINS <const> = { "jumpcloud.com", "eu.jumpcloud.com", "in.jumpcloud.com" }
local REGIONS <const> = { us = DOMAINS[1], eu = DOMAINS[2], ["in"] = DOMAINS[3] }

-- People paste the console's address, too.
local function parse_domain(text)
  local host = text:lower():gsub("^https://", ""):gsub("/.*$", "")
  local domain = REGIONS[host] or host:gsub("^console%.", ""):gsub("^api%.", "")
  for _, known in ipairs(DOMAINS) do
    if domain == known then
      return known
    end
  end
  return nil, "must be us, eu or in, or the address of your console, such as console.eu.jumpcloud.com"
end

local function parse_organization(text)
  local id = text:lower()
  if #id ~= 24 or id:find "%X" then
    return nil, "must be the 24 digits and letters a to f that Settings > Organization Profile shows"
  end
  return id
end

jumpcloud.settings = {
  {
    id = "api_key", type = "secret", label = "API key",
    help = "Admin console > your profile (top right) > My API Key > Generate New API Key",
  },
  {
    id = "organization_id", type = "text", label = "Organization ID", required = false,
    example = "64f0aa01b2c3d4e5f6a7b801", parse = parse_organization,
    help = "Needed when your administrator account manages several organizations: "
      .. "Settings > Organization Profile > Organization ID",
  },
  {
    id = "domain", type = "choice", label = "Region", choices = DOMAINS, default = DOMAINS[1],
    parse = parse_domain, help = "The address of your admin console: console.jumpcloud.com is us",
  },
}

local KEY_STEPS <const> = {
  "Sign in to the JumpCloud admin console as an administrator, best one of its own for this: the key is that person's "
    .. "and acts with that role",
  "Click your profile in the top right corner and choose My API Key",
  'Select "No Expiration" as the expiration date; such a key works until somebody replaces it, so do that now and '
    .. "then: muster accounts reconnect ACCOUNT",
  "Click Generate New API Key and copy the key",
  "If your account manages several organizations, copy Settings > Organization Profile > Organization ID as well",
}

---The steps to a key, and what a connector has to say besides.
---@param further string[]
---@return string[]
function jumpcloud.guide(further)
  local steps = table.move(KEY_STEPS, 1, #KEY_STEPS, 1, {})
  return table.move(further, 1, #further, #steps + 1, steps)
end

jumpcloud.bases = {
  v1 = "https://console.{domain}/api",
  v2 = "https://console.{domain}/api/v2",
  insights = "https://api.{domain}/insights/directory/v1",
}
jumpcloud.auth = { kind = "header", headers = { ["x-api-key"] = "api_key" } }

-- No limit is published; collectors that live well with the service ask ten times a second. One key
-- may serve both connectors: it has one budget.
jumpcloud.limits = { rates = { "10/s" }, concurrent = 5, shared = "provider" }

-- 401 has two meanings, which its text tells apart. What Directory Insights answers without a licence
-- is not documented; a key that works everywhere else and is refused there is taken for that.
local NO_ORGANIZATION <const> = { message = "Unauthorized: no organization selected" }
jumpcloud.errors = {
  { status = 401, body = NO_ORGANIZATION, kind = "auth", hint = ORGANIZATION_HINT },
  { base = "insights", status = 401, kind = "unlicensed", hint = INSIGHTS_HINT },
  { base = "insights", status = 402, kind = "unlicensed", hint = INSIGHTS_HINT },
  { base = "insights", status = 403, kind = "unlicensed", hint = INSIGHTS_HINT },
  { base = "insights", status = 404, kind = "unlicensed", hint = INSIGHTS_HINT },
  { status = 401, kind = "auth", hint = KEY_HINT },
  { status = 403, kind = "forbidden", hint = ROLE_HINT },
}

-- --- lists ---

---Which organization is meant. Some routes refuse the header, so it is no part of `auth`.
---@return table? headers
function jumpcloud.headers_of(api)
  local id = api.settings.organization_id
  return id and { ["x-org-id"] = id } or nil
end

-- Ten rows are the default, a hundred the most. Without an order by id rows come twice or never.
local SIZE <const> = 100

---A list of the first API: `fields` (separated by blanks) narrows its rows; `is_everyones`: a route
---that refuses to be asked about one organization.
---@param api muster.Api
---@param where string
---@param opts? table { fields, is_everyones }
function jumpcloud.v1(api, where, opts)
  opts = opts or {}
  return page.offset(api, where, {
    list = "results", total = "totalCount", id = "_id", size = SIZE, offset_param = "skip",
    query = { sort = "_id", fields = opts.fields },
    headers = not opts.is_everyones and jumpcloud.headers_of(api) or nil,
  })
end

---A list of the second API, which is a bare array. Lists of the graph (`graph`) have no order to ask
---for; whose object is gone answer 404, and are empty.
---@param api muster.Api
---@param where string
---@param opts? table { path, graph, id (false: rows have none), sort, size }
function jumpcloud.v2(api, where, opts)
  opts = opts or {}
  return page.offset(api, where, {
    id = opts.id == nil and "id" or opts.id or nil, size = opts.size or SIZE,
    offset_param = "skip", path = opts.path,
    query = not opts.graph and { sort = opts.sort or "id" } or nil,
    headers = jumpcloud.headers_of(api), empty = opts.graph and { 404 } or nil,
  })
end

local CONCURRENT <const> = 5

---Lists of the graph, one for each parent: read(api, out, id) in a scope of its own.
---@param api muster.Api
---@param out muster.Out
---@param entity string
---@param ids string[]
---@param read fun(api: muster.Api, out: muster.Out, id: string)
function jumpcloud.each_scope(api, out, entity, ids, read)
  api:map(CONCURRENT, ids, function(id)
    out:scope(entity, id, function(inner, part)
      read(inner, part, id)
    end)
  end)
end

---The value if it is of this type: rows hold null where they have nothing.
function jumpcloud.only(kind, value)
  if type(value) == kind then
    return value
  end
  return nil
end

---"direct", or "group" when every path to the target leads through one.
function jumpcloud.link_kind(row)
  for _, path in ipairs(jumpcloud.only("table", row.paths) or {}) do
    if #path <= 1 then
      return "direct"
    end
  end
  return "group"
end

-- --- the connection test ---

local DAY_MS <const> = 24 * 60 * 60 * 1000

local function refuse(message, hint)
  error({ kind = "auth", message = message, hint = hint }, 0)
end

-- The organization that the key and the settings name.
local function find_organization(api)
  local wanted = api.settings.organization_id
  local body = api:get("v1:/organizations", { limit = SIZE, sort = "_id" }).body
  if not wanted and body.totalCount ~= 1 then
    refuse(("the API key sees %d organizations"):format(body.totalCount), ORGANIZATION_HINT)
  elseif not wanted then
    return body.results[1]._id
  end
  for _, organization in ipairs(body.results) do
    if organization._id == wanted then
      return wanted
    end
  end
  if body.totalCount <= #body.results then
    refuse(("the API key does not see the organization %s"):format(wanted), ORGANIZATION_HINT)
  end
  return wanted
end

-- The organization may tell what its plan has; where it does not, one cheap question does.
local function has_insights(api, id)
  local opts = { path = { id = id }, headers = jumpcloud.headers_of(api), absent = { 403, 404 } }
  local reply = api:get("v1:/organizations/{id}", nil, opts)
  local known = reply.status == 200 and reply.body or nil
  for _, step in ipairs { "settings", "features", "directoryInsights", "enabled" } do
    known = known and (jumpcloud.only("table", known) or {})[step]
  end
  if type(known) == "boolean" then
    return known
  end
  return (pcall(api.post, api, "insights:/events/count", nil, {
    headers = jumpcloud.headers_of(api), idempotent = true,
    body = {
      service = { "software" },
      start_time = host.time.format(assert(host.time.epoch_ms(api.now)) - DAY_MS),
    },
  }))
end

jumpcloud.check_calls = {
  "GET v1:/organizations", "GET v1:/organizations/{id}", "POST insights:/events/count",
}

---Which organization it is, whether the role may read `where`, and what the plan has.
---@param api muster.Api
---@param where string a list of the first API
---@param name string of that list, for people
---@return table result of a connection test
function jumpcloud.check(api, where, name)
  local id = find_organization(api)
  api:get(where, { limit = 1, sort = "_id" }, { headers = jumpcloud.headers_of(api) })
  local granted = has_insights(api, id)
  return {
    tenant = id,
    permissions = {
      { name = name, path = "/api" .. where:match ":(.*)", granted = true },
      {
        name = "Directory Insights", path = "/insights/directory/v1/events", granted = granted,
        reason = not granted and INSIGHTS_HINT or nil,
      },
    },
  }
end

-- --- users ---

jumpcloud.USER_FIELDS = "username email firstname lastname displayname state suspended activated account_locked "
  .. "created mfa mfaEnrollment totp_enabled admin department jobTitle"

-- `state` is absent in rows of 2021, and `activated` can be false while it says ACTIVATED: so the
-- state decides, then `suspended`.
local SUSPENDED <const> = f.first(
  f.pick("state", { SUSPENDED = "suspended" }),
  f.pick("suspended", { [true] = "suspended" }))

jumpcloud.user_map = {
  source_id = "_id",
  email = f.lower "email",
  username = "username",
  name = f.first("displayname", f.join(" ", "firstname", "lastname"), "username"),
  status = f.first(SUSPENDED, f.pick("state", { STAGED = "inactive" }, "active")),
  raw_status = "state",
  role = "admin.roleName",
  department = "department",
  title = "jobTitle",
  ["custom.is_locked"] = "account_locked",
  ["custom.has_mfa"] = f.first(
    f.pick("mfaEnrollment.overallStatus", { ENROLLED = true }), "mfa.configured", "totp_enabled"),
  ["custom.created_at"] = f.time "created",
}

function jumpcloud.read_users(api, out)
  for rows in jumpcloud.v1(api, "v1:/systemusers", { fields = jumpcloud.USER_FIELDS }) do
    out:emit("user", rows)
  end
end

---The users that a stream before this one listed, for rows that name them by id alone.
---@return table<string, table> users { id, email } by id
function jumpcloud.users_by_id(api)
  local users = {}
  for user in api:parents("user", { "email" }) do
    users[user.source_id] = { id = user.source_id, email = user.email }
  end
  return users
end

return jumpcloud
