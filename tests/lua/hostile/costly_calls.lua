-- Ends with: CPU limit of 2 s reached, connector kandji
-- Few instructions, each a long one.
local text = ("x"):rep(20000)
while true do text:upper() end
