-- Ends with: killed by the CPU limit
local t = {}
for i = 1, 2000000 do t[i] = i end
while true do table.insert(t, 1, 0) end
