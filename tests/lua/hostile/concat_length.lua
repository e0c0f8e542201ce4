-- Ends with: table.concat: 1099511627775 elements pass the limit of 16777216, connector kandji
return table.concat(setmetatable({}, {
  __index = function() return "x" end,
  __len = function() return 1 << 40 end,
}))
