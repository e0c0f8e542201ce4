-- The simulator's made-up vendor whose requests prove with a key who sends them, in eight ways. It is the
-- pattern for such a vendor: all of it is data.
local page <const> = require "muster.page"

local PING <const>, NOTICE <const> = "GET api:/ping", "GET files:/notice"

-- A token that the host signs itself. Pings and files go without it.
local function signed(algorithm)
  return {
    kind = "jwt", key = "key", algorithm = algorithm, lives_s = 120,
    claims = { iss = "{client}", aud = "quay", admin = true, level = 3 }, headers = { kid = "{client}" },
    except = { PING }, bases = { "api" },
  }
end

local function listing(what, method)
  return function(api, out)
    local call = what == "group" and "api:/groups/search" or "api:/devices"
    local rows_of = page.offset(api, call, {
      method = method, size = 5, list = what .. "s", id = "id", total = "total",
      body = method == "POST" and { kind = "all" } or nil,
    })
    for rows in rows_of do
      out:emit(what, rows)
    end
  end
end

return {
  contract = 1, id = "quay", name = "Quay", version = "1",
  settings = {
    { id = "address", type = "url", label = "Address", hosts = { "*.quay.example" } },
    { id = "login", type = "url", label = "Login address", hosts = { "*.quay.example" } },
    { id = "files", type = "url", label = "Files", hosts = { "*.quay.example" } },
    {
      id = "way", type = "choice", label = "Way", default = "RS256",
      choices = { "RS256", "RS384", "RS512", "ES256", "HS256", "grant", "hmac", "mtls" },
    },
    { id = "client", type = "text", label = "Client", default = "acme:client" },
    { id = "key", type = "secret", label = "Key" },
    { id = "certificate", type = "secret", label = "Certificate", when = { way = "mtls" } },
  },
  bases = { api = "{address}/v1", login = "{login}", files = "{files}" },
  auth = {
    choose = "way",
    alternatives = {
      RS256 = signed "RS256", RS384 = signed "RS384", RS512 = signed "RS512", ES256 = signed "ES256",
      HS256 = signed "HS256",
      grant = {
        kind = "jwt", key = "key", algorithm = "RS256", token = "login:/oauth/token",
        claims = { iss = "{client}", aud = "{token}" }, scopes = { "devices", "groups" },
        except = { PING }, bases = { "api" },
      },
      hmac = {
        kind = "hmac", key = "key", algorithm = "sha256", encoding = "base64",
        template = "{method}\n{host}\n{path}\n{query}\n{timestamp}\n{nonce}\n{body}",
        headers = {
          ["X-Key-Id"] = "{client}", ["X-Timestamp"] = "{timestamp}", ["X-Nonce"] = "{nonce}",
          ["X-Signature"] = "{signature}",
        },
        except = { PING }, bases = { "api" },
      },
      mtls = {
        kind = "mtls", certificate = "certificate", key = "key", headers = { ["X-Key-Id"] = "client" },
        except = { PING }, bases = { "api" },
      },
    },
  },
  limits = { concurrent = 1 },
  check = {
    calls = { PING, NOTICE, "GET api:/devices" },
    run = function(api)
      api:get("api:/ping")
      api:get("files:/notice")
      api:get("api:/devices", { limit = 1 })
      api:get("api:/ping")
      return { tenant = api.settings.address.host }
    end,
  },
  streams = {
    devices = { calls = { "GET api:/devices" }, emits = { device = "primary" }, read = listing("device", "GET") },
    groups = {
      calls = { "POST api:/groups/search" }, emits = { group = "primary" }, read = listing("group", "POST"),
    },
  },
  map = { device = { source_id = "id", name = "name" }, group = { source_id = "id", name = "name" } },
}
