-- Ends with: CPU limit of 2 s reached, connector kandji
table.sort({ 3, 1, 2 }, function() while true do end end)
