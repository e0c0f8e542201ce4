-- Ends with: memory limit of 64 MiB reached, connector kandji, kandji.lua:
local t = {}
for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end
