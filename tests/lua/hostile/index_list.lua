-- Ends with: '__index' chain too long
local top = {}
for _ = 1, 100000 do top = setmetatable({}, { __index = top }) end
return top.x
