-- Ends with: attempt to index a boolean value
getmetatable("").__index = nil
