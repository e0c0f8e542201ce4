---@meta cjson
-- lua-cjson as scripts get it by `require "cjson"` (errors raise) and `require "cjson.safe"` (decode
-- and encode give nil and a message): its own API, exact for integers of 64 bit and for doubles, and
-- with `array_mt`. Editors read this file; it is never run.

---@class cjson
---@field null lightuserdata what `null` becomes; it is truthy, compare with it
---@field array_mt table `setmetatable({}, cjson.array_mt)` is `[]`; decoded arrays carry it
---@field _NAME string
---@field _VERSION string
local cjson = { null = nil, array_mt = nil, _NAME = nil, _VERSION = nil }

---@param text string
---@return any
function cjson.decode(text) end

---@param value any
---@return string
function cjson.encode(value) end

---An instance whose settings are its own.
---@return cjson
function cjson.new() end

---@param allowed? boolean hexadecimal numbers, NaN and Infinity
---@return boolean
function cjson.decode_invalid_numbers(allowed) end

---@param levels? integer
---@return integer
function cjson.decode_max_depth(levels) end

---@param allowed? boolean|"null"
---@return boolean|"null"
function cjson.encode_invalid_numbers(allowed) end

---@param keep? boolean
---@return boolean
function cjson.encode_keep_buffer(keep) end

---@param levels? integer
---@return integer
function cjson.encode_max_depth(levels) end

---Without effect: numbers are always written exactly.
---@param digits? integer
---@return integer
function cjson.encode_number_precision(digits) end

---@param convert? boolean
---@param ratio? integer
---@param safe? integer
---@return boolean convert
---@return integer ratio
---@return integer safe
function cjson.encode_sparse_array(convert, ratio, safe) end

return cjson
