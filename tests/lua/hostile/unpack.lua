-- Ends with: table.unpack: 9999999 elements pass the limit of 200000, connector kandji
return select("#", table.unpack({}, 1, 1e7))
