-- Ends with: C stack overflow
local top = {}
for _ = 1, 100000 do
  local below = top
  top = setmetatable({}, { __index = function(_, key) return below[key] end })
end
return top.x
