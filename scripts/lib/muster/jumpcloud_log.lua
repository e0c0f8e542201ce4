-- JumpCloud's event log, Directory Insights.
--
--   log.read(api, out, state, { service = { "directory" }, fields = { ... } }, function(rows) ... end)
--   log.read_software(api, out, state)

local jumpcloud <const> = require "muster.jumpcloud"
local page <const> = require "muster.page"

local log = {}

local MINUTE_MS <const> = 60 * 1000
local DAY_MS <const> = 24 * 60 * MINUTE_MS

-- The log keeps 90 days, in the smallest plan 15, and events appear in it with a delay.
local KEPT_MS <const> = 90 * DAY_MS
local KEPT_LEAST_MS <const> = 15 * DAY_MS
local OVERLAP_MS <const> = 15 * MINUTE_MS
local PAGE <const> = 10000

local function ms_of(time)
  return assert(host.time.epoch_ms(time))
end

local function begin_of(api, state)
  local now = ms_of(api.now)
  local from = state and (state.newest or state.read_at)
  local begin = from and ms_of(from) - OVERLAP_MS or now - KEPT_MS
  return host.time.format(math.max(begin, now - KEPT_MS))
end

-- What the log has forgotten since it was last read is lost; in which plan we are it does not tell.
local function warn_of_gap(api, state)
  local read_at = state and state.read_at
  local gap = read_at and ms_of(api.now) - ms_of(read_at) or 0
  if gap > KEPT_MS then
    host.log.warn("Directory Insights keeps 90 days and was last read on %s: what happened before they began is lost",
      read_at:sub(1, 10))
  elseif gap > KEPT_LEAST_MS then
    host.log.warn("Directory Insights was last read on %s: if your plan keeps 15 days, what happened before is lost",
      read_at:sub(1, 10))
  end
end

-- How far the rows reach, which come in the order of their times; no further than to now, where one
-- claims to be of the future.
local function newest_of(rows, newest, now)
  local last = rows[#rows]
  local time = last and host.time.parse(tostring(last.timestamp)) or newest
  if time and time > now then
    return now
  end
  return newest and time < newest and newest or time
end

---Reads the log from where it stopped, 90 days at first, and commits after each page. The end is an
---empty page: neither a short page (a limit is corrected silently) nor the token (it never goes
---away) tells it.
---@param api muster.Api
---@param out muster.Out
---@param state table? of the session before
---@param query table { service, fields, search_term }
---@param take fun(rows: userdata)
function log.read(api, out, state, query, take)
  warn_of_gap(api, state)
  local newest, read_at = state and state.newest, state and state.read_at
  local pages = page.token(api, "insights:/events", {
    method = "POST", headers = jumpcloud.headers_of(api), from = { header = "X-Search_after", json = true },
    send = { body = "search_after" },
    body = {
      service = query.service, fields = query.fields, start_time = begin_of(api, state),
      search_term = query.search_term, sort = "ASC", limit = PAGE,
    },
  })
  for rows in pages do
    take(rows)
    newest = newest_of(rows, newest, api.now)
    out:commit { newest = newest, read_at = read_at }
  end
  out:commit { newest = newest, read_at = api.now }
end

-- --- software ---

local TELLS <const> = {
  software_add = "emit", software_change = "emit", software_remove = "remove",
}

-- Events know an app by name only, with or without ".app", in any case.
local function app_of(event)
  local application = jumpcloud.only("table", event.application) or {}
  local name = (jumpcloud.only("string", application.name) or ""):match "^%s*(.-)%s*$"
  name = name:gsub("%.[aA][pP][pP]$", ""):gsub("%s+$", "")
  local version = application.version
  for _, change in ipairs(jumpcloud.only("table", event.changes) or {}) do
    if type(change) == "table" and change.field == "version" then
      version = change.to
    end
  end
  return { key = name:lower(), name = name, version = version }
end

-- Events of one millisecond take effect by this text: by the rest of the fraction, and an addition
-- after a removal, for Windows tells an upgrade as a new app that comes and an old one that goes at
-- the same instant, in any order.
local function order_of(event, verb)
  local fraction = tostring(event.timestamp):match "%.(%d+)" or ""
  local id = jumpcloud.only("string", event.id) or ""
  return ("%s %d %s"):format((fraction .. "000000000"):sub(1, 9), verb == "emit" and 1 or 0, id)
end

local function take_event(out, event)
  local verb = TELLS[event.event_type]
  if not verb then
    return
  end
  local extra = { app = app_of(event) }
  local now = out:event(order_of(event, verb), event.timestamp)
  now[verb](now, "discovered", { event }, extra)
  if verb == "emit" then
    now:emit("discovered_app", { event }, extra)
  end
end

---Reads what happened to the software of systems: emits and removes "discovered" and emits
---"discovered_app", both with the extra row `app`: key, name and version.
---@param api muster.Api
---@param out muster.Out
---@param state table?
function log.read_software(api, out, state)
  local query = {
    service = { "software" },
    fields = { "id", "event_type", "timestamp", "system", "resource", "application", "changes" },
  }
  log.read(api, out, state, query, function(rows)
    for _, event in ipairs(rows) do
      take_event(out, event)
    end
  end)
end

return log
