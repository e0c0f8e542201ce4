-- Workspace ONE UEM, AirWatch before 2018; Omnissa's since 2024. Headers and paths keep the old names.
-- The product statement asks for three rights of the role, API > REST: Apps, Devices and Users. What
-- organization and user groups need beside them degrades the account where it is missing.
--
-- Versions are asked for by the Accept header. A version that a tenant lacks is not refused: an older
-- one answers instead, so the maps take both spellings of an id.

local apps <const> = require "workspace_one_uem.apps"
local listing <const> = require "workspace_one_uem.listing"
local maps <const> = require "workspace_one_uem.maps"
local members <const> = require "workspace_one_uem.members"
local permissions <const> = require "workspace_one_uem.permissions"
local url <const> = require "muster.url"

local USERS_CALL <const> = "GET api:/system/users/search"
local DEVICES_CALL <const> = "GET api:/mdm/devices/search"
local CATALOGUE_CALL <const> = "GET api:/mam/apps/search"
local GROUPS_CALL <const> = "GET api:/system/groups/search"
local USER_GROUPS_CALL <const> = "GET api:/system/usergroups/search"

-- The rights of a role, as its editor names them.
local REST <const> = "API > REST"
local APPS <const>, DEVICES <const> = "Apps (Read)", "Devices (Read)"
local USERS <const>, GROUPS <const> = "Users (Read)", "Groups (Read)"

local CLIENTS <const> = "Groups & Settings > Configurations > OAuth Client Management"

-- Wrong password, wrong key, a key of another type, a directory account, a locked account, the API
-- switched off and a role without any right of the API: all of them are this one answer.
local SIGN_IN_HINT <const> = "check username, password and API key (its account type: Admin; the account's: Basic; "
  .. "Basic allowed in REST API > Authentication; a role with API > REST); a locked account has to be unlocked in the "
  .. "console"
local TOKEN_HINT <const> = "the client's role or organization group has no access to the API, or this is another "
  .. "tenant: " .. CLIENTS
local CLIENT_HINT <const> = "check region, client ID and client secret: " .. CLIENTS
local NONE_VISIBLE <const> = "not one %s is visible: the account sees its organization group and what is below; check "
  .. "the organization group of its role (Accounts > Administrators > List View > Roles)"

local BASIC <const>, OAUTH <const> = { sign_in = "basic" }, { sign_in = "oauth" }

local function role_hint(right)
  return ("allow %s > %s for the role: Accounts > Administrators > Roles"):format(REST, right)
end

-- --- the address ---

-- The console's own address is what people have at hand; the API of cn1234 is at as1234.
local function parse_api_url(text)
  local parsed, fault = url.parse(text)
  if not parsed then
    return nil, fault
  end
  local number, domain = parsed.host:match("^cn(%d+)(%..+)$")
  if number then
    return nil, ("must be the API's, not the console's: as%s%s"):format(number, domain)
  end
  local path = parsed.path:lower()
  local cut = path:find("/api", 1, true) or path:find("/airwatch", 1, true) or #path + 1
  return url.make(parsed.host, parsed.port, parsed.path:sub(1, cut - 1))
end

-- --- listings ---

-- Counts the rows that `emit` is called with, and says so where there are none.
local function read_visible(pages, what, emit)
  local count = 0
  for rows in pages do
    count = count + #rows
    emit(rows)
  end
  if count == 0 then
    host.log.warn(NONE_VISIBLE, what)
  end
end

-- Version 2 of this listing has other parameters. Without `status` it lists the inactive ones, too.
local function read_users(api, out)
  local users = listing.pages(api, "api:/system/users/search", "Users", {
    query = { orderby = "EnrollmentUserID", sortorder = "ASC" },
  })
  read_visible(users, "user", function(rows)
    out:emit("user", rows)
    out:emit("license", rows)
    out:emit("user_license", rows)
    out:emit("user_place", rows)
  end)
end

local function read_devices(api, out)
  local devices = listing.pages(api, "api:/mdm/devices/search", "Devices", {
    query = { orderby = "deviceid", sortorder = "ASC" }, headers = listing.VERSION_2,
  })
  read_visible(devices, "device", function(rows)
    out:emit("device", rows)
    out:emit("device_place", rows)
  end)
end

local function org_groups(api)
  return listing.pages(api, "api:/system/groups/search", "OrganizationGroups", {
    id = "Uuid", total = "TotalResults", headers = listing.VERSION_2,
  })
end

local function read_groups(api, out)
  for rows in org_groups(api) do
    out:emit("org_group", rows)
  end
  for rows in listing.pages(api, "api:/system/usergroups/search", "ResultSet", { id = "id" }) do
    out:emit("user_group", rows)
  end
end

-- --- the connection test ---

-- 401 ends the test at once; 403 is one right that is missing.
local function probe(api, right, call, what)
  local ok, reply = pcall(api.get, api, call, { page = 0, pagesize = 1 }, { headers = listing.VERSION_1 })
  if ok then
    if what and reply.status == 204 then
      host.log.warn(NONE_VISIBLE, what)
    end
    return { name = right, path = REST, granted = true }
  elseif type(reply) == "table" and reply.status == 403 then
    return { name = right, path = REST, granted = false, reason = reply.hint }
  end
  return error(reply, 0)
end

local function number_of(id)
  return type(id) == "table" and id.Value or id
end

-- Customers share hosts, and an account sees its organization group and what is below it: the topmost one
-- says whose devices these are. No row names its parent, but a group is older than those below it.
local function tenant_of(api, may_read_groups)
  local host, top = api.settings.api_url.host, nil
  for rows in may_read_groups and org_groups(api) or function() end do
    for _, row in ipairs(rows) do
      top = (not top or number_of(row.Id) < number_of(top.Id)) and row or top
    end
  end
  return top and ("%s@%s"):format(top.Uuid, host) or host
end

local function check(api)
  local granted = {
    probe(api, USERS, "api:/system/users/search", "user"),
    probe(api, DEVICES, "api:/mdm/devices/search", "device"),
    probe(api, APPS, "api:/mam/apps/search"),
    probe(api, GROUPS, "api:/system/groups/search"),
  }
  return { tenant = tenant_of(api, granted[4].granted), permissions = granted }
end

return {
  contract = 1, id = "workspace_one_uem", name = "Workspace ONE UEM",
  aliases = { "workspace-one", "workspaceone", "airwatch" }, version = "1.0.0",
  docs = "https://docs.omnissa.com/",
  guide = {
    "In the console: Groups & Settings > All Settings > System > Advanced > API > REST API",
    "General: choose Override, enable API Access, click ADD, set Service to a name and Account Type to Admin, copy the "
      .. "API key",
    "Authentication: choose Override, enable Basic (Certificate and Directory are not needed), click Save",
    "Accounts > Administrators > Roles > Add Role: under API > REST enable Read for Apps, Devices and Users (and for "
      .. "Groups, if groups are wanted), name and save it",
    "Accounts > Administrators > List View > ADD: a dedicated account of type Basic; under Roles select the "
      .. "organization group whose users and devices are wanted, and the role",
    "The API's address: Groups & Settings > All Settings > System > Advanced > Site URLs, REST API URL; for a console "
      .. "at cn1234.awmdm.com it is as1234.awmdm.com",
  },

  settings = {
    {
      id = "api_url", type = "url", label = "REST API URL", example = "as1234.awmdm.com", hosts = "admin",
      parse = parse_api_url,
      help = "Groups & Settings > All Settings > System > Advanced > Site URLs, REST API URL",
    },
    {
      id = "sign_in", type = "choice", label = "Sign in by", choices = { "basic", "oauth" }, default = "basic",
      help = "basic: an administrator of type Basic and an API key; oauth: a client of " .. CLIENTS,
    },
    {
      id = "username", type = "text", label = "Username", when = BASIC,
      help = "of the administrator of type Basic: Accounts > Administrators > List View",
    },
    { id = "password", type = "secret", label = "Password", when = BASIC, help = "that administrator's" },
    {
      id = "tenant_code", type = "secret", label = "API key", when = BASIC,
      help = "Groups & Settings > All Settings > System > Advanced > API > REST API, account type Admin",
    },
    {
      id = "region", type = "choice", label = "Region", choices = { "na", "emea", "apac", "uat" }, when = OAUTH,
      help = "na: USA, Canada; emea: United Kingdom, Germany; apac: India, Japan, Singapore, Australia, Hong Kong; "
        .. "uat: every tenant for tests",
    },
    {
      id = "client_id", type = "text", label = "Client ID", when = OAUTH,
      help = "Groups & Settings > Configurations > OAuth Client Management",
    },
    {
      id = "client_secret", type = "secret", label = "Client secret", when = OAUTH,
      help = "of the same client",
    },
  },
  bases = { api = "{api_url}/API", token = "https://{region}.uemauth.workspaceone.com" },
  auth = {
    choose = "sign_in",
    alternatives = {
      basic = {
        kind = "basic", username = "username", password = "password",
        headers = { ["aw-tenant-code"] = "tenant_code" },
      },
      oauth = {
        kind = "oauth2", flow = "client", token = "token:/connect/token",
        client_id = "client_id", client_secret = "client_secret",
        errors = { { error = "invalid_client", kind = "forbidden", hint = CLIENT_HINT } },
      },
    },
  },
  -- The day's calls as recorded from two tenants; the headers tell what is left of them.
  limits = {
    rates = { "250000/d" }, concurrent = listing.WIDTH, shared = "tenant",
    headers = { remaining = "x-ratelimit-remaining", reset = "x-ratelimit-reset" },
  },

  permissions = permissions,

  errors = {
    { status = 401, when = OAUTH, kind = "auth", stop = true, hint = TOKEN_HINT },
    { status = 401, kind = "auth", stop = true, hint = SIGN_IN_HINT },
    { call = USERS_CALL, status = 403, kind = "forbidden", hint = role_hint(USERS) },
    { call = DEVICES_CALL, status = 403, kind = "forbidden", hint = role_hint(DEVICES) },
    { call = apps.CALL, status = 403, kind = "forbidden", hint = role_hint(APPS) },
    { call = CATALOGUE_CALL, status = 403, kind = "forbidden", hint = role_hint(APPS) },
    { status = 403, kind = "forbidden", hint = role_hint(GROUPS) },
  },

  check = { calls = { USERS_CALL, DEVICES_CALL, CATALOGUE_CALL, GROUPS_CALL }, run = check },

  streams = {
    users = {
      calls = { USERS_CALL }, needs = { { USERS, REST } },
      emits = { user = "primary", license = "derived", user_license = "primary", user_place = "primary" },
      read = read_users,
    },
    devices = {
      calls = { DEVICES_CALL }, needs = { { DEVICES, REST } },
      emits = { device = "primary", device_place = "primary" },
      read = read_devices,
    },
    apps = {
      depends = { "devices" }, may_degrade = true,
      calls = { apps.CALL }, needs = { { APPS, REST } },
      emits = { app = "derived", device_app = "primary" },
      read = apps.read,
    },
    groups = {
      may_degrade = true, calls = { GROUPS_CALL, USER_GROUPS_CALL }, needs = { { GROUPS, REST } },
      emits = { org_group = "primary", user_group = "primary" },
      read = read_groups,
    },
    members = {
      depends = { "groups", "users" }, may_degrade = true, single = true,
      calls = members.CALLS, needs = { { GROUPS, REST } },
      emits = { member = "primary" },
      read = members.read,
    },
  },

  map = maps,
}
