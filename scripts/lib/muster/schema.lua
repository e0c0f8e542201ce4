-- Checks a table against a shape and names the first thing that is wrong: file, key, nearest key.
--
--   local shape <const> = schema.record { id = schema.text { required = true }, ... }
--   schema.check(shape, value, schema.at("kandji.lua"))
--
-- A rule is a table { kind = ... }; `check`, where a rule has it, is called as check(value, at) once
-- the shape holds. Faults are raised as errors of kind "bug".

local core <const> = require "muster.core"

local schema = {}

---@class muster.Place
---@field file string
---@field path string "" at the top

---@param file string
---@return muster.Place
function schema.at(file)
  return { file = file, path = "" }
end

---@param at muster.Place
---@param key string|integer
---@return muster.Place
function schema.below(at, key)
  local step = type(key) == "number" and ("[%d]"):format(key) or tostring(key)
  local dot = (at.path == "" or step:sub(1, 1) == "[") and "" or "."
  return { file = at.file, path = at.path .. dot .. step }
end

---Raises { kind = "bug" }: "kandji.lua: streams.devices: message".
---@param at muster.Place
---@param message string
function schema.fail(at, message, ...)
  local where = at.path ~= "" and at.file .. ": " .. at.path or at.file
  core.raise { kind = "bug", message = where .. ": " .. message:format(...) }
end

-- Letters put in, left out, replaced, or two neighbours swapped: one each.
local function edit_distance(a, b)
  local before, last
  local row = {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    before, last, row = last, row, { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
  end
  return row[#b]
end

---The candidate nearest to `word`: at most a third of its length away, at least 1. nil if none is.
---@param word string
---@param candidates string[]
---@return string?
function schema.nearest(word, candidates)
  local best, best_distance = nil, math.max(1, #word // 3) + 1
  for _, candidate in ipairs(candidates) do
    local distance = edit_distance(word, candidate)
    if distance < best_distance then
      best, best_distance = candidate, distance
    end
  end
  return best
end

---The keys of a table as sorted texts.
---@param values table
---@return string[]
function schema.sorted_keys(values)
  local keys = {}
  for key in pairs(values) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  return keys
end

---Raises over a key that is not known: names it and what is near, else all that there are.
---@param at muster.Place
---@param key any
---@param known string[]
---@param what? string "key" unless said
function schema.unknown(at, key, known, what)
  local near = schema.nearest(tostring(key), known)
  local hint = near and ('did you mean "%s"?'):format(near)
    or "known are " .. table.concat(known, ", ")
  schema.fail(at, 'unknown %s "%s"; %s', what or "key", tostring(key), hint)
end

-- --- rules ---

local function rule(kind)
  return function(options)
    local made = { kind = kind }
    for key, value in pairs(options or {}) do
      made[key] = value
    end
    return made
  end
end

schema.text = rule "text" -- a text that is not empty; `one_of`, `pattern`
schema.integer = rule "integer" -- `min`, `max`
schema.boolean = rule "boolean"
schema.call = rule "function"
schema.any = rule "any"

---A table with exactly these keys.
function schema.record(fields, options)
  local made = rule "record"(options)
  made.fields = fields
  return made
end

---A list of such values.
function schema.list(of, options)
  local made = rule "list"(options)
  made.of = of
  return made
end

---A table from names to such values.
function schema.map(of, options)
  local made = rule "map"(options)
  made.of = of
  return made
end

---Either form: `choose(value, at)` returns the rule to apply, nil if there is none for it.
function schema.either(choose, words)
  return { kind = "either", choose = choose, words = words }
end

local check

local function wrong_type(wanted, value, at)
  schema.fail(at, "must be %s, not %s", wanted, math.type(value) or type(value))
end

local function check_table(wanted, value, at)
  if type(value) ~= "table" then
    wrong_type(wanted, value, at)
  end
end

local checkers = {}

function checkers.any() end

function checkers.text(of, value, at)
  if type(value) ~= "string" then
    wrong_type("a text", value, at)
  elseif value == "" then
    schema.fail(at, "must not be empty")
  elseif of.one_of and not schema.contains(of.one_of, value) then
    schema.unknown(at, value, of.one_of, "value")
  elseif of.pattern and not value:find(of.pattern) then
    schema.fail(at, '"%s" is no %s', value, of.words or "valid value")
  end
end

function checkers.integer(of, value, at)
  if math.type(value) ~= "integer" then
    wrong_type("an integer", value, at)
  elseif value < (of.min or math.mininteger) or value > (of.max or math.maxinteger) then
    schema.fail(at, "%d is out of range", value)
  end
end

function checkers.boolean(_, value, at)
  if type(value) ~= "boolean" then
    wrong_type("true or false", value, at)
  end
end

checkers["function"] = function(_, value, at)
  if type(value) ~= "function" then
    wrong_type("a function", value, at)
  end
end

function checkers.record(of, value, at)
  check_table("a table", value, at)
  local known = schema.sorted_keys(of.fields)
  for _, key in ipairs(schema.sorted_keys(value)) do
    if not of.fields[key] then
      schema.unknown(at, key, known)
    end
  end
  for _, key in ipairs(known) do
    local field = of.fields[key]
    if value[key] ~= nil then
      check(field, value[key], schema.below(at, key))
    elseif field.required then
      schema.fail(at, 'key "%s" is missing', key)
    end
  end
end

function checkers.list(of, value, at)
  check_table("a list", value, at)
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > #value then
      schema.fail(at, 'must be a list, but has the key "%s"', tostring(key))
    end
  end
  if #value < (of.min or 0) then
    schema.fail(at, "must not be empty")
  end
  for i, item in ipairs(value) do
    check(of.of, item, schema.below(at, i))
  end
end

function checkers.map(of, value, at)
  check_table("a table", value, at)
  for _, key in ipairs(schema.sorted_keys(value)) do
    if type(key) ~= "string" then
      schema.fail(at, "must have names as keys, not %s", tostring(key))
    end
    check(of.of, value[key], schema.below(at, key))
  end
end

function checkers.either(of, value, at)
  local chosen = of.choose(value, at)
  if not chosen then
    wrong_type(of.words, value, at)
  end
  check(chosen, value, at)
end

function check(of, value, at)
  checkers[of.kind](of, value, at)
  if of.check then
    of.check(value, at)
  end
end

---Raises at the first fault.
---@param of table a rule
---@param value any
---@param at muster.Place
schema.check = check

---@param list any[]
---@param value any
---@return boolean
function schema.contains(list, value)
  for _, item in ipairs(list) do
    if item == value then
      return true
    end
  end
  return false
end

return schema
