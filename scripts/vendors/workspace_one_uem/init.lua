-- Workspace ONE UEM, AirWatch before 2018; Omnissa's since 2024. Headers and paths keep the old names.
-- The product statement asks for three rights of the role, API > REST: Apps, Devices and Users. What
-- organization and user groups need beside them degrades the account where it is missing.
--
-- Versions are asked for by the Accept header. A version that a tenant lacks is not refused: an older
-- one answers instead, so both spellings of an id are accepted everywhere.

local f <const> = require "muster.field"
local page <const> = require "muster.page"
local url <const> = require "muster.url"

local USERS_CALL <const> = "GET api:/system/users/search"
local DEVICES_CALL <const> = "GET api:/mdm/devices/search"
local APPS_CALL <const> = "GET api:/mdm/devices/{id}/apps"
local CATALOGUE_CALL <const> = "GET api:/mam/apps/search"
local GROUPS_CALL <const> = "GET api:/system/groups/search"
local USER_GROUPS_CALL <const> = "GET api:/system/usergroups/search"
local CUSTOM_CALL <const> = "GET api:/system/usergroups/custom/search"
local MEMBERS_CALL <const> = "GET api:/system/usergroups/{id}/users"

local VERSION_1 <const> = { Accept = "application/json;version=1" }
local VERSION_2 <const> = { Accept = "application/json;version=2" }

-- The rights of a role, as its editor names them.
local REST <const> = "API > REST"
local APPS <const>, DEVICES <const> = "Apps (Read)", "Devices (Read)"
local USERS <const>, GROUPS <const> = "Users (Read)", "Groups (Read)"

-- Wrong password, wrong key, a key of another type, a directory account, a locked account, the API
-- switched off and a role without any right of the API: all of them are this one answer.
local SIGN_IN_HINT <const> = "check username, password and API key; the key's account type must be Admin, the account's "
  .. "type Basic, Basic must be on under REST API > Authentication, and the role needs API > REST. The account may be "
  .. "locked: unlock it in the console before you try again"
local NONE_VISIBLE <const> = "not one %s is visible: the account sees its organization group and what is below; check "
  .. "the organization group of its role (Accounts > Administrators > List View > Roles)"

local WIDTH <const> = 4 -- requests at a time; no limit a minute is documented

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

-- Pages count from 0. The vendor cuts a page to what it likes, so only the count says where the end
-- is; nothing found is 204 with no body at all. Without an order pages shift under the walk.
local function listing(api, where, list, opts)
  local all = {
    list = list, size = 500, first = 0, limit_param = "pagesize", total = "Total", ends = "total",
    empty = { 204 }, id = "Id.Value", headers = VERSION_1,
  }
  for key, value in pairs(opts) do
    all[key] = value
  end
  return page.number(api, where, all)
end

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
  local users = listing(api, "api:/system/users/search", "Users", {
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
  local devices = listing(api, "api:/mdm/devices/search", "Devices", {
    query = { orderby = "deviceid", sortorder = "ASC" }, headers = VERSION_2,
  })
  read_visible(devices, "device", function(rows)
    out:emit("device", rows)
    out:emit("device_place", rows)
  end)
end

-- The newer search (by UUID) tells what was assigned; only this listing has what nobody manages. A
-- device that went meanwhile is 404. The first request goes alone: where it is refused, no second
-- one may count towards locking the account.
local function read_apps(api, out)
  local function read(device)
    out:scope("device", device.source_id, function(inner, part)
      local apps = listing(inner, "api:/mdm/devices/{id}/apps", "DeviceApps", {
        path = { id = device.source_id }, empty = { 204, 404 },
      })
      for rows in apps do
        part:emit("device_app", rows, { d = device })
        part:emit("app", rows, { d = device })
      end
    end)
  end
  local devices = {}
  for device in api:parents("device", { "platform" }) do
    devices[#devices + 1] = device
  end
  if devices[1] then
    read(table.remove(devices))
  end
  api:map(WIDTH, devices, read)
end

local function read_groups(api, out)
  local org_groups = listing(api, "api:/system/groups/search", "OrganizationGroups", {
    id = "Uuid", total = "TotalResults", headers = VERSION_2,
  })
  for rows in org_groups do
    out:emit("org_group", rows)
  end
  for rows in listing(api, "api:/system/usergroups/search", "ResultSet", { id = "id" }) do
    out:emit("user_group", rows)
  end
end

-- --- members of custom user groups ---

-- The one list of an answer whose name for it is not documented.
local function list_in(body)
  if body == nil or body[1] then
    return body or {}
  end
  for _, value in pairs(body) do
    if type(value) == "table" then
      return value
    end
  end
  return error({ kind = "data", message = MEMBERS_CALL .. ": no list of members" }, 0)
end

local function person_key(username, group)
  return username .. "\n" .. group
end

-- Members come without an id: user name and organization group tell who it is. Who shares both with
-- another user could be either (false).
local function people(api)
  local group_names, places, found = {}, {}, {}
  for group in api:parents("group", { "name" }) do
    group_names[group.source_id] = group.name
  end
  for place in api:parents("group_member", { "group_source_id", "member_source_id", "member_kind" }) do
    if place.member_kind == "user" and place.group_source_id:find("^og:") then
      places[place.member_source_id] = group_names[place.group_source_id]
    end
  end
  for user in api:parents("user", { "username" }) do
    local group = places[user.source_id]
    if user.username and group then
      local key = person_key(user.username, group)
      found[key] = found[key] == nil and user.source_id
    end
  end
  return found
end

local function members_of(rows, known)
  local members, unknown = {}, 0
  for _, row in ipairs(rows) do
    local id = known[person_key(row.UserName or "", row.OrganizationGroup or "")]
    if id then
      members[#members + 1] = { user = id }
    else
      unknown = unknown + 1
    end
  end
  return members, unknown
end

-- Who is in a directory's group the vendor does not tell.
local function read_members(api, out)
  local groups = list_in(api:get("api:/system/usergroups/custom/search", nil, { headers = VERSION_1 }).body)
  local known, unknown = groups[1] and people(api), 0
  api:map(WIDTH, groups, function(group)
    local id = ("%d"):format(group.UserGroupId)
    out:scope("group", "ug:" .. id, function(inner, part)
      local reply = inner:get("api:/system/usergroups/{id}/users", nil, {
        path = { id = id }, headers = VERSION_1, absent = { 404 },
      })
      local members, missing = members_of(reply.status == 404 and {} or list_in(reply.body), known)
      part:emit("member", members, { g = { id = id } })
      unknown = unknown + missing
    end)
  end)
  if unknown > 0 then
    host.log.warn("%d members of custom user groups left out: the vendor names them by user name and organization "
      .. "group, which fit no user or several", unknown)
  end
end

-- --- the connection test ---

-- 401 ends the test at once; 403 is one right that is missing.
local function probe(api, right, call, what)
  local ok, reply = pcall(api.get, api, call, { page = 0, pagesize = 1 }, { headers = VERSION_1 })
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

local function check(api)
  return {
    tenant = api.settings.api_url.host,
    permissions = {
      probe(api, USERS, "api:/system/users/search", "user"),
      probe(api, DEVICES, "api:/mdm/devices/search", "device"),
      probe(api, APPS, "api:/mam/apps/search"),
      probe(api, GROUPS, "api:/system/groups/search"),
    },
  }
end

-- --- fields ---

-- "og:570" and "ug:570": both kinds of groups count from the same numbers.
local function tagged(tag, id)
  return f.join(":", f.pick(f.present(id), { [true] = tag }), id)
end

local PLATFORM_NUMBER <const> = {
  [2] = "ios", [5] = "android", [10] = "macos", [11] = "windows", [12] = "windows", [14] = "tvos",
}
local PLATFORM_NAME <const> = {
  apple = "ios", android = "android", appleosx = "macos", windowsphone8 = "windows", winrt = "windows",
  appletv = "tvos", chromeos = "chromeos", linux = "linux",
}
local OS_NAME <const> = { [2] = "iOS", [5] = "Android", [10] = "macOS", [12] = "Windows", [14] = "tvOS" }
local IPAD <const> = f.pick(f.contains("Model", "iPad"), { [true] = "iPad" })

-- What no device has: the beginning of time for "never", and the serial number of an Android without.
local NOTHING <const> = { "0001-01-01T00:00:00.000", "0001-01-01T00:00:00", "HUBNOSERIAL" }

-- Plain in some versions, in objects in others.
local USER_GROUP_ID <const> = f.unboxed "LocationGroupId.Id.Value"
local ORG_GROUP_ID <const> = f.unboxed "Id.Value"

-- An app is a platform's: the same identifier is another app on a Mac than on an iPhone, and the same
-- on an iPad. One without an identifier goes by its name.
local APP_PLATFORM <const> = f.first(f.pick("^d.platform", { ipados = "ios" }), "^d.platform")
local APP_KEY <const> = f.first("ApplicationIdentifier", f.lower "ApplicationName")
local APP_ID <const> = f.join("/", APP_PLATFORM, APP_KEY)

local LICENSE <const> = f.const "Workspace One"

-- Local users may have no address; the mailbox's name counts only where it is one.
local function email_of(row)
  local mailbox = type(row.EmailUserName) == "string" and row.EmailUserName:find("@", 1, true)
  local email = type(row.Email) == "string" and row.Email ~= "" and row.Email or mailbox and row.EmailUserName
  return email and email:lower() or nil
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
      id = "username", type = "text", label = "Username",
      help = "of the administrator of type Basic: Accounts > Administrators > List View",
    },
    { id = "password", type = "secret", label = "Password" },
    {
      id = "tenant_code", type = "secret", label = "API key",
      help = "Groups & Settings > All Settings > System > Advanced > API > REST API, account type Admin",
    },
  },
  bases = { api = "{api_url}/API" },
  auth = {
    kind = "basic", username = "username", password = "password",
    headers = { ["aw-tenant-code"] = "tenant_code" },
  },
  -- The day's calls as recorded from two tenants; the headers tell what is left of them.
  limits = {
    rates = { "250000/d" }, concurrent = WIDTH,
    headers = { remaining = "x-ratelimit-remaining", reset = "x-ratelimit-reset" },
  },

  permissions = {
    { section = "API > REST", category = "REST", permission = "Users", access = "Read", needed_for = { "users" } },
    { section = "API > REST", category = "REST", permission = "Devices", access = "Read", needed_for = { "devices" } },
    {
      section = "API > REST", category = "REST", permission = "Apps", access = "Read",
      needed_for = { "apps", "all actions" },
    },
    {
      section = "API > REST", category = "REST", permission = "Groups", access = "Read",
      needed_for = { "groups", "members" },
    },
    {
      section = "Accounts > Users", category = "Accounts", permission = "Add/Edit", access = "Edit",
      needed_for = { "Add User", "Delete User" },
    },
    {
      section = "Accounts > Users", category = "Accounts", permission = "User Detail", access = "Read",
      needed_for = { "all actions" },
    },
    {
      section = "Accounts > Users", category = "Accounts", permission = "Edit", access = "Edit",
      needed_for = { "Delete User" },
    },
    {
      section = "Accounts > Users", category = "Enrollment Status", permission = "User Registration", access = "Edit",
      needed_for = { "Add User" },
    },
    {
      section = "Accounts > Users", category = "Roles", permission = "Add/Edit", access = "Edit",
      needed_for = { "Add User" },
    },
    {
      section = "Accounts > User Groups", category = "User Groups", permission = "Add/Edit", access = "Edit",
      needed_for = { "Add User" },
    },
    {
      section = "API > REST", category = "REST", permission = "Devices", access = "Read and Edit",
      needed_for = { "Lock Device", "Wipe Device" },
    },
    {
      section = "API > REST", category = "REST", permission = "Users", access = "Read and Edit",
      needed_for = { "Add User", "Delete User" },
    },
    {
      section = "Device Management > Device Details", category = "Device Details", permission = "Device Wipe",
      access = "Edit", needed_for = { "Lock Device", "Wipe Device" },
    },
    {
      section = "Device Management > Device Details", category = "Device Details", permission = "Edit",
      access = "Edit", needed_for = { "Lock Device", "Wipe Device" },
    },
    {
      section = "Device Management > Device Details", category = "Device Details", permission = "Lock",
      access = "Edit", needed_for = { "Lock Device", "Wipe Device" },
    },
  },

  errors = {
    { status = 401, kind = "auth", stop = true, hint = SIGN_IN_HINT },
    { call = USERS_CALL, status = 403, kind = "forbidden", hint = role_hint(USERS) },
    { call = DEVICES_CALL, status = 403, kind = "forbidden", hint = role_hint(DEVICES) },
    { call = APPS_CALL, status = 403, kind = "forbidden", hint = role_hint(APPS) },
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
      calls = { APPS_CALL }, needs = { { APPS, REST } },
      emits = { app = "derived", device_app = "derived" },
      read = read_apps,
    },
    groups = {
      may_degrade = true, calls = { GROUPS_CALL, USER_GROUPS_CALL }, needs = { { GROUPS, REST } },
      emits = { org_group = "primary", user_group = "primary" },
      read = read_groups,
    },
    members = {
      depends = { "groups", "users" }, may_degrade = true, single = true,
      calls = { CUSTOM_CALL, MEMBERS_CALL }, needs = { { GROUPS, REST } },
      emits = { member = "primary" },
      read = read_members,
    },
  },

  map = {
    user = {
      source_id = "Id.Value",
      email = email_of,
      username = "UserName",
      name = f.first("DisplayName", f.join(" ", "FirstName", "LastName"), "UserName"),
      -- A boolean; a text in older versions.
      status = f.pick("Status", { [true] = "active", ["true"] = "active", ["True"] = "active" }, "inactive"),
      role = "Role",
      ["custom.uuid"] = f.unboxed "Uuid.Value",
      ["custom.organization_group"] = "Group",
    },
    license = { source_id = LICENSE, name = LICENSE },
    user_license = { key = { "Id.Value", LICENSE }, user_source_id = "Id.Value", license = LICENSE },
    user_place = {
      entity = "group_member",
      keep = { placed = f.present(USER_GROUP_ID) },
      key = { tagged("og", USER_GROUP_ID), "Id.Value" },
      group_source_id = tagged("og", USER_GROUP_ID),
      member_source_id = "Id.Value",
      member_kind = f.const "user",
    },

    device = {
      nulls = NOTHING,
      source_id = "Id.Value",
      name = "DeviceFriendlyName",
      hostname = "HostName",
      serial_number = "SerialNumber",
      platform = f.first(
        f.pick(f.join(" ", "PlatformId.Id.Value", IPAD), { ["2 iPad"] = "ipados" }),
        f.pick("PlatformId.Id.Value", PLATFORM_NUMBER),
        f.pick(f.lower "Platform", PLATFORM_NAME),
        f.const "unknown"),
      type = f.first(
        f.pick(f.contains("Model", "iPhone"), { [true] = "phone" }),
        f.pick(IPAD, { iPad = "tablet" }),
        f.pick(f.contains("Model", "MacBook"), { [true] = "laptop" }),
        f.pick(f.matches("Model", "Mac *"), { [true] = "desktop" }),
        f.pick(f.contains("Model", "iMac"), { [true] = "desktop" }),
        f.pick("PlatformId.Id.Value", { [14] = "tv" }),
        f.const "unknown"),
      manufacturer = f.pick("PlatformId.Id.Value", { [2] = "Apple", [10] = "Apple", [14] = "Apple" }),
      model = "Model",
      os_name = f.first(f.pick(IPAD, { iPad = "iPadOS" }), f.pick("PlatformId.Id.Value", OS_NAME), "Platform"),
      os_version = "OperatingSystem",
      os_build = "OSBuildVersion",
      -- S is a corporate device that people share.
      ownership = f.pick("Ownership", { C = "corporate", S = "corporate", E = "personal" }, "unknown"),
      is_managed = f.pick("EnrollmentStatus", { Enrolled = true }, false),
      is_supervised = "IsSupervised",
      -- A compromised device is not compliant, whatever its policies say.
      is_compliant = f.first(
        f.pick("CompromisedStatus", { [true] = false }),
        f.pick("ComplianceStatus", { Compliant = true, NonCompliant = false })),
      status = "EnrollmentStatus",
      imei = "Imei",
      mac_addresses = f.list "MacAddress",
      -- UserId is left out for a device without a user; EnrollmentUserUuid is all zeros for all.
      user_source_id = "UserId.Id.Value",
      user_email = f.lower "UserEmailAddress",
      enrolled_at = f.time "LastEnrolledOn",
      last_seen_at = f.time "LastSeen",
      ["custom.uuid"] = f.unboxed "Uuid.Value",
      ["custom.udid"] = "Udid",
      ["custom.organization_group"] = "LocationGroupName",
    },
    device_place = {
      entity = "group_member",
      keep = { placed = f.present "LocationGroupId.Id.Value" },
      key = { tagged("og", "LocationGroupId.Id.Value"), "Id.Value" },
      group_source_id = tagged("og", "LocationGroupId.Id.Value"),
      member_source_id = "Id.Value",
      member_kind = f.const "device",
    },

    -- Status: 0 waits to be installed, 1 is installed, 2 waits to be removed, 3 was removed, 4 is unknown.
    device_app = {
      keep = { named = f.present(APP_KEY) },
      drop = { not_there = f.present(f.pick("Status", { [0] = "waits", [3] = "removed" })) },
      fold = { rank = "Version" },
      key = { "^d.source_id", APP_ID },
      device_source_id = "^d.source_id",
      app_source_id = APP_ID,
      version = f.first("Version", "AppVersion"),
      origins = f.list(f.pick("IsManaged", { [true] = "managed" }, "discovered")),
    },
    app = {
      follows = "device_app",
      source_id = APP_ID,
      name = "ApplicationName",
      identifier = "ApplicationIdentifier",
      identifier_type = f.first(
        f.pick(f.present "ApplicationIdentifier", { [false] = "none" }),
        f.pick(APP_PLATFORM, { android = "package_name", windows = "product_code" }, "bundle_id")),
      platform = APP_PLATFORM,
    },

    org_group = {
      entity = "group",
      source_id = tagged("og", ORG_GROUP_ID),
      name = "Name",
      ["custom.uuid"] = "Uuid",
      ["custom.code"] = "GroupId",
      ["custom.type"] = "LocationGroupType",
    },
    user_group = {
      entity = "group",
      source_id = tagged("ug", "id"),
      name = "groupName",
      kind = f.const "user",
      ["custom.uuid"] = "uuid",
      ["custom.type"] = "type",
      ["custom.organization_group"] = "rootLocationGroupName",
    },
    member = {
      entity = "group_member",
      key = { tagged("ug", "^g.id"), "user" },
      group_source_id = tagged("ug", "^g.id"),
      member_source_id = "user",
      member_kind = f.const "user",
    },
  },
}
