-- The `auth` of a connector: what it may say, one record a kind, and what no shape can say.
-- scripts/README.md ("Auth") explains each key in words; the host carries out all of them.
--
--   auth.rule                                     -- for schema.check
--   auth.check(connector.auth, { types, bases, calls, check_template }, at)   -- raises at the first fault
--
-- What a credential is made of is named by its setting. Token addresses are calls of declared bases
-- ("accounts:/oauth/v2/token"): so the hosts that get a secret are bounded as all others are.

local schema <const> = require "muster.schema"

local auth = {}

local text <const> = schema.text()
local texts <const> = schema.list(text)
local required_text <const> = schema.text { required = true }
local YEARS_S <const> = 315360000
local seconds <const> = schema.integer { min = 1, max = YEARS_S }
local scalars <const> = schema.map(schema.any())

-- --- addresses ---

local ADDRESS_PATTERN <const> = "^([%a_][%w_]*):(/[^%s/?#][^%s?#]*)$"

local function address(options)
  options.pattern = ADDRESS_PATTERN
  options.words = 'address such as "accounts:/oauth/token"'
  return schema.text(options)
end

-- --- shapes ---

-- How a token's end is told where that is not (only) status 401.
local expired <const> = schema.list(schema.record {
  status = schema.integer { min = 100, max = 599, required = true }, body = scalars,
})

-- What the token address answers beside the words of RFC 6749: `error` is compared without regard to
-- case, spaces and underscores, `body` field by field.
local token_errors <const> = schema.list(schema.record {
  error = text, body = scalars,
  kind = schema.text { required = true, one_of = { "auth", "forbidden", "throttled", "remote" } },
  wait_s = schema.integer { min = 0, max = 86400 }, hint = text,
}, {
  check = function(value, at)
    for i, one in ipairs(value) do
      if one.error == nil and one.body == nil then
        schema.fail(schema.below(at, i), "needs an error, a body or both to be recognised by")
      end
    end
  end,
})

local COMMON <const> = { kind = required_text, except = texts, bases = schema.list(text, { min = 1 }) }

local function record(fields)
  for key, rule in pairs(COMMON) do
    fields[key] = rule
  end
  return schema.record(fields)
end

-- A kind whose requests bear a token that ends some day.
local function token_record(fields)
  fields.prefix, fields.header = text, text
  fields.lives_s, fields.expired = fields.lives_s or seconds, expired
  return record(fields)
end

local KINDS <const> = {
  bearer = record { token = required_text, prefix = text, header = text, headers = schema.map(text) },
  basic = record { username = required_text, password = required_text, headers = schema.map(text) },
  header = record { headers = schema.map(text, { required = true }) },
  oauth2 = token_record {
    flow = schema.text { required = true, one_of = { "code", "client", "password" } },
    authorize = address {}, token = address { required = true }, revoke = address {},
    client_id = required_text, client_secret = text, username = text, password = text,
    client_auth = schema.text { one_of = { "body", "basic" } },
    scopes = texts, scope_separator = schema.text { one_of = { " ", "," } },
    params = schema.map(text), token_params = schema.map(text), pkce = schema.boolean(),
    returns = schema.map(text),
    errors = token_errors,
  },
  exchange = token_record {
    call = required_text, body = schema.map(text), form = schema.map(text),
    basic = schema.record { username = required_text, password = required_text },
    field = required_text, lives_field = text, errors = token_errors,
  },
  jwt = token_record {
    key = required_text, claims = scalars, headers = scalars, token = address {},
    algorithm = schema.text { required = true, one_of = { "RS256", "RS384", "RS512", "ES256", "HS256" } },
    scopes = texts, scope_separator = schema.text { one_of = { " ", "," } }, errors = token_errors,
    lives_s = schema.integer { min = 60, max = YEARS_S },
  },
  hmac = record {
    key = required_text, template = required_text, headers = schema.map(text, { required = true }),
    algorithm = schema.text { required = true, one_of = { "sha1", "sha256", "sha512" } },
    encoding = schema.text { one_of = { "hex", "base64", "base64url" } },
    timestamp = schema.text { one_of = { "seconds", "milliseconds", "rfc3339", "http" } },
  },
  mtls = record { certificate = required_text, key = required_text, headers = schema.map(text) },
}

local kind_rule <const> = schema.either(function(value, at)
  if type(value) ~= "table" then
    return nil
  end
  if not KINDS[value.kind] then
    schema.check(schema.text { one_of = schema.sorted_keys(KINDS) }, value.kind, schema.below(at, "kind"))
  end
  return KINDS[value.kind]
end, "a table")

auth.rule = schema.either(function(value)
  if type(value) == "table" and value.alternatives ~= nil then
    return schema.record {
      alternatives = schema.map(kind_rule, { required = true }), choose = required_text,
    }
  end
  return kind_rule
end, "a table")

-- --- what no shape can say ---

local function check_setting(setting, known, at)
  if not known.types[setting] then
    schema.unknown(at, setting, schema.sorted_keys(known.types), "setting")
  end
end

local function check_secret(setting, known, at)
  check_setting(setting, known, at)
  if known.types[setting] ~= "secret" then
    schema.fail(at, 'the setting "%s" is no secret', setting)
  end
end

local function check_address(value, known, at)
  local base = value:match(ADDRESS_PATTERN)
  if not known.bases[base] then
    schema.unknown(at, base, schema.sorted_keys(known.bases), "base")
  end
end

-- Every {name} in these texts is a setting, or one of `words`.
local function check_templates(templates, known, words, at)
  for _, key in ipairs(schema.sorted_keys(templates)) do
    local template = templates[key]
    for setting in (type(template) == "string" and template or ""):gmatch("{([^}]*)}") do
      if not schema.contains(words, setting) then
        check_setting(setting, known, schema.below(at, key))
      end
    end
  end
end

local function require_keys(rule, keys, why, at)
  for _, key in ipairs(keys) do
    if rule[key] == nil then
      schema.fail(at, 'key "%s" is missing%s', key, why)
    end
  end
end

local function forbid_keys(rule, keys, why, at)
  for _, key in ipairs(keys) do
    if rule[key] ~= nil then
      schema.fail(schema.below(at, key), "%s", why)
    end
  end
end

local FLOWS <const> = {
  code = { needs = { "authorize" }, never = { "username", "password" } },
  client = {
    needs = { "client_secret" }, never = { "authorize", "username", "password", "pkce", "params", "returns" },
  },
  password = { needs = { "username", "password" }, never = { "authorize", "pkce", "params", "returns" } },
}

-- What the host writes into a request itself.
local OWN_PARAMS <const> = {
  "assertion", "client_assertion", "client_id", "client_secret", "code", "code_challenge",
  "code_challenge_method", "code_verifier", "grant_type", "password", "redirect_uri", "refresh_token",
  "response_type", "scope", "state", "username",
}

local function check_params(params, at)
  for _, key in ipairs(schema.sorted_keys(params or {})) do
    if schema.contains(OWN_PARAMS, key) then
      schema.fail(schema.below(at, key), "is written by the host")
    end
  end
end

-- What the host reads of a redirect itself.
local OWN_RETURNS <const> = { "code", "error", "error_description", "state" }

-- Where a login lives, as the browser tells it: an address or a choice that the settings know.
local function check_returns(returns, known, at)
  for _, key in ipairs(schema.sorted_keys(returns or {})) do
    local below = schema.below(at, key)
    if schema.contains(OWN_RETURNS, key) then
      schema.fail(below, "is read by the host")
    end
    known.check_template(returns[key], below)
  end
end

---Each scope is one word.
---@param rule table an auth or an action
---@param at muster.Place
function auth.check_scopes(rule, at)
  for i, scope in ipairs(rule.scopes or {}) do
    if scope:find("[%s,\"\\]") then
      schema.fail(schema.below(schema.below(at, "scopes"), i), '"%s" is no single scope', scope)
    end
  end
end

local function check_login_call(rule, known, at)
  local method, where = rule.call:match("^(%u+) (%S+)$")
  local below = schema.below(at, "call")
  if method ~= "POST" or not where:find(ADDRESS_PATTERN) then
    schema.fail(below, '"%s" is no login call; it looks like "POST api:/login"', rule.call)
  end
  check_address(where, known, below)
end

local checks = {}

-- Each header beside the kind's own is the value of a setting.
function checks.header(rule, known, at)
  local headers = rule.headers or {}
  for _, header in ipairs(schema.sorted_keys(headers)) do
    check_setting(headers[header], known, schema.below(at, "headers." .. header))
  end
end

function checks.bearer(rule, known, at)
  check_secret(rule.token, known, schema.below(at, "token"))
  checks.header(rule, known, at)
end

function checks.basic(rule, known, at)
  check_setting(rule.username, known, schema.below(at, "username"))
  check_secret(rule.password, known, schema.below(at, "password"))
  checks.header(rule, known, at)
end

function checks.oauth2(rule, known, at)
  local flow = FLOWS[rule.flow]
  local why = (' in the flow "%s"'):format(rule.flow)
  require_keys(rule, flow.needs, why, at)
  forbid_keys(rule, flow.never, "has no place" .. why, at)
  for _, key in ipairs { "authorize", "token", "revoke" } do
    if rule[key] then
      check_address(rule[key], known, schema.below(at, key))
    end
  end
  for _, key in ipairs { "client_id", "username" } do
    if rule[key] then
      check_setting(rule[key], known, schema.below(at, key))
    end
  end
  for _, key in ipairs { "client_secret", "password" } do
    if rule[key] then
      check_secret(rule[key], known, schema.below(at, key))
    end
  end
  check_params(rule.params, schema.below(at, "params"))
  check_params(rule.token_params, schema.below(at, "token_params"))
  check_returns(rule.returns, known, schema.below(at, "returns"))
  auth.check_scopes(rule, at)
end

function checks.exchange(rule, known, at)
  check_login_call(rule, known, at)
  if rule.body and rule.form then
    schema.fail(at, "has a body or a form, not both")
  elseif not (rule.body or rule.form or rule.basic) then
    schema.fail(at, "needs a body, a form or basic: what does the login send?")
  end
  check_templates(rule.body or rule.form or {}, known, {}, schema.below(at, rule.body and "body" or "form"))
  if rule.basic then
    checks.basic(rule.basic, known, schema.below(at, "basic"))
  end
end

-- What the host writes into a token itself: claims, then headers.
local OWN_MEMBERS <const> = { claims = { "exp", "iat", "jti" }, headers = { "alg" } }
local MEMBERS_MAX <const> = 16

local function check_member(value, at)
  local kind = math.type(value) or type(value)
  if kind ~= "string" and kind ~= "integer" and kind ~= "boolean" then
    schema.fail(at, "must be a text, an integer, true or false")
  end
end

local function check_members(rule, which, words, known, at)
  local below = schema.below(at, which)
  local names = schema.sorted_keys(rule[which] or {})
  if #names > MEMBERS_MAX then
    schema.fail(below, "at most %d", MEMBERS_MAX)
  end
  for _, member in ipairs(names) do
    check_member(rule[which][member], schema.below(below, member))
    if schema.contains(OWN_MEMBERS[which], member) then
      schema.fail(schema.below(below, member), "is written by the host")
    end
  end
  check_templates(rule[which] or {}, known, words, below)
end

function checks.jwt(rule, known, at)
  check_secret(rule.key, known, schema.below(at, "key"))
  if rule.token then
    check_address(rule.token, known, schema.below(at, "token"))
  else
    forbid_keys(rule, { "scopes", "scope_separator", "errors" },
      "has no place without a token address", at)
  end
  check_members(rule, "claims", rule.token and { "token" } or {}, known, at)
  check_members(rule, "headers", {}, known, at)
  auth.check_scopes(rule, at)
end

local SIGNED_PARTS <const> = {
  "method", "host", "path", "query", "body", "body_sha256", "timestamp", "nonce",
}

function checks.hmac(rule, known, at)
  check_secret(rule.key, known, schema.below(at, "key"))
  check_templates({ template = rule.template }, known, SIGNED_PARTS, at)
  check_templates(rule.headers, known, { "signature", "timestamp", "nonce", "body_sha256" },
    schema.below(at, "headers"))
end

function checks.mtls(rule, known, at)
  check_secret(rule.certificate, known, schema.below(at, "certificate"))
  check_secret(rule.key, known, schema.below(at, "key"))
  checks.header(rule, known, at)
end

-- Which requests bear it.
local function check_reach(rule, known, at)
  for i, call in ipairs(rule.except or {}) do
    if not schema.contains(known.calls, call) then
      schema.unknown(schema.below(schema.below(at, "except"), i), call, known.calls, "call")
    end
  end
  for i, base in ipairs(rule.bases or {}) do
    if not known.bases[base] then
      schema.unknown(schema.below(schema.below(at, "bases"), i), base, schema.sorted_keys(known.bases), "base")
    end
  end
end

---Raises at the first fault of an auth that has the right shape.
---@param rule table
---@param known table { types = setting id -> type, bases = name -> template, calls = list of "GET api:/x",
---  check_template = of a text with {setting} and {setting.column} in it }
---@param at muster.Place
function auth.check(rule, known, at)
  if not rule.alternatives then
    checks[rule.kind](rule, known, at)
    check_reach(rule, known, at)
    return
  end
  check_setting(rule.choose, known, schema.below(at, "choose"))
  for _, which in ipairs(schema.sorted_keys(rule.alternatives)) do
    auth.check(rule.alternatives[which], known, schema.below(at, "alternatives." .. which))
  end
end

return auth
