-- Ends with: million instructions without the host reached, connector kandji
local y <close> = setmetatable({}, { __close = function() while true do end end })
error("leave")
