-- The auth of a connector: every kind is taken, each mistake is named with its key.
local auth <const> = require "muster.auth"
local contract <const> = require "muster.contract"
local schema <const> = require "muster.schema"
local vendor <const> = require "vendor"

local KNOWN <const> = {
  types = { url = "url", id = "text", user = "text", token = "secret", cert = "secret" },
  bases = { api = "https://api.demo.example", login = "https://login.demo.example" },
  calls = { "GET api:/devices", "GET api:/ping" },
}

function KNOWN.check_template(template, at)
  contract.check_template(template, {}, KNOWN.types, at)
end

local SOUND <const> = {
  bearer = { kind = "bearer", token = "token", prefix = "Zoho-oauthtoken" },
  basic = { kind = "basic", username = "user", password = "token", headers = { ["x-tenant"] = "cert" } },
  header = { kind = "header", headers = { ["x-key"] = "token" }, except = { "GET api:/ping" }, bases = { "api" } },
  code = {
    kind = "oauth2", flow = "code", authorize = "login:/auth", token = "login:/token", revoke = "login:/revoke",
    client_id = "id", client_secret = "token", scopes = { "a.READ", "b.READ" }, scope_separator = ",",
    params = { access_type = "offline", prompt = "consent" }, pkce = false, prefix = "Zoho-oauthtoken",
    lives_s = 3600, expired = { { status = 403, body = { code = "TOKEN_EXPIRED" } } },
    errors = { { error = "access_denied", body = { status = "failure" }, kind = "throttled", wait_s = 600 } },
  },
  client = {
    kind = "oauth2", flow = "client", token = "login:/token", client_id = "id", client_secret = "token",
    client_auth = "basic", token_params = { resource = "demo" },
  },
  password = {
    kind = "oauth2", flow = "password", token = "login:/token", client_id = "id", username = "user",
    password = "token",
  },
  exchange = {
    kind = "exchange", call = "POST api:/login", body = { user = "{user}", key = "{token}" },
    field = "data.token", lives_field = "data.expires", lives_s = 600,
  },
  jwt = {
    kind = "jwt", key = "cert", algorithm = "RS256", claims = { iss = "{id}", aud = "{token}" },
    token = "login:/token", scopes = { "a" }, headers = { kid = "{id}" },
  },
  assertion = {
    kind = "jwt", key = "token", algorithm = "HS256", claims = { iss = "x", admin = true, n = 1 }, lives_s = 60,
  },
  hmac = {
    kind = "hmac", key = "token", algorithm = "sha256", template = "{method}\n{path}\n{timestamp}\n{id}",
    headers = { ["x-signature"] = "{signature}", ["x-time"] = "{timestamp}" }, encoding = "base64",
    timestamp = "rfc3339",
  },
  mtls = { kind = "mtls", certificate = "cert", key = "token", headers = { ["x-tenant"] = "id" } },
  alternatives = {
    choose = "user",
    alternatives = {
      key = { kind = "bearer", token = "token" }, both = { kind = "mtls", certificate = "cert", key = "token" },
    },
  },
}

-- What the contract brings along: the names of settings in an address.
function KNOWN.check_template(template, at)
  for name in template:gmatch("{([^}]*)}") do
    if not KNOWN.types[name] then
      schema.unknown(at, name, schema.sorted_keys(KNOWN.types), "setting")
    elseif KNOWN.types[name] == "secret" then
      schema.fail(at, 'the secret "%s" cannot be part of an address', name)
    end
  end
end

local function check(rule)
  local at <const> = schema.below(schema.at "demo.lua", "auth")
  schema.check(auth.rule, rule, at)
  auth.check(rule, KNOWN, at)
end

-- The message after these keys of a sound auth were changed; NONE takes one away.
local NONE <const> = {}
local function message(which, changes)
  local rule <const> = {}
  for key, value in pairs(SOUND[which]) do
    rule[key] = value
  end
  for key, value in pairs(changes) do
    rule[key] = value ~= NONE and value or nil
  end
  return vendor.fault(check, rule).message
end

describe("auth", function()
  for which, rule in pairs(SOUND) do
    it("takes " .. which, function() assert.has_no.errors(function() check(rule) end) end)
  end

  it("names unknown kinds, keys and values", function()
    assert.equal('demo.lua: auth.kind: unknown value "bearr"; did you mean "bearer"?',
      message("bearer", { kind = "bearr" }))
    assert.matches('auth: unknown key "tokn"; did you mean "token"', message("bearer", { tokn = "x" }))
    assert.matches('auth.flow: unknown value "clients"; did you mean "client"', message("client", { flow = "clients" }))
    assert.matches('auth.algorithm: unknown value "none"; known are', message("jwt", { algorithm = "none" }))
    assert.matches('auth.alternatives.a: unknown key "x"', message("alternatives", {
      alternatives = { a = { kind = "bearer", token = "token", x = 1 } },
    }))
    assert.matches("auth.expired%[1%]: key \"status\" is missing",
      message("code", { expired = { { body = { a = 1 } } } }))
    assert.matches("auth.errors%[1%]: needs an error, a body or both",
      message("code", { errors = { { kind = "auth" } } }))
    assert.matches("auth.errors%[1%].wait_s",
      message("code", { errors = { { error = "slow", kind = "throttled", wait_s = 86401 } } }))
  end)

  it("wants settings, and secrets where they belong", function()
    assert.matches('auth.token: the setting "url" is no secret', message("bearer", { token = "url" }))
    assert.matches('auth.token: unknown setting "tokn"; did you mean "token"', message("bearer", { token = "tokn" }))
    assert.matches('auth.headers.x%-key: unknown setting "tokens"; did you mean "token"',
      message("header", { headers = { ["x-key"] = "tokens" } }))
    assert.matches('auth.headers.x%-tenant: unknown setting "tokens"',
      message("basic", { headers = { ["x-tenant"] = "tokens" } }))
    assert.matches('auth.client_secret: the setting "id" is no secret', message("client", { client_secret = "id" }))
    assert.matches('auth.client_id: unknown setting "idd"; did you mean "id"', message("client", { client_id = "idd" }))
    assert.matches('auth.body.key: unknown setting "tokne"; did you mean "token"',
      message("exchange", { body = { key = "{tokne}" } }))
    assert.matches('auth.template: unknown setting "metod"', message("hmac", { template = "{metod}" }))
    assert.matches('auth.certificate: the setting "id" is no secret', message("mtls", { certificate = "id" }))
    assert.matches('auth.choose: unknown setting "usr"; did you mean "user"',
      message("alternatives", { choose = "usr" }))
    assert.matches('auth.alternatives.a.token: the setting "url" is no secret', message("alternatives", {
      alternatives = { a = { kind = "bearer", token = "url" } },
    }))
  end)

  it("leaves to the host what it writes into a token itself", function()
    assert.equal("demo.lua: auth.claims.iat: is written by the host", message("jwt", { claims = { iat = 1 } }))
    assert.matches("auth.headers.alg: is written by the host", message("jwt", { headers = { alg = "none" } }))
    assert.matches("auth.claims.aud: must be a text, an integer, true or false",
      message("jwt", { claims = { aud = { "a", "b" } } }))
    assert.matches('auth.claims.aud: unknown setting "tokne"', message("assertion", {
      claims = { aud = "{tokne}" },
    }))
    assert.matches("auth.scopes: has no place without a token address", message("assertion", { scopes = { "a" } }))
    assert.matches("auth.lives_s", message("assertion", { lives_s = 10 }))
    assert.matches("auth.lives_s", message("assertion", { lives_s = math.maxinteger }))
  end)

  it("knows which requests go without the credential", function()
    assert.equal('demo.lua: auth.except[1]: unknown call "GET api:/pin"; did you mean "GET api:/ping"?',
      message("header", { except = { "GET api:/pin" } }))
    assert.matches('auth.bases%[1%]: unknown base "ap"; did you mean "api"', message("header", { bases = { "ap" } }))
    assert.matches('auth: unknown key "base"; did you mean "bases"', message("header", { base = "api" }))
  end)

  it("bounds where secrets go by the declared bases", function()
    assert.matches('auth.token: "https://x.example/token" is no address such as',
      message("client", { token = "https://x.example/token" }))
    assert.matches('auth.token: unknown base "logn"; did you mean "login"',
      message("client", { token = "logn:/token" }))
    assert.matches('auth.token: .* is no address', message("client", { token = "login:/token?client_secret={token}" }))
    assert.matches('auth.call: "GET api:/login" is no login call', message("exchange", { call = "GET api:/login" }))
    assert.matches('auth.call: unknown base "ap"; did you mean "api"', message("exchange", { call = "POST ap:/login" }))
  end)

  it("knows what each flow needs and what has no place in it", function()
    assert.equal('demo.lua: auth: key "authorize" is missing in the flow "code"', message("code", { authorize = NONE }))
    assert.equal('demo.lua: auth: key "client_secret" is missing in the flow "client"',
      message("client", { client_secret = NONE }))
    assert.equal('demo.lua: auth.pkce: has no place in the flow "client"', message("client", { pkce = true }))
    assert.matches('auth.username: has no place in the flow "code"', message("code", { username = "user" }))
    assert.matches("auth: has a body or a form, not both", message("exchange", { form = { a = "b" } }))
    assert.matches("auth: needs a body, a form or basic", message("exchange", { body = NONE }))
  end)

  it("leaves the host's own parameters alone", function()
    assert.equal("demo.lua: auth.params.state: is written by the host", message("code", { params = { state = "x" } }))
    assert.matches("auth.token_params.grant_type: is written by the host",
      message("client", { token_params = { grant_type = "x" } }))
    assert.matches("auth.returns.code: is read by the host", message("code", { returns = { code = "{id}" } }))
    assert.matches('auth.returns.iss: unknown setting "idd"; did you mean "id"',
      message("code", { returns = { iss = "https://{idd}" } }))
    assert.matches('auth.returns.iss: the secret "token" cannot be part of an address',
      message("code", { returns = { iss = "{token}" } }))
    assert.matches('auth.returns: has no place in the flow "client"', message("client", { returns = { iss = "x" } }))
    assert.matches('auth.scopes%[1%]: "a b" is no single scope', message("code", { scopes = { "a b" } }))
  end)
end)
