-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
while true do
  pcall(function() while true do end end)
end
