-- Rows of Endpoint Central as the connector works with them: keys without the names of tables, serial
-- numbers without what makers leave in their place.
--
--   out:emit("device", rows_of.plain_rows(rows))

local rows_of = {}

-- Keys that mean another thing without their table, or are called otherwise.
local OWN_KEYS <const> = {
  ["modernappdetails.status"] = "modernapp_status", ["modernappdetails.remarks"] = "modernapp_remarks",
  ["modernappdetails.last_contact_time"] = "modernapp_last_contact_time",
  ["resourcelivestatus.status"] = "computer_live_status",
  ["resourcelivestatus.status_update_time"] = "computer_status_update_time",
}

---A row with every key in its plain spelling: "managedcomputer.full_name" becomes "full_name", unless
---that is there already.
---@param row table
---@return table
function rows_of.plain_row(row)
  local made = {}
  for key, value in pairs(row) do
    local name = OWN_KEYS[key] or key:match("([^.]+)$")
    if name == key or row[name] == nil then
      made[name] = value
    end
  end
  return made
end

---@param rows table a page
---@return table[]
function rows_of.plain_rows(rows)
  local made = {}
  for i, row in ipairs(rows) do
    made[i] = rows_of.plain_row(row)
  end
  return made
end

-- A whole number, which may be written as a text; nothing below 0, which stands for never.
local function count_of(value)
  local number = math.tointeger(tonumber(value))
  return number and number >= 0 and number or nil
end

local function time_of(value)
  local ms = count_of(value)
  return ms and ms > 0 and host.time.format(ms) or nil
end

-- What white-box makers leave in the BIOS is nobody's serial number, nor a model.
local PLACEHOLDERS <const> = {
  ["to be filled by o.e.m."] = true, ["default string"] = true, ["system serial number"] = true, ["0"] = true,
  ["none"] = true, ["--"] = true, ["-"] = true, [""] = true,
}

local function text_of(value)
  return type(value) == "string" and not PLACEHOLDERS[value:lower()] and value or nil
end

-- --- hardware ---

-- Of the nested groups of a summary, whichever holds the key.
local function find(summary, names)
  local groups = { summary }
  for _, group in pairs(summary) do
    groups[#groups + 1] = type(group) == "table" and group or nil
  end
  for _, name in ipairs(names) do
    for _, group in ipairs(groups) do
      if group[name] ~= nil then
        return group[name]
      end
    end
  end
  return nil
end

---Serial number, model, maker and warranty out of nested groups whose keys vary.
---@param summary table
---@return table fields of a device
function rows_of.hardware(summary)
  return {
    serial_number = text_of(find(summary, { "servicetag", "service_tag", "serial_number" })),
    model = text_of(find(summary, { "model", "device_model" })),
    manufacturer = text_of(find(summary, { "manufacturer_name", "manufacturer" })),
    asset_tag = text_of(find(summary, { "asset_tag" })),
    ["custom.primary_owner"] = text_of(find(summary, { "primary_owner_name" })),
    ["custom.warranty_expires_at"] = time_of(find(summary, { "warranty_expiry_date" })),
    ["custom.shipped_at"] = time_of(find(summary, { "shipping_date" })),
  }
end

---@return string? nil = nobody says
function rows_of.os_build(row)
  return text_of(row.build_number)
end

---When the inventory was read last, as digits; nil = never, or nobody says.
---@return string?
function rows_of.scan_time(row)
  local time = count_of(row.last_successful_scan or row.last_scan_time)
  return time and time > 0 and ("%d"):format(time) or nil
end

-- --- patches ---

-- Microsoft's, other makers', drivers and firmware are counted one by one.
local PATCH_KINDS <const> = { "ms", "tp", "driver", "bios" }

local function sum_of(row, verb)
  local sum = nil
  for _, kind in ipairs(PATCH_KINDS) do
    local count = count_of(row[("%s_%s_patches"):format(verb, kind)])
    sum = count and (sum or 0) + count or sum
  end
  return sum
end

---What a system's row tells of its patches; what it does not tell is nil.
---@return table fields of a device
function rows_of.patches(row)
  return {
    ["custom.patches_missing"] = sum_of(row, "missing"),
    ["custom.patches_installed"] = sum_of(row, "installed"),
    ["custom.patch_scanned_at"] = time_of(row.last_successful_scan or row.last_scan_time),
    ["custom.patched_at"] = time_of(row.last_patched_time),
  }
end

-- --- the rest ---

---The id as a text; the number has more digits than a double holds.
---@return string
function rows_of.id_of(row)
  local id = row.resource_id_string or row.resource_id
  return math.type(id) == "integer" and ("%d"):format(id) or id
end

---"00:11:22:33:44:55,66:77:..." -> a list.
---@return string[]? nil = none
function rows_of.mac_addresses(row)
  local list = {}
  for address in (type(row.mac_address) == "string" and row.mac_address or ""):gmatch("[^, ]+") do
    list[#list + 1] = address ~= "--" and address or nil
  end
  return list[1] and list or nil
end

return rows_of
