-- Which of the vendor's fields mean what.

local f <const> = require "muster.field"

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

-- The mailbox's name, where that is an address: local users may have no other.
local function mailbox(row)
  local name = row.EmailUserName
  return type(name) == "string" and name:find("@", 1, true) and name or nil
end

return {
  user = {
    source_id = "Id.Value",
    email = f.lower(f.first("Email", mailbox)),
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
}
