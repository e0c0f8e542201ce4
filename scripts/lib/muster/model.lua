-- The canonical model as scripts know it: entities, their columns and types. The store says the same
-- in C (host/store/model.c); a test compares the two.
--
--   local model <const> = require "muster.model"
--   model.device.columns[1].name          --> "name"
--   model.device.column.platform.one_of   --> { "macos", "windows", ... }
--
-- A column is { name, type, one_of }, its type one of: text bool time list. `custom.*` stands
-- beside the columns of every entity and takes any scalar or list.

---@class muster.Column
---@field name string
---@field type "text"|"bool"|"time"|"list"
---@field one_of string[]?

---@class muster.Entity
---@field name string
---@field columns muster.Column[] in the order of the table
---@field column table<string, muster.Column>

local PLATFORMS <const> = {
  "macos", "windows", "linux", "ios", "ipados", "android", "chromeos", "tvos", "visionos", "unknown",
}

local function text(name, one_of)
  return { name = name, type = "text", one_of = one_of }
end

local function bool(name)
  return { name = name, type = "bool" }
end

local function time(name)
  return { name = name, type = "time" }
end

local function list(name)
  return { name = name, type = "list" }
end

local function entity(name, columns)
  local by_name = {}
  for _, column in ipairs(columns) do
    by_name[column.name] = column
  end
  return { name = name, columns = columns, column = by_name }
end

return {
  user = entity("user", {
    text "email", text "username", text "name",
    text("status", { "active", "inactive", "suspended", "invited", "deleted" }),
    text "raw_status", text "role", text "department", text "title", time "last_used_at",
  }),
  device = entity("device", {
    text "name", text "hostname", text "serial_number", text "asset_tag",
    text("platform", PLATFORMS),
    text("type", { "laptop", "desktop", "server", "tablet", "phone", "tv", "other", "unknown" }),
    text "manufacturer", text "model", text "os_name", text "os_version", text "os_build",
    text("ownership", { "corporate", "personal", "unknown" }),
    bool "is_managed", bool "is_supervised", bool "is_encrypted", bool "is_compliant",
    text "imei", list "mac_addresses", text "user_source_id", text "user_email",
    time "enrolled_at", time "last_seen_at", text "status",
  }),
  device_user = entity("device_user", { text "device_source_id", text "user_source_id" }),
  app = entity("app", {
    text "name", text "publisher", text "identifier",
    text("identifier_type", { "bundle_id", "package_name", "product_code", "store_id", "none" }),
    text("platform", PLATFORMS),
  }),
  device_app = entity("device_app", {
    text "device_source_id", text "app_source_id", text "version", text "path", list "origins",
    time "installed_at",
  }),
  user_app = entity("user_app", { text "user_source_id", text "app_source_id" }),
  group = entity("group", { text "name", text("kind", { "user", "device" }) }),
  group_member = entity("group_member", {
    text "group_source_id", text "member_source_id", text("member_kind", { "user", "device" }),
  }),
  license = entity("license", { text "name" }),
  user_license = entity("user_license", { text "user_source_id", text "license" }),
}
