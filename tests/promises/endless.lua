-- For B3: Kandji's apps, a row a page, as fast as it goes.
local page <const> = require "muster.page"

return {
  contract = 1, id = "endless", name = "Endless", version = "1",
  settings = {
    { id = "address", type = "url", label = "Address", hosts = { "*.api.kandji.io" } },
    { id = "token", type = "secret", label = "Token" },
  },
  bases = { api = "{address}/api/v1" },
  auth = { kind = "bearer", token = "token" },
  check = {
    calls = { "GET api:/devices" },
    run = function(api)
      api:get("api:/devices", { limit = 1 })
      return { tenant = api.settings.address.host }
    end,
  },
  streams = {
    apps = {
      calls = { "GET api:/prism/apps" }, emits = { app = "primary" },
      read = function(api, out)
        for rows in page.cursor(api, "api:/prism/apps", { list = "data", size = 1, id = "device_id" }) do
          out:emit("app", rows)
        end
      end,
    },
  },
  map = { app = { source_id = "device_id", name = "name" } },
}
