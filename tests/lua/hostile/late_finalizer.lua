-- Ends with: CPU limit of 2 s reached, connector kandji
-- Added after setmetatable it must never run: a finalizer would not be counted.
local mt = {}
setmetatable({}, mt)
mt.__gc = function() error("ran") end
while true do local _ = {} end
