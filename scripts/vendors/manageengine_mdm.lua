-- ManageEngine Mobile Device Manager Plus Cloud, API v1. No recording of it is public and its help
-- disagrees with itself about types: ids, numbers, booleans and times come as texts or as they are,
-- and "--" stands for nothing. Only managed users are there; technicians and administrators of the
-- console live elsewhere and are never asked for.

local f <const> = require "muster.field"
local page <const> = require "muster.page"
local zoho <const> = require "muster.zoho"

local USERS <const> = "GET api:/users"
local DEVICES <const> = "GET api:/devices"
local APPS <const> = "GET api:/devices/{id}/apps"
local GROUPS <const> = "GET api:/groups"
local MEMBERS <const> = "GET api:/groups/{id}/members"

local READ_USERS <const> = "MDMOnDemand.MDMUser.READ"
local READ_INVENTORY <const> = "MDMOnDemand.MDMInventory.READ"
local READ_DEVICES <const> = "MDMOnDemand.MDMDeviceMgmt.READ"

local LICENSE <const> = "ManageEngine MDM"

-- The most that live clients ask for; the server may give less. What MDM locks for too many calls in
-- a minute stays locked for five.
local PAGE_SIZE <const> = 200
local LOCK_S <const> = 300

local NOTHING <const> = { "--", "N/A", "-1" }
local PLATFORM <const> = {
  [1] = "ios", [2] = "android", [3] = "windows", [4] = "macos", [5] = "chromeos", [6] = "tvos",
}
local OS_NAME <const> = {
  [1] = "iOS", [2] = "Android", [3] = "Windows", [4] = "macOS", [5] = "ChromeOS", [6] = "tvOS",
}
local MAKER <const> = { [1] = "Apple", [4] = "Apple", [6] = "Apple" }
local KIND <const> = { [1] = "phone", [2] = "tablet", [3] = "laptop", [4] = "desktop", [5] = "tv" }
local STATUS <const> = {
  [1] = "enrolment pending", [2] = "managed", [3] = "staged", [4] = "retired", [10] = "retired", [11] = "retired",
}

local platform_id <const> = f.int "platform_type_id"
-- An iPad is a tablet with the platform of an iPhone.
local IPAD <const> = f.pick(f.join("/", platform_id, "device_type"), { ["1/2"] = "ipados" })

-- Of an app that has no identifier the name tells it apart; ids of the repository are not for
-- everything that is installed.
local FAMILY <const> = f.pick(f.int "platform_type", PLATFORM, "unknown")
local APP_ID <const> = f.join(":", FAMILY, f.first("identifier", f.lower "app_name"))

-- A list, a text or a number.
local function imei(row)
  local value = type(row.imei) == "table" and row.imei[1] or row.imei
  return (type(value) == "string" or math.type(value) == "integer") and value or nil
end

-- Nothing is left of what is gone meanwhile.
local GONE <const> = { 204, 404 }

-- Lists follow the vendor's link; where it is missing the count, or a full page, says that there is
-- more. Nothing to list is an envelope, 204, or an answer without a byte.
local function listing(api, where, list, id, more)
  local opts = {
    list = list, id = id, size = PAGE_SIZE, next = "paging.next", empty = { 204 }, may_lack_body = true,
    total = "metadata.total_record_count", may_lack_total = true,
    fallback_offset = "offset", fallback_total = "metadata.total_record_count",
  }
  for key, value in pairs(more or {}) do
    opts[key] = value
  end
  return page.link(api, where, opts)
end

-- --- the connection test ---

local PROBES <const> = {
  { READ_USERS, "api:/users" }, { READ_INVENTORY, "api:/devices" }, { READ_DEVICES, "api:/groups" },
}

-- Every row of a device names the customer; a token does not.
local function tenant_of(api, devices)
  local body = devices and devices.body
  local row = type(body) == "table" and type(body.devices) == "table" and body.devices[1]
  local customer = row and row.customer_id
  return customer and ("%s@%s"):format(customer, api.settings.data_center) or api.settings.data_center
end

local function check(api)
  local permissions, devices = {}, nil
  for i, one in ipairs(PROBES) do
    local reply
    permissions[i], reply = zoho.probe(api, one[1], one[2], { limit = 1 })
    devices = one[1] == READ_INVENTORY and reply or devices
  end
  return { tenant = tenant_of(api, devices), permissions = permissions }
end

-- --- streams ---

local function read_users(api, out)
  for rows in listing(api, "api:/users", "users", "user_id") do
    out:emit("user", rows)
    out:emit("license", rows)
    out:emit("user_license", rows)
  end
end

-- Devices that were taken out of management stay in the list unless they are left out.
local function read_devices(api, out)
  for rows in listing(api, "api:/devices", "devices", "device_id", { query = { exclude_removed = true } }) do
    out:emit("device", rows)
  end
end

-- One listing a device, and none for all. A device that did not report since has nothing new to
-- tell. The list is called `apps` in one part of the help and `installed_apps` in another; of a
-- device that is gone meanwhile nothing is left.
local function read_apps(api, out)
  local devices = {}
  for device in api:parents("device", { "last_seen_at" }) do
    devices[#devices + 1] = device
  end
  api:map(4, devices, function(device)
    local id = device.source_id
    out:scope("device", id, function(inner, part)
      local opts = { path = { id = id }, empty = GONE }
      for rows in listing(inner, "api:/devices/{id}/apps", { "apps", "installed_apps" }, "app_id", opts) do
        part:emit("device_app", rows, { d = { id = id } })
        part:emit("app", rows)
      end
    end, device.last_seen_at)
  end)
end

local function read_groups(api, out)
  for rows in listing(api, "api:/groups", "groups", "group_id") do
    out:emit("group", rows)
  end
end

-- Without memberdetails there are bare ids, which do not tell users from devices.
local function read_members(api, out)
  for group in api:parents "group" do
    local id = group.source_id
    out:scope("group", id, function(inner, part)
      local opts = { path = { id = id }, query = { include = "memberdetails" }, empty = GONE }
      for rows in listing(inner, "api:/groups/{id}/members", "members", nil, opts) do
        part:emit("group_member", rows, { g = { id = id } })
      end
    end)
  end
end

-- --- errors ---

local ADMIN_HINT <const> = "the user who gave consent needs administrator access to MDM"

-- The code of a lock is a text or a number, and its status may be any.
local function errors()
  local list = zoho.scope_errors "error_code"
  for _, code in ipairs { "COM0002", 1002, "1002" } do
    list[#list + 1] = { body = { error_code = code }, kind = "throttled", wait_s = LOCK_S }
  end
  list[#list + 1] = { status = 403, kind = "forbidden", hint = ADMIN_HINT }
  return list
end

return {
  contract = 1, id = "manageengine_mdm", name = "ManageEngine MDM", aliases = { "mdm_plus" }, version = "1.0.0",
  provider = "zoho",
  docs = "https://www.manageengine.com/mobile-device-management/api/",
  guide = zoho.guide "ManageEngine MDM",

  settings = {
    zoho.data_center("mdm", "MDM Cloud", "Data center domain",
      "Log in to MDM Cloud and look at the address bar: mdm.manageengine.com is .com, mdm.manageengine.eu .eu, "
        .. "mdm.manageengine.com.au .com.au. MDM on your own server cannot be connected"),
    zoho.client_id, zoho.client_secret,
  },
  bases = { api = "https://{data_center.mdm}/api/v1/mdm", accounts = zoho.ACCOUNTS },
  auth = zoho.auth { READ_USERS, READ_INVENTORY, READ_DEVICES },
  -- The help prints 60 to 300 calls a minute, under each endpoint its own.
  limits = {
    concurrent = 4, per_endpoint = zoho.per_endpoint({ USERS, DEVICES, APPS, GROUPS, MEMBERS }, { "2/s", "100/m" }),
  },
  -- Consent is asked for what is read alone; the last three belong to actions.
  permissions = {
    { section = "Users & roles", permission = "Administrator", needed_for = { "everything" } },
    zoho.scope(READ_USERS, "users"), zoho.scope(READ_INVENTORY, "devices", "apps"),
    zoho.scope(READ_DEVICES, "groups", "members"),
    zoho.scope("MDMOnDemand.MDMDeviceMgmt.CREATE", "Add to group", "Lock Device", "Wipe Device"),
    zoho.scope("MDMOnDemand.MDMDeviceMgmt.DELETE", "Remove from group"),
    zoho.scope("MDMOnDemand.MDMUser.DELETE", "Delete User"),
  },
  errors = errors(),

  check = { calls = { USERS, DEVICES, GROUPS }, run = check },

  streams = {
    users = {
      calls = { USERS }, needs = { { READ_USERS } }, may_degrade = true,
      emits = { user = "primary", license = "derived", user_license = "derived" },
      read = read_users,
    },
    devices = {
      calls = { DEVICES }, needs = { { READ_INVENTORY } }, emits = { device = "primary" },
      read = read_devices,
    },
    apps = {
      depends = { "devices" }, calls = { APPS }, needs = { { READ_INVENTORY } }, may_degrade = true,
      emits = { device_app = "primary", app = "derived" },
      read = read_apps,
    },
    groups = {
      calls = { GROUPS }, needs = { { READ_DEVICES } }, may_degrade = true, emits = { group = "primary" },
      read = read_groups,
    },
    members = {
      depends = { "groups" }, calls = { MEMBERS }, needs = { { READ_DEVICES } }, may_degrade = true,
      emits = { group_member = "primary" },
      read = read_members,
    },
  },

  map = {
    -- The API tells no status: whoever is listed is managed.
    user = {
      nulls = NOTHING,
      source_id = "user_id",
      email = f.lower(f.first("email_address", "user_email", "email")),
      name = f.first("name", "user_name"),
      status = f.const "active",
      ["custom.domain"] = "domain",
      ["custom.phone_number"] = "phone_number",
    },
    license = { source_id = f.const(LICENSE), name = f.const(LICENSE) },
    user_license = { key = { "user_id", f.const(LICENSE) }, user_source_id = "user_id", license = f.const(LICENSE) },
    device = {
      nulls = NOTHING,
      source_id = "device_id",
      name = "device_name",
      -- Android 10 and later keep the serial number of a device with a work profile to themselves.
      serial_number = "serial_number",
      platform = f.first(IPAD, f.pick(platform_id, PLATFORM, "unknown")),
      type = f.pick(f.int "device_type", KIND, "unknown"),
      manufacturer = f.pick(platform_id, MAKER),
      model = f.first("model", "product_name"),
      os_name = f.first(f.pick(IPAD, { ipados = "iPadOS" }), f.pick(platform_id, OS_NAME)),
      os_version = "os_version",
      ownership = f.pick(f.int "owned_by", { [1] = "corporate", [2] = "personal" }, "unknown"),
      -- Only 2 is enrolled; numbers that nobody knows are not. The list may leave it out.
      is_managed = f.first(
        f.pick(f.int "managed_status", { [2] = true }),
        f.pick(f.present "managed_status", { [true] = false }),
        f.pick(f.bool "is_removed", { [true] = false, [false] = true })),
      status = f.first(f.pick(f.int "managed_status", STATUS), "managed_status"),
      is_supervised = f.bool "is_supervised",
      imei = imei,
      user_source_id = "user.user_id",
      user_email = f.lower(f.first("user.user_email", "user.email_address", "user.email")),
      enrolled_at = f.epoch_ms "enrolled_time",
      last_seen_at = f.epoch_ms "last_contact_time",
      ["custom.udid"] = "udid",
      ["custom.product_name"] = "product_name",
      ["custom.capacity_gb"] = "device_capacity",
    },
    device_app = {
      nulls = NOTHING,
      key = { "^d.id", APP_ID },
      device_source_id = "^d.id",
      app_source_id = APP_ID,
      version = "app_version",
      origins = f.list(f.const "discovered"),
    },
    app = {
      follows = "device_app",
      nulls = NOTHING,
      source_id = APP_ID,
      name = "app_name",
      identifier = "identifier",
      identifier_type = f.first(
        f.pick(f.present "identifier", { [false] = "none" }),
        f.pick(FAMILY, { android = "package_name", ios = "bundle_id", macos = "bundle_id", tvos = "bundle_id" })),
      platform = FAMILY,
    },
    -- Six and seven are what the present help says; one meant groups of devices once, eleven are tags.
    group = {
      source_id = "group_id",
      name = "name",
      kind = f.pick(f.int "group_type", { [6] = "device", [7] = "user" }),
      ["custom.group_type"] = "group_type",
      ["custom.is_dynamic"] = f.pick(f.int "group_category", { [1] = false, [2] = true }),
    },
    -- The row of a device may name its owner as well, who is no member.
    group_member = {
      key = { "^g.id", f.first("device_id", "user_id") },
      group_source_id = "^g.id",
      member_source_id = f.first("device_id", "user_id"),
      member_kind = f.pick(f.present "device_id", { [true] = "device", [false] = "user" }),
    },
  },
}
