-- Zoho, the identity provider of ManageEngine's cloud: its data centres, and what the connectors of
-- the three products have in common.
--
--   settings = { zoho.data_center("mdm", "MDM Cloud"), zoho.client_id, zoho.client_secret },
--   bases = { api = "https://{data_center.mdm}/api/v1/mdm", accounts = zoho.ACCOUNTS },
--   auth = zoho.auth(SCOPES),
--
-- An account lives in exactly one data centre, and tokens of one are refused by the hosts of another:
-- so accounts server and product always come from one row of this table, and no address is made of
-- what a person typed or a browser brought back. There is no trying of all data centres either: it
-- would carry the refresh token to foreign ones. Sources: Zoho Accounts "Multi DC support",
-- ManageEngine's "Multiple data centres" pages, ServiceDesk Plus Cloud "Data Centres".

local schema <const> = require "muster.schema"

local zoho = {}

zoho.ACCOUNTS = "https://{data_center.accounts}"

-- Where the rule "the same suffix everywhere" fails: accounts of Canada and China (the help pages of
-- MDM and Endpoint Central print accounts.zoho.ca and accounts.zoho.cn, which do not exist), and
-- ServiceDesk Plus outside of the US, Europe and India.
local ROWS <const> = {
  us = {
    suffix = "com", names = { "usa", "united states" }, accounts = "accounts.zoho.com",
    servicedesk_plus = "sdpondemand.manageengine.com",
  },
  eu = {
    suffix = "eu", names = { "europe" }, accounts = "accounts.zoho.eu",
    servicedesk_plus = "sdpondemand.manageengine.eu",
  },
  ["in"] = {
    suffix = "in", names = { "india" }, accounts = "accounts.zoho.in",
    servicedesk_plus = "sdpondemand.manageengine.in",
  },
  au = {
    suffix = "com.au", names = { "australia" }, accounts = "accounts.zoho.com.au",
    servicedesk_plus = "servicedeskplus.net.au",
  },
  jp = {
    suffix = "jp", names = { "japan" }, accounts = "accounts.zoho.jp",
    servicedesk_plus = "servicedeskplus.jp",
  },
  ca = {
    suffix = "ca", names = { "canada" }, accounts = "accounts.zohocloud.ca",
    servicedesk_plus = "servicedeskplus.ca",
  },
  sa = {
    suffix = "sa", names = { "saudi arabia" }, accounts = "accounts.zoho.sa",
    servicedesk_plus = "servicedeskplus.sa",
  },
  uk = {
    suffix = "uk", names = { "united kingdom" }, accounts = "accounts.zoho.uk",
    servicedesk_plus = "servicedeskplus.uk",
  },
  cn = {
    suffix = "cn", names = { "china" }, accounts = "accounts.zoho.com.cn",
    servicedesk_plus = "servicedeskplus.cn",
  },
  -- The vendor lists neither MDM nor Endpoint Central for the Emirates.
  ae = {
    suffix = "ae", names = { "united arab emirates" }, accounts = "accounts.zoho.ae",
    servicedesk_plus = "servicedeskplus.ae", is_partial = true,
  },
}

-- In the order in which the vendor lists them.
local CODES <const> = { "us", "eu", "in", "au", "jp", "ca", "sa", "uk", "cn", "ae" }

-- What people write in place of a suffix.
local MISTAKEN <const> = { au = "com.au", ["co.uk"] = "uk" }

local function hosts_of(row)
  local hosts = { accounts = row.accounts, servicedesk_plus = row.servicedesk_plus }
  if not row.is_partial then
    hosts.mdm = "mdm.manageengine." .. row.suffix
    hosts.endpoint_central = "endpointcentral.manageengine." .. row.suffix
  end
  return hosts
end

-- Every spelling -> code. Consoles count: their address is what stands in the browser.
local function spellings()
  local known = {}
  for code, row in pairs(ROWS) do
    known[code], known[row.suffix], known["." .. row.suffix] = code, code, code
    for _, name in ipairs(row.names) do
      known[name] = code
    end
    for _, host in pairs(hosts_of(row)) do
      known[host] = code
    end
    known[row.accounts:gsub("^accounts", "api-console")] = code
    known[row.accounts:gsub("^accounts%.", "")] = code
  end
  return known
end

local KNOWN <const> = spellings()

-- "HTTPS://Accounts.Zoho.EU/oauth?x" -> "accounts.zoho.eu"
local function bare(text)
  return (text:lower():gsub("^%s+", ""):gsub("%s+$", ""):gsub("^https?://", ""):gsub("[/?#].*$", "")
    :gsub("(.)%.$", "%1"))
end

local function accounts_hosts()
  local hosts = {}
  for i, code in ipairs(CODES) do
    hosts[i] = ROWS[code].accounts
  end
  return hosts
end

-- The dead names of two help pages, and what is one slip away from a real one.
local function suggestion(text)
  local suffix = text:match("^accounts%.zoho%.(.+)$") or text:match("%.manageengine%.(.+)$") or text
  suffix = suffix:gsub("^%.", "")
  suffix = MISTAKEN[suffix] or suffix
  for _, code in ipairs(CODES) do
    if ROWS[code].suffix == suffix then
      return "." .. suffix
    end
  end
  return schema.nearest(text, accounts_hosts())
end

---The data centre's code from any spelling: ".com.au", "EU", "Europe", "accounts.zoho.eu",
---"https://mdm.manageengine.in/webclient".
---@param text string
---@return string? code "us" "eu" "in" "au" "jp" "ca" "sa" "uk" "cn" "ae"
---@return string? fault completes a sentence that begins with the setting's label
function zoho.find(text)
  local name = bare(text)
  if KNOWN[name] then
    return KNOWN[name]
  end
  local near = suggestion(name)
  if near then
    return nil, ('must be a data centre of Zoho, which "%s" is not; did you mean "%s"?'):format(name, near)
  end
  return nil, "must be one of .com, .eu, .in, .com.au, .jp, .ca, .sa, .uk, .cn"
end

-- --- settings ---

local function offered(product)
  local codes, rows = {}, {}
  for _, code in ipairs(CODES) do
    local hosts = hosts_of(ROWS[code])
    if hosts[product] then
      codes[#codes + 1] = code
      rows[code] = { accounts = hosts.accounts, [product] = hosts[product] }
    end
  end
  return codes, rows
end

-- A server of one's own has a host of one's own.
local function is_own_server(text)
  local host = bare(text):gsub(":%d+$", "")
  return host:find(".", 2, true) and not host:find "manageengine%.[%w.]+$" and not host:find "zoho"
    and not host:find "^servicedeskplus%."
end

---The setting that says where an account lives; its table has the columns `accounts` and `product`.
---@param product "mdm"|"endpoint_central"|"servicedesk_plus"
---@param title string "MDM Cloud"
---@param label string as the vendor's or the seeds' words have it
---@param help string
---@return table
function zoho.data_center(product, title, label, help)
  local codes, rows = offered(product)
  return {
    id = "data_center", type = "choice", label = label, help = help, example = ".eu",
    choices = codes, table = rows,
    parse = function(text)
      local code, fault = zoho.find(text)
      if not code and is_own_server(text) and not fault:find "did you mean" then
        return nil, ('must be a data centre of Zoho: only %s can be connected, no server of your own such as "%s"')
          :format(title, bare(text))
      elseif code and not rows[code] then
        return nil, ('is one where the vendor does not offer %s: "%s"'):format(title, bare(text))
      end
      return code, fault
    end,
  }
end

zoho.client_id = {
  id = "client_id", type = "text", label = "Client ID", pattern = "^1000%.%w+$",
  example = "1000.6WZ9NQ3F5RYB4KEXAMPLE",
  help = "Shown by the Zoho API console after Add Client > Server-based Applications",
}

zoho.client_secret = {
  id = "client_secret", type = "secret", label = "Client secret",
  help = "Stands beside the client ID. With the client enabled for several data centres (Settings tab) "
    .. "each of them has a secret of its own: take the one of your data centre",
}

-- --- auth, errors, guide ---

---Consent in the browser, with the user's own rights, for as long as nobody takes it back. `prompt`
---makes Zoho hand out a refresh token even if the user consented before. PKCE is documented for
---public clients only. A throttled client is refused as "Access Denied", with 200 or 400; to ask on
---would prolong it.
---@param scopes string[]
---@return table
function zoho.auth(scopes)
  return {
    kind = "oauth2", flow = "code", pkce = false,
    authorize = "accounts:/oauth/v2/auth", token = "accounts:/oauth/v2/token",
    revoke = "accounts:/oauth/v2/token/revoke",
    client_id = "client_id", client_secret = "client_secret",
    scopes = scopes, scope_separator = ",",
    params = { access_type = "offline", prompt = "consent" },
    returns = { ["accounts-server"] = zoho.ACCOUNTS, location = "{data_center}" },
    prefix = "Zoho-oauthtoken", lives_s = 3600,
    errors = {
      { error = "access_denied", body = { status = "failure" }, kind = "throttled", wait_s = 600 },
      { error = "invalid_code", kind = "auth" },
      { error = "invalid_client", kind = "forbidden",
        hint = "the client ID is unknown, or not enabled for this data centre: Settings tab of the client" },
      { error = "invalid_client_secret", kind = "forbidden",
        hint = "the client secret is wrong; each data centre may have its own" },
      { error = "invalid_redirect_uri", kind = "forbidden",
        hint = "the redirect URI must stand in the client letter by letter" },
    },
  }
end

-- Which spelling of a missing scope comes when is not documented, nor whether with 401 or 403; a
-- refresh would not help with any.
local SCOPE_WORDS <const> = { "SCOPE_MISMATCH", "OAUTH_SCOPE_MISMATCH", "INVALID_OAUTHSCOPE" }

---What the products answer when a scope is missing. `field` is where they put the word.
---@param field string "error_code"
---@return table[]
function zoho.scope_errors(field)
  local list = {}
  for _, word in ipairs(SCOPE_WORDS) do
    for _, status in ipairs { 401, 403 } do
      list[#list + 1] = { status = status, body = { [field] = word }, kind = "forbidden" }
    end
  end
  return list
end

---A scope in the table of permissions.
---@param name string "MDMOnDemand.MDMUser.READ"
---@param ... string what it is needed for
---@return table
function zoho.scope(name, ...)
  return { section = "Scopes", permission = name, access = name:match "[^.]+$", needed_for = { ... } }
end

---One probe of a connection test: is the scope granted, and the module there? Other failures are raised.
---@param api muster.Api
---@param scope string
---@param where string "api:/users"
---@param query table
---@param opts? table as of api:get
---@return table permission
---@return table? reply
function zoho.probe(api, scope, where, query, opts)
  local ok, reply = pcall(api.get, api, where, query, opts)
  if ok then
    return { name = scope, granted = true }, reply
  elseif type(reply) == "table" and (reply.kind == "forbidden" or reply.kind == "unlicensed") then
    return { name = scope, granted = false, reason = reply.message }
  end
  error(reply, 0)
end

---The same rates for each of these calls (ManageEngine counts by endpoint).
---@param calls string[]
---@param rates string[]
---@return table<string, string[]>
function zoho.per_endpoint(calls, rates)
  local list = {}
  for _, call in ipairs(calls) do
    list[call] = rates
  end
  return list
end

---The steps to a credential.
---@param where string the console's address in words of the product
---@return string[]
function zoho.guide(where)
  return {
    "Best practice: create a dedicated user with administrator rights in " .. where
      .. ", whose rights the connection has and with whom it ends",
    "Open the Zoho API console of your data centre (https://api-console.zoho.com, .eu, .in, .com.au ...) and sign in",
    "Add Client > Server-based Applications: enter a client name, the homepage URL and the authorized redirect URI "
      .. "exactly as they are shown here, then Create",
    "Copy the client ID and the client secret; the Settings tab enables the client for other data centres",
    "Connect, sign in as that user, look through the scopes and click Accept. They read, and write nothing: the write "
      .. "scopes that other tools ask for are not needed",
    "Multi-factor authentication stands in the way while the browser is signed in at the API console. If the sign-in "
      .. "fails: note client ID and secret, and sign out of the API console",
    "Save a new credential with them under a new name, and authorize it; when asked for the second factor, postpone it "
      .. "for 180 days if that is offered: this trusts the browser",
    "Select the new credential in the failed account, pause the account, make a test run, and look at its session",
  }
end

return zoho
