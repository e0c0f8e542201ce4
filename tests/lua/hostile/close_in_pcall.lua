-- Ends with: CPU limit of 2 s reached, connector kandji
local thrower = { __close = function() error("again") end }
while true do
  pcall(function() local _ <close> = setmetatable({}, thrower) end)
end
