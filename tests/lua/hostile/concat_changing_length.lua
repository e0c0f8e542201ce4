-- Ends with: million instructions without the host reached, connector kandji
-- The length that is checked must be the length that is used.
local asked = 0
return table.concat(setmetatable({}, {
  __index = function() while true do end end,
  __len = function() asked = asked + 1 return asked == 1 and 10 or 1 << 40 end,
}))
