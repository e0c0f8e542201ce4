-- A made-up vendor for test_sandbox_connector: what its streams tell stands here, not at a service.
local f <const> = require "muster.field"

local AT <const> = "2026-03-02T09:14:55Z"

local function emit_app(out)
  out:event("e1", AT):emit("device_app", { { device = "d-known", app = "A" } })
end

return {
  contract = 1, id = "teller", name = "Teller", version = "1",
  settings = {
    { id = "address", type = "url", label = "Address", hosts = { "*.teller.example" } },
    { id = "token", type = "secret", label = "Token" },
  },
  bases = { api = "{address}/v1" },
  auth = { kind = "bearer", token = "token" },
  check = {
    calls = { "GET api:/devices" },
    run = function()
      return { tenant = "teller" }
    end,
  },
  streams = {
    log = {
      mode = "events", calls = { "GET api:/events" }, emits = { device = "primary" },
      read = function(_, out)
        local now = out:event("e1", AT)
        now:emit("device", { { id = "a" } })
        now:remove("device", { { id = "a", seen = "never" } })
        now:patch("device", { { id = "b", seen = AT } })
        now:remove("device", { { name = "A" } })
        out:commit { after = 1 }
      end,
    },
    overtaken = {
      mode = "events", depends = { "log" }, calls = { "GET api:/events" },
      emits = { device_app = "primary" },
      read = function(api, out)
        api:map(2, { "emit", "commit" }, function(what)
          if what == "emit" then
            emit_app(out)
          else
            out:commit { after = 1 }
          end
        end)
      end,
    },
    cancelled = {
      mode = "events", depends = { "log" }, calls = { "GET api:/events" },
      emits = { device_app = "primary" },
      read = function(api, out)
        pcall(api.map, api, 2, { "emit", "fail" }, function(what)
          if what == "emit" then
            emit_app(out)
          else
            error "enough"
          end
        end)
        out:commit { after = 1 }
      end,
    },
  },
  map = {
    device = { keep = { named = f.present "name" }, source_id = "id", name = "name", last_seen_at = f.time "seen" },
    device_app = {
      keep = { owned = f.known("device", "device") },
      key = { "device", "app" }, device_source_id = "device", app_source_id = "app",
    },
  },
}
