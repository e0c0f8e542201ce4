-- The benchmark's vendor: three listings without limits of their own, mapped as a real one's are.
local f <const> = require "muster.field"
local page <const> = require "muster.page"

local DEVICES <const> = "GET api:/devices"
local IN_FLIGHT <const> = 32

local FAMILY <const> = { Mac = "macos", iPhone = "ios", iPad = "ipados" }

local function read_devices(api, out)
  local opts = { size = 300, id = "device_id", overlap = false }
  for rows in page.offset(api, "api:/devices", opts) do
    out:emit("device", rows)
    out:emit("user", rows)
  end
end

local function read_apps(api, out)
  local opts = { size = 300, list = "data", total = "total" }
  for rows in page.offset(api, "api:/apps", opts) do
    out:emit("app", rows)
    out:emit("device_app", rows)
  end
end

local function read_one(api, out, id)
  local opts = { size = 300, list = "apps", id = "app_id", path = { id = id } }
  for rows in page.offset(api, "api:/devices/{id}/apps", opts) do
    out:emit("device_app", rows)
  end
end

local function read_per_device(api, out)
  local ids = {}
  for device in api:parents "device" do
    ids[#ids + 1] = device.source_id
  end
  api:map(IN_FLIGHT, ids, function(id)
    out:scope("device", id, function(its_api, its_out)
      read_one(its_api, its_out, id)
    end)
  end)
end

return {
  contract = 1, id = "bench", name = "Bench", version = "1.0.0",

  settings = {
    { id = "address", type = "url", label = "Address", hosts = { "*.bench.example" } },
    { id = "token", type = "secret", label = "Token" },
  },
  bases = { api = "{address}/v1" },
  auth = { kind = "bearer", token = "token" },
  limits = { concurrent = IN_FLIGHT },

  check = {
    calls = { DEVICES },
    run = function(api)
      api:get("api:/devices", { limit = 300, offset = 0 })
      return { tenant = api.settings.address.host }
    end,
  },

  streams = {
    devices = {
      calls = { DEVICES },
      emits = { device = "primary", user = "derived" },
      read = read_devices,
    },
    apps = {
      calls = { "GET api:/apps" },
      emits = { app = "derived", device_app = "primary" },
      read = read_apps,
    },
    per_device = {
      depends = { "devices" },
      calls = { "GET api:/devices/{id}/apps" },
      emits = { device_app = "primary" },
      read = read_per_device,
    },
  },

  map = {
    device = {
      source_id = "device_id",
      name = "device_name",
      serial_number = "serial_number",
      asset_tag = "asset_tag",
      platform = f.pick("platform", FAMILY, "unknown"),
      model = "model",
      os_version = f.join(" ", "os_version", "supplemental_os_version_extra"),
      os_build = "supplemental_build_version",
      is_managed = "mdm_enabled",
      user_source_id = "user.id",
      user_email = f.lower "user.email",
      enrolled_at = f.time "last_enrollment",
      last_seen_at = f.time "last_check_in",
      ["custom.blueprint"] = "blueprint_name",
      ["custom.tags"] = f.list "tags",
    },
    user = {
      fold = { rank = f.time "last_check_in" },
      source_id = "user.id",
      email = f.lower "user.email",
      name = "user.name",
      status = f.pick("user.is_archived", { [true] = "inactive" }, "active"),
      last_used_at = f.time "last_check_in",
    },
    device_app = {
      drop = { helper = f.contains("name", "helper"), updater = f.contains("name", "updater") },
      key = { "device_id", "path" },
      device_source_id = "device_id",
      app_source_id = "bundle_id",
      version = "version",
      path = "path",
      origins = f.list(f.const "discovered"),
      installed_at = f.time "creation_date",
    },
    app = {
      follows = "device_app",
      source_id = "bundle_id",
      name = "name",
      publisher = "signature",
      identifier = "bundle_id",
      identifier_type = f.const "bundle_id",
    },
  },
}
