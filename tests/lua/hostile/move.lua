-- Ends with: table.move: 1099511627775 elements pass the limit of 16777216, connector kandji
return table.move({}, 1, 1 << 40, 2)
