-- Ends with: 299999 elements pass the limit of 200000
local t = {}
for i = 1, 300000 do t[i] = 65 end
string.char(table.unpack(t))
