-- ManageEngine Endpoint Central Cloud, API 1.4. Recordings against a live tenant show what the help
-- does not: JSON that calls itself text/plain, ids beyond 2^53 as numbers, and keys that carry the
-- name of a table before them on one day and not on the next. Parts of 1.4 are announced to be
-- removed in favour of /dcapi: a path that is gone says so and is no empty list.
--
-- The model has no table of patches. What is known of a computer's stands with the device:
-- is_compliant, custom.patch_health, patches_missing, patches_installed, patch_scanned_at, patched_at;
-- a summary of them is a question to the store:
--
--   SELECT custom ->> '$.patch_health' AS health, count(*) AS computers,
--     sum(custom ->> '$.patches_missing') AS missing FROM live_devices GROUP BY health

local f <const> = require "muster.field"
local page <const> = require "muster.page"
local rows_of <const> = require "manageengine_endpoint_central.rows"
local zoho <const> = require "muster.zoho"

local COMPUTERS <const> = "GET api:/som/computers"
local OFFICES <const> = "GET api:/som/remoteoffice"
local SCANS <const> = "GET api:/inventory/scancomputers"
local DETAILS <const> = "GET api:/inventory/compdetailssummary"
local SOFTWARE <const> = "GET api:/inventory/installedsoftware"
local SYSTEMS <const> = "GET api:/patch/allsystems"

-- The article's Common.READ is for server properties and custom groups, its UPDATE scopes are for
-- writing: nothing here needs them.
local READ_SOM <const> = "DesktopCentralCloud.SOM.READ"
local READ_INVENTORY <const> = "DesktopCentralCloud.Inventory.READ"
local READ_PATCHES <const> = "DesktopCentralCloud.PatchMgmt.READ"

-- What the help allows; the server may lower it, and says so.
local PAGE_SIZE <const> = 1000

-- Requests under way at a time, of listings that take one a computer.
local CONCURRENT <const> = 2

local NOTHING <const> = { "--", "NA", "-1" }
local PLATFORM <const> = { [1] = "windows", [2] = "macos", [3] = "linux" }
local INSTALLATION <const> = {
  [21] = "yet to install", [22] = "installed", [23] = "uninstalled", [24] = "yet to uninstall", [29] = "failed",
}

local RESOURCE_ID <const> = f.first("resource_id_string", "resource_id")

-- Without an order rows move between pages.
local function listing(api, entity, id, query, empty)
  local name = entity:match("([^/]+)$")
  local asked = { orderby = id, sortorder = "asc" }
  for key, value in pairs(query or {}) do
    asked[key] = value
  end
  return page.number(api, "api:/" .. entity, {
    list = "message_response." .. name, id = id, size = PAGE_SIZE, limit_param = "pagelimit", query = asked,
    ends = "total", total = "message_response.total", empty = empty,
  })
end

-- --- the connection test ---

local function check(api)
  local first = { page = 1, pagelimit = 1 }
  local som, reply = zoho.probe(api, READ_SOM, "api:/som/computers", first)
  local inventory = zoho.probe(api, READ_INVENTORY, "api:/inventory/scancomputers", first)
  local patches = zoho.probe(api, READ_PATCHES, "api:/patch/allsystems", first)
  local body = reply and reply.body
  local rows = type(body) == "table" and type(body.message_response) == "table" and body.message_response.computers
  local customer = type(rows) == "table" and rows[1] and rows[1].customer_id
  local code = api.settings.data_center
  return { tenant = customer and ("%s@%s"):format(customer, code) or code, permissions = { som, inventory, patches } }
end

-- --- streams ---

local function read_offices(api, out)
  for rows in listing(api, "som/remoteoffice", "branch_office_id") do
    out:emit("group", rows_of.plain_rows(rows))
  end
end

-- A computer names its office, the office has an id.
local function read_computers(api, out)
  local ids = {}
  for office in api:parents("group", { "name" }) do
    ids[office.name or ""] = office.source_id
  end
  for rows in listing(api, "som/computers", "resource_id") do
    local plain = rows_of.plain_rows(rows)
    out:emit("device", plain)
    out:emit("group_member", plain, { offices = ids })
  end
end

local function remember(key, text)
  if host.store.get(key) ~= text then
    host.store.set(key, text)
  end
end

-- Serial numbers are not where the computers are. Where the scans carry them they are all there;
-- else it takes a request a computer, kept until the computer is scanned again.
local function hardware(api, row, id)
  if row.servicetag then
    return rows_of.hardware { row }
  end
  local key, scanned = "hardware/" .. id, rows_of.scan_time(row)
  local kept = scanned and host.store.get(key)
  local stamp, text = (kept or ""):match("^(%d+) (.*)$")
  if stamp and stamp == scanned then
    return host.json.decode(text)
  end
  local reply = api:get("api:/inventory/compdetailssummary", { resid = id }, { absent = { 404 } })
  local response = reply.status == 200 and reply.body.message_response or {}
  local found = rows_of.hardware(response.compdetailssummary or response)
  remember(key, scanned and ("%s %s"):format(scanned, host.json.canonical(found)) or nil)
  return found
end

local function read_inventory(api, out)
  for rows in listing(api, "inventory/scancomputers", "resource_id") do
    local plain = rows_of.plain_rows(rows)
    local found = api:map(CONCURRENT, plain, function(row)
      return hardware(api, row, rows_of.id_of(row))
    end)
    for i, row in ipairs(plain) do
      found[i].os_build = rows_of.os_build(row)
      if next(found[i]) then
        out:enrich("device", { source_id = rows_of.id_of(row) }, found[i])
      end
      remember("scan/" .. rows_of.id_of(row), rows_of.scan_time(row))
    end
  end
end

-- One listing a computer; one that was not scanned since has nothing new to tell.
local function read_software(api, out)
  local devices = {}
  for device in api:parents("device", { "platform" }) do
    devices[#devices + 1] = device
  end
  api:map(CONCURRENT, devices, function(device)
    local id = device.source_id
    out:scope("device", id, function(inner, part)
      for rows in listing(inner, "inventory/installedsoftware", "software_id", { resid = id }, { 404 }) do
        part:emit("device_app", rows, { d = { id = id, platform = device.platform } })
        part:emit("app", rows, { d = { id = id, platform = device.platform } })
      end
    end, host.store.get("scan/" .. id))
  end)
end

-- What the vendor's filter means, and whether that is compliant; unknown cannot be told.
local HEALTH <const> = {
  [0] = { "unknown" }, { "healthy", true }, { "vulnerable", false }, { "highly vulnerable", false },
}

-- The filter is documented, and whether a row says the same itself is not.
local function read_patches(api, out)
  for filter = 0, #HEALTH do
    for rows in listing(api, "patch/allsystems", "resource_id", { healthfilter = filter }) do
      for _, row in ipairs(rows_of.plain_rows(rows)) do
        local fields = rows_of.patches(row)
        fields["custom.patch_health"], fields.is_compliant = table.unpack(HEALTH[filter])
        out:enrich("device", { source_id = rows_of.id_of(row) }, fields)
      end
    end
  end
end

-- --- errors ---

local GONE_HINT <const> = "this edition lacks the module, or the vendor has removed this part of API 1.4"

-- Which key holds the code is not documented. Failures may come with status 200.
local function errors()
  local list = {}
  for _, field in ipairs { "error_code", "response_code" } do
    for _, rule in ipairs(zoho.scope_errors(field)) do
      list[#list + 1] = rule
    end
  end
  for _, call in ipairs { COMPUTERS, OFFICES, SCANS, SYSTEMS } do
    list[#list + 1] = { call = call, status = 404, kind = "unlicensed", hint = GONE_HINT }
    list[#list + 1] = { call = call, status = 410, kind = "unlicensed", hint = GONE_HINT }
  end
  list[#list + 1] = { status = 200, body = { status = "error" }, kind = "remote" }
  list[#list + 1] = { status = 200, body = { message_type = "error" }, kind = "remote" }
  return list
end

return {
  contract = 1, id = "manageengine_endpoint_central", name = "ManageEngine Endpoint Central",
  aliases = { "endpoint_central", "desktop_central" }, version = "1.0.0", provider = "zoho",
  docs = "https://www.manageengine.com/products/desktop-central/api/cloud_index.html",
  guide = zoho.guide "Endpoint Central",

  settings = {
    zoho.data_center("endpoint_central", "Endpoint Central Cloud", "Customer domain",
      "Where your Zoho account lives: the accounts server (accounts.zoho.com, accounts.zoho.eu, accounts.zoho.in, "
        .. "accounts.zoho.com.cn, accounts.zoho.com.au ...) or its suffix (.com, .eu ...)"),
    zoho.client_id, zoho.client_secret,
  },
  bases = { api = "https://{data_center.endpoint_central}/api/1.4", accounts = zoho.ACCOUNTS },
  auth = zoho.auth { READ_SOM, READ_INVENTORY, READ_PATCHES },
  -- No rates are published; these are what is thought to be safe.
  limits = { rates = { "2/s", "100/m" }, concurrent = CONCURRENT },
  permissions = {
    zoho.scope(READ_SOM, "computers", "offices"), zoho.scope(READ_INVENTORY, "inventory", "software"),
    zoho.scope(READ_PATCHES, "patches"),
  },
  errors = errors(),

  check = { calls = { COMPUTERS, SCANS, SYSTEMS }, run = check },

  streams = {
    offices = {
      calls = { OFFICES }, needs = { { READ_SOM } }, may_degrade = true, emits = { group = "primary" },
      read = read_offices,
    },
    computers = {
      depends = { "offices" }, calls = { COMPUTERS }, needs = { { READ_SOM } },
      emits = { device = "primary", group_member = "derived" },
      read = read_computers,
    },
    inventory = {
      depends = { "computers" }, calls = { SCANS, DETAILS }, needs = { { READ_INVENTORY } }, may_degrade = true,
      emits = {}, read = read_inventory,
    },
    software = {
      depends = { "computers", "inventory" }, calls = { SOFTWARE }, needs = { { READ_INVENTORY } },
      may_degrade = true, emits = { device_app = "primary", app = "derived" },
      read = read_software,
    },
    patches = {
      depends = { "computers" }, calls = { SYSTEMS }, needs = { { READ_PATCHES } }, may_degrade = true,
      emits = {}, read = read_patches,
    },
  },

  map = {
    group = {
      nulls = NOTHING,
      source_id = "branch_office_id", -- `resource_id` is "--" here
      name = "branch_office_name",
      kind = f.const "device",
      ["custom.managed_computers"] = "managed_computers",
    },
    device = {
      nulls = NOTHING,
      source_id = RESOURCE_ID,
      name = f.first("resource_name", "full_name", "fqdn_name"),
      hostname = "fqdn_name",
      platform = f.pick(f.int "os_platform", PLATFORM, "unknown"),
      os_name = "os_name",
      os_version = "os_version",
      is_managed = f.pick(f.join("/", "managed_status", "installation_status"), { ["61/22"] = true }, false),
      status = f.pick(f.int "installation_status", INSTALLATION),
      mac_addresses = rows_of.mac_addresses,
      user_email = f.lower "owner_email_id",
      enrolled_at = f.epoch_ms "agent_installed_on",
      last_seen_at = f.epoch_ms "agent_last_contact_time",
      ["custom.owner"] = "owner",
      ["custom.logged_on_users"] = "agent_logged_on_users",
      ["custom.domain"] = "domain_netbios_name",
      ["custom.agent_version"] = "agent_version",
      ["custom.office"] = "branch_office_name",
    },
    group_member = {
      key = {
        function(row, extra) return extra.offices[row.branch_office_name] end, RESOURCE_ID,
      },
      group_source_id = function(row, extra) return extra.offices[row.branch_office_name] end,
      member_source_id = RESOURCE_ID,
      member_kind = f.const "device",
    },
    -- Two versions of one title can be there at once.
    device_app = {
      nulls = NOTHING,
      key = { "^d.id", "software_id", "software_version" },
      device_source_id = "^d.id",
      app_source_id = "software_id",
      version = "software_version",
      path = "location",
      origins = f.list(f.const "discovered"),
      installed_at = f.epoch_ms "installed_date",
    },
    app = {
      follows = "device_app",
      nulls = NOTHING,
      source_id = "software_id",
      name = "software_name",
      publisher = "manufacturer_name",
      identifier_type = f.const "none",
      platform = "^d.platform",
    },
  },
}
