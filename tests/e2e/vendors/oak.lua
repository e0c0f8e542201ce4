-- An API whose tokens come from an authorization server that nobody here wrote (tests/oidc).
local page <const> = require "muster.page"

local SCOPE <const> = "devices.read"

return {
  contract = 1, id = "oak", name = "Oak", version = "1",
  settings = {
    { id = "way", type = "choice", label = "Way", default = "person", choices = { "person", "machine" } },
    { id = "client", type = "text", label = "Client" },
    { id = "secret", type = "secret", label = "Secret" },
  },
  bases = { api = "https://api.oak.example/v1", login = "https://login.oak.example" },
  auth = {
    choose = "way",
    alternatives = {
      person = {
        kind = "oauth2", flow = "code", authorize = "login:/auth", token = "login:/token",
        revoke = "login:/token/revocation", client_id = "client", client_secret = "secret",
        client_auth = "basic", scopes = { "openid", "offline_access", SCOPE }, params = { prompt = "consent" },
        returns = { iss = "https://login.oak.example" },
      },
      machine = {
        kind = "oauth2", flow = "client", token = "login:/token", client_id = "client",
        client_secret = "secret", scopes = { SCOPE },
      },
    },
  },
  check = {
    calls = { "GET api:/devices" },
    run = function(api)
      api:get("api:/devices", { limit = 1 })
      return { tenant = "oak" }
    end,
  },
  streams = {
    devices = {
      calls = { "GET api:/devices" }, emits = { device = "primary" },
      read = function(api, out)
        for rows in page.offset(api, "api:/devices", { size = 3, list = "devices", id = "id", total = "total" }) do
          out:emit("device", rows)
        end
      end,
    },
  },
  map = { device = { source_id = "id", name = "name" } },
}
