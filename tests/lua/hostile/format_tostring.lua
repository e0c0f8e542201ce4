-- Ends with: CPU limit of 2 s reached, connector kandji
return string.format("%s", setmetatable({}, { __tostring = function() while true do end end }))
