-- Ends with: memory limit of 64 MiB reached, connector kandji, kandji.lua:
local s = "x"
while true do s = s .. s end
