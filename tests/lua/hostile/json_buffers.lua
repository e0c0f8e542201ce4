-- Ends with: no memory outside Lua's heap
-- lua-cjson keeps the buffer of each instance, where Lua's limit does not count.
local cjson = require "cjson"
local text = ("x"):rep(10000000)
local held = {}
for i = 1, 100 do
  held[i] = cjson.new()
  held[i].encode { text, text }
end
