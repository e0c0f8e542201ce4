-- Ends with: memory limit of 64 MiB reached, connector kandji, kandji.lua:
local t = {}
while true do
  pcall(function() for _ = 1, 1000 do t[#t + 1] = ("x"):rep(100000) .. #t end end)
end
