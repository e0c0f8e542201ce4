-- Ends with: cannot change a protected metatable
load('setmetatable(_ENV, { __index = function() return host end })')()
