-- Ends with: __gc: scripts cannot have finalizers
setmetatable({}, { __gc = function() while true do end end })
