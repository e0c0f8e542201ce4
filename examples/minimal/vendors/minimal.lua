-- Minimal: the smallest whole connector, for an imagined vendor whose API answers
--
--   GET https://acme.minimal.example/v1/devices?limit=100&offset=0
--   { "devices": [ { "id": 7, "name": "...", "os": "Darwin", "owner": { "email": "..." } } ], "total": 1 }

local f <const> = require "muster.field"
local page <const> = require "muster.page"

local DEVICES <const> = "GET api:/devices"

return {
  contract = 1, id = "minimal", name = "Minimal", version = "1.0.0",

  settings = {
    {
      id = "address", type = "url", label = "Address", example = "acme.minimal.example",
      hosts = { "*.minimal.example" },
    },
    { id = "key", type = "secret", label = "API key" },
  },
  bases = { api = "{address}/v1" },
  auth = { kind = "header", headers = { ["X-Api-Key"] = "key" } },

  check = {
    calls = { DEVICES },
    run = function(api)
      api:get("api:/devices", { limit = 1 })
      return { tenant = api.settings.address.host }
    end,
  },

  streams = {
    devices = {
      calls = { DEVICES },
      emits = { device = "primary", user = "derived" },
      read = function(api, out)
        local devices = page.offset(api, "api:/devices", {
          list = "devices", size = 100, id = "id", total = "total", query = { sort = "id" },
        })
        for rows in devices do
          out:emit("device", rows)
          out:emit("user", rows)
        end
      end,
    },
  },

  map = {
    device = {
      source_id = "id",
      name = "name",
      platform = f.pick("os", { Darwin = "macos", Windows = "windows", Linux = "linux" }, "unknown"),
      user_email = f.lower "owner.email",
      user_source_id = f.lower "owner.email",
      last_seen_at = f.time "seen",
    },
    user = {
      fold = { rank = f.time "seen" },
      source_id = f.lower "owner.email",
      email = f.lower "owner.email",
      name = "owner.name",
      status = f.const "active",
    },
  },
}
