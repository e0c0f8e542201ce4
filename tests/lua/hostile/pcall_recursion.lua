-- Ends with: CPU limit of 2 s reached, connector kandji
local function f() return pcall(f) end
while true do f() end
