-- Settings as a person typed them -> settings as connectors see them.
--
--   settings.parse(connector.settings, { api_url = " acme.api.kandji.io/ " })
--     --> { values = { api_url = { host = "...", url = "https://..." } }, errors = {} }
--
-- Secrets never come here: the host keeps them.

local core <const> = require "muster.core"
local url <const> = require "muster.url"

local settings = {}

local function trim(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

local parsers = {}

function parsers.text(_, text)
  return text
end

parsers.url = function(_, text)
  return url.parse(text)
end

function parsers.choice(setting, text)
  for _, choice in ipairs(setting.choices) do
    if choice:lower() == text:lower() then
      return choice
    end
  end
  return nil, "must be one of " .. table.concat(setting.choices, ", ")
end

function parsers.int(_, text)
  local value = text:find("^%-?%d+$") and math.tointeger(tonumber(text)) or nil
  return value, value == nil and "must be a whole number" or nil
end

local WORDS <const> = {
  ["true"] = true, yes = true, on = true, ["1"] = true,
  ["false"] = false, no = false, off = false, ["0"] = false,
}

function parsers.bool(_, text)
  local value = WORDS[text:lower()]
  return value, value == nil and "must be yes or no" or nil
end

-- Does the setting apply, given the ones before it?
local function applies(setting, values)
  for id, wanted in pairs(setting.when or {}) do
    if values[id] ~= wanted then
      return false
    end
  end
  return true
end

-- The setting's own parse speaks last; it returns the value, or nil and what is wrong.
local function parse_one(setting, text)
  if setting.pattern and not text:find(setting.pattern) then
    return nil, "does not look right" .. (setting.example and "; for example " .. setting.example or "")
  end
  if setting.parse then
    local value, fault = setting.parse(text)
    return value, value == nil and (fault or "cannot be understood") or nil
  end
  return parsers[setting.type](setting, text)
end

local function given(typed)
  local text = typed ~= nil and trim(tostring(typed)) or ""
  return text ~= "" and text or nil
end

---@param declared table[] the connector's settings
---@param typed table<string, string>
---@return { values: table, errors: table[] }
function settings.parse(declared, typed)
  local values, errors = {}, {}
  for _, setting in ipairs(declared) do
    if setting.type ~= "secret" and applies(setting, values) then
      local text, value, fault = given(typed[setting.id]), nil, nil
      if text then
        value, fault = parse_one(setting, text)
      elseif setting.default ~= nil then
        value = setting.default
      elseif setting.required ~= false then
        fault = "is needed"
      end
      values[setting.id] = value
      if fault then
        errors[#errors + 1] = { id = setting.id, message = setting.label .. " " .. fault }
      end
    end
  end
  return { values = values, errors = core.array(errors) }
end

---What the host is told of the settings.
---@param declared table[]
---@return table[]
function settings.declare(declared)
  local list = {}
  for i, setting in ipairs(declared) do
    local hosts = setting.hosts
    list[i] = {
      id = setting.id, type = setting.type, label = setting.label, help = setting.help,
      example = setting.example, required = setting.required ~= false and setting.default == nil,
      default = setting.default, pattern = setting.pattern, when = setting.when,
      hosts = type(hosts) == "table" and core.array(hosts) or hosts,
      choices = setting.choices and core.array(setting.choices), table = setting.table,
      has_parse = setting.parse ~= nil, signs = setting.signs,
    }
  end
  return core.array(list)
end

return settings
