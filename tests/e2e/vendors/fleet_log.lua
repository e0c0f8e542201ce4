-- The same made-up vendor as its log tells it.
local f <const> = require "muster.field"

return {
  contract = 1, id = "fleet_log", name = "Fleet log", version = "1",
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
    log = {
      mode = "events", calls = { "GET api:/events" }, emits = { device_app = "primary" },
      read = function(api, out, state)
        local after, more = state and state.after or 0, true
        while more do
          local body = api:get("api:/events", { after = after, limit = 10 }).body
          for _, event in ipairs(body.events) do
            local now = out:event(event.id, event.at)
            if event.kind == "removed" then
              now:remove("device_app", { event })
            elseif event.kind == "moved" then
              now:patch("device_app", { event })
            else
              now:emit("device_app", { event })
            end
          end
          after, more = math.tointeger(body.next), body.more
          out:commit { after = after }
        end
      end,
    },
  },
  map = {
    device_app = {
      keep = { versioned = f.present "version" }, drop = { withdrawn = f.contains("version", "withdrawn") },
      key = { "device", "app" }, device_source_id = "device", app_source_id = "app", version = "version",
      path = "path", installed_at = f.time "when",
    },
  },
}
