-- JumpCloud's device management: devices, who uses them, and the apps on them.
--
-- Managed apps are those that JumpCloud's MDM hands out; the API lists the devices linked to each,
-- directly or through groups, and both mean that the app is in use there. All other apps have no list:
-- they are pieced together from the events of Directory Insights. So a device's app is a row for each
-- source that knows it, and is gone when none does any more.

local f <const> = require "muster.field"
local jumpcloud <const> = require "muster.jumpcloud"
local log <const> = require "muster.jumpcloud_log"

local SYSTEMS_CALL <const> = "GET v1:/systems"
local TABLE_CALL <const> = "GET v2:/systeminsights/{table}"

-- osFamily may be missing with old agents.
local PLATFORM <const> = f.first(
  f.pick("osFamily", { darwin = "macos", windows = "windows", linux = "linux" }),
  f.pick("os", { ["Mac OS X"] = "macos", Windows = "windows" }, "unknown"))

-- --- devices ---

-- The primary user can be one who is gone.
local function read_devices(api, out)
  local users = jumpcloud.users_by_id(api)
  for rows in jumpcloud.v1(api, "v1:/systems") do
    for _, system in ipairs(rows) do
      local primary = jumpcloud.only("table", system.primarySystemUser) or {}
      out:emit("device", { system }, { owner = primary.id and users[primary.id] or {} })
    end
  end
end

-- Devices without an agent are bound to nobody. A device without a primary user is that of the one
-- person who is bound to it.
local function read_bindings(api, out)
  local users = jumpcloud.users_by_id(api)
  local systems = {}
  for device in api:parents "device" do
    if not device.source_id:find "^apple:" then
      systems[#systems + 1] = device.source_id
    end
  end
  jumpcloud.each_scope(api, out, "device", systems, function(inner, part, id)
    local count, last = 0, nil
    for rows in jumpcloud.v2(inner, "v2:/systems/{id}/users", { path = { id = id }, graph = true }) do
      part:emit("device_user", rows, { device = { id = id } })
      count, last = count + #rows, #rows > 0 and users[rows[#rows].id] or last
    end
    if count == 1 and last then
      part:enrich("device", { source_id = id }, { user_source_id = last.id, user_email = last.email })
    end
  end)
end

-- Serial number -> id of the systems, which are the devices with an agent.
local function systems_by_serial(api)
  local systems = {}
  for device in api:parents("device", { "serial_number" }) do
    if device.serial_number and not device.source_id:find "^apple:" then
      systems[device.serial_number] = device.source_id
    end
  end
  return systems
end

-- A Mac is in both lists. What has no agent, an iPhone or iPad, is in this one alone.
local function take_apple(out, device, systems)
  local system = systems[device.serialNumber]
  if not system then
    out:emit("apple_device", { device })
    return
  end
  local told = jumpcloud.only("table", device.deviceInformation) or {}
  out:enrich("device", { source_id = system }, {
    model = jumpcloud.only("string", told.modelMarketingName) or jumpcloud.only("string", told.modelName),
    is_supervised = jumpcloud.only("boolean", told.isSupervised),
  })
end

local function read_apple(api, out)
  local systems = systems_by_serial(api)
  for servers in jumpcloud.v2(api, "v2:/applemdms") do
    for _, server in ipairs(servers) do
      for rows in jumpcloud.v2(api, "v2:/applemdms/{id}/devices", { path = { id = server.id } }) do
        for _, device in ipairs(rows) do
          take_apple(out, device, systems)
        end
      end
    end
  end
end

-- --- managed apps ---

local function read_managed(api, out)
  local ids = {}
  for rows in jumpcloud.v2(api, "v2:/softwareapps") do
    out:emit("app", rows)
    for _, app in ipairs(rows) do
      ids[#ids + 1] = app.id
    end
  end
  jumpcloud.each_scope(api, out, "app", ids, function(inner, part, id)
    for rows in jumpcloud.v2(inner, "v2:/softwareapps/{id}/systems", { path = { id = id }, graph = true }) do
      part:emit("device_app", rows, { app = { id = id } })
    end
  end)
end

-- System Insights: everything on the systems that have it switched on, and their models, which only
-- Apple's devices have elsewhere. Its rows have no id.
local function take_models(out, rows)
  for _, system in ipairs(rows) do
    local id, model = jumpcloud.only("string", system.system_id), jumpcloud.only("string", system.hardware_model)
    if id and model and model ~= "" then
      out:enrich("device", { source_id = id }, { model = model })
    end
  end
end

local function read_tables(api, out)
  for _, name in ipairs { "apps", "programs", "system_info" } do
    local opts = { path = { table = name }, id = false, sort = "system_id", size = 1000 }
    for rows in jumpcloud.v2(api, "v2:/systeminsights/{table}", opts) do
      if name == "system_info" then
        take_models(out, rows)
      else
        out:emit("insights", rows)
        out:emit("insights_app", rows)
      end
    end
  end
end

local SYSTEM_ID <const> = f.first("system.id", "resource.id")
local TABLE_APP <const> = f.first("bundle_identifier", f.lower "name")

return {
  contract = 1, id = "jumpcloud_mdm", name = "JumpCloud MDM", version = "1.0.0", provider = "jumpcloud",
  docs = "https://docs.jumpcloud.com/api/",
  guide = jumpcloud.guide {
    "Directory Insights, which is part of some plans, tells of the apps that JumpCloud does not manage: "
      .. "ask directoryinsights@jumpcloud.com to enable it; without it you get managed apps only",
    "It tells what was installed, updated or removed in the last 90 days; "
      .. "System Insights, where it is switched on, lists the rest (the stream system_insights)",
  },
  settings = jumpcloud.settings, bases = jumpcloud.bases, auth = jumpcloud.auth,
  limits = jumpcloud.limits, errors = jumpcloud.errors,

  check = {
    calls = { SYSTEMS_CALL, table.unpack(jumpcloud.check_calls) },
    run = function(api)
      return jumpcloud.check(api, "v1:/systems", "Devices")
    end,
  },

  streams = {
    users = {
      calls = { "GET v1:/systemusers" }, needs = { { "an administrator's role", "/api/systemusers" } },
      emits = { user = "primary" }, read = jumpcloud.read_users,
    },
    devices = {
      depends = { "users" }, calls = { SYSTEMS_CALL }, needs = { { "an administrator's role", "/api/systems" } },
      emits = { device = "primary" }, read = read_devices,
    },
    apple = {
      depends = { "devices" }, may_degrade = true,
      calls = { "GET v2:/applemdms", "GET v2:/applemdms/{id}/devices" },
      needs = { { "an administrator's role", "/api/v2/applemdms" } },
      emits = { apple_device = "primary" }, read = read_apple,
    },
    -- One request for each device: what an organization of many thousands may want to switch off.
    bindings = {
      depends = { "users", "devices" }, may_degrade = true,
      calls = { "GET v2:/systems/{id}/users" },
      needs = { { "an administrator's role", "/api/v2/systems/{id}/users" } },
      emits = { device_user = "primary" }, read = read_bindings,
    },
    managed = {
      depends = { "devices" }, may_degrade = true,
      calls = { "GET v2:/softwareapps", "GET v2:/softwareapps/{id}/systems" },
      needs = { { "an administrator's role", "/api/v2/softwareapps" } },
      emits = { app = "primary", device_app = "primary" }, read = read_managed,
    },
    software = {
      mode = "events", depends = { "devices" }, may_degrade = true,
      calls = { "POST insights:/events" },
      needs = { { "Directory Insights", "/insights/directory/v1/events" } },
      emits = { discovered = "primary", discovered_app = "derived" }, read = log.read_software,
    },
    system_insights = {
      enabled = false, depends = { "devices" }, may_degrade = true,
      calls = { TABLE_CALL }, needs = { { "System Insights", "/api/v2/systeminsights" } },
      emits = { insights = "primary", insights_app = "derived" }, read = read_tables,
    },
  },

  map = {
    user = jumpcloud.user_map,

    device = {
      source_id = "_id",
      name = f.first("displayName", "hostname"), hostname = "hostname",
      serial_number = "serialNumber",
      platform = PLATFORM,
      manufacturer = f.first(f.pick("hwVendor", { apple = "Apple" }), "hwVendor"),
      os_name = "os",
      -- `version` is the system's, not the agent's.
      os_version = f.first("osVersionDetail.version", "version"),
      is_managed = f.const(true), is_encrypted = "fde.active",
      user_source_id = "^owner.id", user_email = "^owner.email",
      enrolled_at = f.time "created", last_seen_at = f.time "lastContact",
      ["custom.agent_version"] = "agentVersion",
      ["custom.mdm_vendor"] = "mdm.vendor",
      ["custom.system_insights"] = "systemInsights.state",
    },

    -- Devices without an agent.
    apple_device = {
      entity = "device",
      source_id = f.join(":", f.const "apple", "id"),
      name = f.first("deviceInformation.deviceName", "serialNumber"),
      serial_number = "serialNumber",
      platform = f.first(
        f.pick("modelFamily", { iPad = "ipados", iPhone = "ios" }),
        f.pick("mdmOsFamily", { ios = "ios", ipados = "ipados", tvos = "tvos" }, "macos")),
      type = f.pick("modelFamily", { iPad = "tablet", iPhone = "phone" }, "unknown"),
      manufacturer = f.const "Apple",
      model = f.first("deviceInformation.modelMarketingName", "deviceInformation.modelName"),
      os_version = "osVersion",
      is_managed = "enrolled", is_supervised = "deviceInformation.isSupervised",
      enrolled_at = f.time "createdAt",
    },

    device_user = {
      key = { "^device.id", "id" },
      device_source_id = "^device.id", user_source_id = "id",
      ["custom.link"] = jumpcloud.link_kind,
    },

    app = {
      source_id = "id", name = "displayName",
      publisher = "settings.1.googleAndroid.author",
      identifier = f.first("settings.1.bundleId", "settings.1.packageId"),
      identifier_type = f.first(
        f.pick(f.present "settings.1.bundleId", { [true] = "bundle_id" }),
        f.pick("settings.1.packageManager", {
          GOOGLE_ANDROID = "package_name", CHOCOLATEY = "package_name", MICROSOFT_STORE = "store_id",
        }, "none")),
      ["custom.package_manager"] = "settings.1.packageManager",
      ["custom.desired_state"] = f.lower "settings.1.desiredState",
    },
    -- Linked is in use, whatever the desired state: the vendor tells no difference.
    device_app = {
      keep = { known = f.known("device", "id") },
      key = { f.const "managed", "^app.id", "id" },
      device_source_id = "id", app_source_id = "^app.id",
      origins = f.list(f.const "managed"),
      ["custom.link"] = jumpcloud.link_kind,
    },

    -- Apps of the events: a name is all that tells them apart.
    discovered = {
      entity = "device_app",
      keep = { known = f.known("device", SYSTEM_ID) },
      key = { f.const "events", SYSTEM_ID, "^app.key" },
      device_source_id = SYSTEM_ID, app_source_id = "^app.key",
      version = "^app.version", path = "application.path",
      origins = f.list(f.const "discovered"),
    },
    discovered_app = {
      entity = "app", follows = "discovered",
      fold = { rank = f.time "timestamp" },
      source_id = "^app.key", name = "^app.name",
      publisher = "application.publisher",
      identifier_type = f.const "none",
    },

    -- Apps of System Insights, on macOS with a bundle id.
    insights = {
      entity = "device_app",
      keep = { known = f.known("device", "system_id") },
      key = { f.const "insights", "system_id", f.first("path", "name"), TABLE_APP },
      device_source_id = "system_id",
      app_source_id = f.join(":", f.const "insights", TABLE_APP),
      version = f.first("bundle_short_version", "version"),
      path = f.first("path", "install_location"),
      origins = f.list(f.const "discovered"),
    },
    insights_app = {
      entity = "app", follows = "insights",
      fold = { rank = f.time "collection_time" },
      source_id = f.join(":", f.const "insights", TABLE_APP),
      name = f.first("display_name", "bundle_name", "name"),
      publisher = "publisher",
      identifier = "bundle_identifier",
      identifier_type = f.pick(f.present "bundle_identifier", { [true] = "bundle_id" }, "none"),
    },
  },
}
