-- Ends with: Cannot serialise, excessive nesting
local cjson = require "cjson"
cjson.encode_max_depth(2147483647)
local value = {}
for _ = 1, 200000 do value = { value } end
return cjson.encode(value)
