-- The simulator's made-up vendor whose requests bear tokens, got in five ways.
local page <const> = require "muster.page"

local EXPIRED <const> = { { status = 403, body = { code = "TOKEN_EXPIRED" } } }

local function client(how)
  return {
    kind = "oauth2", flow = "client", token = "login:/oauth/token", client_id = "client",
    client_secret = "secret", client_auth = how, scopes = { "devices.read", "apps.read" }, expired = EXPIRED,
  }
end

return {
  contract = 1, id = "harbor", name = "Harbor", version = "1",
  settings = {
    { id = "address", type = "url", label = "Address", hosts = { "*.harbor.example" } },
    { id = "login", type = "url", label = "Login address", hosts = { "*.harbor.example" } },
    {
      id = "way", type = "choice", label = "Way", default = "body",
      choices = { "body", "basic", "person", "login", "consent" },
    },
    {
      id = "region", type = "choice", label = "Region", default = "north", choices = { "north", "south" },
      table = { north = { login = "north.harbor.example" }, south = { login = "south.harbor.example" } },
    },
    { id = "client", type = "text", label = "Client", default = "acme:client" },
    { id = "user", type = "text", label = "User", default = "ada" },
    { id = "secret", type = "secret", label = "Secret" },
  },
  bases = { api = "{address}/v1", login = "{login}" },
  auth = {
    choose = "way",
    alternatives = {
      body = client "body",
      basic = client "basic",
      person = {
        kind = "oauth2", flow = "password", token = "login:/oauth/token", client_id = "client",
        client_secret = "secret", username = "user", password = "secret",
      },
      consent = {
        kind = "oauth2", flow = "code", authorize = "login:/oauth/auth", token = "login:/oauth/token",
        client_id = "client", client_secret = "secret", scopes = { "devices.read" },
        params = { access_type = "offline", prompt = "consent" }, expired = EXPIRED,
        revoke = "login:/oauth/revoke",
        returns = { iss = "https://harbor.example", ["login-server"] = "https://{region.login}", region = "{region}" },
      },
      login = {
        kind = "exchange", call = "POST api:/login", body = { user = "{user}", key = "{secret}" },
        field = "data.token", lives_field = "data.ttl", expired = EXPIRED,
      },
    },
  },
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
        for rows in page.offset(api, "api:/devices", { size = 5, list = "devices", id = "id", total = "total" }) do
          out:emit("device", rows)
        end
      end,
    },
  },
  actions = {
    rename_device = {
      target = "device", calls = { "GET api:/devices" }, scopes = { "devices.write" }, run = function() end,
    },
    sell_device = {
      target = "device", calls = { "GET api:/devices" }, scopes = { "devices.write", "shop.write" },
      run = function() end,
    },
  },
  map = { device = { source_id = "id", name = "name" } },
}
