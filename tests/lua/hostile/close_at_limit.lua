-- Ends with: CPU limit of 2 s reached, connector kandji
local y <close> = setmetatable({}, { __close = function() while true do end end })
while true do end
