-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
local line = ("x"):rep(8000)
while true do host.log.info(line) end
