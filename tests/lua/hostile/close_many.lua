-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
-- What is to be closed when a deep recursion unwinds.
local slow = { __close = function() for _ = 1, 100000 do end end }
local function deeper(n)
  local _ <close> = setmetatable({}, slow)
  if n == 0 then error("unwind") end
  return (deeper(n - 1))
end
while true do pcall(deeper, 150) end
