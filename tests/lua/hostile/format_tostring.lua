-- Ends with: million instructions without the host reached, connector kandji
return string.format("%s", setmetatable({}, { __tostring = function() while true do end end }))
