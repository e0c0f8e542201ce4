-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
local endless = setmetatable({}, { __pairs = function() return function() return 1 end end })
for _ in pairs(endless) do end
