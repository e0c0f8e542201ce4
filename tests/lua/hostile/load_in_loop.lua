-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
local text = (" "):rep(1000000)
while true do load(text) end
