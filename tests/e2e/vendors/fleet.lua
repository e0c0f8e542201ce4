-- The simulator's made-up vendor: apps listed by device, and what a register adds to devices.
local page <const> = require "muster.page"

return {
  contract = 1, id = "fleet", name = "Fleet", version = "1",
  settings = {
    { id = "address", type = "url", label = "Address", hosts = { "*.fleet.example" } },
    { id = "token", type = "secret", label = "Token" },
  },
  bases = { api = "{address}/v1" },
  auth = { kind = "bearer", token = "token" },
  check = {
    calls = { "GET api:/devices" },
    run = function(api)
      api:get("api:/devices", { limit = 1 })
      return { tenant = api.settings.address.host }
    end,
  },
  streams = {
    devices = {
      calls = { "GET api:/devices" }, emits = { device = "primary" },
      read = function(api, out)
        for rows in page.offset(api, "api:/devices", { size = 50, list = "devices", id = "id", total = "total" }) do
          out:emit("device", rows)
        end
      end,
    },
    apps = {
      depends = { "devices" }, calls = { "GET api:/devices/{id}/apps" },
      emits = { device_app = "primary", app = "derived" },
      read = function(api, out)
        local parents = {}
        for device in api:parents "device" do
          parents[#parents + 1] = device.source_id
        end
        api:map(4, parents, function(id)
          out:scope("device", id, function(inner, part)
            local opts = { size = 3, list = "apps", id = "name", total = "total", path = { id = id } }
            for rows in page.offset(inner, "api:/devices/{id}/apps", opts) do
              part:emit("device_app", rows, { d = { id = id } })
              part:emit("app", rows)
            end
          end)
        end)
      end,
    },
    owners = {
      depends = { "devices" }, single = true, calls = { "GET api:/owners" }, emits = {},
      read = function(api, out)
        for _, owner in ipairs(api:get("api:/owners").body.owners) do
          out:enrich("device", { source_id = owner.device }, {
            user_email = owner.email, name = owner.name, is_encrypted = owner.encrypted,
            mac_addresses = owner.macs, ["custom.desk"] = owner.desk,
          })
        end
      end,
    },
  },
  map = {
    device = { source_id = "id", name = "name", ["custom.revision"] = "apps_revision" },
    device_app = {
      key = { "^d.id", "name" }, device_source_id = "^d.id", app_source_id = "name", version = "version",
    },
    app = { source_id = "name", name = "name" },
  },
}
