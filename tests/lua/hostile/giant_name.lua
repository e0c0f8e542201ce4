-- Ends with: killed by the CPU limit
-- A name that each error message repeats.
local t = setmetatable({}, { __name = ("x"):rep(4000000) })
while true do pcall(string.rep, t) end
