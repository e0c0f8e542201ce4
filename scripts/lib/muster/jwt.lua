-- JSON Web Tokens (RFC 7519), signed by the host with a secret that the script never sees.
--
--   local key <const> = host.crypto.secret "key"            -- a setting with signs = true
--   local at <const> = host.time.epoch_ms(api.now) // 1000
--   jwt.sign("RS256", key, { iss = "me", iat = at, exp = at + 300 })
--
-- Where such a token is what requests bear, declare `auth = { kind = "jwt" }`: then the host makes it, renews it
-- and keeps it from the script. This is for tokens in bodies and the like.

local jwt = {}

local function part(value)
  return host.crypto.base64url_encode(host.json.canonical(value))
end

---Waits.
---@param algorithm "RS256"|"RS384"|"RS512"|"ES256"|"HS256"
---@param key host.secret
---@param claims table
---@param headers? table beside `alg` and `typ`
---@return string token
function jwt.sign(algorithm, key, claims, headers)
  local header <const> = { typ = "JWT" }
  for name, value in pairs(headers or {}) do
    header[name] = value
  end
  header.alg = algorithm
  local input <const> = part(header) .. "." .. part(claims)
  return input .. "." .. host.crypto.base64url_encode(host.crypto.sign(algorithm, key, input))
end

return jwt
