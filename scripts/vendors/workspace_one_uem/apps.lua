-- What is installed, asked for one device at a time.
--
--   apps.CALL            what apps.read asks
--   apps.read(api, out)

local listing <const> = require "workspace_one_uem.listing"

local DEVICE_APPS <const> = "api:/mdm/devices/{id}/apps"

local apps = { CALL = "GET " .. DEVICE_APPS }

-- As the maps know an app: by its identifier, else by its name.
local function app_of(row)
  local identifier, name = row.ApplicationIdentifier, row.ApplicationName
  if type(identifier) == "string" and identifier ~= "" then
    return identifier
  end
  return type(name) == "string" and name:lower():match("^%s*(.-)%s*$") or ""
end

-- Which of two rows of one app counts: one that is there (Status, see maps), then the later version.
local function rank(row)
  return (row.Status == 0 or row.Status == 3) and "" or "+" .. tostring(row.Version)
end

-- A device can have an app at two places: one row is left of it then. Pages stay as they are where no
-- app comes twice, as nearly always.
local function without_doubles(pages)
  local best, order, count = {}, {}, 0
  for _, rows in ipairs(pages) do
    for _, row in ipairs(rows) do
      local app = app_of(row)
      count = count + 1
      if not best[app] then
        order[#order + 1] = app
      end
      if not best[app] or rank(row) > rank(best[app]) then
        best[app] = row
      end
    end
  end
  if #order == count then
    return pages
  end
  for i, app in ipairs(order) do
    order[i] = best[app]
  end
  return { order }
end

-- A device that went meanwhile is 404.
local function read_device(api, out, device)
  local pages = {}
  local walk = listing.pages(api, DEVICE_APPS, "DeviceApps", { path = { id = device.source_id }, empty = { 204, 404 } })
  for rows in walk do
    pages[#pages + 1] = rows
  end
  for _, rows in ipairs(without_doubles(pages)) do
    out:emit("device_app", rows, { d = device })
    out:emit("app", rows, { d = device })
  end
end

---The newer search (by UUID) tells what was assigned; only this listing has what nobody manages. The
---first request goes alone: where it is refused, no second one may count towards locking the account.
function apps.read(api, out)
  local devices = {}
  for device in api:parents("device", { "platform" }) do
    devices[#devices + 1] = device
  end
  local function read(device)
    out:scope("device", device.source_id, function(inner, part)
      read_device(inner, part, device)
    end)
  end
  if devices[1] then
    read(table.remove(devices))
  end
  api:map(listing.WIDTH, devices, read)
end

return apps
