-- Ends with: Found too many nested data structures
-- lua-cjson recurses in C: no setting may let a text use up its stack.
local cjson = require "cjson"
cjson.decode_max_depth(2147483647)
return cjson.decode(("["):rep(1000000))
