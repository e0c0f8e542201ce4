-- Quay's API (vendors/quay.lua), asked by a script that signs by itself with a secret that it never sees. What
-- requests bear is better declared; this is for what cannot be.
local jwt <const> = require "muster.jwt"
local page <const> = require "muster.page"

local function token(api)
  local at <const> = host.time.epoch_ms(api.now) // 1000
  local claims <const> = {
    iss = api.settings.client, aud = "quay", iat = at, exp = at + 300, jti = host.crypto.hex(host.crypto.random(8)),
  }
  return jwt.sign("RS256", host.crypto.secret "key", claims, { kid = api.settings.client })
end

local function signature(api, query)
  local at <const> = tostring(host.time.epoch_ms(api.now) // 1000)
  local nonce <const> = host.crypto.hex(host.crypto.random(8))
  local text <const> = table.concat({ "GET", api.settings.address.host, "/v1/devices", query, at, nonce, "" }, "\n")
  local signed <const> = host.crypto.hmac("sha256", host.crypto.secret(api.settings.secret), text)
  return {
    ["X-Key-Id"] = api.settings.client, ["X-Timestamp"] = at, ["X-Nonce"] = nonce,
    ["X-Signature"] = host.crypto.base64_encode(signed),
  }
end

return {
  contract = 1, id = "pier", name = "Pier", version = "1",
  settings = {
    { id = "address", type = "url", label = "Address", hosts = { "*.quay.example" } },
    { id = "way", type = "choice", label = "Way", choices = { "token", "signature" }, default = "token" },
    { id = "client", type = "text", label = "Client", default = "acme:client" },
    { id = "secret", type = "text", label = "Which secret signs", default = "key" },
    { id = "key", type = "secret", label = "Key", signs = true },
    { id = "other", type = "secret", label = "Other", required = false },
  },
  bases = { api = "{address}/v1" },
  check = {
    calls = { "GET api:/ping" },
    run = function(api)
      api:get("api:/ping")
      host.log.info("signs with %s", tostring(host.crypto.secret "key"))
      return { tenant = api.settings.address.host }
    end,
  },
  streams = {
    devices = {
      calls = { "GET api:/devices" }, emits = { device = "primary" },
      read = function(api, out)
        local headers = api.settings.way == "token" and { Authorization = "Bearer " .. token(api) }
          or signature(api, "limit=50&offset=0")
        for rows in page.offset(api, "api:/devices", { size = 50, list = "devices", headers = headers }) do
          out:emit("device", rows)
        end
      end,
    },
  },
  map = { device = { source_id = "id", name = "name" } },
}
