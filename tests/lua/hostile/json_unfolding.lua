-- Ends with: JSON text too large: more than 128 MiB
local cjson = require "cjson"
local value = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }
for _ = 1, 20 do
  value = { value, value, value, value, value, value, value, value, value, value }
end
return cjson.encode(value)
