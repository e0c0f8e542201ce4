-- ManageEngine ServiceDesk Plus Cloud, API v3: assets, as the service desk keeps them. No recording of
-- this endpoint is public. Lists are asked for with JSON in the query; without the vendor's media type
-- the service takes the client for a browser and shows its login page with status 200.

local f <const> = require "muster.field"
local page <const> = require "muster.page"
local zoho <const> = require "muster.zoho"

local ASSETS <const> = "GET api:/api/v3/assets"
local PORTAL_ASSETS <const> = "GET api:/app/{portal}/api/v3/assets"
local CALLS <const> = { ASSETS, PORTAL_ASSETS }

-- The article asks for SDPOnDemand.assets.ALL; nothing here writes.
local READ_ASSETS <const> = "SDPOnDemand.assets.READ"

local HEADERS <const> = { Accept = "application/vnd.manageengine.sdp.v3+json" }
local PAGE_SIZE <const> = 100 -- the most there is

local PAGE_HINT <const> =
  "a page in place of data: check the data centre and the name of the portal (the address bar shows /app/NAME/)"

-- Names of product types are the portal's own; these are computers and mobiles. Chairs, licences,
-- printers and the like stay assets of the service desk.
local KIND <const> = f.pick(f.lower "product_type.name", {
  workstation = "unknown", computer = "unknown", ["virtual machine"] = "unknown", laptop = "laptop",
  notebook = "laptop", desktop = "desktop", server = "server", ["smart phone"] = "phone", smartphone = "phone",
  ["mobile device"] = "unknown", ["mobile devices"] = "unknown", mobile = "phone", tablet = "tablet",
})

-- The default portal needs no name.
local function place(api)
  local portal = api.settings.portal
  if portal then
    return "api:/app/{portal}/api/v3/assets", { portal = portal }
  end
  return "api:/api/v3/assets", nil
end

local function compose(list_info)
  return { input_data = host.json.canonical { list_info = list_info } }
end

-- Success is a status below 4000 in what is an object for one thing and a list for many.
local function failure(body)
  local said = type(body) == "table" and body.response_status
  if type(said) ~= "table" then
    return "an answer without response_status"
  end
  for _, status in ipairs(said[1] and said or { said }) do
    if status.status == "failed" or (math.type(status.status_code) == "integer" and status.status_code >= 4000) then
      local first = type(status.messages) == "table" and status.messages[1] or status
      return ("%s: %s"):format(first.field or "assets", first.message or first.status_code)
    end
  end
  return nil
end

-- No answer names the organisation: two of one data centre are told apart by their portals alone.
local function check(api)
  local where, path = place(api)
  local query = compose { row_count = 1, start_index = 1 }
  local permission, reply = zoho.probe(api, READ_ASSETS, where, query, { path = path, headers = HEADERS })
  if reply then
    local ok, body = pcall(function() return reply.body end)
    local fault = not ok and "no JSON" or failure(body)
    if fault then
      error({ kind = "remote", status = reply.status, message = where .. ": " .. fault, hint = PAGE_HINT }, 0)
    end
  end
  local code = api.settings.data_center
  local portal = api.settings.portal
  return { tenant = portal and ("%s@%s"):format(portal, code) or code, permissions = { permission } }
end

-- The number of the next row follows from the rows that came, not from those that were asked for.
local function read_assets(api, out)
  local where, path = place(api)
  local assets = page.offset(api, where, {
    list = "assets", id = "id", size = PAGE_SIZE, first = 1, path = path, headers = HEADERS,
    offset_param = "start_index", limit_param = "row_count", more = "list_info.has_more_rows",
    query = { sort_field = "id", sort_order = "asc" }, compose = compose,
  })
  for rows in assets do
    out:emit("device", rows)
  end
end

local function parse_portal(text)
  local name = text:match("/app/([^/?#]+)") or text
  if not name:find "^[%w_-]+$" then
    return nil, "is the name that follows /app/ in the address bar: letters, digits, - and _"
  end
  return name
end

-- Of one thing `response_status` is an object, of many a list; a failure may have status 200, with an
-- empty list of assets beside it.
local FAILED <const> = { ["response_status.status"] = "failed" }
local ONE_FAILED <const> = { ["response_status.1.status"] = "failed" }

local function errors()
  local list = zoho.scope_errors "error"
  for _, body in ipairs { FAILED, ONE_FAILED } do
    list[#list + 1] = { status = 200, body = body, kind = "remote", hint = "the service desk says that it failed" }
  end
  for _, call in ipairs(CALLS) do
    list[#list + 1] = {
      call = call, status = 404, kind = "remote",
      hint = "the service knows no assets here: check the portal's name; the vendor may have moved them",
    }
  end
  return list
end

return {
  contract = 1, id = "manageengine_servicedesk_plus", name = "ManageEngine ServiceDesk Plus",
  aliases = { "servicedesk_plus" }, version = "1.0.0", provider = "zoho",
  docs = "https://www.manageengine.com/products/service-desk/sdpod-v3-api/",
  guide = zoho.guide "ServiceDesk Plus",

  settings = {
    zoho.data_center("servicedesk_plus", "ServiceDesk Plus Cloud", "Customer domain",
      "Where your Zoho account lives: the accounts server (accounts.zoho.com, accounts.zoho.eu, accounts.zoho.in, "
        .. "accounts.zoho.com.cn, accounts.zoho.com.au ...) or its suffix (.com, .eu ...)"),
    {
      id = "portal", type = "text", label = "Portal", required = false, example = "itdesk", parse = parse_portal,
      help = "Only where there are several: the name that follows /app/ in the address bar",
    },
    zoho.client_id, zoho.client_secret,
  },
  bases = { api = "https://{data_center.servicedesk_plus}", accounts = zoho.ACCOUNTS },
  auth = zoho.auth { READ_ASSETS },
  -- No rates are published; clients assume sixty a minute.
  limits = { rates = { "2/s", "60/m" }, concurrent = 1 },
  permissions = { zoho.scope(READ_ASSETS, "assets") },
  errors = errors(),

  check = { calls = CALLS, run = check },

  streams = {
    assets = { calls = CALLS, needs = { { READ_ASSETS } }, emits = { device = "primary" }, read = read_assets },
  },

  map = {
    -- A change of the record is no check-in, so that nothing is said of when a device was seen.
    device = {
      keep = { device_type = f.present(KIND) },
      source_id = "id",
      name = "name",
      serial_number = "serial_number",
      asset_tag = "asset_tag",
      platform = f.const "unknown",
      type = f.first(KIND, f.const "unknown"),
      manufacturer = "product.manufacturer",
      model = "product.name",
      mac_addresses = f.list "mac_address",
      user_email = f.lower "user.email_id",
      status = "state.name",
      ["custom.user_name"] = "user.name",
      ["custom.product_type"] = "product_type.name",
      ["custom.department"] = "department.name",
      ["custom.site"] = "site.name",
      ["custom.vendor"] = "vendor.name",
      ["custom.acquired_at"] = f.epoch_ms "acquisition_date.value",
      ["custom.warranty_expires_at"] = f.epoch_ms "warranty_expiry.value",
    },
  },
}
