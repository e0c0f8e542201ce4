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

-- What white-box makers leave in the BIOS is nobody's serial number, nor a model.
local PLACEHOLDERS <const> = {
  ["to be filled by o.e.m."] = true, ["default string"] = true, ["system serial number"] = true, ["0"] = true,
  ["none"] = true, ["--"] = true, [""] = true,
}

local function text_of(value)
  return type(value) == "string" and not PLACEHOLDERS[value:lower()] and value or nil
end

-- Of the nested groups of a summary, whichever holds the key.
local function find(summary, names)
  local groups = { summary }
  for _, group in pairs(summary) do
    groups[#groups + 1] = type(group) == "table" and group or nil
  end
  for _, name in ipairs(names) do
    for _, group in ipairs(groups) do
      if type(group[name]) == "string" then
        return group[name]
      end
    end
  end
  return nil
end

---Serial number, model and maker out of nested groups whose keys vary.
---@param summary table
---@return table fields of a device
function rows_of.hardware(summary)
  return {
    serial_number = text_of(find(summary, { "servicetag", "service_tag", "serial_number" })),
    model = text_of(find(summary, { "model", "device_model" })),
    manufacturer = text_of(find(summary, { "manufacturer_name", "manufacturer" })),
  }
end

---When the inventory was read last, as digits; nil = never, or nobody says.
---@return string?
function rows_of.scan_time(row)
  local time = row.last_successful_scan or row.last_scan_time
  return math.type(time) == "integer" and time > 0 and ("%d"):format(time) or nil
end

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
