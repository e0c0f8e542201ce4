-- Kandji, called Iru since October 2025; hosts, field names and error texts keep the old name.
-- What the product statement asks for needs two permissions of the token: Device list and
-- Applications. Everything here comes from these two listings.

local f <const> = require "muster.field"
local page <const> = require "muster.page"
local url <const> = require "muster.url"

-- Windows, Android and Vision are managed since 2025; how the API spells them is not documented.
local FAMILY <const> = {
  Mac = "macos", iPhone = "ios", iPad = "ipados", AppleTV = "tvos",
  Windows = "windows", Android = "android", Vision = "visionos",
}
local OS_NAME <const> = { Mac = "macOS", iPhone = "iOS", iPad = "iPadOS", AppleTV = "tvOS" }
local MAKER <const> = { Mac = "Apple", iPhone = "Apple", iPad = "Apple", AppleTV = "Apple" }
local KIND <const> = { iPhone = "phone", iPad = "tablet", AppleTV = "tv" }

-- `user` is "" on a device without one; its id was a number until 2023 and is a uuid since. Users who
-- have no id at all are told apart by their e-mail, whose letter case varies between rows.
local USER_ID <const> = f.first("user.id", f.lower "user.email")

-- Exactly these three are licence types; an Apple TV takes none, nor does a device without a user.
local LICENSE <const> = f.pick(
  f.join(" ", f.pick(f.present(USER_ID), { [true] = "a user's" }), "platform"),
  { ["a user's Mac"] = "Mac", ["a user's iPhone"] = "iPhone", ["a user's iPad"] = "iPad" })

-- A bundle id can be missing (see `nulls` of the maps); then the name tells apps apart.
local APP_ID <const> = f.first("bundle_id", f.lower "name")

local DEVICES_CALL <const> = "GET api:/devices"
local APPS_CALL <const> = "GET api:/prism/apps"

local DEVICES_HINT <const> = 'allow "Device list" (/api/v1/devices) for the token: Settings > Access in Kandji'
local TOKEN_HINT <const> = "the token is wrong, revoked, or has no permission at all: see Settings > Access in Kandji"
local URL_HINT <const> = "check the API URL: Settings > Access in Kandji shows it"
local APPS_HINT <const> = 'allow "Applications" (/api/v1/prism/apps) for the token: Settings > Access in Kandji'

-- The API lives under acme.api.kandji.io or acme.api.eu.kandji.io, the console, whose address people
-- paste as well, under the same name without "api".
local function api_host(host)
  local sub = host:match("^([%w-]+)$") or host:match("^([%w-]+)%.kandji%.io$")
  if sub then
    return sub .. ".api.kandji.io"
  end
  local eu = host:match("^([%w-]+)%.eu%.kandji%.io$")
  return eu and eu .. ".api.eu.kandji.io" or host
end

local function parse_api_url(text)
  local parsed, fault = url.parse((text:gsub("^[Hh][Tt][Tt][Pp]://", "")))
  if not parsed then
    return nil, fault
  end
  local host = api_host(parsed.host)
  if host == "iru.com" or host:find("%.iru%.com$") then
    return nil, "must be the one that Settings > Access shows; the API stayed under kandji.io"
  elseif host:find("%.kandji%.io$") then
    return url.make(host, parsed.port, "")
  end
  return url.make(host, parsed.port, (parsed.path:gsub("/v1$", ""):gsub("/api$", "")))
end

-- The organisation inside "Developer ID Application: Figma, Inc. (T8RA8NE3B7), ..."; apps of Apple
-- itself carry no developer.
local function signed_by(row)
  local signature = type(row.signature) == "string" and row.signature or ""
  return signature:match("^[^:,]+: (.-) %(%w+%)")
end

-- A user without a name is called by what stands before the @.
local function local_part(row)
  return type(row.user.email) == "string" and row.user.email:match("^[^@]+") or nil
end

-- One of the two probes of the connection test. 401 and 403 are one family here: the vendor's own
-- scripts swap their meaning.
local function probe(api, name, call, hint)
  local ok, fault = pcall(api.get, api, call, { limit = 1 })
  local status = not ok and type(fault) == "table" and fault.status
  if not ok and status ~= 401 and status ~= 403 and status ~= 404 then
    error(fault, 0)
  end
  local permission = { name = name, path = "/api/v1" .. call:match ":(.*)", granted = ok }
  permission.reason = not ok and ("%s (HTTP %d)"):format(hint, status) or nil
  return permission, not ok and fault or nil
end

-- A wrong host answers 404 to everything, a wrong token 401 or 403 to everything; a missing
-- permission touches one path alone.
local function check(api)
  local devices, fault = probe(api, "Device list", "api:/devices", DEVICES_HINT)
  local apps = probe(api, "Applications", "api:/prism/apps", APPS_HINT)
  if fault and not apps.granted then
    if fault.status ~= 404 then
      fault.kind, fault.hint = "auth", TOKEN_HINT
    end
    error(fault, 0)
  end
  return { tenant = api.settings.api_url.host, permissions = { devices, apps } }
end

-- The listing is walked in the order of its one unchanging key: without it an offset walk skips and
-- repeats rows while devices check in. One published sample answers with a single object.
local function read_devices(api, out)
  local devices = page.offset(api, "api:/devices", {
    size = 300, id = "device_id", or_object = true, query = { ordering = "device_id" },
  })
  local count = 0
  for rows in devices do
    count = count + #rows
    out:emit("device", rows)
    out:emit("blueprint", rows)
    out:emit("blueprint_device", rows)
    out:emit("user", rows)
    out:emit("license", rows)
    out:emit("user_license", rows)
  end
  if count == 0 then
    host.log.warn("not one device is visible: a token sees its whole tenant, so %s", URL_HINT)
  end
end

-- The devices were listed with this token a moment ago: 401 for the first page of apps, and 401 as
-- well as 403, is a missing permission. Later it is a token that was revoked meanwhile.
local function first_page(pages)
  local ok, rows = pcall(pages)
  if ok then
    return rows
  elseif type(rows) == "table" and rows.status == 401 then
    rows.kind, rows.hint = "forbidden", APPS_HINT
  end
  error(rows, 0)
end

-- Pages may be short in the middle; only a missing cursor or an empty page ends the listing. The
-- service answers 400 to offsets since 2026, but samples of the time before show a count above the
-- rows and no cursor: there the pager asks by offset before it believes in the end. A cursor that
-- has grown old is answered with 400, too: the walk begins anew, once. No `sort_by`: it must not
-- stand beside a cursor.
local function read_apps(api, out)
  local apps = page.cursor(api, "api:/prism/apps", {
    list = "data", size = 300, restart = true, fallback_offset = "offset", fallback_total = "total",
  })
  local rows = first_page(apps)
  while rows do
    out:emit("app", rows)
    out:emit("device_app", rows)
    rows = apps()
  end
end

return {
  contract = 1, id = "kandji", name = "Kandji", aliases = { "iru" }, version = "1.0.0",
  docs = "https://support.kandji.io/kb/kandji-api",
  guide = {
    "In Kandji, as an admin with access to users and applications: Settings > Access > API Token > Add API Token",
    "Give it a name and a description, click Create, copy the token (it is shown once), click Next",
    'Click Configure and allow "Device list" (/api/v1/devices) and "Applications" (/api/v1/prism/apps)',
    "Save, then copy the API URL that is shown",
  },

  settings = {
    {
      id = "api_url", type = "url", label = "API URL", example = "acme.api.kandji.io",
      parse = parse_api_url,
      hosts = { "*.api.kandji.io", "*.api.eu.kandji.io", "*.clients.us-1.kandji.io" },
      help = "Settings > Access in Kandji shows it beside the tokens",
    },
    {
      id = "api_token", type = "secret", label = "API token",
      help = "Settings > Access > API Token > Add API Token; it is shown once",
    },
  },
  bases = { api = "{api_url}/api/v1" },
  auth = { kind = "bearer", token = "api_token" },
  -- The hour's are the tenant's, whatever the token.
  limits = {
    rates = { "50/s", "10000/h" }, concurrent = 8, shared = "tenant",
    headers = {
      { remaining = "RateLimit-Remaining", reset = "RateLimit-Reset" },
      { remaining = "X-RateLimit-Remaining-Hour", window = "1h" },
    },
  },

  -- A new token has none of these until it is configured.
  permissions = {
    { section = "Access", permission = "Device list", access = "/api/v1/devices", needed_for = { "devices" } },
    { section = "Access", permission = "Applications", access = "/api/v1/prism/apps", needed_for = { "apps" } },
  },

  errors = {
    { call = DEVICES_CALL, status = 403, kind = "forbidden", hint = DEVICES_HINT },
    { call = DEVICES_CALL, status = 404, kind = "remote", hint = URL_HINT },
    { call = APPS_CALL, status = 403, kind = "forbidden", hint = APPS_HINT },
    { call = APPS_CALL, status = 404, kind = "unlicensed", hint = APPS_HINT },
  },

  check = { calls = { DEVICES_CALL, APPS_CALL }, run = check },

  streams = {
    devices = {
      calls = { DEVICES_CALL },
      needs = { { "Device list", "/api/v1/devices" } },
      emits = {
        device = "primary", user = "derived", license = "derived", user_license = "derived",
        blueprint = "derived", blueprint_device = "derived",
      },
      read = read_devices,
    },
    apps = {
      depends = { "devices" }, may_degrade = true,
      calls = { APPS_CALL },
      needs = { { "Applications", "/api/v1/prism/apps" } },
      emits = { app = "derived", device_app = "primary" },
      read = read_apps,
    },
  },

  map = {
    device = {
      keep = { owned = f.present(USER_ID) },
      source_id = "device_id",
      name = "device_name",
      serial_number = "serial_number",
      asset_tag = "asset_tag",
      platform = f.pick("platform", FAMILY, "unknown"),
      type = f.first(
        f.pick("platform", KIND),
        f.pick(f.contains("model", "MacBook"), { [true] = "laptop" }),
        f.pick(f.contains("model", "iMac"), { [true] = "desktop" }),
        f.pick(f.matches("model", "Mac *"), { [true] = "desktop" }),
        f.const "unknown"),
      manufacturer = f.pick("platform", MAKER),
      model = "model",
      os_name = f.first(f.pick("platform", OS_NAME), "platform"),
      os_version = f.join(" ", "os_version", "supplemental_os_version_extra"),
      os_build = "supplemental_build_version",
      -- A device that fell out of management keeps its record, and may keep mdm_enabled.
      is_managed = f.first(f.pick("is_removed", { [true] = false }), "mdm_enabled"),
      status = f.first(
        f.pick("is_removed", { [true] = "removed" }),
        f.pick("is_missing", { [true] = "missing" }),
        f.pick("mdm_enabled", { [true] = "managed", [false] = "unmanaged" })),
      user_source_id = USER_ID,
      user_email = f.lower "user.email",
      enrolled_at = f.time "last_enrollment",
      last_seen_at = f.time "last_check_in",
      ["custom.blueprint"] = "blueprint_name",
      ["custom.blueprint_id"] = "blueprint_id",
      ["custom.tags"] = f.list "tags",
      ["custom.agent_version"] = "agent_version",
      ["custom.lost_mode_status"] = "lost_mode_status",
      ["custom.first_enrolled_at"] = f.time "first_enrollment",
    },
    -- A device is in one blueprint, which each row names: no listing of their own is needed.
    blueprint = {
      entity = "group", follows = "device",
      source_id = "blueprint_id", name = "blueprint_name", kind = f.const "device",
    },
    blueprint_device = {
      entity = "group_member", follows = "device", key = { "blueprint_id", "device_id" },
      group_source_id = "blueprint_id", member_source_id = "device_id", member_kind = f.const "device",
    },
    user = {
      fold = { rank = f.time "last_check_in" },
      source_id = USER_ID,
      email = f.lower "user.email",
      name = f.first("user.name", local_part),
      status = f.pick("user.is_archived", { [true] = "inactive" }, "active"),
      raw_status = f.pick("user.is_archived", { [true] = "archived", [false] = "active" }),
      last_used_at = f.time "last_check_in",
    },
    license = { source_id = LICENSE, name = LICENSE },
    user_license = { key = { USER_ID, LICENSE }, user_source_id = USER_ID, license = LICENSE },

    -- Users are attributed through the device: the e-mail in these rows can be stale.
    device_app = {
      nulls = { "No value" },
      keep = { owned = f.known("device", "device_id") },
      drop = { helper = f.contains("name", "helper"), updater = f.contains("name", "updater") },
      key = { "device_id", f.first("path", "bundle_id", "name") },
      device_source_id = "device_id", app_source_id = APP_ID,
      -- `version` is what people see and `short_version` the build: the reverse of Apple's naming.
      version = f.first("version", "short_version"),
      path = "path",
      origins = f.list(f.const "discovered"),
      installed_at = f.time "created_at",
    },
    app = {
      follows = "device_app",
      nulls = { "No value" },
      source_id = APP_ID,
      name = "name",
      publisher = f.first("developer_name", signed_by,
        f.pick("obtained_from", { Apple = "Apple" })),
      identifier = "bundle_id",
      identifier_type = f.pick(f.present "bundle_id", { [true] = "bundle_id", [false] = "none" }),
    },
  },
}
