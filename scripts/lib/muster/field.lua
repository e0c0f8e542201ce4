-- Where a canonical field comes from: descriptors of a mapping.
--
--   local f <const> = require "muster.field"
--   user_email = f.lower "user.email"
--   platform   = f.pick("platform", { Mac = "macos" }, "unknown")
--
-- A source is a path ("user.email"; "^d.id" looks into the extra row `d` of out:emit), a descriptor
-- of this module, or a function of the row. Descriptors nest. They only describe: the one evaluator
-- is in C (host/sandbox/map/map.h), which says what each operation does with which value.
-- `tostring(descriptor)` is the text that `muster map show` prints.

local field = {}

local SOURCE_WORDS <const> = "a path, a field helper or a function of the row"

---@class muster.Source
---@field op string
---@field sources any[]
local Descriptor <const> = { __name = "muster.field" }

local function quoted(value)
  return type(value) == "string" and '"' .. value .. '"' or tostring(value)
end

local function compare_keys(a, b)
  return tostring(a) < tostring(b)
end

local function table_text(values)
  local keys, parts = {}, {}
  for key in pairs(values) do
    keys[#keys + 1] = key
  end
  table.sort(keys, compare_keys)
  for i, key in ipairs(keys) do
    parts[i] = tostring(key) .. " = " .. quoted(values[key])
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

---The text of any source, as a person reads it.
---@param source any
---@return string
function field.text(source)
  if type(source) == "function" then
    return "function(row)"
  end
  return tostring(source)
end

---Is it a descriptor made here?
---@param value any
---@return boolean
function field.is_descriptor(value)
  return type(value) == "table" and getmetatable(value) == Descriptor
end

---Is it anything that may stand for a field?
---@param value any
---@return boolean
function field.is_source(value)
  return type(value) == "string" and value ~= "" or type(value) == "function"
    or field.is_descriptor(value)
end

-- Does a function hide in it? Then the mapping is not all data.
---@param source any
---@return boolean
function field.is_data(source)
  if type(source) == "function" then
    return false
  end
  for _, inner in ipairs(field.is_descriptor(source) and source.sources or {}) do
    if not field.is_data(inner) then
      return false
    end
  end
  return true
end

local function add_values(source, found)
  local op = field.is_descriptor(source) and source.op
  if op == "const" then
    found[source.value] = true
  elseif op == "pick" then
    for _, value in pairs(source.values) do
      found[value] = true
    end
    if source.default ~= nil then
      found[source.default] = true
    end
  elseif op == "first" or op == "list" then
    for _, inner in ipairs(source.sources) do
      if not add_values(inner, found) then
        return false
      end
    end
  else
    return false
  end
  return true
end

---The values that a source can give, sorted; nil where what the vendor writes comes through.
---@param source any
---@return any[]?
function field.values(source)
  local found, list = {}, {}
  if not add_values(source, found) then
    return nil
  end
  for value in pairs(found) do
    list[#list + 1] = value
  end
  table.sort(list, compare_keys)
  return list
end

function Descriptor.__tostring(self)
  local parts = {}
  if self.op == "join" then
    parts[1] = quoted(self.separator)
  elseif self.op == "known" then
    parts[1] = quoted(self.entity)
  elseif self.op == "const" then
    parts[1] = quoted(self.value)
  end
  for _, source in ipairs(self.sources) do
    parts[#parts + 1] = field.text(source)
  end
  if self.values then
    parts[#parts + 1] = table_text(self.values)
  end
  if self.default ~= nil then
    parts[#parts + 1] = quoted(self.default)
  end
  if self.text then
    parts[#parts + 1] = quoted(self.text)
  end
  return self.op .. "(" .. table.concat(parts, ", ") .. ")"
end

local function check_text(op, what, value)
  if type(value) ~= "string" or value == "" then
    error(("field.%s: %s must be a text, not %s"):format(op, what, type(value)), 3)
  end
end

local function check_scalar(op, what, value)
  local kind = type(value)
  if kind ~= "string" and kind ~= "boolean" and math.type(value) ~= "integer" then
    error(("field.%s: %s must be a text, an integer or a boolean, not %s"):format(op, what, kind), 3)
  end
end

-- Called in tail position only: the error is then that of the helper's caller.
local function describe(op, sources, extra)
  local count = sources.n or 1
  if count == 0 then
    error(("field.%s: needs %s"):format(op, SOURCE_WORDS), 2)
  end
  sources.n = nil
  for i = 1, count do
    if not field.is_source(sources[i]) then
      error(("field.%s: source %d must be %s, not %s")
        :format(op, i, SOURCE_WORDS, type(sources[i])), 2)
    end
  end
  local descriptor = extra or {}
  descriptor.op = op
  descriptor.sources = sources
  return setmetatable(descriptor, Descriptor)
end

---RFC 3339 UTC from any of the usual spellings of a time.
function field.time(source)
  return describe("time", { source })
end

---The same from milliseconds since 1970, a number or a numeric text; 0 and less is nothing.
function field.epoch_ms(source)
  return describe("epoch_ms", { source })
end

---ASCII lower case, blanks at both ends removed: for ids and e-mails that vary in case.
function field.lower(source)
  return describe("lower", { source })
end

---What `values` says for the source's value; `default` when it says nothing.
---@param source any
---@param values table<string|integer|boolean, string|integer|boolean>
---@param default? string|integer|boolean
function field.pick(source, values, default)
  if type(values) ~= "table" or next(values) == nil then
    error("field.pick: needs a table of values", 2)
  end
  for key, value in pairs(values) do
    check_scalar("pick", "a key of the table", key)
    check_scalar("pick", "a value of the table", value)
  end
  if default ~= nil then
    check_scalar("pick", "the default", default)
  end
  return describe("pick", { source }, { values = values, default = default })
end

---The first source that has a value.
function field.first(...)
  return describe("first", table.pack(...))
end

---The sources that have a value, with `separator` between them.
---@param separator string
function field.join(separator, ...)
  if type(separator) ~= "string" then
    error("field.join: the separator comes first and must be a text", 2)
  end
  return describe("join", table.pack(...), { separator = separator })
end

---A whole number, from a number or a numeric text.
function field.int(source)
  return describe("int", { source })
end

---A boolean, from a boolean, 0/1 or the words true/false, yes/no in any case.
function field.bool(source)
  return describe("bool", { source })
end

---The value at the path, or what stands in its way: "Id.Value" of {"Id":{"Value":7}} and of {"Id":7}.
---@param path string
function field.unboxed(path)
  check_text("unboxed", "the path", path)
  return describe("unboxed", { path })
end

---Always this value.
---@param value string|integer|boolean
function field.const(value)
  check_scalar("const", "the value", value)
  return setmetatable({ op = "const", sources = {}, value = value }, Descriptor)
end

---A list of the texts that the sources give; a source that is a list adds its members.
function field.list(...)
  return describe("list", table.pack(...))
end

---Has the source a value?
function field.present(source)
  return describe("present", { source })
end

---Is the source's value the id of a live row of this account? `entity` must come from a stream this
---one depends on.
---@param entity string
function field.known(entity, source)
  check_text("known", "the entity", entity)
  return describe("known", { source }, { entity = entity })
end

---Does the source's text contain `text` (ASCII case-insensitive)?
---@param text string
function field.contains(source, text)
  check_text("contains", "the text", text)
  return describe("contains", { source }, { text = text })
end

---Does the whole text match the glob (`*` any bytes, `?` one byte; case matters)?
---@param glob string
function field.matches(source, glob)
  check_text("matches", "the glob", glob)
  return describe("matches", { source }, { text = glob })
end

---Is none of these true (or, for a source that is no boolean, present)?
function field.none(...)
  return describe("none", table.pack(...))
end

return field
