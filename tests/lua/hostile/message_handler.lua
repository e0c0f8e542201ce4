-- Ends with: million instructions without the host reached, connector kandji
xpcall(error, function() while true do end end)
