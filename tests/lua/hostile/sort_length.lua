-- Ends with: a table without __len is needed here
table.sort(setmetatable({}, {
  __len = function() return 1 << 30 end,
  __index = function() return 1 end,
  __newindex = function() end,
}))
