-- The same made-up vendor, read by one stream that lists devices and what is on each of them, and its
-- log by one that takes each record for the state of things.
local page <const> = require "muster.page"

return {
  contract = 1, id = "fleet_tree", name = "Fleet tree", version = "1",
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
    tree = {
      calls = { "GET api:/devices", "GET api:/devices/{id}/apps" },
      emits = { device = "primary", device_app = "primary" },
      read = function(api, out)
        for rows in page.offset(api, "api:/devices", { size = 50, list = "devices", id = "id", total = "total" }) do
          out:emit("device", rows)
          for _, device in ipairs(rows) do
            out:scope("device", device.id, function(inner, part)
              local opts = { size = 50, list = "apps", id = "name", total = "total", path = { id = device.id } }
              for apps in page.offset(inner, "api:/devices/{id}/apps", opts) do
                part:emit("device_app", apps, { d = { id = device.id } })
              end
            end)
          end
        end
      end,
    },
    feed = {
      mode = "events", enabled = false, calls = { "GET api:/events" }, emits = { told_app = "primary" },
      read = function(api, out, state)
        local after, more = state and state.after or 0, true
        while more do
          local body = api:get("api:/events", { after = after, limit = 10 }).body
          out:emit("told_app", body.events)
          after, more = math.tointeger(body.next), body.more
          out:commit { after = after }
        end
      end,
    },
  },
  map = {
    device = { source_id = "id", name = "name" },
    device_app = {
      key = { "^d.id", "name" }, device_source_id = "^d.id", app_source_id = "name", version = "version",
    },
    told_app = {
      entity = "device_app", key = { "device", "app" }, device_source_id = "device", app_source_id = "app",
      version = "version",
    },
  },
}
