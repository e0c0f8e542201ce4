-- Ends with: C stack overflow
local kind = {}
kind.__eq = function(a, b) return a == b end
return setmetatable({}, kind) == setmetatable({}, kind)
