-- Ends with: million instructions without the host reached, connector kandji, kandji.lua:
while true do host.progress(1, 1, "x") end
